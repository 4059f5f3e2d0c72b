"""Whether a worker is as good as new after 10,000 executions that ended in every way there is.

Short executions run a dozen at a time: some are cancelled, some lose their client, some meet their deadline. Then all
slots must be free, memory must have stopped growing, and the greedy answers to five prompts must be what they were.
"""

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import load_client
from load_client import BrokenStream, Wish, frames_of, head, listen_to
from peers import model_file
from prompts import prompt
from servers import Room, Server, rbee_worker

_CONTEXT = 512
_LINE_EVERY = 500
_RETRY_S = 0.005
_WAIT_S = 60.0
_SETTLE_S = 5.0
_GROWTH_SHARE = 0.05  # what a heap that is not leaking still wanders
_WARM_SHARE = 0.2
_MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One execution as its client means it: `leave` tells how it ends, after so many pieces of the answer."""

    name: str
    body: dict[str, Any]
    leave: str
    after: int
    deadline_in_s: float


@dataclass(slots=True)
class Tally:
    """What came of the executions so far; `memory` holds bytes at every so many."""

    outcomes: Counter[str]
    memory: list[int]
    done: int = 0


def visits(count: int, seed: int) -> Iterator[Visit]:
    """Yield executions that the seed fixes."""
    draw = random.Random(seed)
    for number in range(count):
        leave = draw.choices(("stay", "cancel", "close", "reset", "deadline"), (60, 14, 8, 8, 10))[0]
        body = {
            "job_id": f"soak-{number}",
            "prompt": prompt(f"soak/{draw.randrange(400)}", draw.choice((1, 5, 20, 60, 150))),
            "raw": True,
            "max_tokens": draw.randint(1, 48),
            "temperature": draw.choice((0.0, 0.8, 1.5)),
            "seed": draw.randrange(2**32 - 2),
            "n": draw.choice((1, 1, 1, 2, 3)),
            "ignore_eos": draw.random() < 0.5,
            "stop": draw.choice(([], [], ["the", "qu"])),
        }
        after, deadline_in_s = draw.randint(0, 4), draw.uniform(0.002, 0.06)
        yield Visit(name=f"soak-{number}", body=body, leave=leave, after=after, deadline_in_s=deadline_in_s)


async def make(server: Server, visit: Visit) -> str:
    """Make one execution to its end; return how it ended, trying again while every slot is busy."""
    while True:
        outcome = await asyncio.wait_for(_once(server, visit), _WAIT_S)
        if outcome != "ALL_SLOTS_BUSY":
            return outcome
        await asyncio.sleep(_RETRY_S)


async def _once(server: Server, visit: Visit) -> str:
    content = json.dumps(visit.body).encode()
    until = int((time.time() + visit.deadline_in_s) * 1000)
    more = f"x-deadline: {until}\r\n" if visit.leave == "deadline" else ""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(head("POST", "/execute", len(content), more) + content)
        seen, pieces = b"", 0
        while piece := await reader.read(65_536):
            seen += piece
            pieces += 1
            if b"ALL_SLOTS_BUSY" in seen:
                return "ALL_SLOTS_BUSY"
            if pieces <= visit.after:
                continue
            if visit.leave == "cancel":
                await _delete(server, visit.name)
            elif visit.leave in ("close", "reset"):
                if visit.leave == "reset":
                    writer.transport.abort()
                return "client left"
        return _ending(seen, visit)
    finally:
        writer.close()


def _ending(seen: bytes, visit: Visit) -> str:
    """Name the end of the answer; what does not fit the visit is a fault."""
    if b"data: [DONE]" not in seen:
        code = b"REQUEST_TIMEOUT" if b"REQUEST_TIMEOUT" in seen else b""
        return "deadline" if code and visit.leave == "deadline" else f"FAULT no end: {seen[-200:]!r}"
    last = frames_of([(0.0, seen)])[-1][1]
    if last["event"] == "error":
        is_due = visit.leave == "deadline" and last["code"] == "REQUEST_TIMEOUT"
        return "deadline" if is_due else f"FAULT {last['code']}"
    if last["stop_reason"] == "CANCELLED":
        return "cancelled" if visit.leave == "cancel" else "FAULT cancelled by nobody"
    tokens = last["usage"]["completion_tokens"]
    return "whole" if 0 <= tokens <= visit.body["max_tokens"] * visit.body["n"] else f"FAULT {tokens} tokens"


async def _delete(server: Server, name: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head("DELETE", f"/v1/inference/{name}"))
    await reader.read()
    writer.close()


async def _health(server: Server) -> dict[str, Any]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head("GET", "/health"))
    content = await reader.read()
    writer.close()
    found = json.loads(content.partition(b"\r\n\r\n")[2])
    assert isinstance(found, dict)
    return found


async def _settled_health(server: Server) -> dict[str, Any]:
    """Return the health once all slots are free, or as it is after a while."""
    end = time.monotonic() + _SETTLE_S
    while True:
        health = await _health(server)
        if health["slots_available"] == health["slots_total"] or time.monotonic() > end:
            return health
        await asyncio.sleep(0.05)


async def answers(server: Server, name: str) -> list[str]:
    """Return the greedy answers to five prompts, one after another."""
    return [
        (await listen_to(server, [Wish(name=f"{name}-{place}", prompt=prompt(f"same/{place}", 30), tokens=48)]))[0].text
        for place in range(5)
    ]


async def soak(server: Server, options: argparse.Namespace) -> Tally:
    """Work all visits off, some at a time."""
    tally = Tally(Counter(), [])
    waiting = visits(options.executions, options.seed)
    began = time.monotonic()

    async def work() -> None:
        for visit in waiting:
            tally.outcomes[await make(server, visit)] += 1
            tally.done += 1
            if tally.done % _LINE_EVERY == 0:
                tally.memory.append(server.memory_bytes)
                seconds = time.monotonic() - began
                megabytes = tally.memory[-1] / _MEBIBYTE
                print(f"{tally.done:>7} executions {seconds:7.1f} s {megabytes:8.1f} MiB", flush=True)

    await asyncio.gather(*(work() for _ in range(options.concurrent)))
    return tally


async def check(options: argparse.Namespace) -> list[str]:
    """Return what is not as it should be."""
    room = Room(model=model_file(options.model).resolve(), threads=options.threads, slots=16, context=_CONTEXT)
    with rbee_worker(room) as server:
        before = await answers(server, "before")
        tally = await soak(server, options)
        health = await _settled_health(server)
        try:
            after = await answers(server, "after")
        except BrokenStream as error:
            after = [str(error)]
    for outcome, count in tally.outcomes.most_common():
        print(f"{count:>7} {outcome}")
    faults = [outcome for outcome in tally.outcomes if outcome.startswith("FAULT")]
    if health["slots_available"] != health["slots_total"]:
        faults.append(f"{health['slots_available']} of {health['slots_total']} slots are free")
    if before != after:
        faults.append("greedy answers changed")
    return faults + _growth(tally.memory)


def _growth(memory: list[int]) -> list[str]:
    if len(memory) < 1 / _WARM_SHARE:
        return []
    warm = memory[int(_WARM_SHARE * len(memory))]
    share = memory[-1] / warm - 1
    print(f"memory grew by {share:+.1%} after the first fifth")
    return [f"memory grew by {share:.1%}"] if share > _GROWTH_SHARE else []


def main() -> None:
    """Run and print; exit code 1 when the worker is not as it was."""
    parser = argparse.ArgumentParser(description="Wear a worker out and see whether it is as it was.")
    parser.add_argument("--model", default="tiny", help="tiny, small, large or a file (tiny)")
    parser.add_argument("--executions", type=int, default=10_000)
    parser.add_argument("--concurrent", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    faults = load_client.run(partial(check, parser.parse_args()))
    print("\n".join(f"MISSED {fault}" for fault in faults) or "kept   all slots free, memory steady, answers the same")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
