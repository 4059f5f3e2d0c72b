"""Short prompts of several lengths, never seen before or asked again and again, at the worker and through the queen.

Every round is played by each server in turns, so that a machine whose speed drifts slows all of them. A repeated
prompt is asked once before the rounds that count.
"""

import contextlib
import statistics
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from engine_phases import Plan, Round, Table, in_turns, wishes
from load_client import Wish
from promises import Figure, median_percentile
from prompts import prompt
from servers import Room, Server, llama_cpp_server, rbee_queen, rbee_worker

STREAMS = 8
TOKENS = 64
HISTORIES = ("fresh", "repeated")
DOORS: Mapping[str, Callable[[Room], AbstractContextManager[Server]]] = {"worker": rbee_worker, "queen": rbee_queen}
_LEAST_RATE = 1.03
_MOST_TTFT = {"fresh": 0.9, "repeated": 1.0}
_LEAST_RATE_OF_QUEEN = 0.97
_TTFT_SHARE = 0.5


async def prompts(plan: Plan) -> AsyncIterator[Table]:
    """Compare rate and first token with llama-server, and the queen with the worker, for every length of prompt."""
    room = plan.room(STREAMS)
    with contextlib.ExitStack() as running:
        doors = {name: running.enter_context(DOORS[name](room)) for name in plan.through}
        peer = running.enter_context(llama_cpp_server(room, *plan.peer_options))
        servers = (*doors.values(), peer)
        await in_turns(servers, [_wishes("warm", 20)])
        for tokens in plan.prompt_tokens:
            for history in plan.histories:
                rounds = _rounds(tokens, history, plan.rounds)
                if history == "repeated":
                    await in_turns(servers, rounds[:1])
                done = await in_turns(servers, rounds)
                title = (
                    f"{STREAMS} streams, {history} prompts of {_length(done[peer.kind])} tokens, {plan.rounds} rounds"
                )
                yield title, _figures(history, {name: done[door.kind] for name, door in doors.items()}, done[peer.kind])


def _wishes(key: str, tokens: int) -> list[Wish]:
    """Return wishes with prompts of that many tokens: each word is one, and so is the beginning."""
    return [
        replace(wish, prompt=prompt(f"{key}/{place}", tokens - 1))
        for place, wish in enumerate(wishes(key, STREAMS, tokens=TOKENS))
    ]


def _rounds(tokens: int, history: str, count: int) -> list[list[Wish]]:
    keys = [f"{tokens}/{number if history == 'fresh' else 'again'}" for number in range(count)]
    return [_wishes(key, tokens) for key in keys]


def _length(rounds: Sequence[Round]) -> str:
    lengths = [heard.prompt_tokens for one in rounds for heard in one.heard]
    return f"{min(lengths)} to {max(lengths)}" if min(lengths) < max(lengths) else str(lengths[0])


def _figures(history: str, doors: Mapping[str, Sequence[Round]], peer: Sequence[Round]) -> list[Figure]:
    figures: list[Figure] = []
    for name, rounds in doors.items():
        figures += [
            Figure(name=f"{name}: all tokens/s", unit="1/s", ours=_rate(rounds), peer=_rate(peer), limit=_LEAST_RATE),
            Figure(
                name=f"{name}: TTFT p50",
                unit="ms",
                ours=_ttft_ms(rounds),
                peer=_ttft_ms(peer),
                limit=_MOST_TTFT[history],
                bound="at most",
            ),
        ]
        figures.append(
            Figure(name=f"{name}: processor time", unit="ms/token", ours=_cpu_ms(rounds), peer=_cpu_ms(peer))
        )
        if history == "repeated":
            figures.append(_computed(name, rounds))
    if "queen" in doors and "worker" in doors:
        queen, worker = doors["queen"], doors["worker"]
        figures += [
            Figure(
                name="queen beside worker: all tokens/s",
                unit="1/s",
                ours=_rate(queen),
                peer=_rate(worker),
                limit=_LEAST_RATE_OF_QUEEN,
            ),
            Figure(name="queen beside worker: TTFT p50", unit="ms", ours=_ttft_ms(queen), peer=_ttft_ms(worker)),
            Figure(
                name="queen beside worker: processor time", unit="ms/token", ours=_cpu_ms(queen), peer=_cpu_ms(worker)
            ),
        ]
    return figures


def _rate(rounds: Sequence[Round]) -> float:
    return statistics.median(one.rate for one in rounds)


def _ttft_ms(rounds: Sequence[Round]) -> float:
    return 1000 * median_percentile([one.ttfts_s for one in rounds], _TTFT_SHARE)


def _cpu_ms(rounds: Sequence[Round]) -> float:
    return statistics.median(one.cpu_ms_per_token for one in rounds)


def _computed(name: str, rounds: Sequence[Round]) -> Figure:
    """Return the most tokens of a prompt that were computed again: the last one has to be."""
    usages = [heard.closing["usage"] for one in rounds for heard in one.heard]
    most = max(usage["prompt_tokens"] - usage.get("cached_tokens", 0) for usage in usages)
    return Figure(
        name=f"{name}: computed again of a prompt", unit="tokens", ours=most, limit=1, bound="at most", is_ratio=False
    )
