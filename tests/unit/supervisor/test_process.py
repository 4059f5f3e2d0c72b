"""A child process: its lifeline, its log, its end."""

import hashlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from rbee_keeper.errors import Unavailable
from rbee_keeper.supervisor.orphans import ownership
from rbee_keeper.supervisor.process import ChildProcess, ChildSpec, describe_exit, start_child

from ...waiting import eventually

MODULES = {
    "obedient": "import sys, time\nprint('spec', sys.stdin.readline().strip(), flush=True)\ntime.sleep(60)\n",
    "deaf": (
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(60)\n"
    ),
    "measuring": (
        "import hashlib, sys, time\nline = sys.stdin.buffer.readline().rstrip()\n"
        "print(len(line), hashlib.sha256(line).hexdigest(), flush=True)\ntime.sleep(60)\n"
    ),
    "slow": "import sys, time\ntime.sleep(1.0)\nprint(len(sys.stdin.buffer.readline()), flush=True)\ntime.sleep(60)\n",
    "short": "import sys\nsys.exit(3)\n",
    "watching": "import sys\nprint('up', flush=True)\nsys.stdin.readline()\nsys.stdin.read()\nsys.exit(5)\n",
}
Start = Callable[..., ChildProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Give a function that starts one of the modules as a child."""
    for name, code in MODULES.items():
        (tmp_path / f"{name}.py").write_text(code)
    started: list[ChildProcess] = []

    def run(name: str, spec: bytes | None = None) -> ChildProcess:
        child = start_child(
            ChildSpec(
                role="worker",
                module=name,
                arguments=[],
                environment={**os.environ, "PYTHONPATH": str(tmp_path)},
                log_path=tmp_path / "logs" / f"{name}.log",
                run_dir=tmp_path / "run",
            )
        )
        started.append(child)
        if spec is not None:
            child.send_spec(spec)
        return child

    yield run
    for child in started:
        child.stop(0.0)


def said(tmp_path: Path, name: str, text: str) -> None:
    """Wait until the child's log has the text."""
    path = tmp_path / "logs" / f"{name}.log"
    eventually(lambda: path.is_file() and text in path.read_text(), f"{text!r} in the log of {name}")


def test_the_spec_reaches_the_child_and_its_words_reach_the_log(tmp_path: Path, start: Start) -> None:
    """Each child has a log file of its own (7.9)."""
    start("obedient", spec=b"do it")
    said(tmp_path, "obedient", "spec do it")


def test_a_spec_can_be_given_later(tmp_path: Path, start: Start) -> None:
    """A process in reserve starts before anybody knows what it will do."""
    child = start("obedient")
    child.send_spec(b"now this")
    said(tmp_path, "obedient", "spec now this")


def test_a_child_has_a_session_and_a_token_of_its_own(tmp_path: Path, start: Start) -> None:
    """Ctrl-C in the terminal must reach the keeper alone, and the reaper must know whose child it is."""
    child = start("obedient", spec=b"x")
    said(tmp_path, "obedient", "spec")
    assert os.getsid(child.pid) == child.pid
    assert psutil.Process(child.pid).environ()[ownership.VARIABLE] == child.token


def test_the_exit_is_reported_at_once_and_once(start: Start) -> None:
    """The hive learns of a crash from the kernel, not from a health check half a minute later."""
    child = start("short")
    reports: list[int] = []
    reported = threading.Event()
    child.call_on_exit(lambda code: (reports.append(code), reported.set()))  # type: ignore[func-returns-value]
    assert reported.wait(10)
    assert child.wait(1)
    assert (reports, child.return_code) == ([3], 3)
    child.call_on_exit(reports.append)
    assert reports == [3, 3], "who asks after the end is told as well"


def test_a_child_that_obeys_is_never_killed(tmp_path: Path, start: Start) -> None:
    """Workers that answer in time are never killed (8.8)."""
    child = start("obedient", spec=b"x")
    said(tmp_path, "obedient", "spec")
    assert child.stop(10.0) is False
    assert child.return_code == -signal.SIGTERM


def test_a_child_that_does_not_is_killed_after_the_grace_time(tmp_path: Path, start: Start) -> None:
    """And stop says so, so that it can be logged."""
    child = start("deaf")
    said(tmp_path, "deaf", "up")
    assert child.stop(0.2) is True
    assert child.return_code == -signal.SIGKILL
    assert child.stop(0.2) is False, "stopping what has ended is no error"


def test_letting_go_of_the_lifeline_is_seen_by_the_child(tmp_path: Path, start: Start) -> None:
    """The child's own watch does the rest."""
    child = start("watching", spec=b"x")
    said(tmp_path, "watching", "up")
    child.release_lifeline()
    assert child.wait(10)
    assert child.return_code == 5
    child.renew_lease()
    child.terminate()


def test_a_child_that_lives_has_a_record_and_one_that_ended_has_none(tmp_path: Path, start: Start) -> None:
    """The record is what a later start finds it by."""
    child = start("obedient", spec=b"x")
    path = ownership.path_of(tmp_path / "run", child.token)
    eventually(path.is_file, "the record")
    (_, record), *_ = ownership.read_all(tmp_path / "run")
    assert (record.pid, record.parent_pid, record.role, record.token) == (child.pid, os.getpid(), "worker", child.token)
    child.stop(10.0)
    eventually(lambda: not path.exists(), "the record is removed")


@pytest.mark.parametrize("size", [200_001, 5_000_000])
def test_a_spec_of_any_size_arrives_whole(tmp_path: Path, start: Start, size: int) -> None:
    """A pipe holds 64 kB; a spec that is cut leaves its child waiting for the line's end for ever."""
    spec = os.urandom(size // 2 + 1).hex().encode()[:size]
    start("measuring", spec=spec)
    said(tmp_path, "measuring", f"{size} {hashlib.sha256(spec).hexdigest()}")


def test_sending_a_large_spec_to_a_child_that_does_not_read_takes_no_time(tmp_path: Path, start: Start) -> None:
    """An event loop sends specs; signs of life meanwhile must not get into the middle of one."""
    child = start("slow")
    started = time.monotonic()
    child.send_spec(b"x" * 1_000_000)
    child.renew_lease()
    assert time.monotonic() - started < 0.9
    said(tmp_path, "slow", "1000001")


def test_an_end_is_known_also_when_its_record_cannot_be_removed(tmp_path: Path, start: Start) -> None:
    """A folder that became read-only must not leave a dead worker in the books for ever."""
    child = start("obedient", spec=b"x")
    said(tmp_path, "obedient", "spec")
    path = ownership.path_of(tmp_path / "run", child.token)
    eventually(path.is_file, "the record")
    path.unlink()
    path.mkdir()
    reports: list[int] = []
    child.call_on_exit(reports.append)
    child.terminate()
    assert child.wait(10)
    eventually(lambda: reports, "the exit is reported")
    assert (child.return_code, reports) == (-signal.SIGTERM, [-signal.SIGTERM])


def test_who_wants_to_know_of_an_end_and_fails_keeps_it_from_nobody_else(start: Start) -> None:
    """A loop that was closed meanwhile raises; the others must hear of the end all the same."""
    child = start("watching")
    reports: list[int] = []

    def fail(_: int) -> None:
        raise RuntimeError("Event loop is closed")

    child.call_on_exit(fail)
    child.call_on_exit(reports.append)
    child.release_lifeline()
    eventually(lambda: reports == [5], "the second is told")


def test_ten_children_later_the_parent_holds_no_more_descriptors(start: Start) -> None:
    """A hive runs for months, and its workers come and go."""

    def round_trip() -> None:
        child = start("short")
        assert child.wait(10)

    round_trip()
    before = psutil.Process().num_fds()
    for _ in range(10):
        round_trip()
    eventually(lambda: psutil.Process().num_fds() <= before, "the pipes of ended children are closed")


def test_logs_and_state_are_closed_to_others_also_when_they_were_open(tmp_path: Path, start: Start) -> None:
    """Logs name tasks, and older versions made them for everybody to read."""
    (tmp_path / "logs").mkdir(mode=0o755)
    log = tmp_path / "logs" / "obedient.log"
    log.touch(mode=0o644)
    tmp_path.chmod(0o755)
    start("obedient", spec=b"x")
    assert log.stat().st_mode & 0o777 == 0o600
    assert tmp_path.stat().st_mode & 0o777 == 0o700


def test_a_child_that_cannot_be_started_is_an_error_with_the_systems_reason(tmp_path: Path) -> None:
    """A full or read-only disk is a person's to mend, when it is named."""
    (tmp_path / "logs").write_text("a file where the folder should be")
    spec = ChildSpec(
        role="worker",
        module="none",
        arguments=[],
        environment=os.environ,
        log_path=tmp_path / "logs" / "x.log",
        run_dir=tmp_path / "run",
    )
    with pytest.raises(Unavailable, match=r"worker cannot be started: .*logs"):
        start_child(spec)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "exit code 0"),
        (3, "exit code 3"),
        (-9, "killed by SIGKILL"),
        (-11, "killed by SIGSEGV"),
        (-63, "killed by signal 63"),
    ],
)
def test_an_exit_is_described_in_words(code: int, words: str) -> None:
    """Minus eleven means nothing to most people."""
    assert describe_exit(code) == words
