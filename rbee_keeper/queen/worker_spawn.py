"""Worker spawn at the queen: asks the hive, then tells the task how the load goes."""

import asyncio
from contextlib import suppress

from ..contract import routes
from ..contract.events import Narration
from ..contract.ids import WorkerId
from ..contract.wire import decode
from ..contract.workers import LoadingProgress, SpawnAnswer, SpawnRequest, WorkerView
from ..errors import NodeNotFound, RbeeError
from ..transport import sse
from ..transport.http_client import HttpClient
from .hive_client import HiveClient
from .registry import FleetRegistry, HiveEntry
from .scheduling.decision import SpawnWorker
from .scheduling.snapshot import PendingSpawn
from .tasks import Task


class WorkerSpawn:
    """Carries out `SpawnWorker`."""

    def __init__(
        self, registry: FleetRegistry, hives: HiveClient, client: HttpClient, tasks: asyncio.TaskGroup
    ) -> None:
        """Act on this fleet; orders run as tasks of the group."""
        self._tasks = tasks
        self._registry = registry
        self._hives = hives
        self._client = client

    async def spawn(self, task: Task, decision: SpawnWorker) -> WorkerId:
        """Have the worker started and known to the registry.

        Raises:
            RbeeError: the hive's own error, for example that the model is not there.
        """
        hive = self._registry.hive(decision.hive_id)
        if hive is None:
            raise NodeNotFound("the hive that was chosen is gone", hint="try again")
        task.say(Narration(actor="queen-rbee", action="spawn", human="starting a worker", target=hive.node))
        pending = self._registry.begin_spawn(decision)
        ordering = self._tasks.create_task(self._order(hive, decision, pending, is_owner=task.is_owner))
        ordered = await asyncio.shield(ordering)
        if isinstance(ordered, RbeeError):
            raise ordered
        return ordered

    async def _order(
        self, hive: HiveEntry, decision: SpawnWorker, pending: PendingSpawn, *, is_owner: bool
    ) -> WorkerId | RbeeError:
        """See the order through, even when the task that caused it is cancelled: the worker is there all the same."""
        request = SpawnRequest(
            model_ref=decision.model_ref, backend=decision.backend, device=decision.device, owner=is_owner
        )
        try:
            answer = await self._hives.spawn(hive, request)
        except RbeeError as error:
            self._registry.end_spawn(pending, decision.hive_id, None)
            return error
        self._registry.end_spawn(pending, decision.hive_id, _view_of(answer, decision), answer.sequence)
        return answer.worker_id

    async def narrate_load(self, task: Task, worker_id: WorkerId) -> None:
        """Copy the worker's loading steps into the task's events, until the load ends or nobody cares."""
        worker = await self._announced(worker_id)
        if worker is None or task.is_final:
            return
        cutter = sse.FrameCutter()
        with suppress(RbeeError, ValueError, asyncio.TimeoutError):
            async with self._client.stream("GET", worker.url, routes.LOADING_PROGRESS, token=worker.token) as answer:
                if answer.status != 200:
                    return
                said = -1
                async for chunk in answer.chunks():
                    for message in cutter.feed(chunk):
                        said = self._narrate(task, worker_id, sse.data_of(message), said)

    async def _announced(self, worker_id: WorkerId) -> WorkerView | None:
        """Wait until the worker's hive has reported it with its token; None when it is gone."""
        while (found := self._registry.worker(worker_id)) is not None:
            if found[1].token:
                return found[1]
            await self._registry.wait_for_change()
        return None

    def _narrate(self, task: Task, worker_id: WorkerId, data: str | None, said: int) -> int:
        """Tell the task about a step of another percent than was said last; return what has been said now."""
        if data is None or data == "[DONE]" or task.state != "preparing":
            return said
        step = decode(data, LoadingProgress)
        percent = int(step.percent)
        if step.stage == "loading_to_vram" and percent != said:
            human = "loading the model"
            task.say(Narration(actor="worker-rbee", action="load", human=human, target=worker_id, percent=step.percent))
        return percent


def _view_of(answer: SpawnAnswer, decision: SpawnWorker) -> WorkerView:
    """Return what is known of a worker until its hive reports it."""
    return WorkerView(
        id=answer.worker_id,
        url=answer.url,
        model_ref=decision.model_ref,
        backend=decision.backend,
        device=decision.device,
        state="starting",
        slots_total=0,
        slots_available=0,
        pid=0,
        last_activity=0.0,
    )
