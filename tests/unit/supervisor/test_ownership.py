"""Ownership records: written for one person, read with suspicion."""

import os
import subprocess
from pathlib import Path

import pytest

from rbee_keeper.supervisor.orphans import ownership
from rbee_keeper.supervisor.orphans.ownership import Ownership


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


def test_half_of_a_record_is_removed_when_it_is_old(tmp_path: Path) -> None:
    """A process that was killed, or a disk that was full, in the middle of a write; a young one is still written."""
    old, young = tmp_path / "child-a.1.partial", tmp_path / "child-b.2.partial"
    for partial in (old, young):
        partial.write_text("{")
    os.utime(old, (1.0, 1.0))
    ownership.read_all(tmp_path)
    assert not old.exists()
    assert young.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_record_that_does_not_fit_the_disk_leaves_nothing(tmp_path: Path) -> None:
    """Each would be a file that nobody ever removes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4096", "none", str(folder)], check=False)
    if mounted.returncode != 0:
        pytest.skip("this container may not mount")
    try:
        (folder / "filler").write_bytes(b"x" * 4096)
        with pytest.raises(OSError, match="No space left"):
            ownership.write(folder, record())
        assert [path.name for path in folder.iterdir()] == ["filler"]
    finally:
        subprocess.run(["umount", str(folder)], check=True)
