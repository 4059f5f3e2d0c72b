"""Both faces of the client against a queen that fails in every way: the same calls, resumed and repeated alike."""

import json
import socket
from collections.abc import Callable

import pytest

from rbee_keeper.client.patience import Patience
from rbee_keeper.errors import (
    ConnectionFailed,
    ConnectionTimeout,
    EventsExpired,
    InvalidInput,
    ProtocolError,
    QueueFull,
    RbeeError,
    WorkerCrashed,
)
from rbee_keeper.transport import proof

from .scripted_queen import (
    DONE,
    EVENTS,
    TASK,
    Asynchronous,
    Blocking,
    message,
    refusal,
    response,
    scripted_queen,
    spec,
    stream,
    text_of,
)

Face = Callable[..., Blocking | Asynchronous]
BOTH = pytest.mark.parametrize("face", [Blocking, Asynchronous])
NO_WORKERS = response({"workers": []})


@BOTH
def test_a_task_is_submitted_and_its_events_come_with_their_text(face: Face) -> None:
    """The ordinary case, so that the others mean something."""
    with scripted_queen(stream(*EVENTS, DONE)) as queen:
        received = face(queen.url, token="secret").events("infer", spec(), timeout_s=60, correlation_id="mine-1")
    assert text_of(received) == "abc"
    assert [json.loads(text)["event"] for _, text in received] == ["queued", "token", "token", "token", "end"]
    (asked,) = queen.asked
    assert asked.line == "POST /v2/tasks"
    assert json.loads(asked.body)["prompt"] == "hi"
    assert asked.headers["authorization"] == "Bearer secret"
    assert asked.headers["x-correlation-id"] == "mine-1"
    assert "x-deadline" in asked.headers


@BOTH
@pytest.mark.parametrize(
    ("name", "arguments", "line", "value"),
    [
        ("workers", (), "GET /v2/workers/list", {"workers": []}),
        ("stop_worker", ("worker-1",), "POST /v2/workers/shutdown", {"success": True, "message": "taken"}),
        ("shutdown", (), "POST /v2/shutdown", None),
        ("cancel_task", (TASK,), f"POST /v2/tasks/{TASK}/cancel", None),
        (
            "task",
            (TASK,),
            f"GET /v2/tasks/{TASK}",
            {"task_id": TASK, "status": "done", "model": "bee-tiny", "submitted_at": 1.0, "times": {"submitted": 1.0}},
        ),
    ],
)
def test_every_call_asks_for_its_own_address(
    face: Face, name: str, arguments: tuple[str, ...], line: str, value: object
) -> None:
    """One description, so that no face has an address of its own."""
    with scripted_queen(response(value)) as queen:
        face(queen.url).call(name, *arguments)
    assert queen.lines == [line]


@BOTH
def test_a_greeting_sends_no_token_and_is_believed_with_a_proof_only(face: Face) -> None:
    """A program that happens to listen there must learn nothing."""
    with scripted_queen(response({"status": "ok", "version": "1"})) as queen:
        greeting = face(queen.url, token="secret").call("greet")
    assert (greeting.version, greeting.is_proved) == ("1", False)
    assert "authorization" not in queen.asked[0].headers
    assert proof.CHALLENGE_HEADER in queen.asked[0].headers


@BOTH
def test_a_lost_connection_is_resumed_at_every_event_and_the_text_is_whole(face: Face) -> None:
    """Nothing is lost and nothing comes twice, wherever the cable was pulled."""
    cuts = [stream(*EVENTS[: count + 1], is_cut=True) for count in range(len(EVENTS) - 1)]
    for count, cut in enumerate(cuts):
        with scripted_queen(cut, stream(*EVENTS[count + 1 :], DONE)) as queen:
            received = face(queen.url).events("infer", spec(detach_s=30))
        assert text_of(received) == "abc"
        assert len(received) == len(EVENTS)
        assert queen.lines == ["POST /v2/tasks", f"GET /v2/tasks/{TASK}/events"]
        assert queen.asked[1].headers["last-event-id"] == str(count + 1)


@BOTH
def test_half_an_event_is_read_again_whole(face: Face) -> None:
    """A cut falls between bytes, not between events."""
    with scripted_queen(stream(*EVENTS[:2], EVENTS[2][:-9], is_cut=True), stream(*EVENTS[1:], DONE)) as queen:
        received = face(queen.url).events("infer", spec(detach_s=30))
    assert text_of(received) == "abc"


@BOTH
def test_a_task_that_does_not_wait_for_its_reader_is_not_resumed(face: Face) -> None:
    """The queen has cancelled it, and what it would say of that is not why the answer is cut."""
    with scripted_queen(stream(*EVENTS[:2], is_cut=True)) as queen, pytest.raises(ConnectionFailed):
        face(queen.url).events("infer", spec())
    assert queen.lines == ["POST /v2/tasks"]


@BOTH
def test_a_stream_that_ends_well_formed_without_its_closing_event_is_a_failure(face: Face) -> None:
    """A proxy that ends streams early must not pass for a model that has said all."""
    with scripted_queen(stream(*EVENTS[:3])) as queen, pytest.raises(ConnectionFailed, match="closing event"):
        face(queen.url).events("infer", spec())


@BOTH
def test_a_connection_that_breaks_after_the_closing_event_is_no_failure(face: Face) -> None:
    """Everything has been said."""
    with scripted_queen(stream(*EVENTS, is_cut=True)) as queen:
        assert text_of(face(queen.url).events("infer", spec(detach_s=30))) == "abc"
    assert len(queen.asked) == 1


