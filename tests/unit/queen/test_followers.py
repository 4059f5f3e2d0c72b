"""Followers: when a task is given up because nobody reads it any more."""

import asyncio

from rbee_keeper.queen.tasks.followers import Followers


def followed(detach_s: float) -> tuple[Followers, list[str]]:
    """Return the followers of a task, and the reasons for which it was given up."""
    reasons: list[str] = []
    return Followers(detach_s=detach_s, give_up=reasons.append), reasons


async def test_without_patience_the_last_one_who_leaves_ends_the_task_at_once() -> None:
    """Several copies of a request may follow one task: the first of them that leaves is not the last."""
    followers, reasons = followed(0)
    followers.join()
    followers.join()
    followers.leave()
    assert reasons == []
    followers.leave()
    assert reasons == ["its client left"]


async def test_one_who_comes_back_in_time_keeps_the_task() -> None:
    """And the time begins anew when that one leaves."""
    followers, reasons = followed(0.05)
    followers.join()
    followers.leave()
    followers.join()
    await asyncio.sleep(0.15)
    assert reasons == []
    followers.leave()
    async with asyncio.timeout(10):
        while not reasons:
            await asyncio.sleep(0.01)
    assert reasons == ["its client left and did not come back within 0.05 s"]
