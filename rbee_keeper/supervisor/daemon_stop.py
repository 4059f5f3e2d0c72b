"""Ends a daemon of this person by its record, for when it does not answer."""

import os
import signal
import time
from contextlib import suppress

from .daemon_record import DaemonRecord

_POLL_S = 0.01


def wait_until_gone(record: DaemonRecord, within_s: float) -> bool:
    """Tell whether the daemon's process ends in time; another one that got its pid does not count."""
    give_up_at = time.monotonic() + within_s
    while record.is_alive:
        if time.monotonic() > give_up_at:
            return False
        time.sleep(_POLL_S)
    return True


def stop_by_signal(record: DaemonRecord, grace_s: float) -> bool:
    """Send SIGTERM, and SIGKILL when the grace has passed; what it started ends with it. True when it needed both."""
    with suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGTERM)
    if wait_until_gone(record, grace_s):
        return False
    with suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGKILL)
    wait_until_gone(record, grace_s)
    return True
