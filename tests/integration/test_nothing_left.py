"""Nothing is ever left behind, however the processes above it end."""

import os
import signal
import time

import psutil
import pytest

from ..programs import Home, Program
from ..waiting import eventually

SOON_S = 5.0
"""The benchmarks hold the tight figure; here a loaded machine must pass."""


def streaming(home: Home, **script: object) -> Program:
    """Start an ephemeral run and return its keeper once tokens arrive."""
    model = home.fake_model(**{"delay_s": 0.03, **script})
    keeper = home.start("rbee", "infer", "-m", model, "-p", "hi", "--max-tokens", "2000")
    keeper.wait_for_output("fake token ")
    return keeper


def test_an_answer_that_ends_well_leaves_nothing(home: Home) -> None:
    """After the answer everything that was started for it ends again, exit 0 (10.2)."""
    model = home.fake_model(ends=True)
    done = home.rbee("infer", "-m", model, "-p", "hi")
    assert (done.code, done.out) == (0, "fake token "), done.err
    home.wait_until_nothing_runs(within_s=3)
    assert not list(home.run_dir.glob("child-*"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_while_streaming_ends_everything_before_the_prompt_is_back(
    home: Home, number: signal.Signals, code: int
) -> None:
    """Ctrl-C, kill and a closed terminal each have an exit code of their own."""
    keeper = streaming(home)
    running = home.roles()
    assert all(running[role] for role in ("keeper", "queen", "hive", "worker"))
    keeper.send(number)
    done = keeper.finish(SOON_S)
    assert done.code == code
    assert "Traceback" not in done.err
    home.wait_until_nothing_runs(SOON_S)


@pytest.mark.parametrize("role", ["keeper", "queen", "hive"])
def test_sigkill_of_any_process_while_streaming_takes_all_of_those_below_it(home: Home, role: str) -> None:
    """SIGKILL cannot be handled; the lifelines do it."""
    keeper = streaming(home)
    below = {"keeper": ("queen", "hive", "worker"), "queen": ("hive", "worker"), "hive": ("worker",)}[role]
    (keeper.process if role == "keeper" else home.the(role)).kill()
    eventually(lambda: not any(home.roles()[each] for each in below), f"{', '.join(below)} are gone", within_s=SOON_S)
    done = keeper.finish(20)
    if role != "keeper":
        assert done.code == 1
        assert "try: " in done.err
    home.wait_until_nothing_runs(SOON_S)


def test_sigkill_of_the_worker_while_streaming_is_an_error_and_leaves_nothing(home: Home) -> None:
    """The run ends with what failed."""
    keeper = streaming(home)
    worker = next(each for each in home.roles()["worker"] if "fake" in " ".join(each.cmdline()))
    worker.kill()
    done = keeper.finish(20)
    assert done.code == 1
    assert "WORKER_CRASHED" in done.err
    home.wait_until_nothing_runs(SOON_S)


@pytest.mark.parametrize("fault", ["native_call", "hold_interpreter", "stall"])
@pytest.mark.parametrize("role", ["keeper", "hive"])
def test_a_worker_deep_in_a_native_call_still_goes_at_once(home: Home, fault: str, role: str) -> None:
    """llama.cpp may compute for minutes without letting Python run; the kernel does not ask it."""
    keeper = streaming(home, fault=fault, fault_at=3)
    (keeper.process if role == "keeper" else home.the("hive")).kill()
    eventually(lambda: not home.roles()["worker"], "the worker is gone", within_s=SOON_S)
    keeper.finish(20)
    home.wait_until_nothing_runs(SOON_S)


@pytest.mark.parametrize("fault", ["native_call", "hold_interpreter"])
def test_ctrl_c_ends_a_worker_that_is_stuck(home: Home, fault: str) -> None:
    """The prompt comes back although the worker cannot answer."""
    keeper = streaming(home, fault=fault, fault_at=3)
    keeper.send(signal.SIGINT)
    assert keeper.finish(10).code == 130
    home.wait_until_nothing_runs(SOON_S)


@pytest.mark.parametrize("how", ["ctrl-c", "keeper killed"])
def test_a_worker_that_refuses_to_die_is_killed(home: Home, how: str) -> None:
    """Deaf to SIGTERM and to the kernel's hint: its own watchdog or SIGKILL is left."""
    keeper = streaming(home, ignores_signals=True)
    keeper.send(signal.SIGINT if how == "ctrl-c" else signal.SIGKILL)
    keeper.finish(10)
    home.wait_until_nothing_runs(SOON_S)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_end_while_the_model_loads_leaves_nothing(home: Home, number: signal.Signals) -> None:
    """Start-up is when most people change their mind."""
    model = home.fake_model(load_s=30)
    keeper = home.start("rbee", "infer", "-m", model, "-p", "hi")
    eventually(lambda: home.log_lines("hive") and len(home.roles()["worker"]) > 0, "a worker is started")
    keeper.send(number)
    assert keeper.finish(10).code == (130 if number == signal.SIGINT else -signal.SIGKILL)
    home.wait_until_nothing_runs(SOON_S)


@pytest.mark.parametrize("role", ["queen", "hive", "worker"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_end_at_the_moment_a_process_appears_leaves_nothing(home: Home, role: str, number: signal.Signals) -> None:
    """The hardest moment: a process that is starting its own children."""
    model = home.fake_model(ends=True, load_s=5)
    keeper = home.start("rbee", "infer", "-m", model, "-p", "hi")
    eventually(lambda: home.roles()[role], f"a {role} appears")
    keeper.send(number)
    keeper.finish(10)
    home.wait_until_nothing_runs(SOON_S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("role", ["queen", "hive", "worker"])
def test_a_signal_to_a_daemon_while_a_model_loads_writes_no_traceback(
    home: Home, role: str, number: signal.Signals
) -> None:
    """An end that was asked for is no defect; a traceback in a log has people look for one."""
    model = home.fake_model(load_s=30)
    home.queen()
    keeper = home.start("rbee", "infer", "-m", model, "-p", "hi")
    eventually(lambda: '"percent":' in home.all_logs() or len(home.roles()["worker"]) > 0, "a worker is started")
    time.sleep(0.5)
    home.the(role).send_signal(number)
    if role == "queen":
        home.wait_until_nothing_runs(SOON_S)
    else:
        eventually(lambda: not keeper.is_running or home.roles()["worker"], "another worker, or the error")
    keeper.send(signal.SIGINT)
    keeper.finish(20)
    assert "Traceback" not in home.all_logs()


@pytest.mark.parametrize("fault", ["none", "hold_interpreter"])
def test_a_frozen_queen_loses_its_hive_and_workers_within_the_lease(home: Home, fault: str) -> None:
    """SIGSTOP closes no pipe; the lease is for this, and it needs no worker that can listen."""
    home.set(lease_s=2)
    keeper = streaming(home, fault=fault, fault_at=3)
    queen = home.the("queen")
    queen.suspend()
    eventually(
        lambda: not home.roles()["worker"] and not home.roles()["hive"], "hive and worker are gone", within_s=2 + SOON_S
    )
    queen.resume()
    done = keeper.finish(20)
    assert done.code == 1
    home.wait_until_nothing_runs(SOON_S)


def test_a_queen_that_works_never_loses_its_hive_to_the_lease(home: Home) -> None:
    """Signs of life keep it, also when nothing is asked for longer than the lease."""
    home.set(lease_s=1)
    model = home.fake_model(delay_s=0.05)
    keeper = home.start("rbee", "infer", "-m", model, "-p", "hi", "--max-tokens", "80")
    done = keeper.finish(40)
    assert (done.code, done.took_s > 3) == (0, True), done.err


def test_a_frozen_worker_of_an_earlier_run_is_ended_by_the_next_start(home: Home) -> None:
    """A stopped process cannot see that its parent is gone; the record on disk finds it."""
    home.set(stop_grace_s=0.3)
    keeper = streaming(home)
    worker = next(each for each in home.roles()["worker"] if "fake" in " ".join(each.cmdline()))
    eventually(
        lambda: any(str(worker.pid) in path.read_text() for path in home.run_dir.glob("child-*.json")),
        "the worker's record is written",
    )
    worker.suspend()
    home.the("hive").kill()
    keeper.send(signal.SIGKILL)
    keeper.finish(10)
    eventually(lambda: not home.roles()["queen"], "the queen is gone")
    assert psutil.pid_exists(worker.pid), "the worker is gone already, so this test would prove nothing"
    doctor = home.rbee("doctor")
    assert (doctor.code, f"worker {worker.pid}" in doctor.out) == (1, True)
    home.queen()
    eventually(lambda: not home.roles()["worker"], "the leftover is ended")
    said = eventually(
        lambda: [line for line in home.log_lines("queen") if line["action"] == "reap"], "the queen says what it did"
    )
    assert [(line["pid"], line["target"]) for line in said] == [(worker.pid, "worker")]


def test_a_persistent_queen_takes_everything_along_when_it_is_killed(home: Home) -> None:
    """Everything that the queen started, in every way of dying (contract 2, 11)."""
    model = home.fake_model(ends=True)
    program, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model}) as stream:
        stream.rest()
    assert home.roles()["worker"]
    program.send(signal.SIGKILL)
    program.finish()
    home.wait_until_nothing_runs(SOON_S)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_persistent_queen_that_is_asked_to_end_cancels_and_exits_0(home: Home, number: signal.Signals) -> None:
    """It once reacted to Ctrl-C but not to SIGTERM (contract 3); a client gets its closing event."""
    model = home.fake_model(delay_s=0.03)
    program, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "max_tokens": 2000}) as stream:
        stream.until("token")
        program.send(number)
        closing = stream.rest()[-1]
    assert (closing.name, closing.data["code"]) == ("error", "REQUEST_CANCELED")
    assert program.finish().code == 0
    home.wait_until_nothing_runs(SOON_S)
    assert not (home.run_dir / "queen.json").exists()


def test_a_second_ctrl_c_does_not_leave_anything_either(home: Home) -> None:
    """Impatience is human."""
    keeper = streaming(home, ignores_signals=True)
    keeper.send(signal.SIGINT)
    keeper.send(signal.SIGINT)
    keeper.finish(10)
    home.wait_until_nothing_runs(SOON_S)


def test_children_live_in_sessions_of_their_own(home: Home) -> None:
    """Ctrl-C in a terminal goes to the whole foreground group; only the keeper must hear it."""
    keeper = streaming(home)
    sessions = {role: os.getsid(home.the(role).pid) for role in ("queen", "hive", "worker")}
    assert len({os.getsid(keeper.pid), *sessions.values()}) == 4
    keeper.send(signal.SIGINT)
    keeper.finish(10)


def test_eight_ephemeral_runs_at_once_all_answer_and_leave_nothing(home: Home) -> None:
    """They race for ports; nobody takes another's (issue: 8 at once)."""
    model = home.fake_model(tokens=["one ", "two "], ends=True)
    keepers = [home.start("rbee", "infer", "-m", model, "-p", "hi") for _ in range(8)]
    for keeper in keepers:
        done = keeper.finish(90)
        assert (done.code, done.out) == (0, "one two "), done.err
    home.wait_until_nothing_runs(SOON_S)
