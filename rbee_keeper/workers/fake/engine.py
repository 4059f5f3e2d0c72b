"""The scripted engine: same protocol, same process, tokens from a file."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ...contract.events import End, Event, Started, StopReason, Token
from ...contract.ids import TaskId
from ...contract.inference.chat import PlainText
from ...contract.tasks import Execute
from ..engine import EngineUsage, Execution, JobEvents
from ..grammar_work import GrammarWork
from ..metrics.timing import EngineTimes, Timing, usage_of
from ..text.prepared import PreparedPrompt
from .faults import commit
from .script import FakeScript, Fault


@dataclass(slots=True)
class _Run:
    request: Execute
    timing: Timing
    sent: int = 0


class FakeEngine:
    """Implements `Engine` without computing anything."""

    def __init__(self, script: FakeScript, *, slots: int) -> None:
        """Follow the script."""
        self._script = script
        self._slots = slots
        self._running: dict[TaskId, _Run] = {}
        self._waiting: dict[TaskId, _Run] = {}
        self._times = EngineTimes()
        self.grammar_work = GrammarWork()

    def usage(self) -> EngineUsage:
        """Tell that nothing is computed."""
        return EngineUsage(times=self._times, waiting=len(self._waiting))

    def start(self, execution: Execution[PreparedPrompt]) -> None:
        """Queue the execution."""
        timing = Timing(received_at=execution.received_at, started_at=time.perf_counter())
        self._waiting[execution.job_id] = _Run(execution.prepared.request, timing)

    def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
        """Free the slot of a running execution."""
        run = self._running.pop(job_id, None) or self._waiting.pop(job_id, None)
        return () if run is None else [(job_id, [self._end(run, "CANCELLED")])]

    def has_work(self) -> bool:
        """Tell whether any execution runs."""
        return bool(self._running or self._waiting)

    def step(self) -> Sequence[JobEvents]:
        """Send the next token of every execution."""
        while self._waiting and len(self._running) < self._slots:
            job_id = next(iter(self._waiting))
            run = self._running[job_id] = self._waiting.pop(job_id)
            run.timing.started_at = time.perf_counter()
        time.sleep(self._script.delay_s)
        return [(run.request.job_id, self._next(run)) for run in tuple(self._running.values())]

    def close(self) -> None:
        """Forget the executions."""
        self._running.clear()
        self._waiting.clear()

    def _next(self, run: _Run) -> list[Event]:
        events: list[Event] = []
        script, job_id = self._script, run.request.job_id
        if run.sent == 0:
            run.timing.first_token_at = time.perf_counter()
            events.append(
                Started(job_id=job_id, model="fake", started_at=time.time(), seed=0, prompt_tokens=self._prompt(run))
            )
        if script.fault != "none" and run.sent == script.fault_at:
            self._commit(run, script.fault)
        if script.ends and run.sent == len(script.tokens):
            del self._running[job_id]
            return [*events, self._end(run, "EOS")]
        events.append(Token(t=script.tokens[run.sent % len(script.tokens)], i=run.sent))
        run.sent += 1
        if run.sent == run.request.max_tokens:
            del self._running[job_id]
            events.append(self._end(run, "MAX_TOKENS"))
        return events

    def _commit(self, run: _Run, fault: Fault) -> None:
        if fault != "stuck_grammar":
            commit(fault)
        elif not isinstance(run.request.response_format, PlainText):
            self.grammar_work.begin(run.request.job_id)
            commit("native_call")

    def _prompt(self, run: _Run) -> int:
        return len(run.request.prompt.split())

    def _end(self, run: _Run, reason: StopReason) -> End:
        usage = usage_of(prompt=self._prompt(run), completion=run.sent)
        return run.timing.end(time.perf_counter(), usage, stop_reason=reason)
