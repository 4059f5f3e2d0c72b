"""Care of the fleet: gives up hives that are lost, frozen or silent."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

from ...contract.ids import HiveId, WorkerId
from ...daemon.logs.narration import Narrator
from ...errors import ConnectionFailed, RbeeError
from ..hives.own_hives import OwnHives
from .hive_client import HiveClient
from .hive_entry import HiveEntry
from .registry import FleetRegistry

_CHECKS_PER_STALE_TIME = 4
_ALIVE_WITHIN_S = 2.0
_FATE_WITHIN_S = 1.0
"""A hive hears of the end of its worker at once and reports it at once."""
_MISSED_REPORTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class HiveCare:
    """Decides nothing about tasks: it keeps the registry true where reports cannot."""

    registry: FleetRegistry
    own_hives: OwnHives
    hives: HiveClient
    narrator: Narrator
    heartbeat_s: float
    stale_s: float

    def give_up(self, hive_id: HiveId, why: str) -> None:
        """Forget a hive with its workers, and end it when it is the queen's own.

        One that was started by hand may come back with its next report.
        """
        hive = self.registry.hive(hive_id)
        if hive is None:
            return
        self.narrator.say("forget", f"hive {hive_id}: {why}", level="WARN", target=hive_id)
        self.registry.drop_hive(hive_id, has_ended=hive.is_ours)
        self.own_hives.discard(hive_id)

    def is_frozen(self, hive: HiveEntry, *, since: float) -> bool:
        """Tell whether an own hive that does not answer has been silent for so long that it must be replaced.

        `since` is the moment of the first order that it did not answer, monotonic: a hive that reported after it is
        slow, not frozen.
        """
        silence_s = time.monotonic() - hive.heard_at
        return hive.is_ours and (hive.heard_at < since or silence_s > _MISSED_REPORTS * self.heartbeat_s)

    async def fate_of(self, worker_id: WorkerId, hive: HiveEntry) -> bool:
        """Wait a moment for what the hive knows of a worker whose connection broke; True when the hive is lost, too."""
        try:
            await self.hives.require_alive(hive, _ALIVE_WITHIN_S)
        except ConnectionFailed:
            self.give_up(hive.id, "its connections are refused")
        except RbeeError as error:
            self.narrator.say("check", error.message, level="WARN", target=hive.id)
        with suppress(TimeoutError):
            async with asyncio.timeout(_FATE_WITHIN_S):
                while self._is_unknown(worker_id):
                    await self.registry.wait_for_change()
        return self.registry.hive(hive.id) is None

    def _is_unknown(self, worker_id: WorkerId) -> bool:
        return self.registry.worker(worker_id) is not None and self.registry.failure_of(worker_id) is None

    async def watch_silence(self) -> None:
        """Give up hives that do not report any more, until cancelled."""
        pause_s = self.stale_s / _CHECKS_PER_STALE_TIME
        while True:
            slept_at = time.monotonic()
            await asyncio.sleep(pause_s)
            # a queen that was stopped itself has reports in its backlog, and must read those first
            if time.monotonic() - slept_at < 2 * pause_s:
                for hive in self.registry.silent(time.monotonic(), self.stale_s):
                    self.give_up(hive.id, f"it fell silent {self.stale_s:g} s ago")
