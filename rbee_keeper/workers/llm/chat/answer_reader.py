"""Reads an answer in which a model may think first and call tools then."""

from collections.abc import Sequence

from ....contract.events import Event, Token
from ...engine import CompletionReader
from ..reading.reasoning_reader import ReasoningReader
from ..tool_calls.reader import ToolCallReader


class ChainedReader:
    """Implements `CompletionReader`: what the first reader takes for content goes through the second."""

    def __init__(self, first: ReasoningReader, second: ToolCallReader) -> None:
        """Read with both."""
        self._first: CompletionReader = first
        self._second: CompletionReader = second

    def push(self, token: Token) -> Sequence[Event]:
        """Take the next piece and return what is certain now."""
        return self._passed_on(self._first.push(token))

    def finish(self) -> Sequence[Event]:
        """Return what was held back."""
        return [*self._passed_on(self._first.finish()), *self._second.finish()]

    def _passed_on(self, events: Sequence[Event]) -> list[Event]:
        passed: list[Event] = []
        for event in events:
            if isinstance(event, Token):
                passed += self._second.push(event)
            else:
                passed.append(event)
        return passed
