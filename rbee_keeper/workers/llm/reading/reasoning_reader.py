"""Tells what a model thinks from what it answers."""

from collections.abc import Sequence
from typing import Literal

from ....contract.events import Event, Token
from .answer_text import AnswerText
from .text_output import possible_start

ReasoningTags = tuple[str, str]
"""What opens and what closes the thinking."""


class ReasoningReader:
    """Implements `CompletionReader` for a model that thinks before it answers; space around the tags is dropped."""

    def __init__(self, tags: ReasoningTags, *, is_open: bool) -> None:
        """Expect the opening tag first, or, when the prompt ends with it already, the thinking itself."""
        self._opener, self._closer = tags
        self._place: Literal["start", "thinking", "behind", "answer"] = "thinking" if is_open else "start"
        self._text = AnswerText()
        self._buffer = ""
        self._has_thought = False
        self._events: list[Event] = []

    def push(self, token: Token) -> Sequence[Event]:
        """Take the next piece and return what is certain now."""
        if self._place == "answer":
            return (token,)
        self._text.take(token)
        text, self._buffer = self._buffer + token.t, ""
        if self._place == "start":
            text = self._read_start(text)
        if self._place == "thinking":
            text = self._read_thinking(text)
        if self._place == "behind":
            text = text.lstrip()
        if text and self._place in ("behind", "answer"):
            self._place = "answer"
            self._events.append(self._text.content(text))
        return self._taken_events()

    def finish(self) -> Sequence[Event]:
        """Return what was held back."""
        self._text.take_end()
        rest, self._buffer = self._buffer, ""
        if self._place == "thinking":
            self._add_reasoning(rest.rstrip())
        elif rest:
            self._events.append(self._text.content(rest))
        return self._taken_events()

    def _read_start(self, text: str) -> str:
        """Return what follows the opening tag, or all of the text when there is none."""
        begin = text.lstrip()
        if begin.startswith(self._opener):
            self._place = "thinking"
            return begin[len(self._opener) :]
        if self._opener.startswith(begin):
            self._buffer = text
            return ""
        self._place = "answer"
        return text

    def _read_thinking(self, text: str) -> str:
        """Return what follows the closing tag."""
        thought, closer, rest = text.partition(self._closer)
        if closer:
            self._add_reasoning(thought.rstrip())
            self._place = "behind"
            return rest
        kept = possible_start(text, (self._closer,))
        shown = text[: len(text) - kept].rstrip()
        self._buffer = text[len(shown) :]
        self._add_reasoning(shown)
        return ""

    def _add_reasoning(self, text: str) -> None:
        if not self._has_thought:
            text = text.lstrip()
        if text:
            self._has_thought = True
            self._events.append(self._text.reasoning(text))

    def _taken_events(self) -> Sequence[Event]:
        events, self._events = self._events, []
        return events
