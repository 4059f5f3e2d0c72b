"""The event log: readers that come early, late, or back again."""

import asyncio
import contextlib

import pytest

from rbee_keeper.errors import EventsExpired
from rbee_keeper.queen.tasks.event_log import EventLog
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
    kept = await read_all(log, after_id=8)
    assert kept == [(9, "008"), (10, "009"), (11, "end")]


async def test_a_reader_who_would_miss_events_is_refused_instead() -> None:
    """An answer with a hole that closes as a success is a lie."""
    log = EventLog(limit_bytes=3 * len(frame("000")))
    for number in range(10):
        log.append([frame(f"{number:03}")])
    log.append([frame("end")], closes=True)
    with pytest.raises(EventsExpired) as caught:
        log.require_kept(0)
    assert caught.value.details == {"first_id": 9, "last_id": 11}
    assert "Last-Event-ID: 8" in caught.value.hint
    log.require_kept(8)


async def test_a_reader_who_falls_behind_is_told_so_and_gets_no_stream_with_a_hole() -> None:
    """It followed a task of somebody else more slowly than the tokens came."""
    log = EventLog(limit_bytes=3 * len(frame("000")))
    log.append([frame("000")])
    reader = log.read()
    assert b"000" in await anext(reader)
    for number in range(1, 10):
        log.append([frame(f"{number:03}")])
    last = await anext(reader)
    assert last.startswith(b"event: error\n")
    assert b"EVENTS_EXPIRED" in last
    assert last.endswith(b"data: [DONE]\n\n")
    with pytest.raises(StopAsyncIteration):
        await anext(reader)


async def test_what_the_submitter_has_not_taken_is_kept_and_the_writer_waits() -> None:
    """A client that reads slowly gets every token, and memory stays bounded all the same."""
    log = EventLog(limit_bytes=3 * len(frame("000")))
    log.attach_submitter()

    async def write() -> None:
        for number in range(200):
            await log.room()
            log.append([frame(f"{number:03}")], closes=number == 199)

    writer = asyncio.create_task(write())
    await asyncio.sleep(0.05)
    assert not writer.done()
    assert log.size_bytes <= 4 * len(frame("000"))
    cutter, seen = sse.FrameCutter(), []
    async with asyncio.timeout(10):
        async for part in log.read(submitter=1):
            assert log.size_bytes <= 4 * len(frame("000"))
            seen += cutter.feed(part)
            await asyncio.sleep(0)
    assert [sse.data_of(message) for message in seen] == [*(f"{number:03}" for number in range(200)), "[DONE]"]
    await writer


async def test_a_submitter_that_leaves_holds_nobody_up() -> None:
    """Its task is cancelled, and the last event must find room."""
    log = EventLog(limit_bytes=1)
    log.attach_submitter()
    log.append([frame("a")])
    log.append([frame("b")])
    waiting = asyncio.create_task(log.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    log.detach_submitter()
    async with asyncio.timeout(5):
        assert await waiting
    assert log.size_bytes == len(frame("b"))


async def test_an_end_is_taken_by_a_full_log() -> None:
    """The deadline of a client that does not read must still end its task."""
    log = EventLog(limit_bytes=1)
    log.attach_submitter()
    log.append([frame("a")])
    log.append([frame("b")])
    log.append([frame("end")], closes=True)
    assert not await log.room()
    assert await read_all(log) == [(1, "a"), (2, "b"), (3, "end")]


async def test_an_answer_that_was_read_to_its_end_keeps_its_last_part_only() -> None:
    """A queen that streams for a year must not keep what nobody will ask for."""
    log = EventLog(LIMIT)
    log.attach_submitter()
    log.append([frame("x" * 1000)] * 500)
    log.append([frame("end")], closes=True)
    async for _ in log.read(submitter=1):
        pass
    assert log.size_bytes < 70_000
    assert (await read_all(log, after_id=log.last_id - 1))[-1][1] == "end"


async def test_one_event_larger_than_the_limit_is_still_delivered() -> None:
    """A log that forgot the closing event would never end."""
    log = EventLog(limit_bytes=1)
    log.append([frame("a")])
    log.append([frame("end")], closes=True)
    assert await read_all(log, after_id=1) == [(2, "end")]


async def read_for_a_moment(log: EventLog, after_id: int, submitter: int) -> bytes:
    """Read what is there, and go."""
    parts: list[bytes] = []

    async def read() -> None:
        async for part in log.read(after_id, submitter=submitter):
            parts.append(part)  # noqa: PERF401 - what came before the cancel is wanted

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(read(), 0.05)
    return b"".join(parts)


async def test_what_a_submitter_that_may_return_has_not_taken_waits_for_it() -> None:
    """A connection was cut: the rest of the answer must be there when the next one comes."""
    log = EventLog(100)
    number = log.attach_submitter(may_return=True)
    first = log.read(submitter=number)
    log.append([sse.frame("token", b"x" * 40)])
    await anext(first)
    await first.aclose()
    log.append([sse.frame("token", b"y" * 40)] * 3)
    assert not log.has_room, "the writer waits for the one who comes back"
    log.require_kept(1)
    number = log.attach_submitter(1, may_return=True)
    assert b"yyyy" in await read_for_a_moment(log, 1, number)
    assert log.has_room


async def test_a_reader_that_was_replaced_holds_nobody_up() -> None:
    """The queen may learn of a cut connection long after its client has made another one."""
    log = EventLog(100)
    old = log.read(submitter=log.attach_submitter(may_return=True))
    log.append([sse.frame("token", b"x" * 40)] * 3)
    await anext(old)
    number = log.attach_submitter(0, may_return=True)
    await old.aclose()
    assert not log.has_room, "the place of the new one was lost with the old one"
    await read_for_a_moment(log, 0, number)
    assert log.has_room
