"""The parent's side of a lease: signs of life from a thread that watches the event loop.

Only a queen renews, and only for its hive. A native call that keeps the interpreter for longer than the lease stops
the thread as well, and the hive ends with its workers, as if the queen were frozen: it makes no such call, and
the hive that it starts next is as good. Workers have no lease, so the calls of an engine, which do take
minutes, can neither miss nor delay one: when the hive is gone the kernel ends its workers in the middle of a call
(`lifeline.die_at_end_of_file`).
"""

import asyncio
import threading
import time
from collections.abc import Callable

_RENEWALS_PER_LEASE = 4
_LEASES_WITHOUT_A_TURN = 8
"""A loop that had no turn for so many leases is taken to be stuck for good: then nobody renews, and the children end.
A queen that reads a large body or logs much is late by seconds; nothing that ends again takes minutes."""


async def keep_lease(renew: Callable[[], None], lease_s: float) -> None:
    """Have `renew` called from a thread, four times per lease, until cancelled or the event loop is stuck for good.

    A loop that is blocked for a moment costs the child nothing. A process that is stopped has no thread that runs
    either, so its lease runs out as it should.
    """
    pulse = _Pulse(renew, lease_s)
    thread = threading.Thread(target=pulse.renew_while_alive, name="lease", daemon=True)
    thread.start()
    try:
        while True:
            pulse.beat()
            await asyncio.sleep(lease_s / _RENEWALS_PER_LEASE)
    finally:
        pulse.end()


class _Pulse:
    """What the event loop and the renewing thread share."""

    def __init__(self, renew: Callable[[], None], lease_s: float) -> None:
        self._renew = renew
        self._interval_s = lease_s / _RENEWALS_PER_LEASE
        self._patience_s = lease_s * _LEASES_WITHOUT_A_TURN
        self._beaten_at = time.monotonic()
        self._ended = threading.Event()

    def beat(self) -> None:
        self._beaten_at = time.monotonic()

    def end(self) -> None:
        self._ended.set()

    def renew_while_alive(self) -> None:
        while not self._ended.wait(self._interval_s):
            if time.monotonic() - self._beaten_at < self._patience_s:
                self._renew()
