"""Narration: one JSON line per event, and never a secret."""

import asyncio
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.daemon.logs.narration import Narrator
from rbee_keeper.daemon.logs.redaction import redact
from rbee_keeper.errors import Forbidden, InvalidApiKey
from rbee_keeper.transport.correlation import correlated


def repr_short(value: object) -> str:
    """Name a parameter by its type."""
    return type(value).__name__


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
        ("RBEE_API_TOKEN=abc123", "abc123"),
        ('{"token": "abc123"}', "abc123"),
        ('"api_key":"abc123"', "abc123"),
        ("Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
        ("hf_abcdefghijklmnop", "abcdefghijklmnop"),
        ("sk-abcdefghijklmnop", "abcdefghijklmnop"),
        ("ghp_abcdefghijklmnop", "abcdefghijklmnop"),
        ("github_pat_abcdefghijklmnop", "abcdefghijklmnop"),
        ("xoxb-123456789012-abcdef", "123456789012"),
        ("AKIAABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOi", "eyJzdWIiOi"),
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
        "task-0123456789abcdef0123456789abcdef is cancelled",
        "a task-list of max_tokens and risk-free sk-learn words",
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
    assert line.isprintable()


def test_a_line_says_who_did_what_to_whom_and_when(capfd: pytest.CaptureFixture[str]) -> None:
    """The required fields of 17.4."""
    Narrator("queen-rbee").say("spawn", "a worker is started", target="worker-1", pid=7, note="password=hunter2")
    line = json.loads(capfd.readouterr().err)
    assert (line["actor"], line["action"], line["target"]) == ("queen-rbee", "spawn", "worker-1")
    assert (line["human"], line["level"], line["pid"]) == ("a worker is started", "INFO", 7)
    assert line["emitted_by"].startswith("rbee@")
    assert line["time"] > 1_700_000_000
    assert "hunter2" not in str(line)


def test_times_rise_and_long_texts_are_cut(capfd: pytest.CaptureFixture[str]) -> None:
    """A log is read in order; one event must not fill it."""
    narrator = Narrator("hive")
    for _ in range(3):
        narrator.say("x", "y" * 5000)
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    assert [line["time"] for line in lines] == sorted(line["time"] for line in lines)
    assert all(len(line["human"]) <= 400 for line in lines)


@pytest.mark.parametrize(
    "text",
    ["-eyJ" * 16_000, "bearer " * 9_000, "bearer" + " " * 60_000, "://a:" * 12_000, "-----BEGIN " + "A" * 60_000],
    ids=["json web tokens", "bearers", "blanks", "addresses", "keys"],
)
def test_no_text_takes_long(text: str) -> None:
    """Any caller can have a path of 64 kB logged; the event loop waits for it."""
    began_at = time.process_time()
    redact(text)
    redact(text, limit=len(text))
    assert time.process_time() - began_at < 0.5


def test_facts_are_cut_before_anything_reads_them(capfd: pytest.CaptureFixture[str]) -> None:
    """A path is whatever a caller sends, and a disk is finite."""
    Narrator("queen").say("refuse", "no", path="/x" * 40_000, target="y" * 40_000, many=["z" * 1000] * 1000)
    line = capfd.readouterr().err
    assert len(line) < 12_000
    assert len(json.loads(line)["path"]) == 400


def test_marks_that_turn_text_around_are_made_harmless(capfd: pytest.CaptureFixture[str]) -> None:
    """A terminal that shows a log obeys them."""
    Narrator("queen").say("refuse", "a\u202eb\u200fc\x9b2Jd\x1b]52;e", path="\ud800", target="\u2066")
    line = json.loads(capfd.readouterr().err)
    assert line["human"] == "a b c 2Jd ]52;e"


@pytest.mark.parametrize("fact", [10**10_000, float("nan"), object(), {1: {2: object()}}, b"\xff"], ids=repr_short)
def test_whatever_is_said_nothing_is_raised(capfd: pytest.CaptureFixture[str], fact: object) -> None:
    """Most lines are said by background work, whose failure nobody would see."""
    Narrator("queen").say("x", "y", fact=fact)
    assert capfd.readouterr().err.count("\n") == 1


def test_refusals_of_one_kind_are_few_in_a_second_and_counted(capfd: pytest.CaptureFixture[str]) -> None:
    """Anybody can send five thousand wrong requests a second; other kinds are heard meanwhile."""
    narrator = Narrator("queen")
    for _ in range(1000):
        narrator.refuse(InvalidApiKey("wrong"), path="/x")
    narrator.refuse(Forbidden("no"), path="/y")
    time.sleep(1.1)
    narrator.say("start", "something else")
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    shown = [line for line in lines if line.get("code") == "INVALID_API_KEY"]
    assert len(shown) < 20
    assert sum(line.get("left_out", 1) for line in shown) == 1000
    assert [line["path"] for line in lines if line.get("code") == "FORBIDDEN"] == ["/y"]


def test_a_line_carries_the_id_of_the_request_that_it_belongs_to(capfd: pytest.CaptureFixture[str]) -> None:
    """One id must find everything, also what was started for the request and said later."""
    narrator = Narrator("queen")

    async def later() -> None:
        await asyncio.sleep(0)
        narrator.say("chore", "later")

    async def request() -> None:
        with correlated("abc"):
            chore = asyncio.create_task(later())
            narrator.say("request", "now")
        narrator.say("other", "none")
        await chore

    asyncio.run(request())
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    found = {line["action"]: line.get("correlation_id") for line in lines}
    assert found == {"request": "abc", "other": None, "chore": "abc"}
