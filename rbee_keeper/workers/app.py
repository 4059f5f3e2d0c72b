"""Wires one worker together: open port, ready callback, load, serve, end."""

import asyncio
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ..contract.events import Failed
from ..contract.failure import failed_of
from ..contract.ids import TaskId
from ..contract.workers import LaunchSpec, LoadingProgress
from ..daemon.app import AppSpec, build_app
from ..daemon.auth import Access
from ..daemon.chores import Chores
from ..daemon.connection_limits import ConnectionLimits
from ..daemon.logs.narration import Narrator
from ..daemon.serve import Ended, StopSignal, serve
from ..errors import InferenceFailed, RbeeError, WorkerCrashed
from ..supervisor.lifelines.lifeline import Lifeline
from ..transport.http_client import HttpClient
from ..transport.listener import address_of_listener
from .engine_thread import EngineThread, Loaded
from .executions.preparation import Preparations
from .executions.slots import Slots
from .handlers.cancel_api import CancelApi
from .handlers.metrics_api import MetricsApi
from .handlers.model_requests_api import ModelRequestsApi
from .handlers.props_api import PropsApi
from .handlers.status_api import StatusApi
from .handlers.tokens_api import TokensApi
from .loader import LoadedModel, Loader, ModelHolder, Serving
from .loading import Loading
from .metrics.recorder import Recorder
from .modalities import Modality, operations_of
from .ready_callback import ReadyCallback
from .watchdog import Watchdog

_LINGER_AFTER_FAILED_LOAD_S = 2.0
"""Who watches the load gets its last step before the process ends."""
_TELL_HIVE_S = 1.0
"""Time for the reason of an end that nobody asked for; the hive sees the exit of the process in any case."""
_CANCEL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """What one worker process is made of."""

    launch: LaunchSpec
    modality: Modality
    loader: Loader
    listener: socket.socket
    lifeline: Lifeline | None


