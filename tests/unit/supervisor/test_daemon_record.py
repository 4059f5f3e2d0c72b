"""Daemon records: where the person's daemons are."""

from pathlib import Path

import pytest

from rbee_keeper.supervisor.daemon_record import DaemonRecord, DaemonRecords


def test_a_record_is_found_again_by_its_role_and_only_there(tmp_path: Path) -> None:
    """`rbee ps` in another terminal finds the queen by this."""
    records = DaemonRecords(tmp_path / "run")
    record = DaemonRecord(role="queen", pid=7, url="http://127.0.0.1:8080", token="t")
    records.write(record)
    assert records.read("queen") == record
    assert records.read("hive") is None


def test_nobody_else_can_read_the_token_in_it(tmp_path: Path) -> None:
    """The token makes its holder the owner."""
    records = DaemonRecords(tmp_path / "run")
    records.write(DaemonRecord(role="queen", pid=7, url="http://127.0.0.1:8080", token="t"))
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "run").iterdir()] == [0o600]


def test_a_daemon_that_ends_late_does_not_remove_its_successors_record(tmp_path: Path) -> None:
    """Restarting overlaps."""
    records = DaemonRecords(tmp_path)
    records.write(DaemonRecord(role="hive", pid=2, url="http://127.0.0.1:1", token="t"))
    records.remove("hive", 1)
    assert records.read("hive") is not None
    records.remove("hive", 2)
    assert records.read("hive") is None
    records.remove("hive", 2)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"role": "queen"}'])
def test_a_damaged_record_counts_as_none(tmp_path: Path, text: str) -> None:
    """The next start writes a new one."""
    (tmp_path / "queen.json").write_text(text)
    assert DaemonRecords(tmp_path).read("queen") is None
