"""The lease: a loop that is late loses nobody, one that is stuck does."""

import asyncio
import time
from contextlib import suppress

from rbee_keeper.supervisor.lifelines.lease import keep_lease

LEASE_S = 0.4


async def blocked_for(seconds: float, renewed: list[float]) -> None:
    """Keep the lease in a loop that then has no turn for so long."""
    keeping = asyncio.create_task(keep_lease(lambda: renewed.append(time.monotonic()), LEASE_S))
    await asyncio.sleep(LEASE_S)
    time.sleep(seconds)
    keeping.cancel()
    with suppress(asyncio.CancelledError):
        await keeping


def test_a_loop_that_is_blocked_for_longer_than_the_lease_goes_on_renewing() -> None:
    """One large request must not end the hive with every worker."""
    renewed: list[float] = []
    blocked_at = time.monotonic()
    asyncio.run(blocked_for(3 * LEASE_S, renewed))
    assert [at for at in renewed if at > blocked_at + 2 * LEASE_S], "nobody renewed while the loop was blocked"


def test_a_loop_that_is_stuck_for_good_is_noticed() -> None:
    """Its hive and workers would run for ever, and nobody could use them."""
    renewed: list[float] = []
    asyncio.run(blocked_for(12 * LEASE_S, renewed))
    ended_at = time.monotonic()
    assert renewed
    assert ended_at - max(renewed) > LEASE_S, "it was renewed to the end"


def test_the_end_of_the_queen_ends_the_renewals() -> None:
    """A thread that goes on would hold the descriptor of a child that is gone."""
    renewed: list[float] = []
    asyncio.run(blocked_for(0.0, renewed))
    count = len(renewed)
    time.sleep(2 * LEASE_S)
    assert len(renewed) <= count + 1