@BOTH
def test_events_that_have_expired_end_the_resumption(face: Face) -> None:
    """A text with a hole is worse than an error."""
    with (
        scripted_queen(stream(*EVENTS[:2], is_cut=True), refusal(410, "EVENTS_EXPIRED")) as queen,
        pytest.raises(EventsExpired),
    ):
        face(queen.url).events("infer", spec(detach_s=30))
    assert len(queen.asked) == 2


@BOTH
def test_a_task_of_before_is_followed_from_any_event_on(face: Face) -> None:
    """The terminal view opens what somebody else has started."""
    with scripted_queen(stream(*EVENTS[2:3], is_cut=True), stream(*EVENTS[3:], DONE)) as queen:
        assert text_of(face(queen.url).events("follow", TASK, after_id=2)) == "bc"
    assert [asked.headers["last-event-id"] for asked in queen.asked] == ["2", "3"]


@BOTH
def test_leaving_early_asks_nothing_more(face: Face) -> None:
    """Ctrl-C must not be taken for a broken cable."""
    with scripted_queen(stream(*EVENTS, DONE)) as queen:
        assert len(face(queen.url).events("infer", spec(), leave_after=2)) == 2
    assert len(queen.asked) == 1


@BOTH
def test_leaving_a_task_that_would_wait_for_its_reader_cancels_it_by_name(face: Face) -> None:
    """Ctrl-C means now: the slot must not be held until the task has waited in vain."""
    with scripted_queen(stream(*EVENTS[:3]), response({})) as queen:
        assert len(face(queen.url).events("infer", spec(detach_s=30), leave_after=2)) == 2
    assert queen.lines[1:] in ([f"DELETE /v2/tasks/{TASK}"], [f"POST /v2/tasks/{TASK}/cancel"])


@BOTH
def test_a_refusal_that_passes_is_asked_again(face: Face) -> None:
    """A full queue is a matter of moments."""
    full = refusal(429, "QUEUE_FULL", retriable=True, retry_after_ms=20)
    with scripted_queen(full, full, stream(*EVENTS, DONE)) as queen:
        assert text_of(face(queen.url).events("infer", spec())) == "abc"
    assert queen.lines == ["POST /v2/tasks"] * 3


@BOTH
def test_a_refusal_is_given_up_after_a_few_attempts(face: Face) -> None:
    """Nobody waits for ever."""
    with scripted_queen(refusal(429, "QUEUE_FULL", retriable=True)) as queen, pytest.raises(QueueFull):
        face(queen.url).events("infer", spec())
    assert len(queen.asked) == 4


@BOTH
@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [("INVALID_PARAMS", 400, InvalidInput), ("WORKER_CRASHED", 502, WorkerCrashed), ("SOMETHING_NEW", 500, RbeeError)],
)
def test_a_refusal_that_stays_is_not_asked_again(face: Face, code: str, status: int, kind: type[RbeeError]) -> None:
    """A wrong request stays wrong, and work that failed is not begun again behind somebody's back."""
    with scripted_queen(refusal(status, code)) as queen, pytest.raises(kind) as caught:
        face(queen.url).events("infer", spec())
    assert len(queen.asked) == 1
    assert caught.value.source == "queen"


@BOTH
def test_a_question_whose_connection_broke_is_asked_again(face: Face) -> None:
    """To ask twice for the workers does no harm."""
    with scripted_queen(b"", b"HTTP/1.1 200 OK\r\n", NO_WORKERS) as queen:
        assert face(queen.url).call("workers").workers == []
    assert len(queen.asked) == 3


@BOTH
def test_a_submission_whose_fate_is_unknown_is_not_sent_again(face: Face) -> None:
    """It may be running already."""
    with scripted_queen(b"") as queen, pytest.raises(ConnectionFailed):
        face(queen.url).events("infer", spec())
    assert len(queen.asked) == 1


@BOTH
def test_a_submission_that_nobody_took_is_sent_again(face: Face) -> None:
    """A queen that is being restarted is there again in a moment."""
    stubborn = Patience(repeats=200, first_wait_s=0.05, longest_wait_s=0.1)
    with scripted_queen(stream(*EVENTS, DONE), listens_after_s=0.3) as queen:
        assert text_of(face(queen.url, patience=stubborn).events("infer", spec())) == "abc"
    assert queen.lines == ["POST /v2/tasks"]


@BOTH
def test_nobody_listening_is_told_after_a_moment(face: Face) -> None:
    """The commonest error of all: nothing was started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with pytest.raises(ConnectionFailed, match="nothing answers"):
        face(url).call("status")


@BOTH
@pytest.mark.parametrize("data", [response({"workers": 5}), response([]), b"SSH-2.0\r\n\r\n", response({}, 500)])
def test_what_is_not_a_queen_is_a_protocol_error_at_once(face: Face, data: bytes) -> None:
    """Another program may have the port."""
    with scripted_queen(data) as queen, pytest.raises(ProtocolError):
        face(queen.url).call("workers")
    assert len(queen.asked) == 1


@BOTH
def test_an_unknown_event_is_a_protocol_error(face: Face) -> None:
    """A newer queen says things that this version would leave out."""
    with scripted_queen(stream(message(1, "telepathy"))) as queen, pytest.raises(ProtocolError):
        face(queen.url).events("infer", spec())


@BOTH
def test_a_queen_that_does_not_end_the_task_is_given_up_after_its_deadline(face: Face) -> None:
    """Every wait has an end, resumed or not."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ConnectionTimeout):
            face(url).events("infer", spec(detach_s=30), timeout_s=-1.8)
