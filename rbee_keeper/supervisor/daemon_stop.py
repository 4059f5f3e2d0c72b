"""Waits for the end of a daemon, and brings it about when it does not answer."""

import os
import signal
import time
from contextlib import suppress

from .daemon_record import DaemonRecord
from .process_identity import identity_of

_POLL_S = 0.01


def wait_until_gone(pid: int, identity: str, within_s: float) -> bool:
    """Tell whether that very process ends in time; another one that got its pid does not count."""
    give_up_at = time.monotonic() + within_s
    while identity and identity_of(pid) == identity:
        if time.monotonic() > give_up_at:
            return False
        time.sleep(_POLL_S)
    return True


def stop_by_signal(record: DaemonRecord, grace_s: float) -> bool:
    """Send SIGTERM, and SIGKILL when the grace has passed; what it started ends with it. True when it needed both."""
    with suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGTERM)
    if wait_until_gone(record.pid, record.identity, grace_s):
        return False
    with suppress(ProcessLookupError):
        os.kill(record.pid, signal.SIGKILL)
    wait_until_gone(record.pid, record.identity, grace_s)
    return True
