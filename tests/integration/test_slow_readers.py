"""Readers that are late or slow: every token, or an error that says so; never a hole."""

import socket
import threading
import time
from contextlib import ExitStack, suppress
from typing import Any

import psutil
import pytest

from ..calls import Daemon, Stream
from ..programs import Home
from ..waiting import eventually

TOKEN = "x" * 10_000
TOKENS = 500
FIVE_MEGABYTES = len(TOKEN) * TOKENS


def numbered(home: Home, **script: Any) -> str:
    """Return a model that answers five megabytes, each token of it different from its neighbours."""
    tokens = [f"{number % 7}{TOKEN}" for number in range(7)]
    return home.fake_model("large", tokens=tokens, **script)


def task(model: str, **fields: Any) -> dict[str, Any]:
    """Return a task for the large answer."""
    return {"prompt": "hi", "model": model, "max_tokens": TOKENS, **fields}


def read_slowly(stream: Stream) -> list[int]:
    """Read a stream with pauses to its end; return the indexes of the tokens."""
    indexes = []
    for event in stream.events():
        if event.name == "token":
            indexes.append(event.data["i"])
            if len(indexes) % 50 == 0:
                time.sleep(0.05)
    return indexes


def with_small_buffer(stream: Stream) -> None:
    """Let the kernel keep as little as it can for this reader."""
    assert stream.connection.sock is not None
    stream.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)


def queens_memory(home: Home) -> int:
    """Return the bytes that the queen has resident."""
    return int(psutil.Process(home.the("queen").pid).memory_info().rss)


def test_a_client_that_reads_late_and_slowly_gets_every_token(home: Home) -> None:
    """It once got tokens 0 to 581, then 1793 to 1999, closed as a success."""
    model = numbered(home)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", task(model, max_tokens=1)) as stream:
        stream.rest()
    before = queens_memory(home)
    with queen.stream("POST", "/v2/tasks", task(model), limit_s=60) as stream:
        with_small_buffer(stream)
        time.sleep(2)
        held = queens_memory(home) - before
        indexes = read_slowly(stream)
        ids = [event.id for event in stream.seen if event.id is not None]
    assert indexes == list(range(TOKENS))
    assert ids == list(range(1, len(ids) + 1))
    assert stream.seen[-1].name == "end"
    assert held < FIVE_MEGABYTES, "the queen took the whole answer into her memory"


def test_events_that_are_asked_for_too_late_are_refused_with_what_is_left(home: Home) -> None:
    """They once began at event 320, without `queued` and `started`, and nothing said so."""
    model = numbered(home)
    _, queen = home.queen()
    accepted = queen.call("POST", "/v2/tasks", task(model, stream=False)).json()
    look = f"/v2/tasks/{accepted['task_id']}"
    eventually(lambda: queen.call("GET", look).json()["status"] == "done", "the task is done", within_s=60)
    answer = queen.call("GET", accepted["events_url"])
    assert (answer.status, answer.error["code"]) == (410, "EVENTS_EXPIRED")
    first = answer.error["details"]["first_id"]
    assert first > 1
    with queen.stream("GET", accepted["events_url"], headers={"last-event-id": str(first - 1)}) as stream:
        events = stream.rest()
    assert [event.id for event in events] == list(range(first, answer.error["details"]["last_id"] + 1))
    assert events[-1].name == "end"


def test_a_follower_that_falls_behind_is_told_so(home: Home) -> None:
    """Its stream ends with an error of its own; the task goes on."""
    model = numbered(home, delay_s=0.005)
    _, queen = home.queen(event_log_limit_bytes=100_000)
    accepted = queen.call("POST", "/v2/tasks", task(model, stream=False)).json()
    with queen.stream("GET", accepted["events_url"], limit_s=60) as stream:
        with_small_buffer(stream)
        look = f"/v2/tasks/{accepted['task_id']}"
        eventually(lambda: queen.call("GET", look).json()["status"] == "done", "the task is done", within_s=60)
        events = stream.rest()
    ids = [event.id for event in events if event.id is not None]
    assert ids == list(range(1, len(ids) + 1)), "there is a hole before the error"
    assert (events[-1].name, events[-1].data["code"]) == ("error", "EVENTS_EXPIRED")


