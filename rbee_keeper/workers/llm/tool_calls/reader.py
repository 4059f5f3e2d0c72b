"""Finds the tool calls in an answer while it is being written."""

from collections.abc import Sequence

from ....contract.events import Event, Token
from ..reading.answer_text import AnswerText
from ..reading.text_output import possible_start
from .events import CallEvents
from .parts import CallText
from .syntax import CallSyntax, Parts, Schemas

_BETWEEN_BARE_CALLS = " \t\r\n;,"


class ToolCallReader:
    """Implements `CompletionReader` for a model that may call tools.

    Space around calls is dropped. Once a call's name and the start of its arguments are there, it is a call: what goes
    wrong behind that comes out as content. What the end of the answer cuts off is no content: nobody can use it.
    """

    def __init__(self, syntax: CallSyntax, schemas: Schemas) -> None:
        """Read calls of these tools, written this way."""
        self._syntax = syntax
        self._schemas = schemas
        self._marks = tuple(syntax.openers)
        self._first_characters = "".join({mark[0] for mark in self._marks})
        self._text = AnswerText()
        self._calls = CallEvents(schemas)
        self._call: CallText | None = None
        self._buffer = ""
        self._may_be_bare = syntax.bare is not None
        self._is_behind_call = False
        self._events: list[Event] = []

    def push(self, token: Token) -> Sequence[Event]:
        """Take the next piece and return what is certain now."""
        if self._is_plain(token.t):
            return (token,)
        self._text.take(token)
        self._calls.choice = token.choice
        text, self._buffer = self._buffer + token.t, ""
        self._read(text)
        return self._taken_events()

    def finish(self) -> Sequence[Event]:
        """Return what was held back; a call that the end cuts off before it is one is dropped."""
        self._text.take_end()
        if self._call is not None:
            self._call.finish()
            if self._call.is_cut and self._calls.is_certain:
                self._calls.take_held()
            self._end_call(self._call)
        rest, self._buffer = self._buffer, ""
        if not self._is_behind_call or rest.strip():
            self._add_content(rest)
        return self._taken_events()

    def _is_plain(self, text: str) -> bool:
        """Tell whether the text is content for certain, which is what most text is."""
        return not (
            self._buffer
            or self._call is not None
            or self._may_be_bare
            or text[-1:].isspace()
            or any(char in text for char in self._first_characters)
        )

    def _read(self, text: str) -> None:
        at = 0
        while at < len(text):
            if self._call is None:
                at = self._read_content(text, at)
                continue
            at = self._call.push(text, at)
            if self._call.state != "open":
                self._end_call(self._call)

    def _read_content(self, text: str, at: int) -> int:
        if self._may_be_bare:
            return self._read_start(text, at)
        found = [(position, mark) for mark in self._marks if (position := text.find(mark, at)) >= 0]
        if found:
            position, mark = min(found)
            before = text[at:position]
            shown = before.rstrip()
            self._add_content(shown)
            self._begin_call(self._syntax.openers[mark], before[len(shown) :] + mark, is_certain=True)
            return position + len(mark)
        rest = text[at:]
        kept = possible_start(rest, self._marks)
        shown = rest[: len(rest) - kept].rstrip()
        self._buffer = rest[len(shown) :]
        self._add_content(shown)
        return len(text)

    def _read_start(self, text: str, at: int) -> int:
        """Read where a call may stand without an opening mark."""
        start = at
        skipped = _BETWEEN_BARE_CALLS if self._is_behind_call else " \t\r\n"
        while at < len(text) and text[at] in skipped:
            at += 1
        if at == len(text):
            self._buffer = text[start:]
            return at
        self._may_be_bare = False
        if text[at] == "{" and self._syntax.bare is not None:
            self._begin_call(self._syntax.bare, text[start:at], is_certain=False)
            return at
        return start

    def _begin_call(self, parts: Parts, opened_by: str, *, is_certain: bool) -> None:
        self._calls.take_held()
        self._calls.is_certain = is_certain
        self._calls.hold(opened_by)
        self._call = CallText(self._calls, parts(self._calls, self._schemas))

    def _end_call(self, call: CallText) -> None:
        self._call = None
        self._events += self._text.calls(self._calls.take_events())
        held = self._calls.take_held()
        self._is_behind_call = call.state == "done" and not held.strip()
        if not self._is_behind_call:
            self._add_content(held)
        self._may_be_bare = self._is_behind_call and self._syntax.bare is not None

    def _add_content(self, text: str) -> None:
        if not text:
            return
        self._is_behind_call = False
        last = self._events[-1] if self._events else None
        if isinstance(last, Token):
            text = last.t + text
            self._events[-1] = Token(t=text, i=last.i, choice=last.choice, logprobs=last.logprobs)
        else:
            self._events.append(self._text.content(text))

    def _taken_events(self) -> Sequence[Event]:
        self._events += self._text.calls(self._calls.take_events())
        events, self._events = self._events, []
        return events
