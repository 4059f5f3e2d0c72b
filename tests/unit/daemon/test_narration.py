"""Narration: one JSON line per event, and never a secret."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.daemon.narration import Narrator, redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("bearer   abc123", "abc123"),
        ("token=abc123", "abc123"),
        ("api_key: abc123", "abc123"),
        ("apikey=abc123", "abc123"),
        ("password = hunter2", "hunter2"),
        ("secret:abc123,next", "abc123"),
        ("http://user:hunter2@host/path", "hunter2"),
        ("eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
        ("-----BEGIN PRIVATE KEY-----\nMIIEv\n-----END PRIVATE KEY-----", "MIIEv"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz", "b3BlbnNz"),
    ],
)
def test_secrets_are_taken_out(text: str, secret: str) -> None:
    """Logs are mailed, pasted and published (17.6)."""
    assert secret not in redact(f"before {text} after")
    assert "[REDACTED]" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "worker-3f2c1a90-0000-4000-8000-000000000000 is started",
        "12 tokens, 3 tokens/s",
        "http://127.0.0.1:8080 answers",
        "the token is not the right one",
    ],
)
def test_ordinary_text_and_ids_stay(text: str) -> None:
    """A log without its ids is of no use."""
    assert redact(text) == text


@given(st.text())
def test_no_text_can_forge_a_second_line(text: str) -> None:
    """Whoever reads a log must be able to trust its lines (11.1)."""
    line = redact(text)
    assert len(line.splitlines()) <= 1
    assert "\x1b" not in line


def test_a_line_says_who_did_what_to_whom_and_when(capsys: pytest.CaptureFixture[str]) -> None:
    """The required fields of 17.4."""
    Narrator("queen-rbee").say("spawn", "a worker is started", target="worker-1", pid=7, note="password=hunter2")
    line = json.loads(capsys.readouterr().err)
    assert (line["actor"], line["action"], line["target"]) == ("queen-rbee", "spawn", "worker-1")
    assert (line["human"], line["level"], line["pid"]) == ("a worker is started", "INFO", 7)
    assert line["emitted_by"].startswith("rbee@")
    assert line["time"] > 1_700_000_000
    assert "hunter2" not in str(line)


def test_times_rise_and_long_texts_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """A log is read in order; one event must not fill it."""
    narrator = Narrator("hive")
    for _ in range(3):
        narrator.say("x", "y" * 5000)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    assert all(len(line["human"]) <= 400 for line in lines)
