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
from ..daemon.narration import Narrator
from ..daemon.serve import Ended, StopSignal, serve
from ..supervisor.lifeline import Lifeline
from ..supervisor.sweep import sweep_leftovers
from ..transport.http_client import HttpClient
from ..transport.listener import address_of_listener
from .heartbeat import Heartbeats
from .hive_client import HiveClient
from .hive_start import HiveProcess, give_order, start_hive
from .infer import InferRunner
from .local_hive import LocalHive
from .registry import FleetRegistry, HiveEntry
from .relay import Relay
from .status import StatusApi
from .task_api import TaskApi
from .tasks import TaskBook
from .worker_spawn import WorkerSpawn

_HIVE_GRACES = 3


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
        self._book = TaskBook(
            queue_limit=settings.queue_limit, kept=settings.tasks_kept, log_limit_bytes=settings.event_log_limit_bytes
        )
        self._local_hive = LocalHive(self._start_hive, self._on_hive_started, self._on_hive_ended, settings.lease_s)

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
                id=hive.id, node=LOCAL_NODE, url=hive.daemon.url, token=hive.token, is_ours=True, heard_at=time.time()
            )
        )
        self._narrator.say("spawn", "the local hive is started", target=hive.id, pid=hive.daemon.process.pid)

    def _on_hive_ended(self, hive: HiveProcess, how: str) -> None:
        self._narrator.say(
            "exit", f"the local hive ended: {how}", level="INFO" if self._stop.is_set else "ERROR", target=hive.id
        )
        self._registry.drop_hive(hive.id)

    async def run(self) -> None:
        """Serve until the stop signal or the end of the keeper."""
        spec, settings = self._spec, self._spec.settings
        if spec.hive is not None:
            self._local_hive.adopt(spec.hive)
        if spec.lifeline is not None:
            spec.lifeline.call_when_lost(self._stop.set)
        heartbeats = Heartbeats(settings=settings, registry=self._registry, narrator=self._narrator)
        self._narrator.say("start", f"the queen answers at {self._own_url}")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(heartbeats.drop_silent())
            tasks.create_task(self._local_hive.renew_leases())
            tasks.create_task(sweep_leftovers(settings, self._narrator.say))
            app = build_app(self._app_spec(heartbeats, tasks))
            await serve(app, spec.listener, self._stop, self._end_work)
            raise Ended

    def _app_spec(self, heartbeats: Heartbeats, tasks: asyncio.TaskGroup) -> AppSpec:
        runner = InferRunner(
            registry=self._registry,
            book=self._book,
            spawn=WorkerSpawn(self._registry, self._hives, self._client, tasks),
            local_hive=self._local_hive,
            relay=Relay(
                registry=self._registry,
                client=self._client,
                hives=self._hives,
                narrator=self._narrator,
                stall_s=self._spec.settings.stall_s,
            ),
            narrator=self._narrator,
            tasks=tasks,
        )
        task_api = TaskApi(settings=self._spec.settings, book=self._book, runner=runner)
        status = StatusApi(
            settings=self._spec.settings,
            registry=self._registry,
            book=self._book,
            hives=self._hives,
            own_url=self._own_url,
            is_ephemeral=self._spec.order.is_ephemeral,
            stop=self._stop.set,
        )
        is_required = self._spec.order.is_ephemeral or bool(self._spec.settings.api_token)
        return AppSpec(
            source="queen",
            access=Access(token=self._spec.order.token, is_required=is_required),
            narrator=self._narrator,
            routes=_routes(task_api, status, heartbeats),
        )

    async def _end_work(self) -> None:
        """Cancel every task, then end the hive with its workers."""
        self._narrator.say("stop", f"the queen ends: {self._stop.reason}")
        runners = [task.runner for task in self._book.unfinished() if task.runner is not None]
        for runner in runners:
            runner.cancel()
        await asyncio.gather(*runners, return_exceptions=True)
        await self._local_hive.stop(_HIVE_GRACES * self._spec.settings.cascade_grace_s)
        self._client.close()


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
        Route(routes.TASK, tasks.look),
        Route(routes.TASK, tasks.cancel, methods=["DELETE"]),
        Route(routes.TASK_EVENTS, tasks.events),
        Route(routes.TASK_CANCEL, tasks.cancel, methods=["POST"]),
        *(Route(path, heartbeats.take, methods=["POST"]) for path in report_paths),
    ]
