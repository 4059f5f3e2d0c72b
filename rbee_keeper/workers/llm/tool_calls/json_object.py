"""Reads the JSON object of a tool call while it is being written."""

from typing import Literal

import msgspec

from .events import CallEvents
from .scanner import JsonScanner, ReadState

_NAMES = ("name", "function")
_ARGUMENTS = ("arguments", "parameters")
_IGNORED = ("id", "type")
_CALLS = "tool_calls"
_SPACE = " \t\n\r"

_Place = Literal["open", "first", "key", "colon", "value", "after"]


class CallObject:
    """Reads `{"name": ..., "arguments": {...}}`; the arguments go out as they come in once the name is known.

    Also reads `parameters` for `arguments`, a call inside of `function`, and, where `may_wrap`, a list of calls inside
    of `tool_calls`. `must_be_known` refuses the names of tools that the request does not have.
    """

    accounts = True

    def __init__(self, calls: CallEvents, *, must_be_known: bool = False, may_wrap: bool = False) -> None:
        """Report to these events."""
        self.state: ReadState = "open"
        self._calls = calls
        self._must_be_known = must_be_known
        self._may_wrap = may_wrap
        self._place: _Place = "open"
        self._scanner: JsonScanner | None = None
        self._raw: list[str] = []
        self._key = ""
        self._name = ""
        self._early_arguments = ""
        self._is_begun = False
        self._is_streaming = False

    def push(self, text: str, at: int) -> int:
        """Take the text from `at` and return where it stopped."""
        while at < len(text) and self.state == "open":
            if self._scanner is not None:
                at = self._scan(self._scanner, text, at)
                continue
            char = text[at]
            if char in _SPACE and self._place != "open":
                self._calls.hold(char)
                at += 1
            elif self._takes(char):
                if self._scanner is None:
                    self._calls.hold(char)
                    at += 1
                    self._end_when_done()
            else:
                self.state = "invalid"
        return at

    def finish(self) -> None:
        """Tell that the text is over: an object without its end is none."""

    def _takes(self, char: str) -> bool:
        """Move on with a character; a key or a value gets a scanner, which takes the character itself."""
        match self._place:
            case "open" if char == "{":
                self._place = "first"
            case "first" | "after" if char == "}":
                self.state = "done"
            case "after" if char == ",":
                self._place = "key"
            case "first" | "key" if char == '"':
                self._scanner = JsonScanner()
            case "colon" if char == ":":
                self._place = "value"
            case "value":
                self._scanner = JsonScanner()
                self._is_streaming = self._key in _ARGUMENTS and char == "{" and bool(self._name)
                if self._is_streaming:
                    self._begin()
            case _:
                return False
        return True

    def _scan(self, scanner: JsonScanner, text: str, at: int) -> int:
        end = scanner.push(text, at)
        piece = text[at:end]
        if self._is_streaming:
            self._calls.arguments(piece)
        else:
            self._calls.hold(piece)
            self._raw.append(piece)
        if scanner.state == "invalid":
            self.state = "invalid"
        elif scanner.state == "done":
            raw, self._raw, self._scanner = "".join(self._raw), [], None
            if self._place == "value":
                self._place = "after"
                if self._is_streaming:
                    self._is_streaming = False
                else:
                    self._take_value(raw)
            else:
                self._place = "colon"
                self._take_key(text_of(raw))
        return end

    def _take_key(self, key: str | None) -> None:
        self._key = key or ""
        known = {*_NAMES, *_ARGUMENTS, *_IGNORED, *((_CALLS,) if self._may_wrap else ())}
        is_second = self._is_begun and self._key in _ARGUMENTS
        if is_second or not (self._key in known or self._is_begun):
            self.state = "invalid"
        elif self._key == _CALLS:
            self._calls.is_certain = True

    def _take_value(self, raw: str) -> None:
        if self._is_begun:
            return
        if self._key in _ARGUMENTS:
            arguments = arguments_of(raw)
            if arguments is None:
                self.state = "invalid"
            elif self._name:
                self._begin()
                self._calls.arguments(arguments)
            else:
                self._early_arguments = arguments
        elif self._key == _CALLS or (self._key == "function" and raw.startswith("{")):
            self._take_wrapped(raw)
        elif self._key in _NAMES:
            self._take_name(text_of(raw))

    def _take_name(self, name: str | None) -> None:
        if not name or (self._must_be_known and name not in self._calls.known_names):
            self.state = "invalid"
            return
        self._name = name
        self._calls.is_certain = True
        if self._early_arguments:
            self._begin()
            self._calls.arguments(self._early_arguments)

    def _take_wrapped(self, raw: str) -> None:
        found = wrapped_calls(raw)
        if found is None or (self._must_be_known and any(name not in self._calls.known_names for name, _ in found)):
            self.state = "invalid"
            return
        for name, arguments in found:
            self._calls.begin(name)
            self._calls.arguments(arguments)
        self._is_begun = True

    def _end_when_done(self) -> None:
        if self.state != "done":
            return
        if self._is_begun:
            self._calls.take_held()
        elif self._name:
            self._begin()
            self._calls.arguments("{}")
        else:
            self.state = "invalid"

    def _begin(self) -> None:
        self._is_begun = True
        self._calls.begin(self._name)


def arguments_of(raw: str) -> str | None:
    """Return the arguments as JSON text of an object; None when they are none."""
    if raw == "null":
        return "{}"
    if raw.startswith('"'):
        raw = (text_of(raw) or "").strip() or "{}"
    return raw if raw.startswith("{") and _is_json(raw) else None


def text_of(raw: str) -> str | None:
    """Return what a JSON string says; None when it is none, or holds half of a character."""
    try:
        return msgspec.json.decode(raw, type=str)
    except msgspec.MsgspecError:
        return None


def wrapped_calls(raw: str) -> list[tuple[str, str]] | None:
    """Return name and arguments of every call in a call object or a list of them; None when it holds anything else."""
    decode = _RAW_OBJECT.decode
    try:
        items = [decode(raw)] if raw.startswith("{") else [decode(each) for each in _RAW_LIST.decode(raw)]
        found = []
        for item in items:
            inner = item.get("function")
            call = decode(inner) if inner is not None and bytes(inner).startswith(b"{") else item
            name = msgspec.json.decode(call["name"], type=str)
            written = next((call[key] for key in _ARGUMENTS if key in call), None)
            arguments = "{}" if written is None else arguments_of(bytes(written).decode())
            if not name or arguments is None:
                return None
            found.append((name, arguments))
    except (msgspec.MsgspecError, KeyError):
        return None
    return found or None


def _is_json(raw: str) -> bool:
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except msgspec.MsgspecError:
        return False
    return True


_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
