"""The llama.cpp engine: several executions decoded in one batch."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...contract.events import Event, Metrics, Started, StopReason, Token
from ...contract.ids import TaskId
from ...contract.tasks import Execute
from ...contract.workers import LaunchOrder, LoadingProgress
from ...errors import ContextTooLong, InferenceFailed
from ..engine import EngineInfo, Execution, JobEvent, ReportProgress
from ..timing import Timing
from .library import api, initialise
from .model import BATCH_TOKENS, Model, check_file
from .sampler import Sampler
from .text_output import TextOutput

_METRICS_EVERY_TOKENS = 64
_SINGLE_THREAD_BELOW_BYTES = 48_000_000


@dataclass(slots=True, kw_only=True)
class _Sequence:
    """One running execution: its place in the cache and what it has yet to decode."""

    slot: int
    request: Execute
    pending: list[int]
    prompt_tokens: int
    sampler: Sampler
    output: TextOutput
    timing: Timing
    position: int = 0
    generated: int = 0
    events: list[Event] = field(default_factory=list)

    @property
    def job_id(self) -> TaskId:
        return self.request.job_id


def _default_threads(model_bytes: int) -> int:
    """Return the threads that decode fastest: for small models the threads' waiting costs more than it gains."""
    if model_bytes < _SINGLE_THREAD_BELOW_BYTES:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LlamaEngine:
    """Implements `Engine` on llama.cpp's C interface."""

    def __init__(self) -> None:
        """Hold nothing until `load`."""
        self._running: dict[TaskId, _Sequence] = {}

    def load(self, order: LaunchOrder, report: ReportProgress) -> EngineInfo:
        """Load the file and make a context with one sequence per slot."""
        initialise()
        path = Path(order.model_path)
        header = check_file(path)
        size_mb = path.stat().st_size / 1e6

        def on_share(share: float) -> bool:
            step = LoadingProgress(
                stage="loading_to_vram",
                layers_loaded=round(share * header.layers),
                layers_total=header.layers,
                percent=round(share * 100, 1),
                vram_mb=round(share * size_mb, 1),
            )
            return report(step)

        self._model = Model(path, on_device=order.backend != "cpu", device=order.device, report=on_share)
        self._template = self._model.chat_template()
        self._context_tokens = self._model.context_per_slot(order.context_tokens)
        threads = order.threads or _default_threads(self._model.size_bytes)
        self._context: Any = self._model.new_context(
            slots=order.slots, context_tokens=self._context_tokens, threads=threads
        )
        self._memory = api.llama_get_memory(self._context)
        self._batch = api.llama_batch_init(max(BATCH_TOKENS, order.slots), 0, 1)
        self._free_slots = list(range(order.slots))
        self._slots = order.slots
        return EngineInfo(
            model_name=self._model.name or order.model_ref,
            slots=order.slots,
            context_tokens=self._context_tokens,
            model_bytes=self._model.size_bytes,
        )

    def start(self, execution: Execution) -> None:
        """Tokenize the prompt and queue it for the next batch."""
        request = execution.request
        started_at = time.perf_counter()
        tokens = self._model.vocabulary.tokenize(self._template.render(request), parse_special=not request.raw)
        self._require_room(len(tokens), request.max_tokens)
        sampler = Sampler(request, vocabulary_size=self._model.vocabulary.size)
        sequence = _Sequence(
            slot=self._free_slots.pop(),
            request=request,
            pending=tokens,
            prompt_tokens=len(tokens),
            sampler=sampler,
            output=TextOutput(request.stop),
            timing=Timing(received_at=execution.received_at, started_at=started_at),
        )
        sequence.events.append(
            Started(
                job_id=request.job_id,
                model=self._model.name,
                started_at=round(time.time(), 3),
                seed=sampler.seed,
                prompt_tokens=len(tokens),
            )
        )
        self._running[request.job_id] = sequence

    def _require_room(self, prompt_tokens: int, max_tokens: int) -> None:
        room = self._context_tokens
        if prompt_tokens == 0:
            raise InferenceFailed("the prompt has no tokens")
        if prompt_tokens + max_tokens > room:
            free = room - prompt_tokens
            hint = f"use --max-tokens {free} or less" if free > 0 else "shorten the prompt"
            raise ContextTooLong(
                f"the prompt has {prompt_tokens} tokens and max_tokens is {max_tokens}: together more than the"
                f" context of {room} tokens",
                hint=hint,
                details={"prompt_tokens": prompt_tokens, "max_tokens": max_tokens, "context_tokens": room},
            )

    def cancel(self, job_id: TaskId) -> Sequence[JobEvent]:
        """Free the slot of a running execution."""
        sequence = self._running.get(job_id)
        if sequence is None:
            return ()
        self._finish(sequence, "CANCELLED")
        return self._taken_events(sequence)

    def has_work(self) -> bool:
        """Tell whether any execution runs."""
        return bool(self._running)

    def running(self) -> Sequence[TaskId]:
        """Return the executions that hold a slot."""
        return tuple(self._running)

    def step(self) -> Sequence[JobEvent]:
        """Decode one batch: a token of every generating execution, and as much prompt as fits."""
        sequences = tuple(self._running.values())
        drawn = self._fill_batch(sequences)
        status = api.llama_decode(self._context, self._batch)
        if status != 0:
            raise InferenceFailed(f"llama_decode failed with status {status}")
        for sequence, index in drawn:
            self._take_token(sequence, sequence.sampler.draw(self._context, index))
        return [event for sequence in sequences for event in self._taken_events(sequence)]

    def _fill_batch(self, sequences: Sequence[_Sequence]) -> list[tuple[_Sequence, int]]:
        """Put pending tokens into the batch; return who gets a token, and from which place.

        Generating executions have one pending token each and go first, so that a long prompt cannot stop them.
        """
        self._batch.n_tokens = 0
        room = max(BATCH_TOKENS, self._slots)
        drawn: list[tuple[_Sequence, int]] = []
        for sequence in sorted(sequences, key=lambda each: len(each.pending)):
            part = sequence.pending[:room]
            if not part:
                break
            sequence.pending = sequence.pending[room:]
            room -= len(part)
            for token in part:
                self._add(token, sequence)
            if not sequence.pending:
                last = self._batch.n_tokens - 1
                self._batch.logits[last] = 1
                drawn.append((sequence, last))
        return drawn

    def _add(self, token: int, sequence: _Sequence) -> None:
        batch, index = self._batch, self._batch.n_tokens
        batch.token[index] = token
        batch.pos[index] = sequence.position
        batch.n_seq_id[index] = 1
        batch.seq_id[index][0] = sequence.slot
        batch.logits[index] = 0
        batch.n_tokens = index + 1
        sequence.position += 1

    def _take_token(self, sequence: _Sequence, token: int) -> None:
        now = time.perf_counter()
        if not sequence.timing.first_token_at:
            sequence.timing.first_token_at = now
        if self._model.vocabulary.ends_generation(token):
            self._finish(sequence, "EOS")
            return
        sequence.generated += 1
        text = sequence.output.push(self._model.vocabulary.piece(token))
        if text:
            sequence.events.append(Token(t=text, i=sequence.generated - 1))
        if sequence.output.matched is not None:
            self._finish(sequence, "STOP_SEQUENCE")
        elif sequence.generated >= sequence.request.max_tokens:
            self._finish(sequence, "MAX_TOKENS")
        else:
            sequence.pending = [token]
            if sequence.generated % _METRICS_EVERY_TOKENS == 0:
                sequence.events.append(self._metrics(sequence, now))

    def _metrics(self, sequence: _Sequence, now: float) -> Metrics:
        elapsed = now - sequence.timing.first_token_at
        return Metrics(
            tokens_per_sec=round((sequence.generated - 1) / elapsed, 2) if elapsed > 0 else 0.0,
            vram_bytes=self._model.size_bytes,
            slots_total=self._slots,
            slots_busy=len(self._running),
        )

    def _finish(self, sequence: _Sequence, reason: StopReason) -> None:
        now = time.perf_counter()
        rest = sequence.output.finish()
        if rest and reason != "CANCELLED":
            sequence.events.append(Token(t=rest, i=sequence.generated))
        sequence.events.append(self._metrics(sequence, now))
        sequence.events.append(
            sequence.timing.end(
                now,
                prompt_tokens=sequence.prompt_tokens,
                completion_tokens=sequence.generated,
                stop_reason=reason,
                stop_sequence=sequence.output.matched,
            )
        )
        del self._running[sequence.job_id]
        api.llama_memory_seq_rm(self._memory, sequence.slot, -1, -1)
        sequence.sampler.close()
        self._free_slots.append(sequence.slot)

    def _taken_events(self, sequence: _Sequence) -> list[JobEvent]:
        events = [(sequence.job_id, event) for event in sequence.events]
        sequence.events = []
        return events

    def close(self) -> None:
        """Free the context and the weights."""
        for job_id in self.running():
            self.cancel(job_id)
        api.llama_batch_free(self._batch)
        api.llama_free(self._context)
        self._model.close()
