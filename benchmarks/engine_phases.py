"""What `engine.py` measures, one function for each question."""

import asyncio
import itertools
import json
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from load_client import Heard, Wish, head, listen_to, record
from peers import batched_bench, quiet_environment
from promises import Figure, median_percentile, percentile
from prompts import prompt
from servers import Room, Server, llama_cpp_python_server, llama_cpp_server, rbee_worker

TOKENS = 128
PROMPT_WORDS = 38
_CONTEXT = 512
_PREFIX_CONTEXT = 2048
_PREFIX_WORDS = 1480
_TAIL_WORDS = 12
_FOLLOWER_TOKENS = 8
_FOLLOWERS = 4
_FIRST = "TTFT of the first"
_IN_TURN = "TTFT of followers in turn"
_AT_ONCE = f"TTFT of {_FOLLOWERS} followers at once"
_PYTHON_STREAMS = 8
_HEALTH_STREAMS = 16
_HEALTH_EVERY_S = 0.01
_SHARE_STREAMS = 8
_MEBIBYTE = 1_048_576
_SAMPLINGS = {"greedy": 0.0, "seeded": 0.8}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure with: `is_large` chooses the promises, `samplings` are names of ways to draw."""

    model: Path
    threads: int
    streams: Sequence[int]
    rounds: int
    is_large: bool
    samplings: Sequence[str]
    peer_options: Sequence[str] = ()
    prompt_tokens: Sequence[int] = (20, 50, 75, 200)
    histories: Sequence[str] = ("fresh", "repeated")
    through: Sequence[str] = ("worker", "queen")

    def rounds_of(self, streams: int) -> int:
        """Return how often to play: a small model ends few streams so soon that one round tells little."""
        return self.rounds if self.is_large else self.rounds * max(1, 4 // streams)

    def room(self, slots: int, context: int = _CONTEXT) -> Room:
        """Return the room that every server gets."""
        return Room(model=self.model, threads=self.threads, slots=slots, context=context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one server did in one round; shares are processor seconds per second, of client and of the idle server.

    `cpu_s` is the processor time of the server that worked.
    """

    heard: Sequence[Heard]
    cpu_s: float
    client_share: float
    idle_share: float

    @property
    def rate(self) -> float:
        """All tokens per second, from the first request to the last end."""
        seconds = max(one.ended for one in self.heard) - min(one.started for one in self.heard)
        return sum(one.tokens for one in self.heard) / seconds

    @property
    def cpu_ms_per_token(self) -> float:
        """The server's processor time for each token."""
        return 1000 * self.cpu_s / sum(one.tokens for one in self.heard)

    @property
    def ttfts_s(self) -> list[float]:
        """The time to the first token of each stream."""
        return [one.ttft_s for one in self.heard]

    @property
    def gaps_s(self) -> list[float]:
        """The gaps of all streams."""
        return [gap for one in self.heard for gap in one.gaps_s]


Table = tuple[str, list[Figure]]

_names = itertools.count()


def wishes(key: str, count: int, *, temperature: float = 0.0, tokens: int = TOKENS) -> list[Wish]:
    """Return distinct wishes that are fixed by the key, but for their names, which are never used twice."""
    return [
        Wish(
            name=f"bench-{next(_names)}",
            prompt=prompt(f"{key}/{place}", PROMPT_WORDS),
            tokens=tokens,
            temperature=temperature,
            seed=place + 1,
        )
        for place in range(count)
    ]


async def play(server: Server, asked: Sequence[Wish], idle: Sequence[Server] = ()) -> Round:
    """Let one server work while the idle ones are watched."""
    began, client, others = time.perf_counter(), time.process_time(), [other.cpu_s for other in idle]
    own = server.cpu_s
    heard = await listen_to(server, asked)
    seconds = time.perf_counter() - began
    worked = [other.cpu_s - before for other, before in zip(idle, others, strict=True)]
    return Round(
        heard=heard,
        cpu_s=server.cpu_s - own,
        client_share=(time.process_time() - client) / seconds,
        idle_share=max(worked, default=0.0) / seconds,
    )


async def in_turns(servers: Sequence[Server], rounds: Sequence[Sequence[Wish]]) -> dict[str, list[Round]]:
    """Play every round on every server with the same prompts; the order turns round each time."""
    done: dict[str, list[Round]] = {server.kind: [] for server in servers}
    for number, asked in enumerate(rounds):
        for server in servers if number % 2 == 0 else reversed(servers):
            idle = [other for other in servers if other is not server]
            renamed = [replace(wish, name=f"{wish.name}-{server.kind}") for wish in asked]
            done[server.kind].append(await play(server, renamed, idle))
    return done


