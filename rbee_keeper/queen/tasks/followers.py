"""Who follows a task: nobody may do so for as long as it waits for a reader, then it is given up."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Followers:
    """The connections that hold a task.

    Without `detach_s` only those that submitted it count, and the last one that leaves gives it up at once. With it
    every reader counts, and after the last one another one has that long to come.
    """

    detach_s: float
    give_up: Callable[[str], None]
    _count: int = 0
    _timer: asyncio.TimerHandle | None = field(default=None, repr=False)

    @property
    def may_return(self) -> bool:
        """Whether the task waits for readers that come back."""
        return self.detach_s > 0

    @property
    def is_followed(self) -> bool:
        """Whether anybody holds the task now."""
        return self._count > 0

    def join(self) -> None:
        """Count one more connection."""
        self._count += 1
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def leave(self) -> None:
        """Count one less."""
        self._count -= 1
        if self._count > 0:
            return
        if self.may_return:
            why = f"its client left and did not come back within {self.detach_s:g} s"
            self._timer = asyncio.get_running_loop().call_later(self.detach_s, self.give_up, why)
        else:
            self.give_up("its client left")
