"""Hives that die, freeze, answer nonsense or have another version: what it costs, and that the queen goes on."""

import contextlib
import http.server
import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from rbee_keeper import __version__

from ..calls import Daemon, Event, text_of
from ..programs import Home, free_port
from ..waiting import eventually


class OddHive:
    """A program that reports as a hive and answers every order in one way."""

    def __init__(self, status: int, body: bytes, *, delay_s: float = 0.0) -> None:
        """Listen."""
        self.asked = 0
        self.delay_s = delay_s
        odd = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                odd.asked += 1
                time.sleep(odd.delay_s)
                with contextlib.suppress(OSError):
                    self.send_response(status)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Stay silent."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def report(self, **fields: Any) -> dict[str, Any]:
        """Return its report to the queen."""
        usual = {
            "hive_id": "hive-odd",
            "node": "far",
            "url": f"http://127.0.0.1:{self.server.server_port}",
            "token": "t",
            "version": __version__,
            "pid": 1,
            "sequence": 1,
            "workers": [],
        }
        return {**usual, **fields}


@contextlib.contextmanager
def odd_hive(status: int = 200, body: bytes = b"", *, delay_s: float = 0.0) -> Iterator[OddHive]:
    """Give an odd hive."""
    hive = OddHive(status, body, delay_s=delay_s)
    try:
        yield hive
    finally:
        hive.server.shutdown()
        hive.server.server_close()


def report(queen: Daemon, message: dict[str, Any]) -> Any:
    """Send a report as a hive does."""
    return queen.call("POST", "/v2/hives/heartbeat", message)


def events_of(queen: Daemon, model: str, **fields: Any) -> list[Event]:
    """Submit a task and return all of its events."""
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, **fields}, limit_s=60) as stream:
        return stream.rest()


@pytest.mark.parametrize("body", [b"{bro", b"[]", b"", b"<html></html>", b'"' + b"x" * 5_000_000 + b'"', b'{"a": 1}'])
def test_an_odd_answer_of_a_hive_ends_one_task_and_not_the_queen(home: Home, body: bytes) -> None:
    """It once ended the queen with every task."""
    model = home.fake_model(delay_s=0.02)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "max_tokens": 100}) as running:
        running.until("token")
        with odd_hive(200, body) as hive:
            assert report(queen, hive.report()).status == 200
            answer = queen.call("POST", "/v2/tasks", {"prompt": "hi", "model": model, "node": "far"})
        assert (answer.status, answer.error["code"]) == (500, "PROTOCOL_ERROR")
        assert "hive-odd" in answer.error["message"]
        assert running.rest()[-1].name == "end"


def test_a_hive_that_never_answers_is_asked_three_times_while_others_are_served(home: Home) -> None:
    """Each attempt is told, and the error says to look at that hive."""
    model = home.fake_model(ends=True)
    _, queen = home.queen(request_s=0.5)
    assert events_of(queen, model)[-1].name == "end"
    with odd_hive(delay_s=20) as hive:
        report(queen, hive.report())
        with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "node": "far"}, limit_s=60) as stuck:
            assert events_of(queen, model)[-1].name == "end"
            events = stuck.rest()
        assert hive.asked == 3
    assert (events[-1].name, events[-1].data["code"]) == ("error", "CONNECTION_TIMEOUT")
    assert "look at that hive" in events[-1].data["hint"]
    assert len([event for event in events if event.data.get("action") == "retry"]) == 2


def test_an_overloaded_hive_is_asked_three_times(home: Home) -> None:
    """503 once ended the task at the first try."""
    home.fake_model()
    _, queen = home.queen()
    body = b'{"error":{"code":"SERVICE_UNAVAILABLE","message":"too much to do"}}'
    with odd_hive(503, body) as hive:
        report(queen, hive.report())
        events = events_of(queen, "m", node="far")
        assert hive.asked == 3
    assert events[-1].data["code"] == "SERVICE_UNAVAILABLE"


def test_a_hive_of_another_version_is_named_once_shown_and_not_used(home: Home) -> None:
    """Its messages may mean something else; that it reports more than this queen knows is no riddle then."""
    home.fake_model()
    _, queen = home.queen()
    with odd_hive() as hive:
        for sequence in (1, 2):
            answer = report(queen, hive.report(version="9.9.9", sequence=sequence, moons=7))
            assert (answer.status, answer.error["code"]) == (409, "VERSION_MISMATCH")
        answer = queen.call("POST", "/v2/tasks", {"prompt": "hi", "node": "far"})
        assert (answer.status, answer.error["code"]) == (409, "VERSION_MISMATCH")
        assert hive.asked == 0
    (shown,) = queen.call("GET", "/v2/status").json()["hives"]
    assert "9.9.9" in shown["problem"]
    told = [line for line in home.log_lines("queen") if line["target"] == "hive-odd" and line["action"] == "refuse"]
    assert len(told) == 1


