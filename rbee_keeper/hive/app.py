"""Wires one hive together: spawns, workers, reports, end."""

import asyncio
import socket
from dataclasses import dataclass

from ..config.settings import Settings
from ..contract.hives import HiveSpec
from ..contract.operations.hive import OPERATIONS
from ..daemon.app import AppSpec, build_app
from ..daemon.auth import Access
from ..daemon.chores import Chores
from ..daemon.connection_limits import ConnectionLimits
from ..daemon.logs.narration import Narrator
from ..daemon.serve import Ended, StopSignal, serve
from ..errors import RbeeError
from ..supervisor.daemon_record import DaemonRecords
from ..supervisor.graces import Grace, grace_s
from ..supervisor.lifelines.lifeline import Lifeline
from ..supervisor.orphans.sweep import sweep_leftovers
from ..supervisor.process import ChildProcess
from ..transport.http_client import HttpClient
from ..transport.listener import address_of_listener
from .heartbeat import Heartbeat, QueenAddress
from .hive_api import HiveApi
from .workers.worker_registry import WorkerRegistry
from .workers.worker_spawn import WorkerSpawner
from .workers.worker_start import Unassigned
from .workers.worker_stop import WorkerStopper
from .workers.worker_watch import WorkerWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class HiveSetup:
    """What one hive process is made of; `is_ours` when a queen started it."""

    settings: Settings
    spec: HiveSpec
    listener: socket.socket
    lifeline: Lifeline | None
    standby: Unassigned | None

    @property
    def is_ours(self) -> bool:
        """A queen started this hive and its end is the hive's end."""
        return self.lifeline is not None


class Hive:
    """One hive process from its open port to its end."""

    failure: RbeeError | None = None
    """A hive ends when it is asked to."""

    def __init__(self, setup: HiveSetup) -> None:
        """Bind the parts to the running event loop."""
        settings, spec = setup.settings, setup.spec
        own_url = address_of_listener(setup.listener).url
        self._setup = setup
        self._narrator = Narrator("rbee-hive")
        self._stop = StopSignal()
        self._client = HttpClient(connect_s=settings.connect_s, request_s=settings.request_s)
        self._health_client = HttpClient(connect_s=settings.connect_s, request_s=settings.request_s)
        self._registry = WorkerRegistry(on_change=lambda: self._heartbeat.changed())
        self._heartbeat = Heartbeat(
            hive_id=spec.hive_id,
            node=spec.node,
            own_url=own_url,
            own_token=spec.token,
            find_queen=self._find_queen,
            registry=self._registry,
            client=self._client,
            narrator=self._narrator,
        )
        self._spawner = WorkerSpawner(settings, self._registry, own_url)
        self._spawner.keep_standby(setup.standby)
        self._stopper = WorkerStopper(self._registry, self._client, self._narrator, grace_s=settings.stop_grace_s)

    def _find_queen(self) -> QueenAddress | None:
        """Return the queen of the spec, else the one that this hive's person runs: nobody else gets our tokens."""
        spec = self._setup.spec
        if spec.queen_url:
            return QueenAddress(url=spec.queen_url, token=spec.queen_token, is_parent=self._setup.is_ours)
        record = DaemonRecords(self._setup.settings.paths.run_dir).read("queen")
        return None if record is None else QueenAddress(url=record.url, token=record.token)

    async def run(self) -> None:
        """Serve until the stop signal, the end of the queen or the end of the lease."""
        settings, lifeline = self._setup.settings, self._setup.lifeline
        if lifeline is not None:
            lifeline.call_when_lost(self._stop.set)
            if self._setup.spec.lease_s:
                lifeline.require_lease(self._setup.spec.lease_s)
        self._narrator.say("start", self._where())
        async with asyncio.TaskGroup() as tasks:
            chores = Chores(tasks, self._narrator)
            watch = WorkerWatch(
                settings=settings,
                registry=self._registry,
                stopper=self._stopper,
                client=self._health_client,
                narrator=self._narrator,
                chores=chores,
            )
            watch.begin()
            chores.keep("the reports to the queen", lambda: self._heartbeat.run(settings.heartbeat_s))
            chores.once("the sweep", sweep_leftovers(settings, self._narrator.say))
            app = build_app(self._app_spec(watch, chores))
            await serve(app, self._setup.listener, self._stop, self._end_work)
            raise Ended

    def _where(self) -> str:
        """Say where this hive answers; a queen that finds the usual port taken starts it on another."""
        address, usual = address_of_listener(self._setup.listener), self._setup.settings.hive_port
        is_taken = not self._setup.spec.is_ephemeral and address.port != usual
        return (f"port {usual} is taken, using {address.port}: " if is_taken else "") + (
            f"the hive answers at {address.url}"
        )

    def _app_spec(self, watch: WorkerWatch, chores: Chores) -> AppSpec:
        api = HiveApi(
            settings=self._setup.settings,
            token=self._setup.spec.token,
            registry=self._registry,
            spawner=self._spawner,
            stopper=self._stopper,
            watch=watch,
            heartbeat=self._heartbeat,
            narrator=self._narrator,
            chores=chores,
        )
        is_required = self._setup.is_ours or bool(self._setup.settings.api_token)
        return AppSpec(
            source="hive",
            access=Access(token=self._setup.spec.token, is_required=is_required),
            narrator=self._narrator,
            limits=ConnectionLimits(connections=self._setup.settings.connections_limit),
            operations=OPERATIONS,
            rooms=[api.handlers()],
        )

    async def _end_work(self) -> None:
        """End every worker, all at the same time."""
        self._narrator.say("stop", f"the hive ends: {self._stop.reason}")
        processes: list[tuple[str, ChildProcess]] = []
        for record in self._registry.living():
            self._registry.move(record, "draining")
            processes.append((str(record.id), record.process))
        standby = self._spawner.discard_standby()
        if standby is not None:
            processes.append(("standby", standby))
        await self._stopper.end_all(processes, grace_s(Grace.WORKER, self._setup.settings))
        if not self._setup.is_ours:
            await self._heartbeat.say_goodbye()
        self._client.close()
        self._health_client.close()
