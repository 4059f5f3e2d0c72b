"""Tasks that survive their client: connections that are cut, and requests that are sent again."""

import contextlib
import http.client
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ..calls import Daemon, Event, Stream, text_of
from ..cutting_proxy import cutting
from ..programs import Home
from ..waiting import eventually

_CUT = (OSError, http.client.HTTPException, AssertionError)
TEXT = [f"word{number} " for number in range(20)]


def body(model: str, **fields: Any) -> dict[str, Any]:
    """Return a task."""
    return {"prompt": "hi", "model": model, "max_tokens": 200, **fields}


def read_on(stream: Stream, seen: list[Event]) -> bool:
    """Read what comes; False when the connection was cut."""
    try:
        stream.rest()
    except _CUT:
        return False
    finally:
        # who has seen the closing event but not the end marker gets that event again
        seen += [event for event in stream.seen if not seen or (event.id or 0) > (seen[-1].id or 0)]
    return True


def resumed(queen: Daemon, task: dict[str, Any], key: str) -> tuple[list[Event], int]:
    """Submit through a connection that is cut again and again; return the events and the number of connections."""
    seen: list[Event] = []
    for connections in range(1, 40):
        after = {"last-event-id": str(seen[-1].id)} if seen else {}
        if seen:
            way = queen.stream("GET", f"/v2/tasks/{seen[0].data['task_id']}/events", headers=after)
        else:
            way = queen.stream("POST", "/v2/tasks", task, headers={"idempotency-key": key})
        with contextlib.suppress(*_CUT), way as stream:
            if read_on(stream, seen):
                return seen, connections
    raise AssertionError(f"never read to the end: {seen[-3:]}")


def test_a_stream_that_is_cut_at_any_of_its_events_is_resumed_with_the_same_text(home: Home) -> None:
    """200 streams over a network that breaks: nothing twice, nothing missing, one execution each."""
    model = home.fake_model(tokens=TEXT, ends=True, delay_s=0.001)
    _, queen = home.queen(queue_limit=500)
    with queen.stream("POST", "/v2/tasks", body(model)) as stream:
        whole = stream.rest()
    text = text_of(whole)
    assert text
    usual = len(whole) + 3
    # every second connection, which is mostly a resumed one, is cut a little later
    with cutting(queen.port, lambda number: number % usual if number % 2 == 0 else 1 + number % 5) as proxy:
        far = Daemon(port=proxy.port, token=queen.token)
        with ThreadPoolExecutor(12) as pool:
            streams = list(pool.map(lambda number: resumed(far, body(model, detach_s=20), f"k{number}"), range(200)))
    for events, _ in streams:
        assert text_of(events) == text
        assert [event.id for event in events] == list(range(1, len(events) + 1))
        assert events[-1].name == "end"
    assert proxy.cuts >= 200
    status = queen.call("GET", "/v2/status").json()
    assert (status["tasks_done"], status["tasks_running"], status["tasks_queued"]) == (201, 0, 0)


def test_a_hundred_copies_of_a_request_are_one_execution(home: Home) -> None:
    """A client that does not know whether it was heard asks again, and must not pay twice."""
    model = home.fake_model(delay_s=0.01, tokens=TEXT, ends=True)
    _, queen = home.queen()
    key = {"idempotency-key": "one-and-only"}

    def ask(number: int) -> tuple[str, str]:
        if number % 2:
            accepted = queen.call("POST", "/v2/tasks", body(model), headers={**key, "accept": "application/json"})
            return accepted.json()["task_id"], ""
        with queen.stream("POST", "/v2/tasks", body(model), headers=key) as stream:
            events = stream.rest()
        return events[0].data["task_id"], text_of(events)

    with ThreadPoolExecutor(100) as pool:
        found = list(pool.map(ask, range(100)))
    assert len({task_id for task_id, _ in found}) == 1
    texts = {text for number, (_, text) in enumerate(found) if number % 2 == 0}
    assert len(texts) == 1
    assert texts != {""}
    assert queen.call("GET", "/v2/status").json()["tasks_done"] == 1


def test_a_key_that_was_used_for_another_request_is_refused_and_one_of_another_caller_is_another_key(
    home: Home,
) -> None:
    """The answer to a question that was not asked would be worse than an error."""
    model = home.fake_model(tokens=TEXT, ends=True)
    _, queen = home.queen()
    headers = {"idempotency-key": "k", "accept": "application/json"}
    first = queen.call("POST", "/v2/tasks", body(model), headers=headers).json()["task_id"]
    answer = queen.call("POST", "/v2/tasks", body(model, seed=1), headers=headers)
    assert (answer.status, answer.error["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert "new key" in answer.error["hint"]
    anonymous = Daemon(port=queen.port)
    assert anonymous.call("POST", "/v2/tasks", body(model), headers=headers).json()["task_id"] != first
    for odd in ("", "x" * 256, "caf\u00e9"):
        answer = queen.call("POST", "/v2/tasks", body(model), headers={"idempotency-key": odd})
        assert (answer.status, answer.error["code"]) == (400, "INVALID_PARAMS")


def test_a_task_that_nobody_comes_back_to_is_cancelled_after_its_time(home: Home) -> None:
    """A slot must not be held by a client that is gone for good."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", body(model, max_tokens=2000, detach_s=1.5)) as stream:
        task_id = stream.until("queued").data["task_id"]
        stream.until("token")
    left_at = time.monotonic()
    assert queen.call("GET", f"/v2/tasks/{task_id}").json()["status"] == "running"
    eventually(
        lambda: queen.call("GET", f"/v2/tasks/{task_id}").json()["status"] == "cancelled", "it ends", within_s=15
    )
    assert time.monotonic() - left_at >= 1.0
    error = queen.call("GET", f"/v2/tasks/{task_id}").json()["error"]
    assert "did not come back within 1.5 s" in error["message"]


def test_an_explicit_cancel_does_not_wait_for_a_reader(home: Home) -> None:
    """Who says that it is not wanted any more means now."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", body(model, max_tokens=2000, detach_s=60)) as stream:
        task_id = stream.until("queued").data["task_id"]
        stream.until("token")
    assert queen.call("DELETE", f"/v2/tasks/{task_id}").status == 204
    eventually(lambda: queen.call("GET", f"/v2/tasks/{task_id}").json()["status"] == "cancelled", "it ends", within_s=5)


@pytest.mark.parametrize("setting", [0, 2])
def test_the_setting_counts_when_a_request_says_nothing(home: Home, setting: int) -> None:
    """And 0 is what it was: who leaves cancels."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen(detach_s=setting)
    with queen.stream("POST", "/v2/tasks", body(model, max_tokens=2000)) as stream:
        task_id = stream.until("queued").data["task_id"]
        stream.until("token")
    time.sleep(0.7)
    expected = "running" if setting else "cancelled"
    assert queen.call("GET", f"/v2/tasks/{task_id}").json()["status"] == expected
    times = queen.call("GET", f"/v2/tasks/{task_id}").json()["times"]
    order = [times[name] for name in ("submitted", "admitted", "decided", "started", "first_output")]
    assert None not in order
    assert order == sorted(order)
    assert None not in (times["spawn"], times["load_from"], times["load_to"])
    assert times["decided"] >= times["load_to"] >= times["load_from"] >= times["spawn"]
