"""Wires one queen together: tasks, fleet, hives of its own, end."""

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from ..config.settings import Settings
from ..contract.operations.queen import OPERATIONS
from ..contract.queens import QueenSpec
from ..daemon.app import AppSpec, build_app
from ..daemon.auth import Access
from ..daemon.chores import Chores
from ..daemon.connection_limits import ConnectionLimits
from ..daemon.logs.narration import Narrator
from ..daemon.serve import Ended, StopSignal, serve
from ..errors import RbeeError
from ..supervisor.graces import Grace, grace_s
from ..supervisor.lifelines.lifeline import Lifeline
from ..supervisor.orphans.sweep import sweep_leftovers
from ..transport.http_client import HttpClient
from ..transport.listener import address_of_listener
from .api.heartbeat_api import HeartbeatApi
from .api.status_api import StatusApi
from .api.task_api import TaskApi
from .api.workers_api import WorkersApi
from .dispatcher import Dispatcher
from .fleet.hive_care import HiveCare
from .fleet.hive_client import HiveClient
from .fleet.hive_starts import HiveStarts
from .fleet.registry import FleetRegistry
from .fleet.stuck_workers import StuckWorkers
from .fleet.worker_spawn import WorkerSpawn
from .hives.own_hive import HiveNode, OwnHive, QueenLink
from .hives.own_hives import OwnHives
from .relay import Relay
from .runner import TaskRunner
from .tasks.task_store import TaskStore

_FREE_WITHIN_S = 15.0
"""A cancelled execution ends after the batch in progress. What takes longer than this is not going to end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueenSetup:
    """What one queen process is made of.

    `nodes` are where it can start hives, the preferred one first; `hive` was started on one of them before the web
    server was imported.
    """

    settings: Settings
    spec: QueenSpec
    listener: socket.socket
    lifeline: Lifeline | None
    nodes: Sequence[HiveNode]
    hive: OwnHive | None


class Queen:
    """One queen process from its open port to its end."""

    failure: RbeeError | None = None
    """A queen ends when it is asked to."""

    def __init__(self, setup: QueenSetup) -> None:
        """Bind the parts to the running event loop."""
        settings = setup.settings
        self._setup = setup
        self._own_url = address_of_listener(setup.listener).url
        self._narrator = Narrator("queen-rbee")
        self._stop = StopSignal()
        self._client = HttpClient(connect_s=settings.connect_s, request_s=settings.request_s)
        self._hives = HiveClient(self._client)
        self._registry = FleetRegistry(tuple(each.node for each in setup.nodes))
        self._store = TaskStore(
            queue_limit=settings.queue_limit, kept=settings.tasks_kept, log_limit_bytes=settings.event_log_limit_bytes
        )

    async def run(self) -> None:
        """Serve until the stop signal or the end of the keeper."""
        setup, settings = self._setup, self._setup.settings
        if setup.lifeline is not None:
            setup.lifeline.call_when_lost(self._stop.set)
        async with asyncio.TaskGroup() as tasks:
            parts = self._parts(Chores(tasks, self._narrator))
            if setup.hive is not None:
                await parts.own_hives.adopt(setup.hive)
            self._narrator.say("start", f"the queen answers at {self._own_url}")
            parts.chores.keep("watch for silent hives", parts.care.watch_silence)
            parts.chores.keep("dispatcher", parts.dispatcher.run)
            parts.chores.keep("leases of the hives", parts.own_hives.renew_leases)
            parts.chores.once("sweep", sweep_leftovers(settings, self._narrator.say))
            app = build_app(self._app_spec(parts))
            await serve(app, setup.listener, self._stop, lambda: self._end_work(parts.own_hives))
            raise Ended

    def _parts(self, chores: Chores) -> "_Parts":
        settings = self._setup.settings
        own_hives = OwnHives(
            nodes=self._setup.nodes,
            queen=QueenLink(url=self._own_url, token=self._setup.spec.token, lease_s=settings.lease_s),
            registry=self._registry,
            narrator=self._narrator,
            chores=chores,
            grace_s=grace_s(Grace.HIVE_UNDER_QUEEN, settings),
            is_queen_ending=lambda: self._stop.is_set,
        )
        care = HiveCare(
            registry=self._registry,
            own_hives=own_hives,
            hives=self._hives,
            narrator=self._narrator,
            heartbeat_s=settings.heartbeat_s,
            stale_s=settings.hive_stale_s,
        )
        orders = WorkerSpawn(registry=self._registry, hives=self._hives, client=self._client, care=care, chores=chores)
        starts = HiveStarts(ensure=own_hives.ensure, chores=chores)
        dispatcher = Dispatcher(registry=self._registry, orders=orders, starts=starts)
        return _Parts(chores=chores, own_hives=own_hives, care=care, dispatcher=dispatcher)

    def _runner(self, parts: "_Parts") -> TaskRunner:
        stall_s = self._setup.settings.stall_s
        stuck = StuckWorkers(
            registry=self._registry,
            client=self._client,
            hives=self._hives,
            chores=parts.chores,
            narrator=self._narrator,
            free_within_s=min(_FREE_WITHIN_S, stall_s),
        )
        return TaskRunner(
            registry=self._registry,
            store=self._store,
            dispatcher=parts.dispatcher,
            care=parts.care,
            relay=Relay(registry=self._registry, client=self._client, stuck=stuck, stall_s=stall_s),
            narrator=self._narrator,
            chores=parts.chores,
        )

    def _app_spec(self, parts: "_Parts") -> AppSpec:
        settings = self._setup.settings
        task_api = TaskApi(settings=settings, store=self._store, runner=self._runner(parts), narrator=self._narrator)
        heartbeats = HeartbeatApi(
            settings=settings, registry=self._registry, own_hives=parts.own_hives, narrator=self._narrator
        )
        workers = WorkersApi(registry=self._registry, hives=self._hives, body_limit_bytes=settings.body_limit_bytes)
        status = StatusApi(
            registry=self._registry,
            store=self._store,
            own_url=self._own_url,
            token=self._setup.spec.token,
            is_ephemeral=self._setup.spec.is_ephemeral,
            stop=self._stop.set,
        )
        is_required = self._setup.spec.is_ephemeral or bool(settings.api_token)
        return AppSpec(
            source="queen",
            access=Access(token=self._setup.spec.token, is_required=is_required),
            narrator=self._narrator,
            limits=ConnectionLimits(connections=settings.connections_limit),
            operations=OPERATIONS,
            rooms=[room.handlers() for room in (task_api, status, workers, heartbeats)],
        )

    async def _end_work(self, own_hives: OwnHives) -> None:
        """Cancel every task, then end the queen's own hives with their workers."""
        self._narrator.say("stop", f"the queen ends: {self._stop.reason}")
        runners = [task.runner for task in self._store.unfinished() if task.runner is not None]
        for runner in runners:
            runner.cancel()
        await asyncio.gather(*runners, return_exceptions=True)
        await own_hives.stop()
        self._client.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """The parts that live in the daemon's task group and know each other."""

    chores: Chores
    own_hives: OwnHives
    care: HiveCare
    dispatcher: Dispatcher
