"""Turns of the processor: what computes gives way to what answers, and nothing else changes."""

import os
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
