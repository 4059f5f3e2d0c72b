"""The task API: both answers, deadlines, resuming, limits, and errors in one shape."""

import http.client
import json
import socket
import time
import uuid
from typing import Any

import pytest

from ..calls import Daemon, text_of
from ..programs import Home
from ..waiting import eventually


def body(model: str, **fields: Any) -> dict[str, Any]:
    """Return a task."""
    return {"prompt": "hi", "model": model, **fields}


def test_a_plain_post_without_any_header_streams_a_usable_answer(home: Home) -> None:
    """The seed's curl line: JSON body whatever the content type says (contract 2, 8)."""
    model = home.fake_model(tokens=["hello"], ends=True)
    _, queen = home.queen(as_owner=False)
    data = json.dumps(body(model)).encode()
    for kind in ({}, {"content-type": "application/x-www-form-urlencoded"}, {"accept": "text/event-stream"}):
        with queen.stream("POST", "/v2/tasks", data, headers=kind) as stream:
            assert stream.answer.getheader("content-type", "").startswith("text/event-stream")
            assert stream.answer.getheader("cache-control") == "no-cache"
            assert text_of(stream.rest()) == "hello"


@pytest.mark.parametrize("how", ["header", "field"])
def test_json_callers_get_202_with_everything_to_follow_the_task(home: Home, how: str) -> None:
    """Task id, position, events address, correlation id (19.1)."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    fields = {"stream": False} if how == "field" else {}
    headers = {"accept": "application/json"} if how == "header" else {}
    answer = queen.call("POST", "/v2/tasks", body(model, **fields), headers={**headers, "x-correlation-id": "mine-7"})
    assert answer.status == 202
    accepted = answer.json()
    assert accepted["status"] in ("queued", "preparing")
    assert accepted["queue_position"] == 0
    assert accepted["correlation_id"] == "mine-7" == answer.headers["x-correlation-id"]
    assert accepted["events_url"] == answer.headers["location"] == f"/v2/tasks/{accepted['task_id']}/events"
    with queen.stream("GET", accepted["events_url"]) as stream:
        names = [event.name for event in stream.rest()]
    assert [name for name in names if name != "narration"] == ["queued", "started", "token", "token", "end"]
    view = queen.call("GET", f"/v2/tasks/{accepted['task_id']}").json()
    assert (view["status"], view["model"]) == ("done", model)
    assert view["worker_id"].startswith("worker-")


def test_the_field_wins_over_the_header(home: Home) -> None:
    """`stream: true` is the clearer word."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", body(model, stream=True), headers={"accept": "application/json"}) as stream:
        assert stream.rest()[-1].name == "end"


def test_events_can_be_resumed_by_the_id_of_the_last_one_seen(home: Home) -> None:
    """Browsers reconnect with Last-Event-ID; nothing is lost and nothing comes twice."""
    model = home.fake_model(tokens=["a", "b", "c"], ends=True, delay_s=0.05)
    _, queen = home.queen()
    task = queen.call("POST", "/v2/tasks", body(model, stream=False)).json()
    with queen.stream("GET", task["events_url"]) as stream:
        seen = stream.until("token")
    assert seen.id is not None
    with queen.stream("GET", task["events_url"], headers={"last-event-id": str(seen.id)}) as stream:
        rest = stream.rest()
    assert [event.id for event in rest] == list(range(seen.id + 1, seen.id + 1 + len(rest)))
    assert text_of(rest) == "bc"
    with queen.stream("GET", task["events_url"]) as stream:
        assert text_of(stream.rest()) == "abc"
    with queen.stream("GET", task["events_url"], headers={"last-event-id": str(rest[-1].id)}) as stream:
        assert [event.name for event in stream.rest()] == ["end"], "a finished task replays its last event"
    for wrong in ("x", "-1", "1.5", "9" * 40):
        answer = queen.call("GET", task["events_url"], headers={"last-event-id": wrong})
        assert answer.error["code"] == "INVALID_PARAMS"