async def throughput(plan: Plan) -> AsyncIterator[Table]:
    """Compare rates, first tokens, gaps and memory with llama-server at every number of streams."""
    for streams in plan.streams:
        room = plan.room(streams)
        with rbee_worker(room) as ours, llama_cpp_server(room, *plan.peer_options) as peer:
            await in_turns((ours, peer), [wishes(f"warm/{streams}", streams, tokens=16)])
            for sampling in plan.samplings:
                heat, count = _SAMPLINGS[sampling], plan.rounds_of(streams)
                rounds = [wishes(f"{streams}/{heat}/{at}", streams, temperature=heat) for at in range(count)]
                done = await in_turns((ours, peer), rounds)
                title = f"{streams} streams, {sampling}, {count} rounds"
                yield title, _compare(plan, done[ours.kind], done[peer.kind])
            peak = Figure(
                name="peak memory",
                unit="MiB",
                ours=ours.peak_memory_bytes / _MEBIBYTE,
                peer=peer.peak_memory_bytes / _MEBIBYTE,
                limit=1.0 if plan.is_large else 0.7,
                bound="at most",
            )
            yield f"{streams} slots of {_CONTEXT} tokens", [peak]


def _compare(plan: Plan, ours: Sequence[Round], peer: Sequence[Round]) -> list[Figure]:
    rates = [statistics.median(one.rate for one in rounds) for rounds in (ours, peer)]
    figures = [
        Figure(name="all tokens/s", unit="1/s", ours=rates[0], peer=rates[1], limit=1.0 if plan.is_large else 1.03)
    ]
    for name, times, limits in (
        ("TTFT", [[one.ttfts_s for one in rounds] for rounds in (ours, peer)], (0.8, 1.0)),
        ("ITL by arrival", [[one.gaps_s for one in rounds] for rounds in (ours, peer)], (None, None)),
    ):
        for share, limit in zip((0.5, 0.99), limits, strict=True):
            both = [1000 * median_percentile(one, share) for one in times]
            name_of_share = f"{name} p{share * 100:.0f}"
            figures.append(
                Figure(name=name_of_share, unit="ms", ours=both[0], peer=both[1], limit=limit, bound="at most")
            )
    for name, shares in (
        ("processor share of the client", [[one.client_share for one in rounds] for rounds in (ours, peer)]),
        ("processor share of the idle server", [[one.idle_share for one in rounds] for rounds in (ours, peer)]),
    ):
        both = [statistics.median(one) for one in shares]
        figures.append(Figure(name=name, unit="of a core", ours=both[0], peer=both[1]))
    return figures


async def bound(plan: Plan) -> AsyncIterator[Table]:
    """Compare the rate with that of llama.cpp's own decoding in batches, with no server and no sampling."""
    figures = []
    for streams in plan.streams:
        with rbee_worker(plan.room(streams)) as ours:
            await play(ours, wishes(f"warm/{streams}", streams, tokens=16))
            rates: list[float] = []
            bounds: list[float] = []
            for number in range(min(plan.rounds_of(streams), 5)):
                rates.append((await play(ours, wishes(f"bound/{streams}/{number}", streams))).rate)
                bounds.append(_batched_rate(plan, streams))
        figures.append(
            Figure(
                name=f"all tokens/s, {streams} streams",
                unit="1/s",
                ours=statistics.median(rates),
                peer=statistics.median(bounds),
                limit=0.75,
            )
        )
    yield "against llama-batched-bench", figures


def _batched_rate(plan: Plan, streams: int) -> float:
    prompt_tokens = PROMPT_WORDS + 2
    command = [str(batched_bench()), "--model", str(plan.model), "--threads", str(plan.threads)]
    command += ["-c", str(streams * _CONTEXT), "-npp", str(prompt_tokens), "-ntg", str(TOKENS), "-npl", str(streams)]
    command += ["--output-format", "jsonl"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(quiet_environment()))
    line = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    return float(streams * TOKENS / json.loads(line)["t"])


async def prefix(plan: Plan) -> AsyncIterator[Table]:
    """Compare the first token of requests that share a long beginning with an earlier one."""
    room = plan.room(_FOLLOWERS, _PREFIX_CONTEXT)
    times: dict[tuple[str, str], list[float]] = {}
    with rbee_worker(room) as ours, llama_cpp_server(room, *plan.peer_options) as peer:
        await in_turns((ours, peer), [wishes("warm", _FOLLOWERS, tokens=16)])
        for number in range(plan.rounds):
            for server in (ours, peer) if number % 2 == 0 else (peer, ours):
                for name, seconds in (await _prefix_round(server, number)).items():
                    times.setdefault((server.kind, name), []).append(seconds)
    figures = [
        Figure(
            name=name,
            unit="ms",
            ours=1000 * statistics.median(times[ours.kind, name]),
            peer=1000 * statistics.median(times[peer.kind, name]),
            limit=limit,
            bound="at most",
        )
        for name, limit in ((_FIRST, None), (_IN_TURN, 1.0), (_AT_ONCE, 1.0))
    ]
    yield f"shared beginning of {_PREFIX_WORDS} words, {plan.rounds} rounds", figures


