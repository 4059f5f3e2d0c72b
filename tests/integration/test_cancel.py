"""Cancelling: by DELETE, by leaving, by Ctrl-C; the slot is free at once."""

import signal
from typing import Any

import pytest

from ..calls import Daemon
from ..programs import Home
from ..waiting import eventually


@pytest.fixture
def running(home: Home) -> tuple[Home, Daemon, str]:
    """Give a queen and a model whose answers take a minute."""
    model = home.fake_model(delay_s=0.03)
    _, queen = home.queen()
    return home, queen, model


def body(model: str, **fields: Any) -> dict[str, Any]:
    """Return a task of two thousand tokens."""
    return {"prompt": "hi", "model": model, "max_tokens": 2000, **fields}


def slots_are_free(queen: Daemon) -> None:
    """Wait until the queen and the worker agree that nothing runs."""
    eventually(lambda: queen.call("GET", "/v2/status").json()["tasks_running"] == 0, "no task runs", within_s=5)
    worker = queen.call("GET", "/v2/workers/list").json()["workers"][0]
    assert worker["slots_available"] == worker["slots_total"]
    health = Daemon(port=int(worker["url"].rpartition(":")[2]))
    eventually(lambda: health.call("GET", "/health").json()["slots_available"] == 4, "the slot is free", within_s=5)


@pytest.mark.parametrize(("method", "suffix"), [("DELETE", ""), ("POST", "/cancel")])
def test_a_running_task_is_cancelled_and_repeating_it_is_no_error(
    running: tuple[Home, Daemon, str], method: str, suffix: str
) -> None:
    """204, also when repeated; no token afterwards; the slot is free (9.4)."""
    _, queen, model = running
    with queen.stream("POST", "/v2/tasks", body(model)) as stream:
        task_id = stream.until("queued").data["task_id"]
        stream.until("token")
        for _ in range(2):
            assert queen.call(method, f"/v2/tasks/{task_id}{suffix}").status == 204
        rest = stream.rest()
    assert (rest[-1].name, rest[-1].data["code"]) == ("error", "REQUEST_CANCELED")
    slots_are_free(queen)
    assert queen.call("GET", f"/v2/tasks/{task_id}").json()["status"] == "cancelled"
    assert queen.call(method, f"/v2/tasks/{task_id}{suffix}").status == 204


def test_a_waiting_task_is_cancelled_without_ever_running(home: Home) -> None:
    """19.3."""
    model = home.fake_model(delay_s=0.03)
    _, queen = home.queen(slots=1)
    with queen.stream("POST", "/v2/tasks", body(model)) as first:
        first.until("token")
        waiting = queen.call("POST", "/v2/tasks", body(model, stream=False)).json()
        assert queen.call("DELETE", f"/v2/tasks/{waiting['task_id']}").status == 204
        with queen.stream("GET", waiting["events_url"]) as stream:
            events = stream.rest()
        assert [event.name for event in events if event.name != "narration"] == ["queued", "error"]
        first.until("token")


def test_a_task_is_cancelled_while_its_worker_loads(home: Home) -> None:
    """The worker is kept: loading again would cost more."""
    model = home.fake_model(load_s=1.5, ends=True)
    _, queen = home.queen()
    task = queen.call("POST", "/v2/tasks", body(model, stream=False)).json()
    eventually(lambda: home.roles()["worker"], "the worker is started")
    assert queen.call("DELETE", f"/v2/tasks/{task['task_id']}").status == 204
    eventually(
        lambda: queen.call("GET", f"/v2/tasks/{task['task_id']}").json()["status"] == "cancelled", "it is cancelled"
    )
    with queen.stream("POST", "/v2/tasks", body(model)) as stream:
        assert stream.rest()[-1].name == "end"
    assert len(home.roles()["worker"]) == 1


def test_a_client_that_leaves_cancels_its_task(running: tuple[Home, Daemon, str]) -> None:
    """Nobody reads the answer any more."""
    _, queen, model = running
    with queen.stream("POST", "/v2/tasks", body(model)) as stream:
        task_id = stream.until("queued").data["task_id"]
        stream.until("token")
    slots_are_free(queen)
    assert queen.call("GET", f"/v2/tasks/{task_id}").json()["status"] == "cancelled"


def test_a_watcher_that_leaves_cancels_nothing(running: tuple[Home, Daemon, str]) -> None:
    """A 202 caller may come and go."""
    _, queen, model = running
    task = queen.call("POST", "/v2/tasks", body(model, stream=False)).json()
    with queen.stream("GET", task["events_url"]) as stream:
        stream.until("token")
    with queen.stream("GET", task["events_url"]) as stream:
        stream.until("token")
    assert queen.call("GET", f"/v2/tasks/{task['task_id']}").json()["status"] == "running"
    queen.call("DELETE", f"/v2/tasks/{task['task_id']}")
    slots_are_free(queen)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_to_the_command_line_cancels_its_task_and_leaves_the_queen(
    running: tuple[Home, Daemon, str], number: signal.Signals, code: int
) -> None:
    """Ctrl-C ends what the person asked for and nothing else (10.1)."""
    home, queen, model = running
    keeper = home.start("rbee", "infer", "-m", model, "-p", "hi", "--max-tokens", "2000")
    keeper.wait_for_output("fake token ")
    keeper.send(number)
    done = keeper.finish(10)
    assert done.code == code
    assert "Traceback" not in done.err
    slots_are_free(queen)
    assert queen.answers()


def test_a_killed_command_line_cancels_its_task(running: tuple[Home, Daemon, str]) -> None:
    """SIGKILL leaves no time to say goodbye; the closed socket says it."""
    home, queen, model = running
    keeper = home.start("rbee", "infer", "-m", model, "-p", "hi", "--max-tokens", "2000")
    keeper.wait_for_output("fake token ")
    keeper.send(signal.SIGKILL)
    assert keeper.finish(10).code == -signal.SIGKILL
    slots_are_free(queen)


def test_other_tasks_go_on_when_one_is_cancelled(running: tuple[Home, Daemon, str]) -> None:
    """Slots are independent."""
    _, queen, model = running
    with queen.stream("POST", "/v2/tasks", body(model, max_tokens=40)) as other:
        other.until("token")
        with queen.stream("POST", "/v2/tasks", body(model)) as leaving:
            leaving.until("token")
        end = other.rest()[-1]
    assert (end.name, end.data["tokens_out"]) == ("end", 40)
