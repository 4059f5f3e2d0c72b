"""Measuring: a client that miscounts would make every figure wrong without a sign."""

import itertools
from collections.abc import Iterator
from typing import Literal

import pytest

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
FRAMES = [b'event: token\ndata: {"event":"token","t":"\\n\\n","i":0}\n\n', b'data: {"i":1}\n\ndata: [DONE]\n\n']
ANSWER = HEAD + b"".join(b"%x\r\n%b\r\n" % (len(frame), frame) for frame in FRAMES) + b"0\r\n\r\n"


@pytest.fixture(autouse=True)
def benchmarks_are_importable(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the tests import the benchmarks as their scripts do."""
    monkeypatch.syspath_prepend(request.config.rootpath / "benchmarks")
    yield


def test_frames_are_found_wherever_the_network_cuts_them() -> None:
    """Packets end where they like, and several tokens may share one."""
    from load_client import frames_of

    for cut, other in itertools.combinations(range(0, len(ANSWER) + 1, 3), 2):
        pieces = [(1.0, ANSWER[:cut]), (2.0, ANSWER[cut:other]), (3.0, ANSWER[other:])]
        found = frames_of([piece for piece in pieces if piece[1]])
        assert [event for _, event in found] == [{"event": "token", "t": "\n\n", "i": 0}, {"i": 1}]


def test_a_frame_counts_when_its_last_byte_is_there() -> None:
    """Otherwise the first half of a token would be taken for the token."""
    from load_client import frames_of

    end = ANSWER.index(b'"i":0')
    assert frames_of([(1.0, ANSWER[:end]), (5.0, ANSWER[end:])])[0][0] == 5.0


def test_a_refusal_is_no_stream() -> None:
    """A server that refuses at once must not look like a very fast one."""
    from load_client import BrokenStream, frames_of

    with pytest.raises(BrokenStream, match="SLOTS"):
        frames_of([(1.0, b'HTTP/1.1 503 Service Unavailable\r\n\r\n{"code":"SLOTS"}')])


@pytest.mark.parametrize(("share", "value"), [(0.5, 5), (0.99, 10), (0.9, 9), (0.1, 1), (0.01, 1)])
def test_percentiles_are_values_that_were_measured(share: float, value: float) -> None:
    """A percentile that is one place off hides the slowest stream."""
    from promises import percentile

    assert percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == value


@pytest.mark.parametrize(
    ("ours", "peer", "limit", "bound", "is_ratio", "is_kept"),
    [
        (103, 100, 1.03, "at least", True, True),
        (102, 100, 1.03, "at least", True, False),
        (0.7, 1.0, 0.7, "at most", True, True),
        (0.71, 1.0, 0.7, "at most", True, False),
        (19, 1, 20, "at most", False, True),
        (21, 100, 20, "at most", False, False),
        (5, None, 1.0, "at least", True, False),
        (5, 1, None, "at most", True, True),
    ],
)
def test_a_promise_is_kept_or_missed(
    ours: float,
    peer: float | None,
    limit: float | None,
    bound: Literal["at least", "at most"],
    is_ratio: bool,
    is_kept: bool,
) -> None:
    """The exit code of a benchmark hangs on this alone."""
    from promises import Figure

    figure = Figure(name="rate", unit="1/s", ours=ours, peer=peer, limit=limit, bound=bound, is_ratio=is_ratio)
    assert figure.is_kept == is_kept


def test_every_schema_is_one_and_the_seed_fixes_them() -> None:
    """Answers cannot fit a schema that is none, and another set each time could not be compared."""
    from schemas import schema_prompts

    pairs = schema_prompts(200, seed=1)
    assert pairs == schema_prompts(200, seed=1)
    used = {key for schema, _ in pairs for key in schema}
    assert {"enum", "const", "anyOf", "$defs", "prefixItems", "pattern", "maximum", "maxLength", "properties"} <= used
    assert all(schema.keys() & {"type", "enum", "const", "anyOf"} for schema, _ in pairs)


def test_a_queen_is_asked_for_the_same_draw_as_a_worker() -> None:
    """A queen that is asked for less would look quicker than it is."""
    import json
    from pathlib import Path

    from load_client import Wish, request_bytes
    from servers import Server

    wish = Wish(name="one", prompt="a bee", tokens=64)
    bodies = []
    for kind in ("rbee", "rbee-queen"):
        server = Server(kind=kind, port=1, process=None, log=Path("log"), model="/m.gguf")  # type: ignore[arg-type]
        bodies.append(json.loads(request_bytes(server, wish).partition(b"\r\n\r\n")[2]))
    worker, queen = bodies
    assert worker.pop("job_id") == "one"
    assert queen.pop("model") == "/m.gguf"
    assert worker == queen


@pytest.mark.parametrize(("history", "different"), [("fresh", 3), ("repeated", 1)])
def test_rounds_have_new_prompts_or_the_same_ones(history: str, different: int) -> None:
    """A prompt that was there before would make the cache look like speed."""
    from engine_prompts import STREAMS, _rounds

    prompts = [wish.prompt for wishes in _rounds(50, history, 3) for wish in wishes]
    assert len(set(prompts)) == different * STREAMS
    assert {len(text.split()) for text in prompts} == {49}
