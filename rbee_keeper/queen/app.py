"""Wires one queen together: tasks, fleet, local hive, end."""

import asyncio
import socket
import time
from dataclasses import dataclass

from starlette.routing import Route

from ..config.settings import Settings
from ..contract import routes
from ..contract.ids import LOCAL_NODE
from ..contract.nodes import QueenOrder
from ..daemon.app import AppSpec, build_app
from ..daemon.auth import Access
from ..daemon.chores import Chores
from ..daemon.connection_limits import ConnectionLimits
from ..daemon.narration import Narrator
from ..daemon.serve import Ended, StopSignal, serve
from ..supervisor.lifeline import Lifeline
from ..supervisor.sweep import sweep_leftovers
from ..transport.http_client import HttpClient
from ..transport.listener import address_of_listener
from .dispatcher import Dispatcher
from .heartbeat import Heartbeats
from .hive_care import HiveCare
from .hive_client import HiveClient
from .hive_start import HiveProcess, give_order, start_hive
from .local_hive import LocalHive
from .registry import FleetRegistry, HiveEntry
from .relay import Relay
from .runner import TaskRunner
from .status import StatusApi
from .stuck_workers import StuckWorkers
from .task_api import TaskApi
from .task_store import TaskStore
from .worker_spawn import WorkerSpawn