class Worker:
    """One worker process from its open port to its end."""

    def __init__(self, spec: WorkerSpec) -> None:
        """Bind the parts to the running event loop."""
        self._spec = spec
        self._narrator = Narrator("worker-rbee")
        self._stop = StopSignal()
        self._loading = Loading()
        self._slots = Slots(recorder=Recorder())
        self._holder = ModelHolder()
        self._engine = EngineThread(spec.loader, self._slots.receive, self._on_engine_death)
        self._make_rooms(spec.launch.body_limit_bytes)
        self._client = HttpClient(connect_s=spec.launch.connect_s, request_s=spec.launch.request_s)
        url = address_of_listener(spec.listener).url
        self._callback = ReadyCallback(spec.launch, url, self._client, self._narrator)
        self._loop = asyncio.get_running_loop()
        self._loaded: asyncio.Future[Loaded] = self._loop.create_future()
        self._drain_s: float | None = None
        self._hurry = asyncio.Event()
        self._chores: Chores | None = None
        self.failure: RbeeError | None = None
        self._take_over_signals()

    def _make_rooms(self, body_limit_bytes: int) -> None:
        slots, holder, preparations = self._slots, self._holder, Preparations()
        self._serving = Serving(slots=slots, preparations=preparations, body_limit_bytes=body_limit_bytes)
        self._requests = ModelRequestsApi(slots, self._spec.modality.serves, body_limit_bytes)
        self._cancel = CancelApi(slots, preparations, body_limit_bytes)
        self._metrics = MetricsApi(slots, holder)
        self._props = PropsApi(slots, holder, self._spec.launch)
        self._tokens = TokensApi(slots, holder, body_limit_bytes)
        self._status = StatusApi(slots, self._loading, holder, self._begin_drain, body_limit_bytes)

    def _take_over_signals(self) -> None:
        """SIGTERM drains, as a shutdown request does; Ctrl-C, a hang-up and any second signal end at once."""
        self._loop.add_signal_handler(signal.SIGTERM, self._on_terminate)
        for number in (signal.SIGINT, signal.SIGHUP):
            self._loop.add_signal_handler(number, self._end_at_once, number.name)

    def _on_terminate(self) -> None:
        if self._stop.is_set:
            self._hurry.set()
        else:
            self._drain_s = self._spec.launch.drain_s
            self._stop.set("SIGTERM")

    def _end_at_once(self, reason: str) -> None:
        self._hurry.set()
        self._stop.set(reason)

    def _app_spec(self) -> AppSpec:
        launch = self._spec.launch
        rooms = (self._requests, self._cancel, self._metrics, self._props, self._tokens, self._status)
        return AppSpec(
            source="worker",
            operations=operations_of(self._spec.modality),
            rooms=[room.handlers() for room in rooms],
            access=Access(token=launch.token, is_required=bool(launch.token)),
            narrator=self._narrator,
            limits=ConnectionLimits(connections=launch.connections_limit),
        )

    async def run(self) -> None:
        """Serve until the stop signal."""
        if self._spec.lifeline is not None:
            self._spec.lifeline.call_when_lost(lambda loss: self._call_from_thread(self._end_at_once, loss))
        app = build_app(self._app_spec())
        async with asyncio.TaskGroup() as tasks:
            self._chores = Chores(tasks, self._narrator)
            tasks.create_task(self._announce_and_load())
            await serve(app, self._spec.listener, self._stop, self._end_work, takes_calls_to_the_end=True)
            raise Ended

    async def _announce_and_load(self) -> None:
        self._slots.move("loading")
        self._engine.start(self._spec.launch, self._loading.publish, self._on_loaded)
        await self._callback.port_is_open()
        loaded = await self._loaded
        if isinstance(loaded, RbeeError):
            await self._fail(loaded)
        else:
            await self._open(loaded)

    def _call_from_thread(self, call: Callable[..., object], *arguments: object) -> None:
        """Have it called in the event loop; a loop that is closed belongs to a process that ends."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call, *arguments)

    def _on_loaded(self, loaded: Loaded) -> None:
        def settle() -> None:
            if not self._loaded.done():
                self._loaded.set_result(loaded)

        self._call_from_thread(settle)

    async def _open(self, model: LoadedModel) -> None:
        if self._stop.is_set:
            return  # nobody may hear that it is idle
        info = model.info
        self._holder.model = model
        self._requests.open(model, model.handlers(model, self._serving))
        if model.grammar_work is not None:
            limit_s = self._spec.launch.grammar_step_s
            Watchdog(model.grammar_work, limit_s=limit_s, on_stuck=self._on_stuck).start()
        self._slots.open(self._engine, info.slots, self._spec.launch.waiting)
        self._loading.publish(LoadingProgress(stage="ready", percent=100.0))
        self._narrator.say("load", f"{info.model_name} is loaded", slots=info.slots, context=info.context_tokens)
        await self._callback.state_is("idle", info.slots, capability=info.capability)

    async def _fail(self, error: RbeeError) -> None:
        self._slots.move("failed")
        step = LoadingProgress(stage="error", code=error.code, message=error.message, hint=error.hint)
        self._loading.publish(step)
        self._narrator.say("load", error.message, level="ERROR", code=error.code)
        await self._callback.state_is("failed", 0, error=error)
        if self._spec.launch.callback_url:
            await asyncio.sleep(_LINGER_AFTER_FAILED_LOAD_S)
        self.failure = error
        self._stop.set("the model could not be loaded")

    def _on_engine_death(self, error: RbeeError) -> None:
        """Take the end of the engine's thread, in that thread."""
        self._call_from_thread(self._give_up, error, lambda _: failed_of(error, source="worker"))

    def _on_stuck(self, job_id: TaskId) -> None:
        """Take it that a grammar holds the engine, in the watchdog's thread; the log has it whatever follows."""
        limit_s = self._spec.launch.grammar_step_s
        error = WorkerCrashed(f"the grammar of execution {job_id} held the engine for {limit_s:g} s", hint="try again")
        guilty = InferenceFailed(
            f"the grammar held the engine for {limit_s:g} s",
            hint="write the grammar so that every text can be read in one way only",
        )
        self._narrator.say("stuck", error.message, level="ERROR", target=job_id)

        def closing_of(each: TaskId) -> Failed:
            if each == job_id:
                return failed_of(guilty, source="worker", is_final=True)
            return failed_of(error, source="worker")

        self._call_from_thread(self._give_up, error, closing_of)

    def _give_up(self, error: RbeeError, closing_of: Callable[[TaskId], Failed]) -> None:
        """End every execution and then the process, because its engine does not work any more."""
        if self.failure is not None:
            return
        self.failure = error
        self._slots.move("failed")
        self._slots.fail_all(closing_of)
        assert self._chores is not None
        self._chores.once("the last report", self._report_and_stop(error))

    async def _report_and_stop(self, error: RbeeError) -> None:
        try:
            async with asyncio.timeout(_TELL_HIVE_S):
                await self._callback.state_is("failed", 0, error=error)
        except TimeoutError:
            self._narrator.say("call_back", "the hive did not take the reason of the end in time", level="WARN")
        finally:
            self._stop.set(error.message)

    def _begin_drain(self, timeout_s: float) -> None:
        if self._drain_s is None:
            self._drain_s = timeout_s
            self._stop.set("asked to shut down")

    async def _end_work(self) -> None:
        """Drain when that was asked for; otherwise end what runs at once."""
        self._slots.move("draining")
        if self._drain_s is not None and not self._hurry.is_set():
            await self._drain(self._drain_s)
        self._slots.cancel_all()
        self._loading.give_up()
        await self._slots.wait_until_free(_CANCEL_S)
        self._narrator.say("stop", f"the worker ends: {self._stop.reason}")

    async def _drain(self, drain_s: float) -> None:
        """Let what runs come to its end, until the time is over or nobody wants to wait any longer."""
        free = asyncio.ensure_future(self._slots.wait_until_free(drain_s))
        hurry = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait({free, hurry}, return_when=asyncio.FIRST_COMPLETED)
        free.cancel()
        hurry.cancel()
