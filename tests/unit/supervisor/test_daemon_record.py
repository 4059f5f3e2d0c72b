"""Daemon records: where the person's daemons are."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rbee_keeper.supervisor.daemon_record import DaemonRecord, DaemonRecords
from rbee_keeper.supervisor.process_identity import identity_of


def _own(role: str = "queen") -> DaemonRecord:
    return DaemonRecord.of_this_process(role, "http://127.0.0.1:8080", "t")  # type: ignore[arg-type]


def test_a_record_is_found_again_by_its_role_and_only_there(tmp_path: Path) -> None:
    """`rbee ps` in another terminal finds the queen by this."""
    records = DaemonRecords(tmp_path / "run")
    records.write(_own())
    assert records.read("queen") == _own()
    assert records.read("hive") is None


def test_nobody_else_can_read_the_token_in_it(tmp_path: Path) -> None:
    """The token makes its holder the owner."""
    DaemonRecords(tmp_path / "run").write(_own())
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "run").iterdir()] == [0o600]


def test_a_record_is_believed_only_while_its_process_lives(tmp_path: Path) -> None:
    """Whoever takes the port of a queen that was killed would be sent its token otherwise."""
    records = DaemonRecords(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        records.write(replace(_own(), pid=child.pid, identity=identity_of(child.pid)))
        assert records.read("queen") is not None
        child.kill()
    assert records.read("queen") is None


def test_a_zombie_counts_as_ended() -> None:
    """Its port is free for others already, though its parent has not looked yet."""
    with subprocess.Popen([sys.executable, "-c", "pass"]) as child:
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert identity_of(child.pid) == ""


def test_a_process_that_got_the_pid_later_is_not_taken_for_the_daemon(tmp_path: Path) -> None:
    """Pids are used again."""
    records = DaemonRecords(tmp_path)
    records.write(replace(_own(), identity="another boot:1"))
    assert records.read("queen") is None


def test_a_daemon_that_ends_late_does_not_remove_its_successors_record(tmp_path: Path) -> None:
    """Restarting overlaps."""
    records = DaemonRecords(tmp_path)
    records.write(_own("hive"))
    records.remove("hive", os.getpid() + 1)
    assert records.read("hive") is not None
    records.remove("hive", os.getpid())
    assert records.read("hive") is None
    records.remove("hive", os.getpid())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        "null",
        '{"role": "queen"}',
        '{"role": "queen", "pid": "x", "identity": [], "url": 5, "token": null}',
        json.dumps({"role": "hive", "pid": 1, "identity": "x", "url": "http://127.0.0.1:1", "token": "t"}),
    ],
)
def test_a_damaged_record_counts_as_none(tmp_path: Path, text: str) -> None:
    """The next start writes a new one."""
    (tmp_path / "queen.json").write_text(text)
    assert DaemonRecords(tmp_path).read("queen") is None
