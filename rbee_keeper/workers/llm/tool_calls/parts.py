"""The parts that a model's way of writing tool calls is put together from, each cut anywhere.

A part takes text and says where it stopped and whether it is done. A `CallText` runs through the parts of one way of
writing, which are described as a generator: it yields the next part to read and may look at what the last one found.
"""

from collections.abc import Iterator
from typing import Protocol

from .events import CallEvents
from .scanner import JsonScanner, ReadState

_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
_MAX_NAME = 128


class Part(Protocol):
    """Reads one piece of a tool call's text; `accounts` when it holds and releases the text itself."""

    accounts: bool
    state: ReadState

    def push(self, text: str, at: int) -> int:
        """Take the text from `at` and return where it stopped."""

    def finish(self) -> None:
        """Tell that the text is over."""


class Peek:
    """Skips space and tells the next character; empty at the end of the text."""

    accounts = False

    def __init__(self, skipped: str = " \t\r\n") -> None:
        """Skip these characters."""
        self.state: ReadState = "open"
        self.found = ""
        self._skipped = skipped

    def push(self, text: str, at: int) -> int:
        """Stop in front of the first other character."""
        while at < len(text):
            if text[at] not in self._skipped:
                self.found, self.state = text[at], "done"
                break
            at += 1
        return at

    def finish(self) -> None:
        """Find nothing."""
        self.state = "done"


class OneOf:
    """Reads one of several texts, none of which is the start of another; `optional` lets all of them be missing."""

    accounts = False

    def __init__(self, *texts: str, optional: bool = False) -> None:
        """Expect one of the texts."""
        self.state: ReadState = "open"
        self.found = ""
        self._texts = texts
        self._optional = optional
        self._read = ""

    def push(self, text: str, at: int) -> int:
        """Stop behind the text, or at the first character that is in none of them."""
        while at < len(text) and self.state == "open":
            longer = self._read + text[at]
            if not any(each.startswith(longer) for each in self._texts):
                self.state = "done" if self._optional else "invalid"
                break
            self._read = longer
            at += 1
            if longer in self._texts:
                self.found, self.state = longer, "done"
        return at

    def finish(self) -> None:
        """End in the middle of a text that may be missing."""
        if self._optional:
            self.state = "done"


class Name:
    """Reads the name of a tool up to the first character that cannot be in one."""

    accounts = False

    def __init__(self) -> None:
        """Expect at least one character."""
        self.state: ReadState = "open"
        self.found = ""

    def push(self, text: str, at: int) -> int:
        """Stop behind the name."""
        while at < len(text) and self.state == "open":
            if text[at] in _NAME_CHARACTERS and len(self.found) < _MAX_NAME:
                self.found += text[at]
                at += 1
            else:
                self.state = "done" if self.found else "invalid"
        return at

    def finish(self) -> None:
        """Stay open: a name is always followed by something."""


class Until:
    """Reads any text up to and with an end mark."""

    accounts = False

    def __init__(self, end: str) -> None:
        """Expect the end mark."""
        self.state: ReadState = "open"
        self.found = ""
        self._end = end

    def push(self, text: str, at: int) -> int:
        """Stop behind the end mark."""
        while at < len(text) and self.state == "open":
            stop = text.find(self._end[-1], at) + 1 or len(text)
            self.found += text[at:stop]
            at = stop
            if self.found.endswith(self._end):
                self.found = self.found.removesuffix(self._end)
                self.state = "done"
        return at

    def finish(self) -> None:
        """Stay open: without its end the text is not whole."""


class Arguments:
    """Reads the JSON object of the arguments of a call whose name is known, and passes it on as it comes in."""

    accounts = True

    def __init__(self, calls: CallEvents, name: str) -> None:
        """Begin the call with the first character."""
        self.state: ReadState = "open"
        self._calls = calls
        self._name = name
        self._scanner: JsonScanner | None = None

    def push(self, text: str, at: int) -> int:
        """Stop behind the object."""
        if self._scanner is None:
            if text[at] != "{":
                self.state = "invalid"
                return at
            self._calls.begin(self._name)
            self._scanner = JsonScanner()
        end = self._scanner.push(text, at)
        self._calls.arguments(text[at:end])
        self.state = self._scanner.state
        return end

    def finish(self) -> None:
        """Stay open: an object without its end is none."""


class CallText:
    """Reads the calls that follow one opening mark."""

    def __init__(self, calls: CallEvents, parts: Iterator[Part]) -> None:
        """Start with the first part."""
        self.state: ReadState = "open"
        self.is_cut = False
        self._calls = calls
        self._parts = parts
        self._part: Part | None = next(parts)

    def push(self, text: str, at: int) -> int:
        """Take the text from `at` and return where it stopped being calls."""
        while at < len(text) and self._part is not None and self.state == "open":
            part = self._part
            end = part.push(text, at)
            if not part.accounts:
                self._calls.hold(text[at:end])
            at = end
            self._move_on(part)
        return at

    def finish(self) -> None:
        """Tell that the text is over; what may be missing may be missing now, and a call without its end is cut."""
        while self._part is not None and self.state == "open":
            part = self._part
            part.finish()
            self._move_on(part)
            if part.state == "open":
                self.state = "invalid"
                self.is_cut = True

    def _move_on(self, part: Part) -> None:
        if part.state == "invalid":
            self.state = "invalid"
        elif part.state == "done":
            self._part = next(self._parts, None)
            if self._part is None:
                self.state = "done"
                if not isinstance(part, OneOf) or part.found:
                    self._calls.take_held()
