"""The scripted engine: same protocol, same process, tokens from a file."""

import ctypes
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from ...contract.chat import PlainText
from ...contract.embeddings import EmbeddingRequest, RerankRequest
from ...contract.events import End, Event, Started, StopReason, Token
from ...contract.ids import TaskId
from ...contract.tasks import Execute
from ...contract.workers import LaunchOrder, LoadingProgress
from ...errors import InferenceFailed, InvalidInput, ModelIncompatible, RequestCanceled
from ..capability import text_model_refusal
from ..engine import (
    EngineInfo,
    EngineLoad,
    EngineProps,
    Execution,
    IsCancelled,
    JobEvents,
    Prepared,
    PreparedTexts,
    ReportProgress,
    never,
)
from ..grammar_work import GrammarWork
from ..metrics.timing import EngineTimes, Timing
from .script import FakeScript, Fault

_FOREVER_S = 3600
_LOAD_STEPS = 10
_CONTEXT_TOKENS = 4096


@dataclass(slots=True)
class _Run:
    request: Execute
    timing: Timing
    sent: int = 0


class FakeEngine:
    """Implements `Engine` without computing anything."""

    def __init__(self) -> None:
        """Hold nothing until `load`."""
        self._running: dict[TaskId, _Run] = {}
        self._waiting: dict[TaskId, _Run] = {}
        self._slots = 0
        self._times = EngineTimes()
        self.grammar_work = GrammarWork()

    def load(self, order: LaunchOrder, report: ReportProgress) -> EngineInfo:
        """Read the script and take as long as it says."""
        try:
            self._script = msgspec.json.decode(Path(order.model_path).read_bytes(), type=FakeScript)
        except (OSError, msgspec.MsgspecError) as error:
            raise ModelIncompatible(f"the script cannot be read: {error}") from error
        if self._script.ignores_signals:
            _ignore_signals()
        for step in range(_LOAD_STEPS):
            percent = 100.0 * step / _LOAD_STEPS
            progress = LoadingProgress(
                stage="loading_to_vram", percent=percent, layers_loaded=step, layers_total=_LOAD_STEPS
            )
            if not report(progress):
                raise RequestCanceled("the load was given up")
            time.sleep(self._script.load_s / _LOAD_STEPS)
            if step == _LOAD_STEPS // 2:
                _commit(self._script.load_fault)
        self._slots = order.slots
        return EngineInfo(model_name="fake", slots=order.slots, context_tokens=_CONTEXT_TOKENS, model_bytes=0)

    def prepare(self, request: Execute, is_cancelled: IsCancelled = never) -> Prepared:
        """Take any prompt."""
        del is_cancelled
        return Prepared(request=request, prompt=range(len(request.prompt.split())))

    def prepare_texts(self, request: EmbeddingRequest | RerankRequest, job_id: TaskId) -> PreparedTexts:
        """Refuse: the script is text."""
        del job_id
        raise text_model_refusal(request)

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        """Refuse: there is no vocabulary."""
        del text, add_special, parse_special
        raise InvalidInput("a scripted model has no tokens")

    def detokenize(self, tokens: Sequence[int]) -> str:
        """Refuse: there is no vocabulary."""
        del tokens
        raise InvalidInput("a scripted model has no tokens")

    def token_bytes(self, tokens: Sequence[int]) -> list[bytes]:
        """Refuse: there is no vocabulary."""
        del tokens
        raise InvalidInput("a scripted model has no tokens")

    def props(self) -> EngineProps:
        """Tell that there is nothing but a script."""
        return EngineProps(build_info="scripted")

    def load_now(self) -> EngineLoad:
        """Tell that nothing is computed."""
        return EngineLoad(times=self._times, waiting=len(self._waiting))

    def start(self, execution: Execution) -> None:
        """Queue the execution."""
        timing = Timing(received_at=execution.received_at, started_at=time.perf_counter())
        assert isinstance(execution.prepared, Prepared)
        self._waiting[execution.job_id] = _Run(execution.prepared.request, timing)

    def interrupt(self, job_id: TaskId) -> None:
        """Do nothing: no batch is worth it."""

    def cancel(self, job_id: TaskId) -> Sequence[JobEvents]:
        """Free the slot of a running execution."""
        run = self._running.pop(job_id, None) or self._waiting.pop(job_id, None)
        return () if run is None else [(job_id, [self._end(run, "CANCELLED")])]

    def has_work(self) -> bool:
        """Tell whether any execution runs."""
        return bool(self._running or self._waiting)

    def running(self) -> Sequence[TaskId]:
        """Return the executions that hold a slot."""
        return (*self._running, *self._waiting)

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
            _commit(fault)
        elif not isinstance(run.request.response_format, PlainText):
            self.grammar_work.begin(run.request.job_id)
            _commit("native_call")

    def _prompt(self, run: _Run) -> int:
        return len(run.request.prompt.split())

    def _end(self, run: _Run, reason: StopReason) -> End:
        return run.timing.end(
            time.perf_counter(),
            prompt_tokens=self._prompt(run),
            completion_tokens=run.sent,
            stop_reason=reason,
        )


def _commit(fault: Fault) -> None:
    match fault:
        case "none":
            return
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
            time.sleep(_FOREVER_S)
        case "error":
            raise InferenceFailed("the script asked for an error")
        case "stall":
            time.sleep(_FOREVER_S)
        case "native_call" | "stuck_grammar":
            ctypes.CDLL(None).sleep(_FOREVER_S)
        case "hold_interpreter":
            ctypes.PyDLL(None).sleep(_FOREVER_S)


def _ignore_signals() -> None:
    """Ignore at the C level, from whichever thread: Python's own handlers never run."""
    libc = ctypes.CDLL(None)
    libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
    for number in (signal.SIGTERM, signal.SIGIO, signal.SIGINT, signal.SIGHUP):
        libc.signal(number, 1)
