"""Worker spawn at the queen: asks the hive, then tells the task how the load goes."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ...contract.events import END_OF_STREAM, Narration
from ...contract.ids import WorkerId
from ...contract.operations.worker import LOADING_PROGRESS
from ...contract.wire import decode
from ...contract.workers import LoadingProgress, SpawnAnswer, SpawnRequest, WorkerView
from ...daemon.chores import Chores
from ...errors import BackendUnavailable, ConnectionFailed, ConnectionTimeout, RbeeError, TooManyWorkers, Unavailable
from ...transport import sse
from ...transport.http_client import HttpClient
from ..scheduling.decision import SpawnWorker
from ..scheduling.snapshot import PendingSpawn
from ..scheduling.task_facts import FullHive
from ..tasks.task import Task
from .hive_care import HiveCare
from .hive_client import HiveClient
from .hive_entry import HiveEntry
from .registry import FleetRegistry

_WAITS_S = (1.0, 3.0)
"""Between the attempts of one order. A hive that is busy for a moment gets it, and a person does not wait for ever."""


class HiveUnresponsive(Exception):
    """A hive is there and did not answer an order, however often it was asked; `error` says so to the client."""

    def __init__(self, hive: HiveEntry, error: RbeeError) -> None:
        """Name the hive."""
        super().__init__(error.message)
        self.hive_id = hive.id
        self.error = error


class HiveLost(Exception):
    """The hive that was asked for a worker is gone; another one may do it."""

    def __init__(self, error: RbeeError) -> None:
        """Keep what was noticed."""
        super().__init__(error.message)


class HiveFull(Exception):
    """A hive runs as many workers as it may; `error` says so with its figures."""

    def __init__(self, full: FullHive, error: TooManyWorkers) -> None:
        """Name the hive as it was before it was asked: a worker that ended since then has made room already."""
        super().__init__(error.message)
        self.full = full
        self.error = error


Outcome = WorkerId | HiveLost | HiveUnresponsive | HiveFull | RbeeError
OnEnd = Callable[[PendingSpawn, Outcome], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpawn:
    """Carries out `SpawnWorker`; an order that was begun is seen through, whatever becomes of its task."""

    registry: FleetRegistry
    hives: HiveClient
    client: HttpClient
    care: HiveCare
    chores: Chores
    waits_s: tuple[float, ...] = _WAITS_S

    def begin(self, task: Task, decision: SpawnWorker, on_end: OnEnd) -> None:
        """Order the worker for the first task that needs it; `on_end` hears what came of the order.

        The hive must be one of the registry. What the task is told of are the attempts and the load.
        """
        hive = self.registry.hive(decision.hive_id)
        assert hive is not None
        task.say(Narration(actor="queen-rbee", action="spawn", human="starting a worker", target=hive.node))
        spawn = self.registry.begin_spawn(decision)
        self.chores.once(f"order at {hive.id}", self._order(hive, decision, task, spawn, on_end))

    async def _order(
        self, hive: HiveEntry, decision: SpawnWorker, task: Task, spawn: PendingSpawn, on_end: OnEnd
    ) -> None:
        """See the order through, even when the task that caused it is cancelled: the worker is there all the same."""
        outcome: Outcome = RbeeError("an internal error happened", hint="rbee logs")
        worker, sequence, asked_at = None, 0, time.monotonic()
        before = FullHive(hive.id, hive.vacancy)
        try:
            worker, sequence = await self._attempts(hive, decision, task)
            self.registry.loads.note_order(worker.id, asked_at, time.monotonic())
            outcome = worker.id
        except ConnectionFailed as error:
            self.care.give_up(hive.id, error.message)
            outcome = HiveLost(error)
        except HiveUnresponsive as unresponsive:
            outcome = self._judge(hive, unresponsive, asked_at)
        except TooManyWorkers as error:
            outcome = HiveFull(before, error)
        except RbeeError as error:
            outcome = error
        finally:
            self.registry.end_spawn(spawn, worker, sequence)
            on_end(spawn, outcome)
        if worker is not None and worker.id not in task.lost_workers:
            await self.narrate_load(task, worker.id)

    def _judge(self, hive: HiveEntry, unresponsive: HiveUnresponsive, asked_at: float) -> Outcome:
        """Replace a hive of our own that is frozen; any other one that does not answer may only be slow."""
        if self.registry.hive(hive.id) is None or not self.care.is_frozen(hive, since=asked_at):
            return unresponsive
        self.care.give_up(hive.id, "it is frozen")
        return HiveLost(unresponsive.error)

    async def _attempts(self, hive: HiveEntry, decision: SpawnWorker, task: Task) -> tuple[WorkerView, int]:
        """Order until the hive answers; an answer that came too late may still have brought a worker."""
        known = set(hive.workers)
        began_at = time.monotonic()
        request = SpawnRequest(
            model_ref=decision.model_ref, backend=decision.backend, device=decision.device, owner=task.is_owner
        )
        for number, wait_s in enumerate((*self.waits_s, None), 1):
            try:
                answer = await self.hives.spawn(hive, request)
            except (ConnectionTimeout, Unavailable) as error:
                if isinstance(error, ConnectionFailed | BackendUnavailable):
                    raise
                if wait_s is None:
                    raise _unresponsive(hive, error, attempts=number, took_s=time.monotonic() - began_at) from error
                self._tell_of_wait(hive, task, number, wait_s)
                await asyncio.sleep(wait_s)
                adopted = self._arrived(hive, decision, known)
                if adopted is not None:
                    return adopted, 0
            else:
                self.registry.learn_file(decision.model_ref, answer.model_file)
                return _view_of(answer, decision), answer.sequence
        raise AssertionError("the last attempt returns or raises")

    def _tell_of_wait(self, hive: HiveEntry, task: Task, number: int, wait_s: float) -> None:
        attempts = len(self.waits_s) + 1
        human = f"the hive on {hive.node} does not answer ({number} of {attempts}), asking again in {wait_s:g} s"
        task.say(Narration(actor="queen-rbee", action="retry", human=human, target=hive.node))

    def _arrived(self, hive: HiveEntry, decision: SpawnWorker, known: set[WorkerId]) -> WorkerView | None:
        """Return a worker that has come from this order, though its answer has not."""
        wanted = (decision.model_ref, decision.backend, decision.device)
        return next(
            (
                worker
                for worker in hive.workers.values()
                if worker.id not in known and (worker.model_ref, worker.backend, worker.device) == wanted
            ),
            None,
        )

    async def narrate_load(self, task: Task, worker_id: WorkerId) -> None:
        """Copy the worker's loading steps into the task's events, until the load ends or nobody cares."""
        worker = await self._announced(worker_id)
        if worker is None or task.is_final:
            return
        cutter = sse.FrameCutter()
        with suppress(RbeeError, ValueError, asyncio.TimeoutError):
            async with self.client.stream(*LOADING_PROGRESS.at(worker.url), token=worker.token) as answer:
                if answer.status != 200:
                    return
                said = -1
                async for chunk in answer.chunks():
                    for message in cutter.feed(chunk):
                        said = self._narrate(task, worker_id, sse.data_of(message), said)

    async def _announced(self, worker_id: WorkerId) -> WorkerView | None:
        """Wait until the worker's hive has reported it with its token; None when it is gone."""
        while (found := self.registry.worker(worker_id)) is not None:
            if found[1].token:
                return found[1]
            await self.registry.wait_for_change()
        return None

    def _narrate(self, task: Task, worker_id: WorkerId, data: str | None, said: int) -> int:
        """Tell the task about a step of another percent than was said last; return what has been said now."""
        if data is None or data == END_OF_STREAM or task.state != "preparing":
            return said
        step = decode(data, LoadingProgress)
        percent = int(step.percent)
        if step.stage == "loading_to_vram" and percent != said:
            human = "loading the model"
            task.say(Narration(actor="worker-rbee", action="load", human=human, target=worker_id, percent=step.percent))
        return percent


def _unresponsive(hive: HiveEntry, error: RbeeError, *, attempts: int, took_s: float) -> HiveUnresponsive:
    details = {**error.details, "hive_id": hive.id, "attempts": attempts}
    hint = f"look at that hive: {hive.url}, rbee logs"
    if isinstance(error, ConnectionTimeout):
        message = f"the hive on {hive.node} accepted {attempts} orders and answered none within {took_s:.0f} s"
        return HiveUnresponsive(hive, ConnectionTimeout(message, hint=hint, details=details))
    return HiveUnresponsive(hive, type(error)(error.message, hint=error.hint or hint, details=details, source="hive"))


def _view_of(answer: SpawnAnswer, decision: SpawnWorker) -> WorkerView:
    """Return what is known of a worker until its hive reports it."""
    return WorkerView(
        id=answer.worker_id,
        url=answer.url,
        model_file=answer.model_file,
        model_ref=decision.model_ref,
        backend=decision.backend,
        device=decision.device,
        state="starting",
        slots_total=0,
        slots_available=0,
        pid=0,
        last_activity=0.0,
    )
