"""Turns of the processor: what computes gives way to what answers, and nothing else changes."""

import ctypes
import os
import platform
import struct
import sys
import threading

import pytest

from rbee_keeper.supervisor import processor_turns


def in_a_thread(function: object) -> tuple[int, int]:
    """Return the policy and the niceness that a thread has after the call."""
    found: list[tuple[int, int]] = []

    def run() -> None:
        assert callable(function)
        function()
        found.append((os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these")
def test_a_computing_thread_is_a_batch_thread_and_an_answering_one_is_not() -> None:
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    assert in_a_thread(processor_turns.computes) == (os.SCHED_BATCH, niceness)
    assert in_a_thread(processor_turns.answers) == (os.SCHED_OTHER, niceness)


def turn_ns() -> int:
    """Return the turn that the calling thread asked for; 0 where the kernel does not tell."""
    number = {"x86_64": 315, "aarch64": 275}.get(platform.machine(), -1)
    attributes = ctypes.create_string_buffer(56)
    ctypes.CDLL(None).syscall(number, 0, attributes, 56, 0)
    return int(struct.unpack("IIQiIQQQII", attributes.raw[:56])[5])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these")
def test_a_computing_thread_has_longer_turns_than_the_answering_one_that_started_it() -> None:
    """With turns as short as those it gives way to, it would hold up every answer by whole turns again."""
    turns: list[int] = []

    def compute() -> None:
        processor_turns.computes()
        turns.append(turn_ns())

    def answer() -> None:
        processor_turns.answers()
        turns.append(turn_ns())
        computing = threading.Thread(target=compute)
        computing.start()
        computing.join()

    answering = threading.Thread(target=answer)
    answering.start()
    answering.join()
    if not turns[0]:
        pytest.skip("this kernel has no turns to ask for")
    assert turns == [processor_turns.SHORT_TURN_NS, processor_turns.LONG_TURN_NS]