def test_a_goodbye_that_was_overtaken_by_a_report_leaves_no_ghost(home: Home) -> None:
    """A ghost at a reused port makes every order fail with 401."""
    home.fake_model()
    _, queen = home.queen()
    with odd_hive() as hive:
        report(queen, hive.report())
        report(queen, hive.report(sequence=3, is_leaving=True))
        report(queen, hive.report(sequence=2))
    assert queen.call("GET", "/v2/status").json()["hives"] == []


def test_a_hive_that_answers_401_is_dropped_and_the_task_done_elsewhere(home: Home) -> None:
    """Another program has its port; that is no word about the caller's key."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    with odd_hive(401, b'{"error":{"code":"INVALID_API_KEY","message":"no"}}') as hive:
        report(queen, hive.report(node="localhost"))
        assert events_of(queen, model)[-1].name == "end"
        assert hive.asked == 1


def test_an_own_hive_that_is_killed_costs_no_task(home: Home) -> None:
    """The next infer once failed with WORKER_CRASHED."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    assert events_of(queen, model)[-1].name == "end"
    for _ in range(3):
        (worker,) = home.roles()["worker"]
        home.the("hive").kill()
        # what has shown a token to the client cannot be begun again: the worker of the dead hive must be gone
        psutil.wait_procs([worker], timeout=10)
        events = events_of(queen, model)
        assert text_of(events) == "fake token ", events


def test_an_own_hive_that_is_killed_under_a_task_without_a_token_costs_it_a_retry(home: Home) -> None:
    """Nothing was shown yet."""
    model = home.fake_model(delay_s=1.0)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "max_tokens": 2}, limit_s=60) as stream:
        eventually(
            lambda: [
                each for each in queen.call("GET", "/v2/workers/list").json()["workers"] if each["state"] == "busy"
            ],
            "the worker executes the task",
        )
        home.the("hive").kill()
        events = stream.rest()
    assert text_of(events) == "fake token ", events


def test_a_frozen_own_hive_is_replaced(home: Home) -> None:
    """Every task that needed a new worker failed, for as long as anybody looked."""
    first = home.fake_model("first", ends=True)
    second = home.fake_model("second", ends=True)
    _, queen = home.queen(request_s=0.5, heartbeat_s=1, lease_s=60)
    assert events_of(queen, first)[-1].name == "end"
    frozen = psutil.Process(home.the("hive").pid)
    frozen.suspend()
    assert text_of(events_of(queen, second)) == "fake token "
    eventually(lambda: not frozen.is_running() or frozen.status() == psutil.STATUS_ZOMBIE, "the frozen hive is gone")
    assert home.the("hive").pid != frozen.pid


def test_a_frozen_own_hive_is_replaced_though_nobody_asks_it(home: Home) -> None:
    """Its workers would never be watched again."""
    model = home.fake_model(ends=True)
    _, queen = home.queen(hive_stale_s=2, heartbeat_s=0.5, lease_s=60)
    assert events_of(queen, model)[-1].name == "end"
    frozen = psutil.Process(home.the("hive").pid)
    frozen.suspend()
    eventually(lambda: queen.call("GET", "/v2/status").json()["hives"] == [], "the frozen hive is forgotten")
    eventually(lambda: not frozen.is_running() or frozen.status() == psutil.STATUS_ZOMBIE, "the frozen hive is gone")
    assert events_of(queen, model)[-1].name == "end"


def test_a_hive_by_hand_that_is_killed_is_dropped_at_once_and_the_returned_one_used_at_once(home: Home) -> None:
    """Every task failed for 147 s, also after the hive was there again."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    program, _ = home.hive()
    eventually(lambda: queen.call("GET", "/v2/status").json()["hives"], "the hive reports")
    assert events_of(queen, model)[-1].name == "end"
    program.process.kill()
    program.process.wait()
    began_at = time.monotonic()
    assert text_of(events_of(queen, model)) == "fake token "
    assert time.monotonic() - began_at < 30
    home.set(hive_port=free_port())
    home.start("rbee-hive", "daemon")
    eventually(
        lambda: [each for each in queen.call("GET", "/v2/status").json()["hives"] if not each["is_ours"]],
        "the new hive is known",
    )