_HIVE_GRACES = 3
_FREE_WITHIN_S = 15.0
"""A cancelled execution ends after the batch in progress. What takes longer than this is not going to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueenSpec:
    """What one queen process is made of; `hive` was started before the web server was imported."""

    settings: Settings
    order: QueenOrder
    listener: socket.socket
    lifeline: Lifeline | None
    hive: HiveProcess | None


class Queen:
    """One queen process from its open port to its end."""

    def __init__(self, spec: QueenSpec) -> None:
        """Bind the parts to the running event loop."""
        settings = spec.settings
        self._spec = spec
        self._own_url = address_of_listener(spec.listener).url
        self._narrator = Narrator("queen-rbee")
        self._stop = StopSignal()
        self._client = HttpClient(connect_s=settings.connect_s, request_s=settings.request_s)
        self._hives = HiveClient(self._client)
        self._registry = FleetRegistry()
        self._store = TaskStore(
            queue_limit=settings.queue_limit, kept=settings.tasks_kept, log_limit_bytes=settings.event_log_limit_bytes
        )

    def _start_hive(self) -> HiveProcess:
        return start_hive(self._spec.settings, is_ephemeral=self._spec.order.is_ephemeral)

    def _on_hive_started(self, hive: HiveProcess) -> None:
        order = self._spec.order
        give_order(
            hive,
            self._spec.settings,
            queen_url=self._own_url,
            queen_token=order.token,
            is_ephemeral=order.is_ephemeral,
        )
        self._registry.add_hive(
            HiveEntry(
                id=hive.id,
                node=LOCAL_NODE,
                url=hive.daemon.url,
                token=hive.token,
                is_ours=True,
                heard_at=time.monotonic(),
            )
        )
        self._narrator.say("spawn", "the local hive is started", target=hive.id, pid=hive.daemon.process.pid)

    def _on_hive_ended(self, hive: HiveProcess, how: str) -> None:
        self._narrator.say(
            "exit", f"the local hive ended: {how}", level="INFO" if self._stop.is_set else "ERROR", target=hive.id
        )
        self._registry.drop_hive(hive.id, has_ended=True)

    async def run(self) -> None:
        """Serve until the stop signal or the end of the keeper."""
        spec, settings = self._spec, self._spec.settings
        if spec.lifeline is not None:
            spec.lifeline.call_when_lost(self._stop.set)
        async with asyncio.TaskGroup() as tasks:
            parts = self._parts(Chores(tasks, self._narrator))
            if spec.hive is not None:
                parts.local_hive.adopt(spec.hive)
            self._narrator.say("start", f"the queen answers at {self._own_url}")
            parts.chores.keep("watch for silent hives", parts.care.watch_silence)
            parts.chores.keep("dispatcher", parts.dispatcher.run)
            parts.chores.keep("lease of the hive", parts.local_hive.renew_leases)
            parts.chores.once("sweep", sweep_leftovers(settings, self._narrator.say))
            app = build_app(self._app_spec(parts))
            await serve(app, spec.listener, self._stop, lambda: self._end_work(parts.local_hive))
            raise Ended

    def _parts(self, chores: Chores) -> "_Parts":
        settings = self._spec.settings
        local_hive = LocalHive(
            start=self._start_hive,
            on_started=self._on_hive_started,
            on_ended=self._on_hive_ended,
            chores=chores,
            lease_s=settings.lease_s,
            grace_s=_HIVE_GRACES * settings.cascade_grace_s,
        )
        care = HiveCare(
            registry=self._registry,
            local_hive=local_hive,
            hives=self._hives,
            narrator=self._narrator,
            heartbeat_s=settings.heartbeat_s,
            stale_s=settings.hive_stale_s,
        )
        orders = WorkerSpawn(registry=self._registry, hives=self._hives, client=self._client, care=care, chores=chores)
        dispatcher = Dispatcher(registry=self._registry, orders=orders, start_hive=local_hive.ensure)
        return _Parts(chores=chores, local_hive=local_hive, care=care, dispatcher=dispatcher)

    def _runner(self, parts: "_Parts") -> TaskRunner:
        stuck = StuckWorkers(
            registry=self._registry,
            client=self._client,
            hives=self._hives,
            chores=parts.chores,
            narrator=self._narrator,
            free_within_s=min(_FREE_WITHIN_S, self._spec.settings.stall_s),
        )
        return TaskRunner(
            registry=self._registry,
            store=self._store,
            dispatcher=parts.dispatcher,
            care=parts.care,
            relay=Relay(registry=self._registry, client=self._client, stuck=stuck, stall_s=self._spec.settings.stall_s),
            narrator=self._narrator,
            chores=parts.chores,
        )

    def _app_spec(self, parts: "_Parts") -> AppSpec:
        settings = self._spec.settings
        task_api = TaskApi(settings=settings, store=self._store, runner=self._runner(parts), narrator=self._narrator)
        heartbeats = Heartbeats(
            settings=settings, registry=self._registry, local_hive=parts.local_hive, narrator=self._narrator
        )
        status = StatusApi(
            settings=settings,
            registry=self._registry,
            store=self._store,
            hives=self._hives,
            own_url=self._own_url,
            token=self._spec.order.token,
            is_ephemeral=self._spec.order.is_ephemeral,
            stop=self._stop.set,
        )
        is_required = self._spec.order.is_ephemeral or bool(settings.api_token)
        return AppSpec(
            source="queen",
            access=Access(token=self._spec.order.token, is_required=is_required),
            narrator=self._narrator,
            limits=ConnectionLimits(connections=self._spec.settings.connections_limit),
            routes=_routes(task_api, status, heartbeats),
        )

    async def _end_work(self, local_hive: LocalHive) -> None:
        """Cancel every task, then end the hive with its workers."""
        self._narrator.say("stop", f"the queen ends: {self._stop.reason}")
        runners = [task.runner for task in self._store.unfinished() if task.runner is not None]
        for runner in runners:
            runner.cancel()
        await asyncio.gather(*runners, return_exceptions=True)
        await local_hive.stop()
        self._client.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The parts that live in the daemon's task group and know each other."""

    chores: Chores
    local_hive: LocalHive
    care: HiveCare
    dispatcher: Dispatcher


def _routes(tasks: TaskApi, status: StatusApi, heartbeats: Heartbeats) -> list[Route]:
    report_paths = (routes.HEARTBEAT, routes.WORKER_READY_AT_QUEEN, *routes.WORKER_READY_ALIASES)
    return [
        Route(routes.HEALTH, status.health),
        Route(routes.HEALTH_V1, status.health),
        Route(routes.STATUS, status.status),
        Route(routes.QUEEN_WORKERS, status.workers),
        Route(routes.QUEEN_WORKER_STOP, status.stop_worker, methods=["POST"]),
        Route(routes.QUEEN_SHUTDOWN, status.shutdown, methods=["POST"]),
        Route(routes.TASKS, tasks.submit, methods=["POST"]),
        Route(routes.TASK, tasks.get),
        Route(routes.TASK, tasks.cancel, methods=["DELETE"]),
        Route(routes.TASK_EVENTS, tasks.events),
        Route(routes.TASK_CANCEL, tasks.cancel, methods=["POST"]),
        *(Route(path, heartbeats.take, methods=["POST"]) for path in report_paths),
    ]
