"""Watches workers: exits at once, overdue starts, health, idle time."""

import asyncio
import time
from dataclasses import dataclass

from ..config.settings import Settings
from ..contract import routes
from ..contract.errors import ErrorInfo, to_wire
from ..contract.wire import decode
from ..contract.workers import WorkerHealth
from ..daemon.narration import Narrator
from ..errors import LoadingTimeout, RbeeError, WorkerCrashed
from ..supervisor.process import describe_exit
from ..transport.http_client import HttpClient
from .worker_registry import WorkerRecord, WorkerRegistry
from .worker_spawn import is_start_overdue
from .worker_stop import WorkerStopper

_START_CHECK_S = 0.5
_MISSES_UNTIL_REMOVED = 3
_FORGET_AFTER_S = 5.0


@dataclass(slots=True, kw_only=True)
class WorkerWatch:
    """Keeps the registry true; runs as tasks of the hive's task group."""

    settings: Settings
    registry: WorkerRegistry
    stopper: WorkerStopper
    client: HttpClient
    narrator: Narrator
    tasks: asyncio.TaskGroup

    def watch_exit(self, record: WorkerRecord) -> None:
        """Have the end of the worker's process noticed when it happens."""
        loop = asyncio.get_running_loop()

        def on_exit(return_code: int) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._take_exit, record, return_code)

        record.process.call_on_exit(on_exit)

    def _take_exit(self, record: WorkerRecord, return_code: int) -> None:
        how = describe_exit(return_code)
        was_asked = record.state == "draining"
        self.narrator.say(
            "exit",
            f"{record.id} ended: {how}",
            level="INFO" if was_asked or return_code == 0 else "ERROR",
            target=record.id,
            pid=record.process.pid,
            uptime_s=round(time.time() - record.started_at, 1),
        )
        if was_asked:
            self.registry.move(record, "stopped")
        else:
            error = WorkerCrashed(f"the worker's process ended ({how})", hint=f"rbee logs --worker {record.id}")
            self.registry.move(record, "failed", to_wire(error, source="hive"))
        asyncio.get_running_loop().call_later(_FORGET_AFTER_S, self.registry.remove, record.id)

    async def watch_starts(self) -> None:
        """Give up workers that do not call back or do not get their model loaded in time."""
        while True:
            await asyncio.sleep(_START_CHECK_S)
            for record in self.registry.living():
                reason = is_start_overdue(
                    record, time.time(), start_s=self.settings.worker_start_s, load_s=self.settings.worker_load_s
                )
                if reason:
                    self._give_up(record, to_wire(LoadingTimeout(reason, hint="rbee logs"), source="hive"))

    async def watch_health(self) -> None:
        """Ask every worker how it is; three misses in a row remove it."""
        while True:
            await asyncio.sleep(self.settings.health_check_s)
            async with asyncio.TaskGroup() as checks:
                for record in self.registry.living():
                    if record.state in ("idle", "busy"):
                        checks.create_task(self._check(record))

    async def watch_idle(self) -> None:
        """Stop workers that nobody has used for the idle time."""
        while self.settings.idle_s:
            await asyncio.sleep(min(self.settings.idle_check_s, self.settings.idle_s))
            for record in self.registry.living():
                if record.state not in ("idle", "busy"):
                    continue
                await self._check(record)
                if record.state == "idle" and time.time() - record.last_activity >= self.settings.idle_s:
                    self.narrator.say("idle", f"{record.id} was idle and is stopped", target=record.id)
                    self.tasks.create_task(self.stopper.drain(record, self.settings.drain_s))

    async def _check(self, record: WorkerRecord) -> None:
        try:
            answer = await self.client.request(
                "GET", record.url, routes.HEALTH, timeout_s=self.settings.health_limit_s, token=record.token
            )
            health = decode(answer.body, WorkerHealth)
        except (RbeeError, ValueError):
            record.missed_checks += 1
            self.narrator.say(
                "check", f"{record.id} missed a health check; its process is there", level="WARN", target=record.id
            )
            if record.missed_checks >= _MISSES_UNTIL_REMOVED:
                error = WorkerCrashed("the worker does not answer health checks", hint="rbee logs")
                self._give_up(record, to_wire(error, source="hive"))
            return
        record.missed_checks = 0
        record.last_activity = health.last_activity
        if record.state in ("idle", "busy") and health.state in ("idle", "busy"):
            record.state = health.state
            record.slots_available = health.slots_available

    def _give_up(self, record: WorkerRecord, error: ErrorInfo) -> None:
        self.registry.move(record, "failed", error)
        self.narrator.say("give_up", error.message, level="ERROR", target=record.id, pid=record.process.pid)
        self.tasks.create_task(self.stopper.end(record.process, str(record.id), self.settings.stop_grace_s))
