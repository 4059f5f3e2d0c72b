"""Wires one worker together: open port, ready callback, load, serve, end."""

import asyncio
import os
import socket
from dataclasses import dataclass

from starlette.routing import Route

from ..contract import routes
from ..contract.workers import LaunchOrder, LoadingProgress, WorkerKind
from ..daemon.app import AppSpec, build_app
from ..daemon.auth import Access
from ..daemon.narration import Narrator
from ..daemon.serve import Ended, StopSignal, serve
from ..errors import RbeeError
from ..supervisor.lifeline import Lifeline
from ..transport.http_client import HttpClient
from ..transport.listener import address_of_listener
from .embed import EmbedHandler
from .engine import Engine, EngineInfo
from .engine_thread import EngineThread, Loaded
from .infer import InferHandler
from .loading import Loading
from .metrics import MetricsHandler
from .props import PropsHandler
from .ready_callback import ReadyCallback
from .recorder import Recorder
from .rerank import RerankHandler
from .slots import Slots
from .status import StatusHandler
from .text_vectors import TextVectors
from .tokens import TokensHandler

_CONNECT_S = 5.0
_REQUEST_S = 10.0
_BODY_LIMIT_BYTES = 1_048_576
_LINGER_AFTER_FAILED_LOAD_S = 2.0
_CANCEL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSpec:
    """What one worker process is made of."""

    order: LaunchOrder
    engine: Engine
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
        self._slots = Slots(on_change=lambda: None, recorder=Recorder())
        self._engine = EngineThread(spec.engine, self._slots.take)
        self._infer = InferHandler(self._slots, spec.engine, _BODY_LIMIT_BYTES)
        self._metrics = MetricsHandler(self._slots, spec.engine)
        self._props = PropsHandler(self._slots, spec.engine, spec.order)
        self._tokens = TokensHandler(self._slots, spec.engine, _BODY_LIMIT_BYTES)
        self._vectors = TextVectors(self._slots, spec.engine)
        self._embed = EmbedHandler(self._vectors, _BODY_LIMIT_BYTES)
        self._rerank = RerankHandler(self._vectors, _BODY_LIMIT_BYTES)
        self._status = StatusHandler(self._slots, self._loading, self._begin_drain, _BODY_LIMIT_BYTES)
        self._client = HttpClient(connect_s=_CONNECT_S, request_s=_REQUEST_S)
        url = address_of_listener(spec.listener).url
        self._callback = ReadyCallback(spec.order, url, self._client, self._narrator)
        self._loaded: asyncio.Future[Loaded] = asyncio.get_running_loop().create_future()
        self._drain_s: float | None = None

    def _routes(self) -> list[Route]:
        infer, status, tokens = self._infer, self._status, self._tokens
        return [
            Route(routes.HEALTH, status.health),
            Route(routes.HEALTH_V1, status.health),
            Route(routes.READY, status.ready),
            Route(routes.LOADING_PROGRESS, status.loading_progress),
            Route(routes.EXECUTE, infer.execute, methods=["POST"]),
            Route(routes.INFERENCE, infer.execute, methods=["POST"]),
            Route(routes.INFERENCE_ID, infer.cancel, methods=["DELETE"]),
            Route(routes.CANCEL, infer.cancel_by_body, methods=["POST"]),
            Route(routes.METRICS, self._metrics.metrics),
            Route(routes.PROPS, self._props.props),
            Route(routes.TOKENIZE, tokens.tokenize, methods=["POST"]),
            Route(routes.DETOKENIZE, tokens.detokenize, methods=["POST"]),
            Route(routes.EMBEDDINGS, self._embed.embeddings, methods=["POST"]),
            Route(routes.RERANK, self._rerank.rerank, methods=["POST"]),
            Route(routes.RERANK_ALIAS, self._rerank.rerank, methods=["POST"]),
            Route(routes.SHUTDOWN, status.shutdown, methods=["POST"]),
        ]

    async def run(self) -> None:
        """Serve until the stop signal."""
        order = self._spec.order
        if self._spec.lifeline is not None:
            self._spec.lifeline.call_when_lost(self._stop.set)
        access = Access(token=order.token, is_required=bool(order.token))
        app = build_app(AppSpec(source="worker", routes=self._routes(), access=access, narrator=self._narrator))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._announce_and_load())
            await serve(app, self._spec.listener, self._stop, self._end_work, takes_calls_to_the_end=True)
            raise Ended

    async def _announce_and_load(self) -> None:
        order = self._spec.order
        loop = asyncio.get_running_loop()

        def on_loaded(loaded: Loaded) -> None:
            loop.call_soon_threadsafe(self._loaded.set_result, loaded)

        self._slots.move("loading")
        self._engine.start(order, self._loading.publish, on_loaded)
        await self._callback.port_is_open()
        loaded = await self._loaded
        if isinstance(loaded, RbeeError):
            await self._fail(loaded)
        else:
            await self._open(loaded)

    async def _open(self, info: EngineInfo) -> None:
        self._status.model_bytes = info.model_bytes
        self._metrics.info = self._props.info = info
        self._status.capability = info.capability
        self._vectors.model_name = info.model_name
        self._slots.open(self._engine, info.slots, self._spec.order.waiting)
        self._loading.publish(LoadingProgress(stage="ready", percent=100.0))
        self._narrator.say("load", f"{info.model_name} is loaded", slots=info.slots, context=info.context_tokens)
        await self._callback.state_is("idle", info.slots, capability=info.capability)

    async def _fail(self, error: RbeeError) -> None:
        self._slots.move("failed")
        step = LoadingProgress(stage="error", code=error.code, message=error.message, hint=error.hint)
        self._loading.publish(step)
        self._narrator.say("load", error.message, level="ERROR", code=error.code)
        await self._callback.state_is("failed", 0, error=error)
        await asyncio.sleep(_LINGER_AFTER_FAILED_LOAD_S)
        self._stop.set("the model could not be loaded")

    def _begin_drain(self, timeout_s: float) -> None:
        if self._drain_s is None:
            self._drain_s = timeout_s
            self._stop.set("asked to shut down")

    async def _end_work(self) -> None:
        """Drain when that was asked for; otherwise end what runs at once."""
        self._slots.move("draining")
        if self._drain_s is not None:
            await self._slots.wait_until_free(self._drain_s)
        self._slots.cancel_all()
        self._loading.give_up()
        await self._slots.wait_until_free(_CANCEL_S)
        self._narrator.say("stop", f"the worker ends: {self._stop.reason}")


def make_engine(kind: WorkerKind) -> Engine:
    """Import and return the engine of that kind; the import is the expensive part of a start."""
    if kind == "fake":
        from .fake.engine import FakeEngine

        return FakeEngine()
    from .llm.model_engine import ModelEngine

    return ModelEngine()


def exit_now(code: int) -> None:
    """End the process without the interpreter's own clean-up, which would wait for native calls."""
    os._exit(code)
