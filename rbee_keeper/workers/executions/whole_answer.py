"""Waits for the end of an execution whose answer is given in one piece."""

import asyncio
from collections.abc import Sequence

from starlette.requests import Request

from ...contract.events import Event
from ...daemon.event_stream import disconnected
from .slots import Slots
from .stream import Stream


async def events_at_end(request: Request, stream: Stream, slots: Slots) -> Sequence[Event]:
    """Return all events of the execution; a client who leaves before ends it and so frees the slot."""
    leaving = asyncio.ensure_future(disconnected(request.receive))
    leaving.add_done_callback(lambda _: slots.cancel(stream))
    events = await stream.whole()
    leaving.cancel()
    return events
