"""Watches workers whose execution was cut off until they are free, and ends those that do not come free."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field

from ...contract.ids import WorkerId
from ...contract.operations.worker import HEALTH
from ...contract.workers import WorkerView
from ...daemon.chores import Chores
from ...daemon.logs.narration import Narrator
from ...errors import RbeeError
from ...transport.http_client import HttpClient
from .hive_client import HiveClient
from .registry import FleetRegistry

_LOOK_AFTER_S = 0.5
_LOOK_EVERY_S = 2.0
_ANSWER_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StuckWorkers:
    """Has workers stopped that go on with what nobody waits for: they look busy and healthy to everybody else."""

    registry: FleetRegistry
    client: HttpClient
    hives: HiveClient
    chores: Chores
    narrator: Narrator
    free_within_s: float
    _watched: set[WorkerId] = field(default_factory=set)

    def watch(self, worker_id: WorkerId) -> None:
        """Begin to look at a worker; it is enough to look once, however many of its executions were cut off."""
        if worker_id not in self._watched:
            self._watched.add(worker_id)
            watching = self.chores.once(f"watch {worker_id}", self._watch(worker_id))
            watching.add_done_callback(lambda _: self._watched.discard(worker_id))

    async def _watch(self, worker_id: WorkerId) -> None:
        give_up_at = time.monotonic() + self.free_within_s
        await asyncio.sleep(min(_LOOK_AFTER_S, self.free_within_s))
        while (found := self.registry.worker(worker_id)) is not None:
            if await self._is_free(found[1]):
                return
            if time.monotonic() >= give_up_at:
                await self.stop(worker_id, "does not come free of an execution that was cut off")
                return
            await asyncio.sleep(min(_LOOK_EVERY_S, max(give_up_at - time.monotonic(), 0)))

    async def _is_free(self, worker: WorkerView) -> bool:
        """Tell whether no more is executed than the queen sent; one that does not answer is not free."""
        try:
            answer = await self.client.request(*HEALTH.at(worker.url), token=worker.token, timeout_s=_ANSWER_WITHIN_S)
            health = HEALTH.read(answer.body)
        except (RbeeError, ValueError):
            return False
        return health.slots_total - health.slots_available <= self.registry.tasks_at(worker.id)

    async def stop(self, worker_id: WorkerId, why: str) -> None:
        """Have a stuck worker ended by its hive, and send it nothing more."""
        found = self.registry.worker(worker_id)
        if found is None or found[1].state == "draining":
            return
        self.registry.close_worker(worker_id)
        self.narrator.say("stall", f"{worker_id} {why} and is stopped", level="ERROR", target=worker_id)
        with suppress(RbeeError):
            await self.hives.stop_worker(found[0], worker_id)