async def _prefix_round(server: Server, number: int) -> dict[str, float]:
    beginning = prompt(f"prefix/{number}", _PREFIX_WORDS)

    def follower(tail: str) -> Wish:
        text = f"{beginning} {prompt(f'{number}/{tail}', _TAIL_WORDS)}"
        return Wish(name=f"prefix-{next(_names)}", prompt=text, tokens=_FOLLOWER_TOKENS)

    first = (await play(server, [follower("first")])).ttfts_s
    in_turn = [(await play(server, [follower(f"turn/{place}")])).ttfts_s[0] for place in range(_FOLLOWERS)]
    at_once = (await play(server, [follower(f"once/{place}") for place in range(_FOLLOWERS)])).ttfts_s
    return {
        _FIRST: first[0],
        _IN_TURN: statistics.median(in_turn),
        _AT_ONCE: statistics.median(at_once),
    }


async def python(plan: Plan) -> AsyncIterator[Table]:
    """Compare the rate with llama-cpp-python's own server, which answers one request at a time."""
    room = plan.room(_PYTHON_STREAMS)
    with rbee_worker(room) as ours, llama_cpp_python_server(room) as peer:
        await in_turns((ours, peer), [wishes("warm", 2, tokens=16)])
        rounds = [wishes(f"python/{at}", _PYTHON_STREAMS) for at in range(min(plan.rounds, 3))]
        done = await in_turns((ours, peer), rounds)
    rates = [statistics.median(one.rate for one in done[kind]) for kind in (ours.kind, peer.kind)]
    figure = Figure(name="all tokens/s", unit="1/s", ours=rates[0], peer=rates[1], limit=6.0)
    yield f"against llama-cpp-python's server, {_PYTHON_STREAMS} streams", [figure]


async def health(plan: Plan) -> AsyncIterator[Table]:
    """Ask our worker for its health all the time while sixteen streams run."""
    with rbee_worker(plan.room(_HEALTH_STREAMS)) as ours:
        await play(ours, wishes("warm", _HEALTH_STREAMS, tokens=16))
        rest = await _ask_health(ours, asyncio.create_task(asyncio.sleep(1.0)))
        busy: list[float] = []
        for number in range(min(plan.rounds, 3)):
            load = asyncio.create_task(listen_to(ours, wishes(f"health/{number}", _HEALTH_STREAMS, tokens=256)))
            busy += await _ask_health(ours, load)
            await load
    figure = Figure(
        name=f"/health p99, {len(busy)} asked",
        unit="ms",
        ours=1000 * percentile(busy, 0.99),
        peer=1000 * percentile(rest, 0.99),
        limit=20.0,
        bound="at most",
        is_ratio=False,
    )
    yield f"under {_HEALTH_STREAMS} streams (peer: the same worker at rest)", [figure]


async def share(plan: Plan) -> AsyncIterator[Table]:
    """Take the time that our engine spends outside the model and outside drawing, of the time until the last token."""
    with rbee_worker(plan.room(_SHARE_STREAMS)) as ours:
        await play(ours, wishes("warm", _SHARE_STREAMS, tokens=16))
        before = await _native_s(ours)
        played = await play(ours, wishes("share", _SHARE_STREAMS))
        native_s = await _native_s(ours) - before
    took_s = max(one.ended for one in played.heard) - min(one.started for one in played.heard)
    figure = Figure(
        name="outside llama_decode and sampling",
        unit="of the time",
        ours=1 - native_s / took_s,
        limit=0.05 if plan.is_large else None,
        bound="at most",
        is_ratio=False,
    )
    yield f"{_SHARE_STREAMS} streams, greedy", [figure]


async def _native_s(server: Server) -> float:
    """Return the seconds that the worker's engine has spent in llama_decode and in sampling."""
    _, recorder = await record(server, head("GET", "/metrics"))
    lines = b"".join(piece for _, piece in recorder.pieces).decode().splitlines()
    marks = tuple(f'worker_engine_seconds_total{{part="{part}"}} ' for part in ("decode", "sampling"))
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(marks))


async def _ask_health(server: Server, until: "asyncio.Task[Any]") -> list[float]:
    times = []
    while not until.done():
        began, recorder = await record(server, head("GET", "/health"))
        times.append(recorder.pieces[0][0] - began)
        await asyncio.sleep(_HEALTH_EVERY_S)
    return times
