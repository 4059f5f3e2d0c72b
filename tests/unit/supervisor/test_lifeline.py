"""The lifeline: a child ends when its parent does, whatever the child is doing."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

PREFIX = """
import ctypes, os, sys, time
from rbee_keeper.supervisor.lifelines.lifeline import Lifeline, die_at_end_of_file
def say(text): os.write(1, (text + "\\n").encode())
"""
ENDS_WITHIN_S = 10.0


class Child:
    """A Python program on a lifeline whose other end this test holds."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def write(self, data: bytes) -> None:
        """Write to the lifeline."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def line(self) -> str:
        """Return the next line that the child says; empty when it ended."""
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], ENDS_WITHIN_S)
        assert readable, "the child says nothing"
        return self.process.stdout.readline().decode().strip()

    def let_go(self) -> None:
        """Close this end, as the death of a parent does."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def code(self) -> int:
        """Wait for the end and return the exit code."""
        return self.process.wait(ENDS_WITHIN_S)


@contextmanager
def child(code: str) -> Iterator[Child]:
    """Run the code in a process of its own and end it afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-c", PREFIX + code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    try:
        yield Child(process)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def test_the_first_line_is_the_spec_and_what_follows_is_not() -> None:
    """Secrets travel here; a renewal of the lease must not be taken for a second spec."""
    with child("line = Lifeline(force_after_s=1)\nsay(line.spec().decode())\nsay('idle')\ntime.sleep(60)") as parent:
        parent.write(b'{"or')
        parent.write(b'der": 1}\nrest\n')
        assert parent.line() == '{"order": 1}'
        assert parent.line() == "idle"
        parent.write(b"\n\n")
        assert parent.process.poll() is None


def test_a_parent_that_dies_before_its_spec_ends_the_child() -> None:
    """Otherwise a child would wait for ever for what to do."""
    with child("line = Lifeline(force_after_s=30)\nsay('up')\nline.spec()\nsay('never')") as parent:
        assert parent.line() == "up"
        parent.let_go()
        assert parent.line() == ""
        assert parent.code() == 0


def test_the_loss_is_reported_with_its_reason_so_that_work_can_end_in_order() -> None:
    """A queen ends its hive first."""
    code = (
        "line = Lifeline(force_after_s=30)\nline.spec()\n"
        "line.call_when_lost(lambda why: (say(why), os._exit(7)))\nsay('up')\ntime.sleep(60)"
    )
    with child(code) as parent:
        parent.write(b"go\n")
        assert parent.line() == "up"
        parent.let_go()
        assert parent.line() == "the parent process is gone"
        assert parent.code() == 7


def test_a_loss_that_came_first_is_reported_to_whoever_asks_later() -> None:
    """The parent may die while the child still imports its parts."""
    code = (
        "line = Lifeline(force_after_s=30)\nline.spec()\nline.call_when_lost(lambda why: say('first'))\nsay('up')\n"
        "sys.stdout.flush()\ntime.sleep(0.5)\nline.call_when_lost(lambda why: (say(why), os._exit(7)))\ntime.sleep(60)"
    )
    with child(code) as parent:
        parent.write(b"go\n")
        assert parent.line() == "up"
        parent.let_go()
        assert parent.line() == "first"
        assert parent.line() == "the parent process is gone"
        assert parent.code() == 7


def test_an_orderly_end_that_takes_too_long_is_cut_short() -> None:
    """A hanging event loop must not keep a process alive."""
    code = (
        "line = Lifeline(force_after_s=0.2)\nline.spec()\n"
        "line.call_when_lost(lambda why: say(why))\nsay('up')\ntime.sleep(60)"
    )
    with child(code) as parent:
        parent.write(b"go\n")
        assert parent.line() == "up"
        parent.let_go()
        assert parent.line() == "the parent process is gone"
        assert parent.code() == 0


def test_a_silent_parent_counts_as_lost_after_the_lease() -> None:
    """A frozen queen holds its end open for ever."""
    code = (
        "line = Lifeline(force_after_s=30)\nline.spec()\nline.call_when_lost(lambda why: (say(why), os._exit(7)))\n"
        "line.require_lease(0.5)\nsay('up')\ntime.sleep(60)"
    )
    with child(code) as parent:
        parent.write(b"go\n")
        assert parent.line() == "up"
        assert parent.line() == "the lease of 0.5 s ran out"
        assert parent.code() == 7


def test_signs_of_life_renew_the_lease() -> None:
    """As long as the queen works, its hive stays."""
    code = (
        "line = Lifeline(force_after_s=30)\nline.spec()\nline.call_when_lost(lambda why: (say(why), os._exit(7)))\n"
        "line.require_lease(2.0)\nstarted = time.monotonic()\nsay('up')\n"
        "time.sleep(3.0)\nsay('alive')\ntime.sleep(60)"
    )
    with child(code) as parent:
        parent.write(b"go\n")
        assert parent.line() == "up"
        assert parent.process.stdout is not None
        while not select.select([parent.process.stdout], [], [], 0.3)[0]:
            parent.write(b"\n")
        assert parent.line() == "alive"


@pytest.mark.parametrize(
    "busy",
    [
        "ctypes.CDLL(None).sleep(60)",
        "while True: pass",
        "import asyncio\nasync def main(): time.sleep(60)\nasyncio.run(main())",
    ],
    ids=["native call", "busy loop", "blocked event loop"],
)
def test_a_busy_main_thread_cannot_delay_the_end(busy: str) -> None:
    """The watching thread is a thread for this reason."""
    with child(f"line = Lifeline(force_after_s=30)\nline.spec()\nsay('up')\n{busy}") as parent:
        parent.write(b"go\n")
        assert parent.line() == "up"
        parent.let_go()
        assert parent.code() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells the owner of a pipe on Linux only")
def test_a_native_call_that_holds_the_interpreter_ends_as_well() -> None:
    """No Python thread can run then; the kernel does it."""
    code = (
        "line = Lifeline(force_after_s=30)\nline.spec()\ndie_at_end_of_file()\nsay('up')\nctypes.PyDLL(None).sleep(60)"
    )
    with child(code) as parent:
        parent.write(b"go\n")
        assert parent.line() == "up"
        parent.let_go()
        assert parent.code() == -signal.SIGIO


def test_a_parent_killed_with_sigkill_lets_go_too() -> None:
    """The kernel closes the pipe for those who cannot say goodbye."""
    code = (
        "import subprocess\n"
        "inner = 'import os, time\\nfrom rbee_keeper.supervisor.lifelines.lifeline import Lifeline\\n"
        "line = Lifeline(force_after_s=30)\\nline.spec()\\nprint(os.getpid(), flush=True)\\ntime.sleep(60)'\n"
        "kid = subprocess.Popen([sys.executable, '-c', inner], stdin=subprocess.PIPE)\n"
        "kid.stdin.write(b'go\\n'); kid.stdin.flush()\ntime.sleep(60)"
    )
    with child(code) as parent:
        kid = int(parent.line())
        os.kill(kid, 0)
        parent.process.kill()
        # the kid holds the same standard output: end of file means that both are gone
        assert parent.line() == ""
