"""Metrics of a worker: its executions, its slots, and what its engine does with its time."""

import time
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from ...contract.operations.worker import METRICS
from ...daemon.metrics import Distribution, Figure, Metric, counter, gauge
from ...daemon.routing import Handlers
from ...daemon.scrape import metrics_answer
from ..engine import EngineUsage
from ..executions.slots import Slots
from ..loader import LoadedModel, ModelHolder
from ..metrics.histogram import Histogram
from ..metrics.recorder import Recorder
from ..metrics.timing import EngineTimes


class MetricsApi:
    """Answers `GET /metrics`."""

    def __init__(self, slots: Slots, holder: ModelHolder) -> None:
        """Report on these slots and the model that will be there."""
        self._slots = slots
        self._holder = holder
        self._other_s = 0.0

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {METRICS: self.metrics}

    async def metrics(self, _: Request) -> Response:
        """Answer with every metric, whatever the engine does."""
        return await metrics_answer(self.collect())

    def collect(self) -> Sequence[Metric]:
        """Take every figure as it is now."""
        model = self._holder.model
        usage = EngineUsage(times=EngineTimes()) if model is None else model.engine.usage()
        return [
            *_executions(self._slots.recorder),
            *self._now(model, usage),
            *self._engine_work(usage.times),
        ]

    def _now(self, model: LoadedModel | None, usage: EngineUsage) -> list[Metric]:
        slots = self._slots
        used = usage.kv_used_tokens / usage.kv_total_tokens if usage.kv_total_tokens else 0.0
        # the engine learns of an execution after the batch in progress; only it knows who takes several slots
        waiting = max(usage.waiting, slots.waiting)
        model_bytes = 0 if model is None else model.info.model_bytes
        return [
            gauge("worker_uptime_seconds", time.monotonic() - slots.recorder.since, "Time since the worker began."),
            gauge("worker_vram_bytes", model_bytes, "Bytes that the weights of the model take."),
            gauge("worker_slots", slots.total, "Executions that are decoded at once; 0 until the model is loaded."),
            gauge("worker_slots_busy", slots.busy, "Slots that are taken."),
            gauge("queue_depth", waiting, "Executions that wait for a slot."),
            gauge("kv_cache_usage_ratio", min(used, 1.0), "Share of the KV cache that holds tokens, 0 to 1."),
        ]

    def _engine_work(self, times: EngineTimes) -> list[Metric]:
        # the engine adds to its sums while they are read; a counter that goes back reads as a restart
        self._other_s = max(self._other_s, times.busy_s - times.decode_s - times.sampling_s)
        seconds = {"decode": times.decode_s, "sampling": times.sampling_s, "other": self._other_s}
        rate = times.generated_tokens / times.busy_s if times.busy_s else 0.0
        return [
            counter("worker_batches_total", times.batches, "Batches that the engine computed."),
            Figure(
                name="worker_engine_seconds_total",
                kind="counter",
                about="Time the engine was busy: in the model, in drawing tokens, in everything else.",
                label="part",
                values=seconds,
            ),
            counter("worker_engine_prompt_tokens_total", times.prompt_tokens, "Prompt tokens that were computed."),
            counter("worker_engine_tokens_generated_total", times.generated_tokens, "Tokens of answers that ended."),
            gauge("worker_engine_tokens_per_second", rate, "Generated tokens over all the time the engine was busy."),
            _distribution("worker_inter_token_seconds", times.gaps, "Time between two tokens of one answer."),
        ]


def _executions(seen: Recorder) -> list[Metric]:
    return [
        Figure(
            name="worker_requests_total",
            kind="counter",
            about="Requests for an execution by how they ended.",
            label="outcome",
            values=dict(seen.outcomes),
        ),
        counter("worker_tokens_in_total", seen.prompt_tokens, "Prompt tokens of executions that ended."),
        counter("worker_tokens_cached_total", seen.cached_tokens, "Those of them that the KV cache held already."),
        counter("worker_tokens_generated_total", seen.completion_tokens, "Answer tokens of executions that ended."),
        _distribution("worker_inference_duration_ms", seen.duration_ms, "Time from the request to the end."),
        _distribution("worker_queue_seconds", seen.queue_s, "Time from the request to a slot."),
        _distribution("latency_first_token_ms", seen.first_token_ms, "Time from the request to the first token."),
        _distribution("latency_decode_ms", seen.decode_ms, "Time from the first token of an answer to its last."),
    ]


def _distribution(name: str, observed: Histogram, about: str) -> Distribution:
    return Distribution(
        name=name, about=about, bounds=observed.buckets, counts=tuple(observed.counts), total=observed.total
    )
