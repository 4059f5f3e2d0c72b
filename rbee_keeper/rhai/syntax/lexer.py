"""Text in, one token at a time out, on the parser's demand."""

import re

from ..errors import Position, bad_input
from ..values import Char
from . import tokens
from .numbers import scan_number
from .strings import StringScanner
from .tokens import Token

_BLANK = re.compile(r"[ \t\r\f\v\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE_COMMENT = re.compile(r"//[^\n]*")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_NOT_IN = re.compile(r"!in(?![A-Za-z0-9_])")
_RAW_STRING = re.compile(r'#+"')
_DECIMAL_DIGITS = frozenset("0123456789")
_KEPT_FOR_LATER = tokens.RESERVED_SYMBOLS.union(tokens.FRIENDLY_RESERVED)
_SYMBOL = re.compile("|".join(map(re.escape, tokens.SYMBOLS)))


class Lexer:
    """Walks over a script; `text` back-ticks are resumed by the parser after each `${...}`."""

    def __init__(self, text: str, max_string_size: int = 0) -> None:
        """Start at the first character of `text`; 0 leaves string literals unlimited."""
        self.text = text
        self.offset = 0
        self.line = 1
        self.line_start = 0
        self.max_string_size = max_string_size
        self._cannot_be_unary = False

    def position(self, offset: int | None = None) -> Position:
        """Return the 1-based place of `offset`, which must be on the present line."""
        at = self.offset if offset is None else offset
        return (self.line, at - self.line_start + 1)

    def next(self) -> Token:
        """Return the next token.

        Raises:
            RhaiError: `BadInput`, at the character that cannot be read.
        """
        self._skip_blank()
        token = self._scan()
        self._cannot_be_unary = token.kind in tokens.BEFORE_OPERATOR
        return token

    def resume_text(self) -> Token:
        """Return the piece of a back-tick string that follows an interpolation."""
        return self._string("`", is_resumed=True)

    def _skip_blank(self) -> None:
        text, size = self.text, len(self.text)
        while self.offset < size:
            char = text[self.offset]
            if char == "\n":
                self.offset += 1
                self.newline()
            elif char == "/" and (comment := _LINE_COMMENT.match(text, self.offset)):
                self.offset = comment.end()
            elif char == "/" and text.startswith("/*", self.offset):
                self._skip_block_comment()
            elif blank := _BLANK.match(text, self.offset):
                self.offset = blank.end()
            else:
                return

    def newline(self) -> None:
        """Note that the character just passed ended a line."""
        self.line += 1
        self.line_start = self.offset

    def _skip_block_comment(self) -> None:
        start, depth, end = self.offset, 0, len(self.text)
        for edge in _COMMENT_EDGE.finditer(self.text, start):
            depth += 1 if edge.group() == "/*" else -1
            if depth == 0:
                end = edge.end()
                break
        self.offset = end
        lines = self.text.count("\n", start, end)
        if lines:
            self.line += lines
            self.line_start = self.text.rfind("\n", start, end) + 1

    def _scan(self) -> Token:
        text, start = self.text, self.offset
        here = self.position()
        if start >= len(text):
            return Token(tokens.END, None, here, 0)
        char = text[start]
        if word := _IDENTIFIER.match(text, start):
            return self._word(word.group(), here)
        if char in _DECIMAL_DIGITS:
            return self._number(here, start)
        if char in "\"'`" or (char == "#" and _RAW_STRING.match(text, start)):
            return self._string(char)
        if char == "-" and not self._cannot_be_unary and text[start + 1 : start + 2] in _DECIMAL_DIGITS:
            return self._number(here, start)
        if char == "(" and text.startswith("()", start):
            return self._take(tokens.UNIT, here, 2)
        if char == "!" and _NOT_IN.match(text, start):
            return self._take("!in", here, 3)
        return self._symbol(here)

    def _take(self, kind: str, here: Position, length: int) -> Token:
        self.offset += length
        return Token(kind, None, here, length)

    def _word(self, name: str, here: Position) -> Token:
        self.offset += len(name)
        if name in tokens.KEYWORDS:
            return Token(name, None, here, len(name))
        if name in tokens.RESERVED_WORDS:
            return Token(tokens.RESERVED, name, here, len(name))
        if not tokens.is_identifier(name):
            raise bad_input(f"Variable name is not proper: '{name}'", here, length=len(name))
        return Token(tokens.IDENTIFIER, name, here, len(name))

    def _number(self, here: Position, start: int) -> Token:
        value, self.offset = scan_number(self.text, start, here)
        kind = tokens.INT if type(value) is int else tokens.FLOAT
        return Token(kind, value, here, self.offset - start)

    def _string(self, char: str, *, is_resumed: bool = False) -> Token:
        scanner = StringScanner(self, char, is_resumed=is_resumed)
        here = scanner.start
        content, is_interpolated = scanner.scan()
        if self.max_string_size and len(content.encode("utf-8", "replace")) > self.max_string_size:
            message = f"Length of string literal exceeds the maximum limit ({self.max_string_size})"
            raise bad_input(message, here)
        length = max(1, self.offset - scanner.start_offset) if self.line == here[0] else 1
        if char != "'":
            kind = tokens.INTERPOLATED if is_interpolated else tokens.STRING
            return Token(kind, content, here, length)
        if len(content) != 1:
            hint = 'text goes in double quotes: "..."' if content else ""
            raise bad_input(f"Invalid character: '{content}'", here, hint=hint, length=length)
        return Token(tokens.CHAR, Char(content), here, length)

    def _symbol(self, here: Position) -> Token:
        found = _SYMBOL.match(self.text, self.offset)
        if found is None:
            raise bad_input(f"Unexpected '{self.text[self.offset]}'", here)
        symbol = found.group()
        if symbol not in _KEPT_FOR_LATER:
            return self._take(symbol, here, len(symbol))
        if symbol in tokens.FRIENDLY_RESERVED:
            raise bad_input(tokens.FRIENDLY_RESERVED[symbol], here, length=len(symbol))
        self.offset += len(symbol)
        return Token(tokens.RESERVED, symbol, here, len(symbol))
