"""Ownership records: written for one person, read with suspicion."""

from pathlib import Path

import pytest

from rbee_keeper.supervisor import ownership
from rbee_keeper.supervisor.ownership import Ownership


def record(**fields: object) -> Ownership:
    """Return a record."""
    usual: dict[str, object] = {
        "token": ownership.new_token(),
        "role": "worker",
        "pid": 1,
        "created_at": 2.5,
        "parent_pid": 3,
        "parent_created_at": 4.5,
    }
    return Ownership(**{**usual, **fields})  # type: ignore[arg-type]


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    """A later start knows an earlier one's children only by this."""
    one, other = record(), record(pid=9)
    paths = {ownership.write(tmp_path / "run", each): each for each in (one, other)}
    assert dict(ownership.read_all(tmp_path / "run")) == paths


def test_records_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    """They name tokens."""
    path = ownership.write(tmp_path / "run", record())
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


def test_tokens_are_long_and_never_the_same() -> None:
    """A token that two processes share proves nothing."""
    tokens = {ownership.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 32


@pytest.mark.parametrize("text", ["", "{", "[]", '{"token": "x"}', '{"unknown": 1}', "null"])
def test_a_damaged_record_is_removed_and_stops_nobody(tmp_path: Path, text: str) -> None:
    """A power cut in the middle of a write must not make every later start fail."""
    good = ownership.write(tmp_path, record())
    bad = tmp_path / "child-bad.json"
    bad.write_text(text)
    assert [path for path, _ in ownership.read_all(tmp_path)] == [good]
    assert not bad.exists()


def test_no_folder_means_no_records(tmp_path: Path) -> None:
    """The first start of all."""
    assert ownership.read_all(tmp_path / "none") == []
