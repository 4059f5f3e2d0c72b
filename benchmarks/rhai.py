"""How long routing decisions take in Rhai; exits 1 when a bound is not met.

python benchmarks/rhai.py [--runs 2000] [--json]
"""

import argparse
import gc
import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from rbee_keeper.rhai.engine import Engine
from rbee_keeper.rhai.errors import RhaiError
from rbee_keeper.rhai.runtime.limits import Limits
from rbee_keeper.scripting.decisions import ScriptFailed
from rbee_keeper.scripting.policy import Policy, routing_engine
from rbee_keeper.scripting.tools.bench import SAMPLE_TASKS, sample_workers

VISION = """
// Route based on task type and priority
fn route_task(task, workers) {
    if task.type == "image-gen" && task.priority == "high" {
        // Route Stable Diffusion to CUDA GPUs
        return workers.filter(|w| w.capability == "image-gen" && w.backend == "cuda").least_loaded();
    } else if task.type == "text-gen" && task.model.contains("70b") {
        // Route large LLMs to multi-GPU setups
        return workers.filter(|w| w.gpus > 1).first();
    } else {
        // Route everything else to available workers
        return workers.least_loaded();
    }
}
"""

SCORING = """
fn score(worker, task) {
    let points = 100.0 - worker.load * 100.0;
    if worker.backend == "cuda" { points += 30; }
    if worker.model == task.model { points += 40; }
    points - worker.queue_depth * 10
}
fn route_task(task, workers) {
    let best = ();
    let most = -1000.0;
    for worker in workers {
        let points = score(worker, task);
        if points > most { most = points; best = worker; }
    }
    best
}
"""

RUNAWAY = "let x = 0; loop { x = (x + 1) % 1000; let t = `${x}`; }"

HOW = """\
How: wall-clock time (time.perf_counter_ns) of one whole decision, from plain data to a typed outcome: copying the array
of 100 workers, running the script's top level, the function, and checking the answer. One process, one thread, garbage
collector on. Median and p99 are taken over all runs of a round; of 25 rounds the best one counts, because time slices
of other programs only ever add (the slowest round is shown too). Limits are the defaults (200,000 operations, 50 ms),
and every operation is counted. Nothing is kept between decisions but the compiled program."""

ROUNDS = 25


@dataclass(frozen=True)
class Measured:
    """Times in milliseconds: of the best round, and the worst p99 of any round."""

    median: float
    p99: float
    worst_p99: float


def measure(action: Callable[[], object], runs: int) -> Measured:
    """Return how long an action takes, after a warm-up."""
    for _ in range(min(50, runs)):
        action()
    gc.collect()
    rounds = [_round(action, max(8, runs // ROUNDS)) for _ in range(ROUNDS)]
    medians, tails = zip(*rounds, strict=True)
    return Measured(min(medians), min(tails), max(tails))


def _round(action: Callable[[], object], runs: int) -> tuple[float, float]:
    times = []
    for _ in range(runs):
        started = time.perf_counter_ns()
        action()
        times.append((time.perf_counter_ns() - started) / 1e6)
    times.sort()
    return times[len(times) // 2], times[int(len(times) * 0.99)]


def decision(policy: Policy, workers: int, task: int) -> Callable[[], object]:
    """Return one decision that must not fail."""
    offered = sample_workers(workers)

    def ask() -> object:
        verdict = policy.route_task(SAMPLE_TASKS[task], offered)
        if isinstance(verdict.outcome, ScriptFailed):
            raise verdict.outcome.error
        return verdict

    return ask


def runaway_overrun_ms(runs: int) -> float:
    """Return by how much a runaway loop outlives its wall-clock limit, the worst of several."""
    engine = Engine()
    engine.options.limits = Limits(max_operations=0, wall_clock_s=0.05)
    worst = 0.0
    for _ in range(runs):
        started = time.perf_counter_ns()
        try:
            engine.run(RUNAWAY)
        except RhaiError as error:
            if error.kind != "ErrorTerminated":
                raise
        worst = max(worst, (time.perf_counter_ns() - started) / 1e6 - 50.0)
    return worst


def rows(runs: int) -> list[tuple[str, float, float]]:
    """Return (what, measured, bound) for every bound."""
    vision, scoring = Policy.compile(VISION), Policy.compile(SCORING)
    branches = [measure(decision(vision, 100, task), runs) for task in range(3)]
    scored = measure(decision(scoring, 100, 1), runs)
    scored_more = measure(decision(scoring, 1000, 1), runs // 5)
    filtered_more = measure(decision(vision, 1000, 0), runs // 5)
    engine = routing_engine()
    compiled = measure(lambda: engine.compile(VISION), runs // 5)
    found: list[tuple[str, float, float]] = []
    for name, times in zip(("image-gen", "text-gen 70b", "else"), branches, strict=True):
        found.append((f"route_task of the vision, {name}: median ms", times.median, 0.12))
        found.append((f"  p99 ms (worst round {times.worst_p99:.3f})", times.p99, 0.30))
    return [
        *found,
        ("a script function called for each of 100 workers: median ms", scored.median, 1.5),
        ("compile the vision's script: median ms", compiled.median, 2.0),
        ("runaway loop, past its wall-clock limit: worst ms", runaway_overrun_ms(10), 10.0),
        ("1,000 workers over 100, scoring: times", scored_more.median / scored.median, 12.0),
        ("1,000 workers over 100, filter: times", filtered_more.median / branches[0].median, 12.0),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    measured = rows(options.runs)
    if options.json:
        table = [{"what": what, "measured": value, "bound": bound} for what, value, bound in measured]
        print(json.dumps({"python": platform.python_version(), "runs": options.runs, "rows": table}, indent=2))
    else:
        print(f"{HOW}\nPython {platform.python_version()}, {platform.machine()}, {options.runs} runs a branch.\n")
        for what, value, bound in measured:
            print(f"{'ok  ' if value <= bound else 'MISS'} {what:<62} {value:8.3f}   (at most {bound:g})")
    return 0 if all(value <= bound for _, value, bound in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
