"""One task over several connections: what is sent next and when it is given up, with a clock in the hand."""

from dataclasses import replace

import pytest

from rbee_keeper.client import calls
from rbee_keeper.client.patience import ONCE, Patience
from rbee_keeper.client.task_stream import SILENCE_S, TaskStream
from rbee_keeper.contract.ids import TaskId
from rbee_keeper.errors import ConnectionFailed, ConnectionTimeout, TaskNotFound, Unavailable

from .scripted_queen import DONE, EVENTS, TASK, message, spec, text_of

PATIENCE = Patience(first_wait_s=1.0, longest_wait_s=4.0)
LOST = ConnectionFailed("the connection broke")


def submitted(*, resume_s: float = 30.0, timeout_s: float | None = None) -> TaskStream:
    """Return the stream of a task that is about to be submitted at the moment 0."""
    submission = calls.submit(spec(), deadline=None, correlation_id="")
    return TaskStream.submitted(submission, timeout_s=timeout_s, resume_s=resume_s, patience=PATIENCE, now=0.0)


def test_the_submission_is_sent_until_the_task_has_a_name() -> None:
    """Without its id nobody can ask for its events."""
    stream = submitted()
    assert stream.next_call().path == "/v2/tasks"
    stream.feed(EVENTS[0])
    call = stream.next_call()
    assert (call.method, call.path, call.headers["last-event-id"]) == ("GET", f"/v2/tasks/{TASK}/events", "1")


def test_the_task_is_looked_for_as_long_as_it_waits_for_its_reader() -> None:
    """Afterwards it is cancelled, and there is nothing to come back to."""
    stream = submitted(resume_s=10.0)
    stream.feed(EVENTS[0])
    assert [stream.wait_s_after(LOST, now) for now in (100.0, 101.0, 103.0, 107.0)] == [1.0, 2.0, 4.0, None]


def test_a_submission_is_sent_again_after_a_loss_only_when_it_may_be_sent_twice() -> None:
    """A queen that knows the key of a submission executes it once, however often it comes."""
    submission = calls.submit(spec(), deadline=None, correlation_id="")
    for is_safe, wait_s in ((False, None), (True, 1.0)):
        stream = TaskStream.submitted(
            replace(submission, is_safe=is_safe), timeout_s=None, resume_s=0.0, patience=PATIENCE, now=0.0
        )
        assert stream.wait_s_after(LOST, 0.0) == wait_s


def test_who_asks_once_does_not_come_back_for_the_rest_either() -> None:
    """A queen that was started for one command is gone for good: `rbee infer` once looked for it for 3 s more."""
    submission = calls.submit(spec(), deadline=None, correlation_id="")
    stream = TaskStream.submitted(submission, timeout_s=None, resume_s=30.0, patience=ONCE, now=0.0)
    stream.feed(EVENTS[0])
    assert stream.wait_s_after(LOST, 0.0) is None


def test_an_event_after_a_loss_begins_the_count_again() -> None:
    """A long answer over a bad line is lost many times, and still comes."""
    stream = submitted(resume_s=10.0)
    stream.feed(EVENTS[0])
    assert stream.wait_s_after(LOST, 100.0) == 1.0
    stream.feed(EVENTS[1])
    assert stream.wait_s_after(LOST, 1000.0) == 1.0


def test_silence_is_a_loss_and_a_refusal_that_passes_is_waited_for() -> None:
    """A half-open connection looks like a queen with nothing to say."""
    stream = submitted()
    stream.feed(EVENTS[0])
    assert stream.wait_s_after(ConnectionTimeout("silent"), 0.0) == 1.0
    assert stream.wait_s_after(Unavailable("starting", source="queen"), 0.0) == 2.0
    assert stream.wait_s_after(TaskNotFound("forgotten", source="queen"), 0.0) is None


def test_no_connection_is_made_after_the_deadline_of_the_task() -> None:
    """The queen has ended it by then."""
    stream = submitted(timeout_s=20.0)
    stream.feed(EVENTS[0])
    assert stream.wait_s_after(LOST, 20.0) == 1.0
    assert stream.wait_s_after(LOST, 21.0) is None


def test_the_next_bytes_may_take_as_long_as_a_queen_may_be_silent() -> None:
    """And no longer than the task itself may."""
    assert submitted().read_limit_s(0.0) == SILENCE_S
    assert submitted(timeout_s=10.0).read_limit_s(5.0) == 7.0
    assert submitted(timeout_s=10.0).read_limit_s(50.0) > 0


def test_an_event_that_came_before_is_not_given_again() -> None:
    """A log that is read to its end sends its last event once more."""
    stream = submitted()
    assert text_of(stream.feed(b"".join(EVENTS[:3]))) == "ab"
    assert text_of(stream.feed(b"".join(EVENTS[1:4]))) == "c"


def test_messages_of_other_kinds_are_left_out() -> None:
    """Comments keep the line open; an event without an id is given all the same."""
    stream = submitted()
    stream.feed(EVENTS[0])
    assert stream.feed(b": waiting\n\nretry: 5\n\n") == []
    without_id = message(9, "token", t="x", i=0).partition(b"\n")[2]
    assert text_of(stream.feed(without_id)) == "x"
    assert stream.next_call().headers["last-event-id"] == "1"


def test_the_end_marker_is_the_end() -> None:
    """Nothing is asked for afterwards."""
    stream = submitted()
    stream.feed(b"".join(EVENTS) + DONE)
    assert stream.is_over


def test_a_response_that_ends_before_the_task_is_refused() -> None:
    """An answer must never be taken for whole when it is not."""
    stream = TaskStream.followed(TaskId(TASK), after_id=0, patience=PATIENCE)
    stream.feed(EVENTS[0])
    with pytest.raises(ConnectionFailed):
        stream.require_end()
    stream.feed(EVENTS[4])
    stream.require_end()
    assert stream.is_over
