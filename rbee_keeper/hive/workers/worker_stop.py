"""Stops workers: asked to drain first, then told to end at once, then killed."""

import asyncio
from collections.abc import Iterable

from ...contract.operations.worker import SHUTDOWN
from ...contract.wire import encode
from ...contract.workers import ShutdownRequest
from ...daemon.chores import Chores
from ...daemon.logs.narration import Narrator
from ...errors import RbeeError
from ...supervisor.process import ChildProcess
from ...supervisor.waiting import ended
from ...transport.http_client import HttpClient
from .worker_registry import WorkerRecord, WorkerRegistry


class WorkerStopper:
    """Ends workers of one hive."""

    def __init__(self, registry: WorkerRegistry, client: HttpClient, narrator: Narrator, *, grace_s: float) -> None:
        """Allow `grace_s` between SIGHUP and SIGKILL."""
        self._registry = registry
        self._client = client
        self._narrator = narrator
        self._grace_s = grace_s

    def begin_drain(self, record: WorkerRecord, drain_s: float, chores: Chores) -> None:
        """Take no more work for the worker from now on, and end it when it has finished."""
        if record.state != "draining" and self._registry.move(record, "draining"):
            chores.once(f"the drain of {record.id}", self.drain(record, drain_s))

    def forget(self, record: WorkerRecord) -> None:
        """Let go of the connections to a worker that has ended."""
        self._client.forget(record.url)

    async def drain(self, record: WorkerRecord, drain_s: float) -> None:
        """Let a worker finish what runs, then end it."""
        body = encode(ShutdownRequest(graceful=True, timeout_seconds=drain_s))
        try:
            await self._client.request(*SHUTDOWN.at(record.url), body=body, token=record.token)
            is_gone = await ended(record.process, drain_s)
        except RbeeError:
            is_gone = False
        if not is_gone:
            await self.end(record.process, str(record.id), self._grace_s)

    async def end(self, process: ChildProcess, name: str, grace_s: float) -> None:
        """End a process now, as SIGTERM would have it drain; a kill is narrated."""
        process.hang_up()
        if not await ended(process, grace_s):
            pid = process.pid
            await asyncio.to_thread(process.stop, 0.0)
            self._narrator.say(
                "kill", f"{name} did not end within {grace_s:g} s", level="WARN", target=name, pid=pid, signal="SIGKILL"
            )
        process.release_lifeline()

    async def end_all(self, processes: Iterable[tuple[str, ChildProcess]], grace_s: float) -> None:
        """End processes side by side and narrate how many are done."""
        pending = list(processes)
        done = 0

        async def end_one(name: str, process: ChildProcess) -> None:
            nonlocal done
            await self.end(process, name, grace_s)
            done += 1
            self._narrator.say("shutdown", f"stopped {done}/{len(pending)} workers", target=name)

        # one that cannot be ended keeps none of the others
        await asyncio.gather(*(end_one(name, process) for name, process in pending), return_exceptions=True)
        self._narrator.say("shutdown", "all workers are stopped")
