"""What can go wrong with an engine, done on purpose."""

import ctypes
import os
import signal
import time

from ...errors import InferenceFailed
from .script import Fault

_FOREVER_S = 3600


def commit(fault: Fault) -> None:
    """Do it."""
    match fault:
        case "none":
            return
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
            time.sleep(_FOREVER_S)
        case "error":
            raise InferenceFailed("the script asked for an error")
        case "stall":
            time.sleep(_FOREVER_S)
        case "native_call" | "stuck_grammar":
            ctypes.CDLL(None).sleep(_FOREVER_S)
        case "hold_interpreter":
            ctypes.PyDLL(None).sleep(_FOREVER_S)


def ignore_signals() -> None:
    """Ignore at the C level, from whichever thread: Python's own handlers never run."""
    libc = ctypes.CDLL(None)
    libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
    for number in (signal.SIGTERM, signal.SIGIO, signal.SIGINT, signal.SIGHUP):
        libc.signal(number, 1)
