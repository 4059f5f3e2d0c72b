"""How rbee's text worker compares with llama-server on the same file, threads, slots, context and sampling.

Both are real programs that are asked over HTTP, in turns, with the same prompts. Upper bound and third peer are
`llama-batched-bench` and llama-cpp-python's own server. `METHOD.md` says how each figure is taken.
"""

import argparse
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from functools import partial

import engine_phases
import engine_prompts
import load_client
from peers import model_file
from promises import Figure, table

_PHASES: Mapping[str, Callable[[engine_phases.Plan], AsyncIterator[engine_phases.Table]]] = {
    "prompts": engine_prompts.prompts,
    "throughput": engine_phases.throughput,
    "bound": engine_phases.bound,
    "prefix": engine_phases.prefix,
    "health": engine_phases.health,
    "share": engine_phases.share,
    "python": engine_phases.python,
}
_MODELS = ("small", "medium", "large")
_OF_PROMPTS = "medium"
_LARGE_BYTES = 300_000_000
_QUIET_LOAD = 0.5


def main() -> None:
    """Measure and print; exit code 1 when a promised figure is missed."""
    options = _parse()
    figures: list[Figure] = []
    if (busy := os.getloadavg()[0]) > _QUIET_LOAD:
        print(f"the load of this machine is {busy:.1f}: other programs disturb what is measured now", file=sys.stderr)
    for name in options.model or _MODELS:
        phases = [phase for phase in options.only if options.model or (phase == "prompts") == (name == _OF_PROMPTS)]
        if not phases:
            continue
        plan = _plan(name, options)
        print(f"== {plan.model.name}: {plan.threads} threads", flush=True)
        for phase in phases:
            if phase == "python" and plan.is_large:
                continue
            figures += load_client.run(partial(_measure, phase, plan))
    missed = sum(not figure.is_kept for figure in figures)
    promised = sum(figure.limit is not None for figure in figures)
    print(f"{promised - missed} of {promised} promises kept")
    sys.exit(1 if missed else 0)


async def _measure(phase: str, plan: engine_phases.Plan) -> list[Figure]:
    """Print the tables of one phase as they come and return their figures."""
    began = time.monotonic()
    figures: list[Figure] = []
    async for title, measured in _PHASES[phase](plan):
        print(table(title, measured), flush=True)
        figures += measured
    print(f"  ({phase} took {time.monotonic() - began:.0f} s)", flush=True)
    return figures


def _plan(name: str, options: argparse.Namespace) -> engine_phases.Plan:
    model = model_file(name).resolve()
    is_large = model.stat().st_size > _LARGE_BYTES
    rounds = 1 if options.quick else 3 if is_large else 5
    return engine_phases.Plan(
        model=model,
        threads=options.threads,
        streams=options.streams,
        rounds=options.rounds or rounds,
        is_large=is_large,
        samplings=("greedy",) if options.quick and options.sampling == "both" else _samplings(options.sampling),
        peer_options=tuple(options.peer_options.split()),
        prompt_tokens=options.prompts,
        histories=options.history,
        through=options.through,
    )


def _samplings(choice: str) -> tuple[str, ...]:
    return ("greedy", "seeded") if choice == "both" else (choice,)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare rbee's text worker with llama-server.", allow_abbrev=False)
    parser.add_argument(
        "--model", type=_names, default=[], help="small, medium, large or files (medium for prompts, else small,large)"
    )
    parser.add_argument("--streams", type=_numbers, default=[1, 4, 8, 16], help="streams at once (1,4,8,16)")
    parser.add_argument("--rounds", type=int, default=0, help="rounds of each server (5, or 3 for a large model)")
    parser.add_argument("--threads", type=int, default=2, help="threads of every server (2)")
    parser.add_argument("--sampling", choices=("greedy", "seeded", "both"), default="both")
    parser.add_argument("--through", type=partial(_some, engine_prompts.DOORS), default=list(engine_prompts.DOORS))
    parser.add_argument("--prompts", type=_numbers, default=[20, 50, 75, 200], help="tokens of prompts (20,50,75,200)")
    parser.add_argument("--history", type=partial(_some, engine_prompts.HISTORIES), default=engine_prompts.HISTORIES)
    parser.add_argument(
        "--only", type=partial(_some, _PHASES), default=list(_PHASES), help=f"of {','.join(_PHASES)} (all)"
    )
    parser.add_argument("--peer-options", default="", help="more options for llama-server, in one word")
    parser.add_argument("--quick", action="store_true", help="one round, greedy")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    return text.split(",")


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _some(known: Collection[str], text: str) -> list[str]:
    chosen = text.split(",")
    if not set(chosen) <= set(known):
        raise argparse.ArgumentTypeError(f"there are {', '.join(known)}")
    return chosen


if __name__ == "__main__":
    main()