@pytest.mark.parametrize("header", ["x-deadline", "x-request-deadline"])
def test_a_deadline_ends_the_task_and_the_answer_names_it(home: Home, header: str) -> None:
    """Both headers (contract 2, 22); the slot is free afterwards (16.2)."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen()
    moment = time.time() + 3
    headers = {header: str(round(moment * 1000))}
    with queen.stream("POST", "/v2/tasks", body(model, max_tokens=2000), headers=headers) as stream:
        end = stream.rest()[-1]
    assert (end.name, end.data["code"]) == ("error", "REQUEST_TIMEOUT")
    assert time.time() - moment < 10
    assert "deadline" in str(end.data["details"])
    eventually(lambda: queen.call("GET", "/v2/status").json()["tasks_running"] == 0, "nothing runs")


def test_a_deadline_that_has_passed_is_refused_with_504(home: Home) -> None:
    """Nothing is started for it."""
    model = home.fake_model()
    _, queen = home.queen()
    for how in ({"headers": {"x-deadline": "2020-01-01T00:00:00Z"}}, {"body_fields": {"deadline_ms": 1000}}):
        answer = queen.call("POST", "/v2/tasks", body(model, **how.get("body_fields", {})), headers=how.get("headers"))
        assert (answer.status, answer.error["code"]) == (504, "REQUEST_TIMEOUT")
        assert answer.error["details"]["exceeded_by_ms"] > 0
    assert queen.call("POST", "/v2/tasks", body(model), headers={"x-deadline": "soon"}).status == 400
    assert home.roles()["worker"] == []


def test_the_earlier_of_two_deadlines_counts(home: Home) -> None:
    """Never extended by a later value."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen()
    headers = {"x-deadline": str(round((time.time() + 600) * 1000))}
    late = body(model, max_tokens=2000, deadline_ms=round((time.time() + 2) * 1000))
    started_at = time.monotonic()
    with queen.stream("POST", "/v2/tasks", late, headers=headers) as stream:
        assert stream.rest()[-1].data["code"] == "REQUEST_TIMEOUT"
    assert time.monotonic() - started_at < 15


