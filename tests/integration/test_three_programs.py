"""Queen, hive and worker started by hand as three programs, and queens that start their own hive."""

import signal
import socket
from contextlib import ExitStack
from typing import Any

import psutil
import pytest

from ..calls import Daemon, text_of
from ..programs import Home
from ..waiting import eventually


def ask(queen: Daemon, model: str, **fields: Any) -> str:
    """Submit a task and return its text; it must end well."""
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, **fields}) as stream:
        events = stream.rest()
    assert events[-1].name == "end", events[-1]
    return text_of(events)


def fleet(queen: Daemon) -> list[dict[str, Any]]:
    """Return the queen's list of workers, without those that it shows for a moment after their end."""
    found = queen.call("GET", "/v2/workers/list").json()["workers"]
    return [each for each in found if each["state"] not in ("stopped", "failed")]


def test_three_programs_started_by_hand_find_each_other_and_answer(home: Home) -> None:
    """The three terminals of the manual: queen, hive, worker spawn, then curl."""
    model = home.fake_model(tokens=["by ", "hand"], ends=True)
    _, queen = home.queen()
    home.hive()
    spawned = home.run("rbee-hive", "worker", "spawn", "cpu", "--model", model)
    assert spawned.code == 0, spawned.err
    worker_id = spawned.out.split()[0]
    eventually(lambda: [each for each in fleet(queen) if each["state"] == "idle"], "the queen knows the worker")
    assert ask(queen, model) == "by hand"
    assert [each["worker_id"] for each in fleet(queen)] == [worker_id], "a second worker was spawned"
    assert len(home.roles()["hive"]) == 1, "the queen started a hive of its own"


@pytest.mark.parametrize("order", [("queen", "hive"), ("hive", "queen")])
def test_the_order_of_starting_does_not_matter(home: Home, order: tuple[str, str]) -> None:
    """A hive that finds no queen goes on trying."""
    model = home.fake_model(ends=True)
    daemons = {role: getattr(home, role)()[1] for role in order}
    eventually(lambda: daemons["queen"].call("GET", "/v2/status").json()["hives"], "the hive reports", within_s=20)
    assert ask(daemons["queen"], model) == "fake token "


def test_a_hive_started_by_hand_outlives_its_queen(home: Home) -> None:
    """It belongs to the person (contract 2, 11); a new queen finds it with its worker."""
    model = home.fake_model(ends=True)
    hive_program, hive = home.hive(heartbeat_s=1)
    queen_program, queen = home.queen()
    eventually(lambda: queen.call("GET", "/v2/status").json()["hives"], "the hive reports", within_s=20)
    ask(queen, model)
    worker_pid = fleet(queen)[0]["pid"]
    queen_program.send(signal.SIGTERM)
    assert queen_program.finish().code == 0
    assert hive_program.is_running
    assert psutil.pid_exists(worker_pid)
    _, queen = home.queen()
    eventually(lambda: [each["pid"] for each in fleet(queen)] == [worker_pid], "the new queen knows the worker")
    assert ask(queen, model) == "fake token "
    assert hive.answers()


def test_a_queen_alone_starts_a_hive_and_a_worker_when_the_first_task_comes(home: Home) -> None:
    """Nothing is started before it is needed (10.2), and status shows all of it (9.7)."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    assert home.roles()["hive"] == []
    assert ask(queen, model) == "fake token "
    status = queen.call("GET", "/v2/status").json()
    assert [hive["is_ours"] for hive in status["hives"]] == [True]
    assert status["tasks_done"] == 1
    (worker,) = status["workers"]
    assert (worker["model_ref"], worker["state"], worker["node"]) == (model, "idle", "localhost")
    assert worker["slots_available"] == worker["slots_total"] == 4


def test_a_warm_worker_is_used_again(home: Home) -> None:
    """Idle workers were once never reused (contract 3); the decision says why it did what it did."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    ask(queen, model)
    pids = [each["pid"] for each in fleet(queen)]
    for _ in range(3):
        ask(queen, model)
    assert [each["pid"] for each in fleet(queen)] == pids
    assert len(home.roles()["worker"]) == 1


def test_two_tasks_for_one_model_share_one_load(home: Home) -> None:
    """The second must not order a second worker while the first one's is loading."""
    model = home.fake_model(ends=True, load_s=1.5)
    _, queen = home.queen()
    body = {"prompt": "hi", "model": model}
    with queen.stream("POST", "/v2/tasks", body) as one, queen.stream("POST", "/v2/tasks", body) as other:
        assert text_of(one.rest()) == text_of(other.rest()) == "fake token "
    assert len(fleet(queen)) == 1
    assert len(home.roles()["worker"]) == 1


def test_two_models_get_a_worker_each(home: Home) -> None:
    """One process, one model."""
    one = home.fake_model("one", tokens=["1"], ends=True)
    other = home.fake_model("other", tokens=["2"], ends=True)
    _, queen = home.queen()
    assert (ask(queen, one), ask(queen, other), ask(queen, one)) == ("1", "2", "1")
    assert len(fleet(queen)) == 2


