"""Follows one JSON value while it is being written, cut anywhere."""

import re
from typing import Literal

ReadState = Literal["open", "done", "invalid"]

_PLAIN = re.compile(r'[^"\\\x00-\x1f]+')
_SPACE = " \t\n\r"
_WORD_CHARACTERS = frozenset("0123456789+-.eEtrufalsn")
_WORD = re.compile(r"true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_MAX_DEPTH = 256

_Place = Literal["value", "first", "first_key", "key", "colon", "after", "string", "escape", "word"]


class JsonScanner:
    """Tells where a value ends, and at once when it is not JSON."""

    def __init__(self) -> None:
        """Expect any value, without space in front."""
        self.state: ReadState = "open"
        self._place: _Place = "value"
        self._open: list[str] = []
        self._is_key = False
        self._hexadecimal_left = 0
        self._word = ""

    def push(self, text: str, at: int) -> int:
        """Take the text from `at` and return where it stopped: at the end, behind the value or at what is wrong."""
        size = len(text)
        while at < size and self.state == "open":
            if self._place == "string":
                plain = _PLAIN.match(text, at)
                if plain is not None:
                    at = plain.end()
                    continue
            if self._take(text[at]):
                at += 1
        return at

    def finish(self) -> None:
        """Tell that the text is over: a number ends only now."""
        if self._place == "word":
            self._end_word()

    def _take(self, char: str) -> bool:
        """Take one character; False when it belongs to what comes next."""
        match self._place:
            case "string":
                self._in_string(char)
            case "escape":
                self._in_escape(char)
            case "word":
                if char not in _WORD_CHARACTERS:
                    self._end_word()
                    return False
                self._word += char
            case _ if char in _SPACE and self._open:
                pass
            case "value" | "first":
                self._begin_value(char)
            case "key" | "first_key":
                self._begin_key(char)
            case "colon":
                self._expect(char == ":", "value")
            case "after":
                self._after_value(char)
        return self.state != "invalid"

    def _expect(self, is_right: bool, then: _Place) -> None:
        if is_right:
            self._place = then
        else:
            self.state = "invalid"

    def _begin_value(self, char: str) -> None:
        if char == '"':
            self._place, self._is_key = "string", False
        elif char in "{[":
            self._open.append(char)
            self._place = "first_key" if char == "{" else "first"
            if len(self._open) > _MAX_DEPTH:
                self.state = "invalid"
        elif char == "]" and self._place == "first":
            self._close("[")
        elif char in _WORD_CHARACTERS:
            self._place, self._word = "word", char
        else:
            self.state = "invalid"

    def _begin_key(self, char: str) -> None:
        if char == "}" and self._place == "first_key":
            self._close("{")
        else:
            self._is_key = True
            self._expect(char == '"', "string")

    def _in_string(self, char: str) -> None:
        if char == '"':
            if self._is_key:
                self._place = "colon"
            else:
                self._end_value()
        else:
            self._expect(char == "\\", "escape")

    def _in_escape(self, char: str) -> None:
        if self._hexadecimal_left:
            self._hexadecimal_left -= 1
            self._expect(char in _HEXADECIMAL, "escape" if self._hexadecimal_left else "string")
        elif char == "u":
            self._hexadecimal_left = 4
        else:
            self._expect(char in '"\\/bfnrt', "string")

    def _end_word(self) -> None:
        if _WORD.fullmatch(self._word):
            self._end_value()
        else:
            self.state = "invalid"

    def _after_value(self, char: str) -> None:
        inside = self._open[-1]
        if char == ",":
            self._place = "key" if inside == "{" else "value"
        elif char in "}]":
            self._close("{" if char == "}" else "[")
        else:
            self.state = "invalid"

    def _close(self, opener: str) -> None:
        if self._open.pop() == opener:
            self._end_value()
        else:
            self.state = "invalid"

    def _end_value(self) -> None:
        self._place = "after"
        if not self._open:
            self.state = "done"