def test_a_task_without_a_deadline_gets_the_default_one(home: Home) -> None:
    """One setting."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen(task_timeout_s=2)
    with queen.stream("POST", "/v2/tasks", body(model, max_tokens=2000)) as stream:
        assert stream.rest()[-1].data["code"] == "REQUEST_TIMEOUT"


def test_a_full_queue_answers_429_with_when_to_come_back(home: Home) -> None:
    """Bounded (contract 2, 35)."""
    model = home.fake_model(delay_s=0.03)
    _, queen = home.queen(slots=1, queue_limit=2)
    with queen.stream("POST", "/v2/tasks", body(model, max_tokens=2000)) as stream:
        stream.until("token")
        positions = [
            queen.call("POST", "/v2/tasks", body(model, stream=False)).json()["queue_position"] for _ in range(2)
        ]
        assert positions == [0, 1]
        answer = queen.call("POST", "/v2/tasks", body(model, stream=False))
        assert (answer.status, answer.error["code"], answer.error["retriable"]) == (429, "QUEUE_FULL", True)
        assert answer.error["details"] == {"queue_limit": 2}
        assert (answer.error["policy_label"], answer.error["retry_after_ms"]) == ("queue_limit", 1000)
        assert (answer.headers["retry-after"], answer.headers["x-backoff-ms"]) == ("1", "1000")
        assert int(answer.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (b"", "body"),
        (b"not json", "body"),
        (b"\xff\xfe", "body"),
        (b"[]", "body"),
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "a\x00b"}, "prompt"),
        ({"prompt": "x" * 32_769}, "prompt"),
        ({"prompt": "x", "max_tokens": 0}, "max_tokens"),
        ({"prompt": "x", "temperature": 3}, "temperature"),
        ({"prompt": "x", "model": " "}, "model"),
        ({"prompt": "x", "backend": "cpu", "device": 5}, "device"),
        ({"prompt": "x", "model": "../../etc/passwd"}, "model"),
        ({"prompt": "x", "backend": "rocm"}, "backend"),
        ({"prompt": "x", "node": "a_b"}, "node"),
        ({"prompt": "x", "stop": ["a"] * 5}, "stop"),
        ({"prompt": "x", "no-such-field": 1}, "no-such-field"),
        ({"prompt": "x", "seed": "abc"}, "seed"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_task_that_breaks_a_rule_is_400_and_names_the_field(home: Home, data: Any, field: str) -> None:
    """Field, constraint and message, and never an echo of the input (11.1, 11.5, 11.6)."""
    _, queen = home.queen()
    answer = queen.call("POST", "/v2/tasks", data)
    assert (answer.status, answer.error["code"], answer.error["src"]) == (400, "INVALID_PARAMS", "queen")
    assert answer.error["details"]["fields"][0]["field"] == field
    assert answer.error["param"] == field
    assert b"passwd" not in answer.body


def test_a_body_over_1_mb_is_413_and_the_connection_survives_it(home: Home) -> None:
    """11: the limit holds with and without a length in the header."""
    _, queen = home.queen()
    answer = queen.call("POST", "/v2/tasks", b"x" * 1_048_577)
    assert (answer.status, answer.error["code"]) == (413, "BODY_TOO_LARGE")
    assert answer.error["details"]["limit_bytes"] == 1_048_576
    assert queen.call("POST", "/v2/tasks", b"x" * 1_048_576).status == 400
    connection = http.client.HTTPConnection("127.0.0.1", queen.port, timeout=20)
    connection.request(
        "POST",
        "/v2/tasks",
        body=iter([b"x" * 65_536] * 20),
        headers={"authorization": f"Bearer {queen.token}"},
        encode_chunked=True,
    )
    found = connection.getresponse()
    assert found.status == 413
    found.read()
    connection.close()


@pytest.mark.parametrize("role", ["queen", "hive"])
@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "NOT_FOUND"),
        ("GET", "/v2/nothing", 404, "NOT_FOUND"),
        ("DELETE", "/health", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "/v1/health", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_unknown_addresses_and_methods_answer_in_the_same_error_shape(
    home: Home, role: str, method: str, path: str, status: int, code: str
) -> None:
    """A client has one parser for errors (11.6)."""
    daemon = home.queen()[1] if role == "queen" else home.hive()[1]
    answer = daemon.call(method, path)
    assert (answer.status, answer.error["code"], answer.error["src"]) == (status, code, role)
    assert answer.headers["content-type"] == "application/json"
    assert answer.error["correlation_id"] == answer.headers["x-correlation-id"]


def test_an_unknown_task_is_404_everywhere(home: Home) -> None:
    """The id may be old; the answer says so."""
    _, queen = home.queen()
    for method, path in [
        ("GET", "/v2/tasks/none"),
        ("DELETE", "/v2/tasks/none"),
        ("GET", "/v2/tasks/none/events"),
        ("POST", "/v2/tasks/none/cancel"),
    ]:
        answer = queen.call(method, path)
        assert (answer.status, answer.error["code"]) == (404, "TASK_NOT_FOUND")


def test_every_answer_carries_a_correlation_id_and_an_unsafe_one_is_replaced(home: Home) -> None:
    """14.1; a UUID unless the caller sent a valid one."""
    _, queen = home.queen()
    assert uuid.UUID(queen.call("GET", "/health").headers["x-correlation-id"])
    assert queen.call("GET", "/health", headers={"x-correlation-id": "abc-1"}).headers["x-correlation-id"] == "abc-1"
    for unsafe in ("a b", "x" * 65, "a;b"):
        assert queen.call("GET", "/health", headers={"x-correlation-id": unsafe}).headers["x-correlation-id"] != unsafe


def test_one_correlation_id_ties_the_log_lines_of_a_task_together(home: Home) -> None:
    """9.5, 17.3."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", body(model), headers={"x-correlation-id": "tie-1"}) as stream:
        assert stream.rest()[-1].name == "end"
    (line,) = eventually(
        lambda: [
            line
            for line in home.log_lines("queen")
            if line.get("correlation_id") == "tie-1" and line["action"] == "infer"
        ],
        "the queen's log names the correlation id",
    )
    assert line["human"] == "task done"
    assert line["duration_ms"] > 0


