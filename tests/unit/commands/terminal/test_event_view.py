"""What a person and a program see of the events of one task."""

import json
from pathlib import Path

import pytest

from rbee_keeper.commands.terminal.event_view import EventView
from rbee_keeper.commands.terminal.progress import Progress
from rbee_keeper.contract.events import End, Event, Failed, Narration, Queued, Token, Usage
from rbee_keeper.contract.ids import TaskId
from rbee_keeper.contract.wire import encode
from rbee_keeper.errors import ConnectionFailed, QueueFull

END = End(
    tokens_out=2,
    stop_reason="EOS",
    usage=Usage(prompt_tokens=3, completion_tokens=2, total_tokens=5),
    queue_ms=0.0,
    ttft_ms=12.0,
    prompt_ms=1.0,
    decode_time_ms=1.0,
    tokens_per_s=40.0,
)


def view(folder: Path, *, as_json: bool = False, stats: bool = False) -> EventView:
    """Return a view that keeps what is cut in the folder."""
    progress = Progress(quiet=True)
    return EventView(
        progress=progress, as_json=as_json, quiet=False, stats=stats, max_tokens=10, cut_answers_dir=folder
    )


def show(shown: EventView, *events: Event) -> None:
    """Show events one after the other."""
    for event in events:
        shown.show(event, encode(event).decode())


def test_a_pipe_gets_the_tokens_and_nothing_else(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What comes next in the pipe must not have to take anything out."""
    queued = Queued(task_id=TaskId("task-1"), queue_position=1)
    show(view(tmp_path), queued, Narration(actor="a", action="b", human="loading"), Token(t="a", i=0), END)
    assert capfd.readouterr() == ("a", "")


def test_json_prints_every_event_as_it_came(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """One event a line, for programs."""
    show(view(tmp_path, as_json=True), Token(t="a\n", i=0), END)
    assert [json.loads(line)["event"] for line in capfd.readouterr().out.splitlines()] == ["token", "end"]


def test_statistics_go_to_standard_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """They are not part of the text."""
    show(view(tmp_path, stats=True), Token(t="a", i=0), END)
    out, err = capfd.readouterr()
    assert out == "a"
    assert "3 prompt tokens, 2 tokens, first after 12 ms, 40 tokens/s, ended by EOS" in err


def test_a_text_that_is_cut_is_kept_for_its_reader_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Minutes of somebody's work are not thrown away with the connection."""
    shown = view(tmp_path / "cut")
    show(shown, Token(t="half a ", i=0), Token(t="sentence", i=1))
    shown.show_error(ConnectionFailed("the queen is gone"))
    (kept,) = (tmp_path / "cut").iterdir()
    assert kept.read_text() == "half a sentence"
    assert kept.stat().st_mode & 0o077 == 0
    err = capfd.readouterr().err
    assert f"cut after 2 of at most 10 tokens; the text so far is in {kept}; the same command may succeed" in err


def test_an_event_that_says_why_the_task_failed_is_that_error(tmp_path: Path) -> None:
    """Its code decides the exit code."""
    with pytest.raises(QueueFull, match="full"):
        show(view(tmp_path), Failed(code="QUEUE_FULL", message="full", src="queen"))


@pytest.mark.parametrize("has_event", [False, True])
def test_a_reader_of_json_always_gets_one_closing_event(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], has_event: bool
) -> None:
    """A program must not have to guess from silence."""
    shown = view(tmp_path, as_json=True)
    error = ConnectionFailed("gone")
    if has_event:
        with pytest.raises(ConnectionFailed) as caught:
            show(shown, Failed(code="CONNECTION_FAILED", message="gone"))
        error = caught.value
    shown.show_error(error)
    (line,) = capfd.readouterr().out.splitlines()
    assert json.loads(line)["code"] == "CONNECTION_FAILED"
    assert list(tmp_path.iterdir()) == []
