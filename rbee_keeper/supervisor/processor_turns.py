"""Tells Linux which thread computes for long and which one answers in between.

Without that a request waits for milliseconds while the threads of a batch use up their turns on every processor.
Other systems, older kernels and refusals change nothing but that wait.
"""

import ctypes
import os
import platform
import struct
import sys
from contextlib import suppress

SHORT_TURN_NS = 100_000
LONG_TURN_NS = 10_000_000
_SET_ATTRIBUTES = {"x86_64": 314, "aarch64": 274}
_ATTRIBUTES = "IIQiIQQQII"  # size, policy, flags, nice, priority, turn, deadline, period, two limits


def computes() -> None:
    """Let the calling thread, and those it starts, give way to a thread that has just been woken.

    A thread has the turns of the one that started it, and short ones would be no longer than those it gives way to.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        _take_turns(os.SCHED_BATCH, LONG_TURN_NS)


def answers() -> None:
    """Let the calling thread have short turns, which come sooner."""
    if sys.platform == "linux":
        _take_turns(os.SCHED_OTHER, SHORT_TURN_NS)


def _take_turns(policy: int, turn_ns: int) -> None:
    number = _SET_ATTRIBUTES.get(platform.machine())
    if number is not None:
        niceness = os.getpriority(os.PRIO_PROCESS, 0)
        size = struct.calcsize(_ATTRIBUTES)
        attributes = struct.pack(_ATTRIBUTES, size, policy, 0, niceness, 0, turn_ns, 0, 0, 0, 0)
        ctypes.CDLL(None).syscall(number, 0, attributes, 0)
