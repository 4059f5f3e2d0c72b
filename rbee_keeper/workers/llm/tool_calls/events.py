"""Tool calls as events: numbers them, names them, and keeps what is not yet certain to be one."""

import secrets
from collections.abc import Collection

from ....contract.events import Event, ToolCallDelta


class CallEvents:
    """Collects the pieces of the calls of one answer.

    `held` is the text that was read as part of a call but that no event tells of yet. `is_certain` tells that what is
    being read can only be a call, even when it breaks off.
    """

    def __init__(self, known_names: Collection[str], choice: int = 0) -> None:
        """Expect calls of these tools."""
        self.known_names = frozenset(known_names)
        self.held = ""
        self.is_certain = False
        self.choice = choice
        self.index = -1
        self._pieces: list[str] = []
        self._events: list[Event] = []

    def hold(self, text: str) -> None:
        """Keep a text until it is certain."""
        self.held += text

    def begin(self, name: str) -> None:
        """Begin the next call."""
        self._flush()
        self.held = ""
        self.is_certain = True
        self.index += 1
        call_id = f"call_{secrets.token_hex(12)}"
        self._events.append(ToolCallDelta(index=self.index, arguments="", id=call_id, name=name, choice=self.choice))

    def arguments(self, piece: str) -> None:
        """Add to the arguments of the call that was begun last."""
        self.held = ""
        if piece:
            self._pieces.append(piece)

    def take_held(self) -> str:
        """Return what turned out to be no call."""
        held, self.held = self.held, ""
        return held

    def take_events(self) -> list[Event]:
        """Return the events since the last time, a call's pieces joined."""
        self._flush()
        events, self._events = self._events, []
        return events

    def _flush(self) -> None:
        if self._pieces:
            piece = "".join(self._pieces)
            self._pieces = []
            self._events.append(ToolCallDelta(index=self.index, arguments=piece, choice=self.choice))
