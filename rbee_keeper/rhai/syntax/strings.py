"""String and character literals: escapes, raw strings, back-ticks."""

from typing import Protocol

from ..errors import Position, bad_input

_SIMPLE_ESCAPES = {"\\": "\\", "t": "\t", "r": "\r", "n": "\n", '"': '"', "'": "'", "`": "`"}
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}


class Cursor(Protocol):
    """What a scanner needs of the lexer: the text and the place it has reached."""

    text: str
    offset: int

    def position(self, offset: int | None = None) -> Position:
        """Return the 1-based place of `offset`."""

    def newline(self) -> None:
        """Note that the character just passed ended a line."""


class StringScanner:
    """Reads one literal, or one piece of an interpolated one, and moves the lexer past it."""

    def __init__(self, lexer: Cursor, quote: str, *, is_resumed: bool) -> None:
        """Stand before the opening quote, or after an interpolation's closing brace."""
        self.lexer = lexer
        self.quote = quote
        self.is_resumed = is_resumed
        self.start = lexer.position()
        self.start_offset = lexer.offset

    def scan(self) -> tuple[str, bool]:
        """Return the content and whether a `${` stopped it.

        Raises:
            RhaiError: `BadInput` for an open string or an unknown escape.
        """
        if self.quote == "#":
            return self._raw(), False
        if not self.is_resumed:
            self.lexer.offset += 1
        if self.quote == "`":
            return self._back_tick()
        return self._escaped(), False

    def _unterminated(self) -> Exception:
        return bad_input("Open string is not terminated", self.start)

    def _raw(self) -> str:
        lexer, text = self.lexer, self.lexer.text
        hashes = text.index('"', lexer.offset) - lexer.offset
        begin = lexer.offset + hashes + 1
        end = text.find('"' + "#" * hashes, begin)
        if end < 0:
            raise self._unterminated()
        content = text[begin:end]
        self._advance(end + hashes + 1)
        return content

    def _advance(self, target: int) -> None:
        """Move to `target`, counting the lines on the way."""
        lexer = self.lexer
        while (line_end := lexer.text.find("\n", lexer.offset, target)) >= 0:
            lexer.offset = line_end + 1
            lexer.newline()
        lexer.offset = target

    def _back_tick(self) -> tuple[str, bool]:
        lexer, text = self.lexer, self.lexer.text
        pieces: list[str] = []
        if not self.is_resumed:
            for line_end in ("\r\n", "\n"):
                if text.startswith(line_end, lexer.offset):
                    self._advance(lexer.offset + len(line_end))
                    break
        while lexer.offset < len(text):
            if text.startswith("``", lexer.offset):
                pieces.append("`")
                lexer.offset += 2
            elif text[lexer.offset] == "`":
                lexer.offset += 1
                return "".join(pieces), False
            elif text.startswith("\\${", lexer.offset):
                pieces.append("${")
                lexer.offset += 3
            elif text.startswith("${", lexer.offset):
                lexer.offset += 1
                return "".join(pieces), True
            else:
                pieces.append(text[lexer.offset])
                self._advance(lexer.offset + 1)
        raise self._unterminated()

    def _escaped(self) -> str:
        lexer, text, quote = self.lexer, self.lexer.text, self.quote
        pieces: list[str] = []
        while lexer.offset < len(text):
            char = text[lexer.offset]
            if char == "\\":
                pieces.append(self._escape())
            elif char == quote:
                lexer.offset += 1
                if not text.startswith(quote, lexer.offset) or (quote == "'" and not pieces):
                    return "".join(pieces)
                pieces.append(quote)
                lexer.offset += 1
            elif char == "\n":
                break
            else:
                pieces.append(char)
                lexer.offset += 1
        raise self._unterminated()

    def _escape(self) -> str:
        lexer, text = self.lexer, self.lexer.text
        mark = text[lexer.offset + 1 : lexer.offset + 2]
        if mark == "\n" or text.startswith("\\\r\n", lexer.offset):
            return self._continuation()
        if mark in _SIMPLE_ESCAPES and mark:
            lexer.offset += 2
            return _SIMPLE_ESCAPES[mark]
        if mark in _HEX_ESCAPES and mark:
            return self._hex_escape(mark)
        if not mark:
            raise self._unterminated()
        here = lexer.position(lexer.offset + 1)
        raise bad_input(f"Invalid escape sequence: '\\{mark}'", here)

    def _continuation(self) -> str:
        """Skip the line end and the indentation up to the opening quote's column."""
        lexer = self.lexer
        self._advance(lexer.text.index("\n", lexer.offset) + 1)
        while lexer.offset < len(lexer.text) and lexer.position()[1] < self.start[1] + 1:
            char = lexer.text[lexer.offset]
            if not char.isspace() or char == "\n":
                break
            lexer.offset += 1
        return ""

    def _hex_escape(self, mark: str) -> str:
        lexer, text = self.lexer, self.lexer.text
        first = lexer.offset + 2
        digits = ""
        for offset in range(first, first + _HEX_ESCAPES[mark]):
            char = text[offset : offset + 1]
            digits += char
            if not char or char not in "0123456789abcdefABCDEF":
                here = lexer.position(min(offset, len(text)))
                raise bad_input(f"Invalid escape sequence: '\\{mark}{digits}'", here)
        code = int(digits, 16)
        last = first + len(digits) - 1
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise bad_input(f"Invalid escape sequence: '\\{mark}{digits}'", lexer.position(last))
        lexer.offset = last + 1
        return chr(code)
