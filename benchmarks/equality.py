"""Whether rbee's worker gives the very answers of llama-server: texts, embeddings, and JSON that fits its schema.

Texts: the same file, sampling and seeds, one request at a time, nothing cached. Embeddings: one text at a time, the
largest difference of any number. JSON Schema has no peer: each answer is read by the package `jsonschema`.
"""

import argparse
import asyncio
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import jsonschema
import load_client
from load_client import BrokenStream, Wish, listen_to
from peers import model_file
from prompts import prompt
from schemas import Schema, schema_prompts
from servers import Room, Server, llama_cpp_server, rbee_worker

_PROMPTS = 30
_TOKENS = 48
_CONTEXT = 2048
_JSON_TOKENS = 600  # the longest answer needs about a fifth of them
_JSON_AT_ONCE = 8
_TOLERANCE = 1e-3
_SHOWN = 5
_EXACT = ("--flash-attn", "off")  # on a CPU it works in 16 bits, and rbee does without it for embeddings
_EMBEDDED = ("Hello world", "a", "Two sentences. With a full stop!", "Zwölf Boxkämpfer jagen Viktor", "你好,世界")


def main() -> None:
    """Compare and print; exit code 1 when anything differs."""
    parser = argparse.ArgumentParser(description="Compare the worker's answers with llama-server's.")
    parser.add_argument("--model", default="small", help="model for texts and JSON: small, large or a file (small)")
    parser.add_argument("--embedding-model", default="embedding", help="model for embeddings: a name or a file")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(_CHECKS), help=",".join(_CHECKS))
    parser.add_argument("--pairs", type=int, default=200, help="pairs of schema and prompt (200)")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    are_kept = [_CHECKS[name](options) for name in options.only]
    sys.exit(0 if all(are_kept) else 1)


def _texts(options: argparse.Namespace) -> bool:
    room = Room(model=_path(options.model), threads=options.threads, slots=1, context=_CONTEXT)
    with rbee_worker(room) as ours, llama_cpp_server(room) as peer:
        is_greedy_equal = _are_equal(ours, peer, "greedy", 0.0)
        return _are_equal(ours, peer, "seeded", 0.8) and is_greedy_equal


def _are_equal(ours: Server, peer: Server, name: str, temperature: float) -> bool:
    """Ask both for every prompt, first ours, then theirs, and show where texts part."""
    pairs = []
    for number in range(_PROMPTS):
        text = prompt(f"equal/{number}", 1 + number * number // 4)
        wish = Wish(name=f"{name}-{number}", prompt=text, tokens=_TOKENS, temperature=temperature, seed=number + 1)
        wishes = (
            (ours, replace(wish, extra={"determinism": "strict"})),
            (peer, replace(wish, extra={"cache_prompt": False})),
        )
        pairs.append([load_client.run(partial(_text, server, wish)) for server, wish in wishes])
    different = [number for number, (mine, theirs) in enumerate(pairs) if mine != theirs]
    for number in different[:_SHOWN]:
        mine, theirs = pairs[number]
        place = next((at for at, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), -1)
        print(f"  prompt {number}: from character {place}: {mine[place:][:40]!r} and {theirs[place:][:40]!r}")
    text = f"{_PROMPTS - len(different)} of {_PROMPTS} {name} texts are llama-server's"
    return _say(text, is_kept=not different)


async def _text(server: Server, wish: Wish) -> str:
    try:
        return (await listen_to(server, [wish]))[0].text
    except BrokenStream as error:
        return f"{server.kind} failed: {error}"


def _embeddings(options: argparse.Namespace) -> bool:
    room = Room(model=_path(options.embedding_model), threads=options.threads, slots=1, context=512)
    texts = [*_EMBEDDED, *(prompt(f"embed/{number}", 5 + 6 * number) for number in range(15))]
    with rbee_worker(room) as ours, llama_cpp_server(room, "--embedding", *_EXACT) as peer:
        try:
            mine, theirs = ([_embed(server, [text])[0] for text in texts] for server in (ours, peer))
        except urllib.error.HTTPError as error:
            return _say(f"embeddings: the answer was {error.code}", is_kept=False)
    if list(map(len, mine)) != list(map(len, theirs)):
        return _say("embeddings have another length", is_kept=False)
    farthest = max(abs(a - b) for one, two in zip(mine, theirs, strict=True) for a, b in zip(one, two, strict=True))
    is_near = farthest <= _TOLERANCE
    text = f"{len(texts)} embeddings differ by {farthest:.2g} at most, promised {_TOLERANCE:g}"
    return _say(text, is_kept=is_near)


def _embed(server: Server, texts: Sequence[str]) -> list[list[float]]:
    body = json.dumps({"model": "any", "input": texts}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/v1/embeddings", body, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        items = sorted(json.load(answer)["data"], key=lambda item: item["index"])
    return [item["embedding"] for item in items]


def _schemas(options: argparse.Namespace) -> bool:
    room = Room(model=_path(options.model), threads=options.threads, slots=_JSON_AT_ONCE, context=_CONTEXT)
    pairs = schema_prompts(options.pairs, seed=1)
    with rbee_worker(room) as ours:
        faults = [fault for fault in load_client.run(partial(_ask_all, ours, pairs)) if fault]
    for fault in faults[:_SHOWN]:
        print(f"  {fault}")
    return _say(f"{len(pairs) - len(faults)} of {len(pairs)} answers fit their JSON Schema", is_kept=not faults)


async def _ask_all(server: Server, pairs: Sequence[tuple[Schema, str]]) -> list[str]:
    waiting = iter(list(enumerate(pairs)))
    faults: list[str] = []

    async def work() -> None:
        for number, (schema, text) in waiting:
            faults.append(await _fault(server, number, schema, text))

    await asyncio.gather(*(work() for _ in range(_JSON_AT_ONCE)))
    return faults


async def _fault(server: Server, number: int, schema: Schema, text: str) -> str:
    """Return what is wrong with the answer for this schema, or nothing."""
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    wish = Wish(
        name=f"schema-{number}",
        prompt=text,
        tokens=_JSON_TOKENS,
        temperature=0.8,
        seed=number,
        extra={"response_format": form, "ignore_eos": False, "raw": False},
    )
    try:
        answer = (await listen_to(server, [wish]))[0].text
        jsonschema.validate(json.loads(answer), schema, cls=jsonschema.Draft202012Validator)
    except BrokenStream as error:
        return f"pair {number}: {str(error)[:200]}"
    except (ValueError, jsonschema.ValidationError) as error:
        return f"pair {number}: {str(error).splitlines()[0][:120]} in {answer[:80]!r} for {json.dumps(schema)[:200]}"
    return ""


def _path(name: str) -> Path:
    return model_file(name).resolve()


def _say(text: str, *, is_kept: bool) -> bool:
    print("kept  " if is_kept else "MISSED", text, flush=True)
    return is_kept


_CHECKS: Mapping[str, Callable[[argparse.Namespace], bool]] = {
    "texts": _texts,
    "embeddings": _embeddings,
    "schemas": _schemas,
}


if __name__ == "__main__":
    main()
