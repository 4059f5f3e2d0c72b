"""Times a policy's decisions over made-up tasks and workers."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from ..decisions import ScriptFailed, Verdict
from ..entry_points import ENTRY_POINTS
from ..policy import Policy
from ..task import Task
from ..worker import Worker

_CAPABILITIES = ("text-gen", "image-gen", "embedding", "speech")
_BACKENDS = ("cuda", "metal", "cpu")


@dataclass(frozen=True, slots=True)
class BenchReport:
    """How long one entry point took."""

    entry_point: str
    runs: int
    median_us: float
    p99_us: float
    operations: int
    failures: int


def sample_workers(count: int) -> list[Worker]:
    """Return workers that differ in every way a policy may look at; the same ones every time."""
    return [
        Worker(
            id=f"worker-{number}",
            hive=f"node-{number % 7}",
            model=f"model-{number % 5}",
            capability=_CAPABILITIES[number % 4],
            backend=_BACKENDS[number % 3],
            device=f"gpu:{number % 2}",
            gpus=number % 4,
            load=(number * 37 % 100) / 100,
            state="idle" if number % 3 else "busy",
            queue_depth=number % 6,
            vram_total=24_000,
            vram_used=number * 211 % 24_000,
            region=("eu", "us")[number % 2],
            cost_per_token=(number % 9) / 1000,
            tags=("fast",) if number % 2 else (),
        )
        for number in range(count)
    ]


SAMPLE_TASKS = (
    Task(id="task-1", type="image-gen", model="sdxl", priority="high", prompt_tokens=40),
    Task(id="task-2", type="text-gen", model="llama-3-70b", prompt_tokens=2000, max_tokens=512),
    Task(id="task-3", type="embedding", model="bge-small", priority="low", prompt_tokens=300),
)


def bench_policy(policy: Policy, workers: int, runs: int) -> list[BenchReport]:
    """Time every entry point the script defines."""
    offered = sample_workers(workers)
    questions: dict[str, Callable[[Task], Verdict]] = {
        "route_task": lambda task: policy.route_task(task, offered),
        "schedule_job": lambda task: policy.schedule_job(task, offered),
        "should_admit": lambda task: policy.should_admit(task, 10, offered),
        "should_retry": lambda task: policy.should_retry(task, 1, {"kind": "timeout", "message": "too slow"}),
    }
    return [_time(name, questions[name], runs) for name in ENTRY_POINTS if policy.has(name)]


def _time(name: str, ask: Callable[[Task], Verdict], runs: int) -> BenchReport:
    times: list[float] = []
    failures = operations = 0
    for number in range(runs):
        task = SAMPLE_TASKS[number % len(SAMPLE_TASKS)]
        started = time.perf_counter()
        verdict = ask(task)
        times.append((time.perf_counter() - started) * 1e6)
        failures += isinstance(verdict.outcome, ScriptFailed)
        operations = max(operations, verdict.operations)
    times.sort()
    return BenchReport(name, runs, times[len(times) // 2], times[int(len(times) * 0.99)], operations, failures)