def test_a_client_that_never_reads_is_ended_by_its_deadline(home: Home) -> None:
    """The worker waits for it meanwhile, with a slot that others want."""
    model = numbered(home)
    _, queen = home.queen(slots=1)
    with queen.stream("POST", "/v2/tasks", task(model, max_tokens=1)) as stream:
        stream.rest()
    headers = {"x-deadline": str(round((time.time() + 3) * 1000))}
    with queen.stream("POST", "/v2/tasks", task(model, max_tokens=2000), headers=headers, limit_s=60) as silent:
        with_small_buffer(silent)
        with queen.stream("POST", "/v2/tasks", task(model, max_tokens=1), limit_s=60) as other:
            assert other.rest()[-1].name == "end"
        events = silent.rest()
    assert (events[-1].name, events[-1].data["code"]) == ("error", "REQUEST_TIMEOUT")
    ids = [event.id for event in events]
    assert ids == list(range(1, len(ids) + 1))


def test_the_memory_of_a_queen_stays_flat_over_one_large_answer_after_another(home: Home) -> None:
    """The events of each finished answer stayed for as long as the task was remembered."""
    model = numbered(home)
    _, queen = home.queen()

    def stream_one() -> None:
        with queen.stream("POST", "/v2/tasks", task(model, max_tokens=200), limit_s=60) as stream:
            assert stream.rest()[-1].name == "end"

    for _ in range(5):
        stream_one()
    before = queens_memory(home)
    for _ in range(20):
        stream_one()
    assert queens_memory(home) - before < 4_000_000


def read_a_little(stream: Stream, taken: list[int], end: threading.Event) -> None:
    """Read a stream more slowly than it comes, until told to stop; note how much was taken."""
    with suppress(OSError, ValueError):
        while not end.is_set():
            taken.append(len(stream.answer.read1(10_000)))
            end.wait(0.05)


def test_the_memory_of_a_queen_stays_flat_under_many_long_answers_that_nobody_takes_in(home: Home) -> None:
    """Some clients read slowly, some not at all; what they have not taken must wait in the worker."""
    model = numbered(home, delay_s=0.001)
    _, queen = home.queen(slots=8, event_log_limit_bytes=200_000)
    taken: list[int] = []
    end = threading.Event()
    with ExitStack() as open_streams:
        open_streams.callback(end.set)
        for number in range(8):
            stream = open_streams.enter_context(queen.stream("POST", "/v2/tasks", task(model, max_tokens=2000)))
            with_small_buffer(stream)
            if number % 2:
                threading.Thread(target=read_a_little, args=(stream, taken, end), daemon=True).start()
        time.sleep(3)
        before, taken_before = queens_memory(home), sum(taken)
        time.sleep(4)
        grown, taken_since = queens_memory(home) - before, sum(taken) - taken_before
    assert taken_since > 1_000_000, "the slow readers got nothing: this shows nothing"
    assert grown < 2_000_000


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_only_the_owner_sees_and_ends_a_task_of_the_owner(home: Home, method: str) -> None:
    """Another user of the machine read the id in a log, and with it the whole answer."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen()
    stranger = Daemon(port=queen.port)
    owned = queen.call("POST", "/v2/tasks", task(model, stream=False)).json()
    for path in (f"/v2/tasks/{owned['task_id']}", owned["events_url"]):
        if method == "GET" or not path.endswith("/events"):
            answer = stranger.call(method, path)
            assert (answer.status, answer.error["code"]) == (404, "TASK_NOT_FOUND")
    assert queen.call("GET", f"/v2/tasks/{owned['task_id']}").json()["status"] in ("preparing", "running", "queued")
    open_to_all = stranger.call("POST", "/v2/tasks", task(model, stream=False)).json()
    assert stranger.call("GET", f"/v2/tasks/{open_to_all['task_id']}").status == 200
    assert queen.call("DELETE", f"/v2/tasks/{open_to_all['task_id']}").status == 204
    assert queen.call("DELETE", f"/v2/tasks/{owned['task_id']}").status == 204
    stranger.call("GET", open_to_all["events_url"], headers={"last-event-id": "wrong"})
    eventually(lambda: "task cancelled" in home.all_logs(), "the end of the tasks is logged")
    assert open_to_all["task_id"] not in home.all_logs(), "an id that is a key is in a log"
    assert owned["task_id"] in home.all_logs()
