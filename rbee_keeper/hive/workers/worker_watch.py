"""Watches workers: exits at once, overdue starts, health, idle time."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from ...config.settings import Settings
from ...contract.errors import ErrorInfo, to_wire
from ...contract.operations.worker import HEALTH
from ...daemon.chores import Chores
from ...daemon.logs.narration import Narrator
from ...errors import LoadingTimeout, RbeeError, WorkerCrashed
from ...supervisor.process import describe_exit, signal_name
from ...transport.http_client import HttpClient
from .last_words import last_line
from .worker_registry import WorkerRecord, WorkerRegistry
from .worker_stop import WorkerStopper

_START_CHECK_S = 0.5
_MISSES_UNTIL_REMOVED = 3
_FORGET_AFTER_S = 5.0


@dataclass(slots=True, kw_only=True)
class WorkerWatch:
    """Keeps the registry true.

    `client` is for health checks alone: it keeps one connection to each worker, which nobody who fills the worker's
    other places can take away. `now` is the monotonic clock.
    """

    settings: Settings
    registry: WorkerRegistry
    stopper: WorkerStopper
    client: HttpClient
    narrator: Narrator
    chores: Chores
    now: Callable[[], float] = time.monotonic

    def begin(self) -> None:
        """Start watching, until the daemon ends."""
        self.chores.keep("the watch of starts", self.watch_starts)
        self.chores.keep("the watch of health", self.watch_health)
        self.chores.keep("the watch of idle workers", self.watch_idle)

    def watch_exit(self, record: WorkerRecord) -> None:
        """Have the end of the worker's process noticed when it happens."""
        loop = asyncio.get_running_loop()

        def on_exit(return_code: int) -> None:
            loop.call_soon_threadsafe(self._note_exit, record, return_code)

        record.process.call_on_exit(on_exit)

    def _note_exit(self, record: WorkerRecord, return_code: int) -> None:
        noting = self.take_exit(record, return_code)
        try:
            self.chores.once(f"the end of {record.id}", noting)
        except RuntimeError:
            # the hive is ending itself, and its books with it
            noting.close()

    async def take_exit(self, record: WorkerRecord, return_code: int) -> None:
        """Bring an end into the books, with its reason when nobody had asked for it; forget the worker soon after."""
        how = describe_exit(return_code)
        if record.state == "draining":
            self.registry.move(record, "stopped")
        else:
            self.registry.move(record, "failed", await self._crash(record, return_code))
        self.narrator.say(
            "exit",
            f"{record.id} ended: {how}",
            level="INFO" if record.state == "stopped" or return_code == 0 else "ERROR",
            target=record.id,
            pid=record.process.pid,
            uptime_s=round(self.now() - record.started_at, 1),
        )
        self.client.forget(record.url)
        self.stopper.forget(record)
        await asyncio.sleep(_FORGET_AFTER_S)
        self.registry.remove(record.id)

    async def _crash(self, record: WorkerRecord, return_code: int) -> ErrorInfo:
        """Describe an end that nobody had asked for: how, and what the worker or its engine said last."""
        words = await asyncio.to_thread(last_line, record.process.spec.log_path)
        details = {"signal": signal_name(return_code), "last_line": words}
        error = WorkerCrashed(
            f"the worker's process ended ({describe_exit(return_code)}){': ' + words if words else ''}",
            hint=f"rbee logs --worker {record.id}",
            details={name: value for name, value in details.items() if value},
        )
        return to_wire(error, source="hive")

    async def watch_starts(self) -> None:
        """Give up workers that do not call back or do not get their model loaded in time."""
        while True:
            await asyncio.sleep(_START_CHECK_S)
            self.check_starts()

    def check_starts(self) -> None:
        """Give up the workers whose start is overdue now."""
        for record in self.registry.living():
            reason = is_start_overdue(
                record, self.now(), start_s=self.settings.worker_start_s, load_s=self.settings.worker_load_s
            )
            if reason:
                self._give_up(record, LoadingTimeout(reason, hint="rbee logs"))

    async def watch_health(self) -> None:
        """Ask every worker how it is, from time to time."""
        while True:
            await asyncio.sleep(self.settings.health_check_s)
            await self.check_health()

    async def check_health(self) -> None:
        """Ask every worker how it is; three misses in a row remove it. Misses are counted here only."""
        checks = [self.chores.once(f"the check of {each.id}", self._check(each)) for each in self.registry.open()]
        await asyncio.gather(*checks)

    async def _check(self, record: WorkerRecord) -> None:
        if await self.ask(record):
            return
        misses = self.registry.miss_check(record)
        self.narrator.say(
            "check", f"{record.id} missed a health check; its process is there", level="WARN", target=record.id
        )
        if misses >= _MISSES_UNTIL_REMOVED:
            self._give_up(record, WorkerCrashed("the worker does not answer health checks", hint="rbee logs"))

    async def ask(self, record: WorkerRecord) -> bool:
        """Ask a worker how it is; False when it does not say.

        The first question, as soon as its model is loaded, also makes the connection that is kept for all others.
        """
        try:
            answer = await self.client.request(
                *HEALTH.at(record.url), timeout_s=self.settings.health_limit_s, token=record.token
            )
            health = HEALTH.read(answer.body)
        except (RbeeError, ValueError):
            return False
        self.registry.take_health(record, health, now=self.now(), wall_now=time.time())
        return True

    async def watch_idle(self) -> None:
        """Stop workers that nobody has used for the idle time."""
        while self.settings.idle_s:
            await asyncio.sleep(min(self.settings.idle_check_s, self.settings.idle_s))
            for record in self.registry.open():
                await self.check_idle(record)

    async def check_idle(self, record: WorkerRecord) -> None:
        """Stop a worker when it says that it has been idle for the idle time."""
        if not await self.ask(record) or record.state != "idle":
            return
        if self.now() - record.active_at >= self.settings.idle_s:
            self.narrator.say("idle", f"{record.id} was idle and is stopped", target=record.id)
            self.stopper.begin_drain(record, self.settings.drain_s, self.chores)

    def _give_up(self, record: WorkerRecord, error: RbeeError) -> None:
        """Take a worker out of the books, then end its process; one that is gone already is left alone."""
        if not self.registry.move(record, "failed", to_wire(error, source="hive")):
            return
        self.narrator.say("give_up", error.message, level="ERROR", target=record.id, pid=record.process.pid)
        ending = self.stopper.end(record.process, str(record.id), self.settings.stop_grace_s)
        self.chores.once(f"the end of {record.id}", ending)


def is_start_overdue(record: WorkerRecord, now: float, *, start_s: float, load_s: float) -> str:
    """Say why a worker that is not there yet has to be given up; empty while it may go on."""
    waited = now - record.started_at
    if record.state == "starting" and waited > start_s:
        return f"no ready callback within {start_s:g} s"
    if record.state == "loading" and waited > start_s + load_s:
        return f"the model was not loaded within {load_s:g} s"
    return ""