def test_the_log_says_who_cancelled_a_task_with_its_correlation_id(home: Home) -> None:
    """One id finds everything about a request, its early end too."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", body(model), headers={"x-correlation-id": "gone-1"}) as stream:
        stream.until("token")
    accepted = queen.call("POST", "/v2/tasks", body(model, stream=False), headers={"x-correlation-id": "gone-2"}).json()
    queen.call("DELETE", f"/v2/tasks/{accepted['task_id']}")
    for correlation_id, why in (("gone-1", "its client left"), ("gone-2", "a caller asked for it")):
        eventually(
            lambda correlation_id=correlation_id, why=why: [  # type: ignore[misc]
                line
                for line in home.log_lines("queen")
                if line.get("correlation_id") == correlation_id and line["human"] == f"task cancelled: {why}"
            ],
            f"the end of {correlation_id} is in the log",
        )


def test_two_deadlines_in_one_request_are_told(home: Home) -> None:
    """One of them does not count, and its sender should know."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    moment = round(time.time() * 1000)
    headers = {"x-deadline": str(moment + 60_000)}
    with queen.stream("POST", "/v2/tasks", body(model, deadline_ms=moment + 50_000), headers=headers) as stream:
        told = [event for event in stream.rest() if event.data.get("action") == "deadline"]
    assert "earliest" in told[0].data["human"]


def test_the_default_model_is_used_when_none_is_named(home: Home) -> None:
    """One setting."""
    model = home.fake_model(tokens=["default"], ends=True)
    _, queen = home.queen(default_model=model)
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi"}) as stream:
        assert text_of(stream.rest()) == "default"


@pytest.mark.parametrize(
    ("fields", "status", "code", "source"),
    [
        ({"model": "nothing"}, 404, "MODEL_NOT_FOUND", "hive"),
        ({"backend": "metal"}, 503, "BACKEND_UNAVAILABLE", "hive"),
        ({"node": "far"}, 404, "NODE_NOT_FOUND", "queen"),
    ],
)
def test_what_is_wrong_before_the_first_byte_is_an_http_status(
    home: Home, fields: dict[str, Any], status: int, code: str, source: str
) -> None:
    """A program looks at the status first; and the hop that failed is named (style 28)."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", body(model)) as stream:
        assert stream.rest()[-1].name == "end", "the hive is there now, and answers at once"
    answer = queen.call("POST", "/v2/tasks", {"prompt": "hi", **fields})
    assert (answer.status, answer.error["code"], answer.error["src"]) == (status, code, source)
    assert answer.headers["content-type"] == "application/json"


def test_no_prompt_and_no_token_is_ever_written_to_a_log(home: Home) -> None:
    """Prompts are the person's; tokens open doors (12.4, 15.4)."""
    model = home.fake_model(tokens=["the-answer-text"], ends=True)
    _, queen = home.queen(api_token="a-token-of-more-than-16-characters")
    secret = "my-very-private-prompt"
    with queen.stream("POST", "/v2/tasks", {"prompt": secret, "model": model}) as stream:
        assert stream.rest()[-1].name == "end"
    queen.call("POST", "/v2/tasks", {"prompt": secret + "\x00"})
    Daemon(port=queen.port, token="a-wrong-token-of-some-length").call("GET", "/v2/status")
    logs = home.all_logs()
    assert "task done" in logs, "the logs are empty, so this test would prove nothing"
    for hidden in (secret, "the-answer-text", "a-token-of-more-than-16-characters", "a-wrong-token-of-some-length"):
        assert hidden not in logs


def test_half_a_request_blocks_nobody(home: Home) -> None:
    """One slow client must not hold up the others."""
    _, queen = home.queen()
    with socket.create_connection(("127.0.0.1", queen.port)) as slow:
        slow.sendall(b"POST /v2/tasks HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
        assert queen.call("GET", "/health", limit_s=5).status == 200
