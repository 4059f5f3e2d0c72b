"""The event log: readers that come early, late, or back again."""

import asyncio

from rbee_keeper.queen.event_log import EventLog
from rbee_keeper.transport import sse

LIMIT = 1_000_000


def frame(text: str) -> bytes:
    """Return one frame."""
    return sse.frame("token", text.encode())


async def read_all(log: EventLog, after_id: int = 0) -> list[tuple[int, str]]:
    """Read to the end marker and return ids with data."""
    async with asyncio.timeout(5):
        data = b"".join([part async for part in log.read(after_id)])
    messages = sse.FrameCutter().feed(data)
    assert messages[-1] == b"data: [DONE]\n\n"
    return [(int(dict(sse.fields(message))["id"]), sse.data_of(message) or "") for message in messages[:-1]]


def closed_log(*texts: str) -> EventLog:
    """Return a log with these frames, the last one closing."""
    log = EventLog(LIMIT)
    for text in texts[:-1]:
        log.append([frame(text)])
    log.append([frame(texts[-1])], closes=True)
    return log


async def test_a_late_reader_gets_everything_from_the_start() -> None:
    """A 202 caller connects after the first tokens were made."""
    assert await read_all(closed_log("a", "b", "end")) == [(1, "a"), (2, "b"), (3, "end")]


async def test_a_reader_that_comes_back_gets_what_it_missed_and_nothing_twice() -> None:
    """`Last-Event-ID` is how browsers resume."""
    assert await read_all(closed_log("a", "b", "end"), after_id=1) == [(2, "b"), (3, "end")]


async def test_a_reader_that_saw_everything_gets_the_last_event_again() -> None:
    """It must learn that the task ended, or it would come back for ever."""
    assert await read_all(closed_log("a", "end"), after_id=2) == [(2, "end")]
    assert await read_all(closed_log("a", "end"), after_id=99) == [(2, "end")]


async def test_readers_get_events_as_they_come() -> None:
    """Streaming is the point; two readers do not disturb each other."""
    log = EventLog(LIMIT)
    readers = [asyncio.create_task(read_all(log)) for _ in range(2)]
    await asyncio.sleep(0)
    log.append([frame("a")])
    await asyncio.sleep(0)
    log.append([frame("b"), frame("end")], closes=True)
    assert [await reader for reader in readers] == [[(1, "a"), (2, "b"), (3, "end")]] * 2


async def test_a_reader_of_a_running_task_with_an_id_from_the_future_still_learns_the_end() -> None:
    """A stream without its closing event counts as a failure, whatever the client sent."""
    log = EventLog(LIMIT)
    log.append([frame("a")])
    reader = asyncio.create_task(read_all(log, after_id=50))
    await asyncio.sleep(0)
    log.append([frame("end")], closes=True)
    assert (await reader)[-1] == (2, "end")


async def test_nothing_is_taken_after_the_closing_event() -> None:
    """No token after the end, whatever arrives late (cancel, 1.4)."""
    log = closed_log("a", "end")
    log.append([frame("late")])
    assert await read_all(log) == [(1, "a"), (2, "end")]


async def test_a_full_log_drops_its_oldest_events_and_keeps_its_numbers() -> None:
    """Memory is bounded; a client that resumes must not get old ids for new events."""
    size = len(frame("000"))
    log = EventLog(limit_bytes=3 * size)
    for number in range(10):
        log.append([frame(f"{number:03}")])
    log.append([frame("end")], closes=True)
    kept = await read_all(log)
    assert kept == [(9, "008"), (10, "009"), (11, "end")]
    assert await read_all(log, after_id=3) == kept


async def test_one_event_larger_than_the_limit_is_still_delivered() -> None:
    """A log that forgot the closing event would never end."""
    log = EventLog(limit_bytes=1)
    log.append([frame("a")])
    log.append([frame("end")], closes=True)
    assert await read_all(log) == [(2, "end")]
