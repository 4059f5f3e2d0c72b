"""The hive of this machine, started by the queen as its child and ended with it."""

import asyncio
from collections.abc import Callable

from ..contract.ids import HiveId
from ..supervisor.lease import keep_lease
from ..supervisor.process import describe_exit
from ..supervisor.waiting import ended
from .hive_start import HiveProcess


class LocalHive:
    """Owns the child; starts it again when it is needed after it ended."""

    def __init__(
        self,
        start: Callable[[], HiveProcess],
        on_started: Callable[[HiveProcess], None],
        on_ended: Callable[[HiveProcess, str], None],
        lease_s: float,
    ) -> None:
        """Report starts and ends to the event loop that runs now."""
        self._loop = asyncio.get_running_loop()
        self._start = start
        self._on_started = on_started
        self._on_ended = on_ended
        self._lease_s = lease_s
        self._hive: HiveProcess | None = None

    def adopt(self, hive: HiveProcess) -> None:
        """Take over a hive that was started before the event loop ran."""
        self._hive = hive
        self._on_started(hive)
        hive.daemon.process.call_on_exit(lambda code: self._report_exit(hive, code))

    def ensure(self) -> None:
        """Start the hive when it does not run.

        Raises:
            PortInUse: no port can be bound.
        """
        if self._hive is None or self._hive.daemon.process.return_code is not None:
            self.adopt(self._start())

    def discard(self, hive_id: HiveId) -> None:
        """Give up the hive when it is that one and does not answer any more."""
        if self._hive is not None and self._hive.id == hive_id:
            self._hive.daemon.process.terminate()
            self._hive.daemon.process.release_lifeline()
            self._hive = None

    async def renew_leases(self) -> None:
        """Give the hive a sign of life until cancelled."""
        await keep_lease(self._renew, self._lease_s)

    def _renew(self) -> None:
        hive = self._hive
        if hive is not None:
            hive.daemon.process.renew_lease()

    async def stop(self, grace_s: float) -> None:
        """End the hive with its workers."""
        if self._hive is None:
            return
        process = self._hive.daemon.process
        process.terminate()
        if not await ended(process, grace_s):
            await asyncio.to_thread(process.stop, 0.0)

    def _report_exit(self, hive: HiveProcess, code: int) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_ended, hive, describe_exit(code))
