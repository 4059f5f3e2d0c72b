"""The reaper: ends what is ours with everything below it, and nothing else."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from rbee_keeper.supervisor.orphans import ownership, reaper
from rbee_keeper.supervisor.orphans.ownership import Ownership
from rbee_keeper.supervisor.process_identity import identity_of

from ...waiting import eventually

SLEEP = "import time; print('up', flush=True); time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
FAMILY = (
    "import subprocess, sys, time\n"
    "kid = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\n"
    "print(kid.pid, flush=True); time.sleep(60)"
)
Start = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Give a function that starts Python code with a token, and end everything afterwards."""
    started: list[subprocess.Popen[str]] = []

    def run(code: str, token: str = "") -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, ownership.VARIABLE: token},
        )
        started.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield run
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def leftover(process: subprocess.Popen[str], **fields: object) -> Ownership:
    """Return the record of a child whose parent is dead."""
    usual: dict[str, object] = {
        "token": "our-token",
        "role": "worker",
        "pid": process.pid,
        "created_at": psutil.Process(process.pid).create_time(),
        "parent_pid": 2**22 + 7,
        "parent_created_at": 1.0,
    }
    return Ownership(**{**usual, **fields})  # type: ignore[arg-type]


def test_a_leftover_is_ended_and_its_record_removed(tmp_path: Path, start: Start) -> None:
    """The promise of every later start."""
    process, _ = start(SLEEP, "our-token")
    path = ownership.write(tmp_path, leftover(process))
    ended = reaper.reap_leftovers(tmp_path, grace_s=5)
    assert [each.pid for each in ended] == [process.pid]
    assert not identity_of(process.pid)
    assert not path.exists()


def test_one_that_ignores_sigterm_is_killed_after_the_grace_time(tmp_path: Path, start: Start) -> None:
    """TERM, the grace time, KILL."""
    process, _ = start(DEAF, "our-token")
    ownership.write(tmp_path, leftover(process))
    assert len(reaper.reap_leftovers(tmp_path, grace_s=0.2)) == 1
    assert not identity_of(process.pid)


def test_one_that_is_stopped_is_ended_too(tmp_path: Path, start: Start) -> None:
    """A process under SIGSTOP takes no signal but SIGKILL."""
    process, _ = start(SLEEP, "our-token")
    process.send_signal(signal.SIGSTOP)
    ownership.write(tmp_path, leftover(process))
    assert len(reaper.reap_leftovers(tmp_path, grace_s=0.2)) == 1
    assert not identity_of(process.pid)


def test_what_a_leftover_started_ends_with_it(tmp_path: Path, start: Start) -> None:
    """Also in another session, where a process group would not reach."""
    process, kid = start(FAMILY, "our-token")
    ownership.write(tmp_path, leftover(process))
    reaper.reap_leftovers(tmp_path, grace_s=5)
    eventually(lambda: not identity_of(int(kid)), "the grandchild is gone")


@pytest.mark.parametrize(
    "wrong",
    [{"token": "another-token"}, {"created_at": 1.0}],
    ids=["another token", "another creation time"],
)
def test_a_process_that_does_not_match_in_everything_is_left_alone(
    tmp_path: Path, start: Start, wrong: dict[str, object]
) -> None:
    """Pids are used again: the one in an old record may be somebody's editor now."""
    process, _ = start(SLEEP, "our-token")
    path = ownership.write(tmp_path, leftover(process, **wrong))
    assert reaper.reap_leftovers(tmp_path, grace_s=0.1) == []
    assert process.poll() is None
    assert not path.exists(), "a record that fits nobody is of no use"


def test_the_children_of_a_living_parent_are_left_alone(tmp_path: Path, start: Start) -> None:
    """Two queens of one person share a folder of records."""
    process, _ = start(SLEEP, "our-token")
    alive = {"parent_pid": os.getpid(), "parent_created_at": psutil.Process().create_time()}
    path = ownership.write(tmp_path, leftover(process, **alive))
    assert reaper.reap_leftovers(tmp_path, grace_s=0.1) == []
    assert process.poll() is None
    assert path.exists()


def test_a_parent_whose_pid_was_used_again_counts_as_dead(tmp_path: Path, start: Start) -> None:
    """Otherwise a stranger with the right pid would protect our leftovers."""
    process, _ = start(SLEEP, "our-token")
    reused = {"parent_pid": os.getpid(), "parent_created_at": psutil.Process().create_time() - 100}
    ownership.write(tmp_path, leftover(process, **reused))
    assert len(reaper.reap_leftovers(tmp_path, grace_s=5)) == 1
    assert not identity_of(process.pid)


def test_a_record_of_a_process_that_ended_is_just_removed(tmp_path: Path, start: Start) -> None:
    """The common case after an orderly end."""
    process, _ = start(SLEEP, "our-token")
    path = ownership.write(tmp_path, leftover(process))
    process.kill()
    process.wait()
    assert reaper.reap_leftovers(tmp_path, grace_s=0.1) == []
    assert not path.exists()


def test_a_tree_is_killed_whole(start: Start) -> None:
    """The last resort leaves nothing."""
    process, kid = start(FAMILY)
    assert set(reaper.kill_tree(process.pid)) == {process.pid, int(kid)}
    assert process.wait(5) == -signal.SIGKILL
    eventually(lambda: not identity_of(int(kid)), "the grandchild is gone")
    assert reaper.kill_tree(process.pid) == []


def test_a_zombie_does_not_count_as_running(start: Start) -> None:
    """It holds nothing but a number until its parent looks."""
    process, _ = start(SLEEP)
    created_at = psutil.Process(process.pid).create_time()
    assert reaper.is_alive(process.pid, created_at)
    assert not reaper.is_alive(process.pid, created_at + 100)
    process.kill()
    eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE, "the process is a zombie")
    assert not reaper.is_alive(process.pid, created_at)
    assert not identity_of(process.pid)
