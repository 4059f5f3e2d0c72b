"""The log of a daemon: never an end, never a wait, never the whole disk. Each case is a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

SAY = """
import os, sys, time
from rbee_keeper.daemon.logs.narration import Narrator
narrator = Narrator("test")
"""


def run(code: str, stderr: Any, **environment: str) -> int:
    """Run a program that narrates; return its exit code."""
    with subprocess.Popen(
        [sys.executable, "-c", SAY + code],
        stdin=subprocess.DEVNULL,
        stdout=stderr,
        stderr=stderr,
        env={**os.environ, **environment},
    ) as process:
        return process.wait(60)


def test_a_closed_pipe_ends_nobody() -> None:
    """`queen-rbee daemon 2>&1 | head -1` reads one line and leaves."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert run("for n in range(100): narrator.say('x', 'y')", writing) == 0
    finally:
        os.close(writing)


def test_a_full_disk_ends_nobody() -> None:
    """A disk is full for minutes; the daemon should still be there when it is not."""
    with Path("/dev/full").open("wb") as full:
        assert run("for n in range(100): narrator.say('x', 'y')", full) == 0


def test_a_reader_that_stopped_holds_nobody_and_learns_how_much_was_lost() -> None:
    """A pager that nobody scrolls: its pipe takes 64 kB."""
    reading, writing = os.pipe()
    code = """
for n in range(2000): narrator.say("x", "y" * 300)
os.write(1, b"done")
sys.stdin.read()
narrator.say("last", "z")
"""
    with subprocess.Popen(
        [sys.executable, "-c", SAY + code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=writing
    ) as process:
        os.close(writing)
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.read(4) == b"done"
        data = os.read(reading, 1_000_000)
        process.stdin.close()
        while part := os.read(reading, 65_536):
            data += part
        assert process.wait(60) == 0
    os.close(reading)
    lines = [json.loads(line) for line in data.splitlines() if line.endswith(b"}")]
    assert [line["action"] for line in lines[-2:]] == ["lose", "last"]
    told = int(lines[-2]["human"].split()[0])
    assert told + sum(line["action"] == "x" for line in lines) == 2000


def test_a_log_begins_anew_at_its_limit_and_one_older_file_is_kept(tmp_path: Path) -> None:
    """What libraries write to the same number goes along; no line is cut in two."""
    log = tmp_path / "queen.log"
    code = """
for n in range(1000):
    narrator.say("x", "y" * 100, n=n)
    if n % 100 == 0: os.write(2, b"native\\n"); os.write(1, b"output\\n")
"""
    with log.open("ab") as stderr:
        assert run(code, stderr, RBEE_LOG_FILE=str(log), RBEE_LOG_LIMIT_BYTES="40000") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["queen.1.log", "queen.log"]
    assert all(path.stat().st_size < 41_000 for path in tmp_path.iterdir())
    text = (tmp_path / "queen.1.log").read_text() + log.read_text()
    numbers = [json.loads(line)["n"] for line in text.splitlines() if line.startswith("{")]
    assert numbers == list(range(numbers[0], 1000))
    assert "native\noutput\n" in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_a_file_that_a_person_chose_is_left_alone(tmp_path: Path) -> None:
    """Only the one that started this process knows that the file is a log of rbee's."""
    mine, other = tmp_path / "mine.txt", tmp_path / "queen.log"
    other.touch()
    with mine.open("ab") as stderr:
        code = "for n in range(100): narrator.say('x', 'y' * 100)"
        assert run(code, stderr, RBEE_LOG_FILE=str(other), RBEE_LOG_LIMIT_BYTES="4096") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.txt", "queen.log"]
    assert len(mine.read_text().splitlines()) == 100


def test_two_processes_may_share_a_log(tmp_path: Path) -> None:
    """Whoever comes second writes to the new file instead of replacing it again."""
    log = tmp_path / "queen.log"
    code = "for n in range(1500): narrator.say('x', 'y' * 100, n=n)"
    environment = {**os.environ, "RBEE_LOG_FILE": str(log), "RBEE_LOG_LIMIT_BYTES": "60000"}
    with log.open("ab") as stderr:
        both = [subprocess.Popen([sys.executable, "-c", SAY + code], stderr=stderr, env=environment) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["queen.1.log", "queen.log"]
    # while one replaces the log the other writes on, up to twice the limit
    assert all(path.stat().st_size <= 121_000 for path in tmp_path.iterdir())


SHARE = """
import os, sys
from pathlib import Path
from rbee_keeper.config.log_file import GivenLog
from rbee_keeper.daemon.logs.log_writer import LogWriter
who = sys.argv[1]
for path in sys.stdin:
    os.dup2(os.open(path.strip(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), 2)
    writer = LogWriter(GivenLog(path=Path(path.strip()), limit_bytes=36_000))
    for n in range(150):
        line = f"{who} {n} " + who * (6000 if n % 50 == 20 else 50)
        assert writer.write(line.encode() + b"\\n")
    os.write(1, b"done\\n")
"""


def test_two_processes_that_fill_a_log_at_once_lose_and_tear_no_line(tmp_path: Path) -> None:
    """Whoever comes second once put the new file in the place of the older one, whose lines were gone."""
    command = [sys.executable, "-c", SHARE]
    both = [subprocess.Popen([*command, who], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) for who in "ab"]
    wanted = sorted(f"{who} {n} {who * (6000 if n % 50 == 20 else 50)}" for who in "ab" for n in range(150))
    try:
        for number in range(200):
            log = tmp_path / f"{number}.log"
            log.touch(0o600)
            for process in both:
                assert process.stdin is not None
                process.stdin.write(f"{log}\n".encode())
            for process in both:
                assert process.stdout is not None
                assert process.stdout.readline() == b"done\n"
            older = log.with_suffix(".1.log")
            lines = sorted((older.read_text() + log.read_text()).splitlines())
            odd = [line[:80] for line in lines if line not in wanted]
            assert (len(lines), odd) == (len(wanted), []), f"round {number}: {older.stat().st_size} bytes put aside"
    finally:
        for process in both:
            process.kill()
            process.communicate()
