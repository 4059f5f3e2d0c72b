"""Hives being started: one start at a time on each node, and who waits for it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ...contract.ids import NodeName
from ...daemon.chores import Chores
from ...errors import RbeeError
from ..scheduling.task_facts import Requirements

OnStartEnd = Callable[[frozenset[Requirements], RbeeError | None], None]
"""Hears who waited for a start, and why it failed; None when it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HiveStarts:
    """Carries out `StartHive` in the background: on another machine it takes a while."""

    ensure: Callable[[NodeName], Awaitable[None]]
    chores: Chores
    _waiting: dict[NodeName, set[Requirements]] = field(default_factory=dict)

    def want(self, node: NodeName, wants: Requirements, on_end: OnStartEnd) -> bool:
        """Have a hive started there unless that is under way; False when the same tasks wait for it already."""
        known = self._waiting.get(node)
        if known is None:
            known = self._waiting[node] = set()
            self.chores.once(f"start a hive on {node}", self._start(node, on_end))
        is_new = wants not in known
        known.add(wants)
        return is_new

    def forget(self, wants: Requirements, *, but: NodeName | None = None) -> None:
        """Note that these tasks wait for something else now than for a start; `but` is the node for which they do."""
        for node, known in self._waiting.items():
            if node != but:
                known.discard(wants)

    async def _start(self, node: NodeName, on_end: OnStartEnd) -> None:
        failure: RbeeError | None = RbeeError("an internal error happened", hint="rbee logs")
        try:
            await self.ensure(node)
            failure = None
        except RbeeError as error:
            failure = error
        finally:
            on_end(frozenset(self._waiting.pop(node)), failure)
