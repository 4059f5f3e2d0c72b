"""One token of look-ahead over the lexer, with the parser's limits."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from ..errors import Position, RhaiError, bad_input, missing_token, syntax_error
from . import nodes, tokens
from .clock import CompileClock
from .lexer import Lexer
from .tokens import Token

FOREIGN_WORDS = {
    "not": "write `!`",
    "and": "write `&&`",
    "or": "write `||`",
    "elif": "write `else if`",
    "elsif": "write `else if`",
    "then": "a branch goes in braces",
}
"""Words of other languages, with what Rhai says instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseOptions:
    """What the parser refuses; 0 means no limit."""

    max_expression_depth: int = 64
    max_function_expression_depth: int = 32
    max_string_size: int = 0
    max_array_size: int = 0
    max_map_size: int = 0
    max_functions: int = 0
    disabled_symbols: frozenset[str] = frozenset()


class TokenStream(ABC):
    """The part of the parser that every kind of node shares."""

    def __init__(self, text: str, options: ParseOptions, clock: CompileClock) -> None:
        """Start before the first token of `text`."""
        self.clock = clock
        self.lexer = Lexer(text, options.max_string_size)
        self.options = options
        self.functions: list[nodes.Function] = []
        self.closures: list[nodes.Function] = []
        self.depth = 0
        self.is_in_function = False
        self.loop_depth = 0
        self.block_depth = 0
        self.are_pipes_operators = True
        self._ahead: Token | None = None

    def peek(self) -> Token:
        """Return the next token without passing it."""
        if self._ahead is None:
            token = self.lexer.next()
            if self.options.disabled_symbols and token.text in self.options.disabled_symbols:
                token = self._disabled(token)
            self._ahead = token
        return self._ahead

    def _disabled(self, token: Token) -> Token:
        if token.kind in (tokens.RESERVED, tokens.IDENTIFIER):
            message = f"'{token.text}' is a reserved keyword"
            error = syntax_error("Reserved", message, token.position, length=token.length)
            error.hint = f"`{token.text}` is switched off here"
            raise error
        if token.kind in (tokens.STRING, tokens.INTERPOLATED, tokens.CHAR):
            return token
        raise bad_input(f"'{token.kind}' is a reserved symbol", token.position, length=token.length)

    def advance(self) -> Token:
        """Return the next token and pass it."""
        token = self.peek()
        self._ahead = None
        return token

    def accept(self, kind: str) -> bool:
        """Pass the next token if it is a `kind`."""
        if self.peek().kind == kind:
            self._ahead = None
            return True
        return False

    def expect(self, kind: str, context: str) -> Token:
        """Pass a `kind`, or fail with `Expecting 'kind' context`."""
        token = self.peek()
        if token.kind != kind:
            error = missing_token(kind, context, token.position)
            error.length = max(1, token.length)
            error.hint = FOREIGN_WORDS.get(str(token.value), "") if token.kind == tokens.IDENTIFIER else ""
            raise error
        self._ahead = None
        return token

    def unexpected(self, token: Token) -> RhaiError:
        """Return the error for a token that cannot start an expression."""
        if token.kind == tokens.END:
            return syntax_error("UnexpectedEOF", "Script is incomplete", token.position)
        return bad_input(f"Unexpected '{token.text}'", token.position, length=token.length)

    def reserved(self, token: Token) -> RhaiError:
        """Return the error for a reserved word used as a name, or a reserved symbol used at all."""
        what = "symbol" if tokens.is_reserved_symbol(token) else "keyword"
        message = f"'{token.value}' is a reserved {what}"
        hint = tokens.RESERVED_HINTS.get(token.value, "")
        return syntax_error("Reserved", message, token.position, hint=hint, length=token.length)

    def unknown_operator(self, token: Token) -> RhaiError:
        """Return the error for a reserved symbol where an operator may stand."""
        message, hint = f"Unknown operator: '{token.value}'", tokens.RESERVED_HINTS.get(token.value, "")
        return syntax_error("UnknownOperator", message, token.position, hint=hint, length=token.length)

    def variable_name(self) -> Token:
        """Pass the name of a new variable."""
        token = self.advance()
        if token.kind == tokens.IDENTIFIER:
            return token
        if token.kind == tokens.RESERVED:
            raise self.reserved(token)
        if token.kind == "_":
            raise bad_input("Variable name is not proper: '_'", token.position)
        raise self.variable_expected(token)

    def variable_expected(self, token: Token) -> RhaiError:
        """Return the error for something else where the name of a variable must stand."""
        return syntax_error("VariableExpected", "Expecting name of a variable", token.position, length=token.length)

    def count_step(self, position: Position) -> None:
        """Count one operand, operator or link, and look at the clock now and then."""
        clock = self.clock
        clock.left -= 1
        if clock.left <= 0:
            clock.read(position)

    def deeper(self, position: Position) -> None:
        """Enter one level of nesting; the caller restores `depth`.

        Raises:
            RhaiError: `ExprTooDeep`.
        """
        self.count_step(position)
        self.depth += 1
        options = self.options
        limit = options.max_function_expression_depth if self.is_in_function else options.max_expression_depth
        if limit and self.depth > limit:
            raise syntax_error("ExprTooDeep", "Expression exceeds maximum complexity", position)

    @abstractmethod
    def expression(self) -> nodes.Node:
        """Parse one expression."""

    @abstractmethod
    def statement(self) -> nodes.Node:
        """Parse one statement, without its semicolon."""

    @abstractmethod
    def block(self) -> nodes.Block:
        """Parse `{ ... }`."""

    @abstractmethod
    def compound(self, kind: str) -> nodes.Node | None:
        """Parse the `if`, `switch` or loop that begins with a token of `kind`, if it is one."""
