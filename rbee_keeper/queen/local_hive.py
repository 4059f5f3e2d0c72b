"""The hive of this machine, started by the queen as its child and ended with it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from ..contract.ids import HiveId
from ..daemon.chores import Chores
from ..supervisor.lease import keep_lease
from ..supervisor.process import describe_exit
from ..supervisor.waiting import ended
from .hive_start import HiveProcess


@dataclass(slots=True, kw_only=True)
class LocalHive:
    """Owns the child; starts it again when it is needed after it ended. Reports to the event loop that runs now."""

    start: Callable[[], HiveProcess]
    on_started: Callable[[HiveProcess], None]
    on_ended: Callable[[HiveProcess, str], None]
    chores: Chores
    lease_s: float
    grace_s: float
    _hive: HiveProcess | None = field(init=False, default=None)
    _ending: set[asyncio.Task[None]] = field(init=False, default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(init=False, default_factory=asyncio.get_running_loop)

    def adopt(self, hive: HiveProcess) -> None:
        """Take over a hive that was started before the event loop ran."""
        self._hive = hive
        self.on_started(hive)
        hive.daemon.process.call_on_exit(lambda code: self._report_exit(hive, code))

    def ensure(self) -> None:
        """Start the hive when it does not run.

        Raises:
            PortInUse: no port can be bound.
        """
        if self._hive is None or self._hive.daemon.process.return_code is not None:
            self.adopt(self.start())

    def discard(self, hive_id: HiveId) -> None:
        """Give up the hive when it is that one: it is ended with its tree, and `ensure` starts another."""
        if self._hive is not None and self._hive.id == hive_id:
            hive, self._hive = self._hive, None
            ending = self.chores.once(f"end {hive_id}", self._end(hive))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _end(self, hive: HiveProcess) -> None:
        process = hive.daemon.process
        process.terminate()
        if not await ended(process, self.grace_s):
            await asyncio.to_thread(process.stop, 0.0)
        process.release_lifeline()

    async def renew_leases(self) -> None:
        """Give the hive a sign of life until cancelled."""
        await keep_lease(self._renew, self.lease_s)

    def _renew(self) -> None:
        hive = self._hive
        if hive is not None:
            hive.daemon.process.renew_lease()

    async def stop(self) -> None:
        """End the hive with its workers, and every other that is still ending."""
        if self._hive is not None:
            self.discard(self._hive.id)
        await asyncio.gather(*self._ending)

    def _report_exit(self, hive: HiveProcess, code: int) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.on_ended, hive, describe_exit(code))