def test_a_task_waits_when_every_slot_is_busy_and_runs_when_one_is_free(home: Home) -> None:
    """Waiting beats a second copy of the model; nothing is lost."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen(slots=1)
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "max_tokens": 2000}) as first:
        first.until("token")
        late = {"prompt": "hi", "model": model, "max_tokens": 2, "stream": False}
        task = queen.call("POST", "/v2/tasks", late).json()
        view = queen.call("GET", f"/v2/tasks/{task['task_id']}").json()
        assert view["status"] == "queued"
        worker = fleet(queen)[0]
        assert (worker["state"], worker["slots_available"]) == ("busy", 0)
        assert len(home.roles()["worker"]) == 1
    with queen.stream("GET", task["events_url"]) as second:
        events = second.rest()
    assert text_of(events) == "fake token "
    assert len(home.roles()["worker"]) == 1


def test_four_slots_run_four_tasks_side_by_side(home: Home) -> None:
    """Slots of one worker decode together."""
    model = home.fake_model(delay_s=0.02)
    _, queen = home.queen()
    body = {"prompt": "hi", "model": model, "max_tokens": 2000}
    with ExitStack() as stack:
        streams = [stack.enter_context(queen.stream("POST", "/v2/tasks", body)) for _ in range(4)]
        for stream in streams:
            stream.until("token")
        status = queen.call("GET", "/v2/status").json()
        assert (status["tasks_running"], status["tasks_queued"]) == (4, 0)
        assert status["workers"][0]["slots_available"] == 0
    eventually(lambda: fleet(queen)[0]["slots_available"] == 4, "every slot is free again")


def test_a_worker_can_be_stopped_at_the_queen(home: Home) -> None:
    """`rbee workers stop`."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    ask(queen, model)
    worker_id = fleet(queen)[0]["worker_id"]
    assert queen.call("POST", "/v2/workers/shutdown", {"worker_id": worker_id}).status == 202
    eventually(lambda: not fleet(queen), "the queen's list is empty")
    eventually(lambda: not home.roles()["worker"], "the process is gone")
    assert ask(queen, model) == "fake token ", "the next task gets a new worker"
    assert queen.call("POST", "/v2/workers/shutdown", {"worker_id": "worker-none"}).error["code"] == "WORKER_NOT_FOUND"
    assert queen.call("POST", "/v2/workers/shutdown", {"worker_id": "a;b"}).error["code"] == "INVALID_PARAMS"


def test_a_worker_drains_before_it_stops(home: Home) -> None:
    """Finish what runs, accept nothing new."""
    model = home.fake_model(delay_s=0.02)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "max_tokens": 60}) as stream:
        stream.until("token")
        queen.call("POST", "/v2/workers/shutdown", {"worker_id": fleet(queen)[0]["worker_id"]})
        end = stream.rest()[-1]
    assert (end.name, end.data["tokens_out"]) == ("end", 60)
    eventually(lambda: not home.roles()["worker"], "the process is gone")


def test_a_request_resets_the_idle_clock_and_health_checks_do_not(home: Home) -> None:
    """8.2, 8.3: health checks once kept every worker alive for ever."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen(idle_s=1.5, idle_check_s=0.2, health_check_s=0.2)
    ask(queen, model, max_tokens=60)
    assert fleet(queen), "three seconds of work were taken for idleness"
    eventually(lambda: not fleet(queen), "the idle worker is stopped", within_s=15)
    eventually(lambda: not home.roles()["worker"], "the process is gone")
    assert len(home.roles()["hive"]) == 1
    assert ask(queen, model, max_tokens=2) == "fake token "


def test_a_worker_spawned_at_the_hive_appears_at_the_queen_and_is_used(home: Home) -> None:
    """9.13: without manual steps."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    _, hive = home.hive()
    hive.call("POST", "/v1/workers/spawn", {"model_ref": model})
    eventually(lambda: [each["state"] for each in fleet(queen)] == ["idle"], "the queen knows the worker")
    assert ask(queen, model) == "fake token "
    assert len(fleet(queen)) == 1


def test_a_hive_that_dies_is_started_again_by_the_next_task(home: Home) -> None:
    """The queen stays usable (9.10)."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    ask(queen, model)
    home.the("hive").kill()
    eventually(lambda: not fleet(queen), "the queen has noticed")
    assert ask(queen, model) == "fake token "
    assert len(home.roles()["hive"]) == 1
    assert len(home.roles()["worker"]) == 1


def test_a_taken_hive_port_is_no_obstacle(home: Home) -> None:
    """Another program may have 9200."""
    model = home.fake_model(ends=True)
    with socket.create_server(("127.0.0.1", home.hive_port)):
        _, queen = home.queen()
        assert ask(queen, model) == "fake token "


@pytest.mark.parametrize("program", ["queen-rbee", "rbee-hive"])
def test_a_taken_port_of_a_daemon_by_hand_is_an_error_that_names_it(home: Home, program: str) -> None:
    """And the option that chooses another."""
    port = home.queen_port if program == "queen-rbee" else home.hive_port
    with socket.create_server(("127.0.0.1", port)):
        done = home.run(program, "daemon")
    assert done.code == 1
    assert str(port) in done.err
    assert "--port" in done.err


def test_the_relay_passes_every_byte_of_every_language_on(home: Home) -> None:
    """Tokens are copied, not decoded; line ends of all kinds stay inside their token."""
    tokens = ["ümläut ", "界", "🐝", "\n\n", 'quote" ', "\u2028\u2029\u0085", "\r\n", "data: x\n\n", "[DONE]"]
    model = home.fake_model(tokens=tokens, ends=True)
    _, queen = home.queen()
    assert ask(queen, model) == "".join(tokens)
    answer = home.rbee("infer", "-m", model, "-p", "hi")
    assert (answer.code, answer.out) == (0, "".join(tokens))


def test_a_slow_reader_loses_nothing(home: Home) -> None:
    """Back-pressure must not drop or reorder tokens: their indexes rise by one (21.2)."""
    model = home.fake_model(tokens=[f"{number} " for number in range(500)], ends=True)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "max_tokens": 2000}) as stream:
        events = stream.rest()
    indexes = [event.data["i"] for event in events if event.name == "token"]
    assert indexes == list(range(500))
    assert text_of(events).split() == [str(number) for number in range(500)]
