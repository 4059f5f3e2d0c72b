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

_SHORTEST_TURN_NS = 100_000
_SET_ATTRIBUTES = {"x86_64": 314, "aarch64": 274}
_ATTRIBUTES = "IIQiIQQQII"  # size, policy, flags, nice, priority, turn, deadline, period, two limits


def computes() -> None:
    """Let the calling thread, and those it starts, give way to a thread that has just been woken."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def answers() -> None:
    """Let the calling thread have short turns, which come sooner."""
    number = _SET_ATTRIBUTES.get(platform.machine()) if sys.platform == "linux" else None
    if number is None:
        return
    size = struct.calcsize(_ATTRIBUTES)
    attributes = struct.pack(_ATTRIBUTES, size, os.SCHED_OTHER, 0, _niceness(), 0, _SHORTEST_TURN_NS, 0, 0, 0, 0)
    ctypes.CDLL(None).syscall(number, 0, attributes, 0)


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0)
