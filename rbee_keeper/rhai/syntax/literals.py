"""Parses literals: arrays, maps, interpolated strings and closures."""

from ..errors import missing_token, syntax_error
from . import nodes, tokens
from .token_stream import TokenStream
from .tokens import Token

_ARRAY_END = "to end this array literal"
_MAP_END = "to end this object map literal"


class LiteralParser(TokenStream):
    """The part of the parser that reads bracketed literals."""

    def array(self) -> nodes.Node:
        """Parse `[a, b]`."""
        position = self.advance().position
        items: list[nodes.Node] = []
        self.deeper(position)
        while not self.accept("]"):
            self._check_size("Size of array literal", len(items), self.options.max_array_size)
            if self.peek().kind == tokens.END:
                raise missing_token("]", _ARRAY_END, self.peek().position)
            items.append(self.expression())
            self._separator("]", _ARRAY_END, "to separate the items of this array literal")
        self.depth -= 1
        return nodes.ArrayLiteral(position, items)

    def _separator(self, close: str, at_end: str, between: str) -> None:
        token = self.peek()
        if token.kind == tokens.END:
            raise missing_token(close, at_end, token.position)
        if token.kind != close:
            self.expect(",", between)

    def _check_size(self, what: str, size: int, limit: int) -> None:
        if limit and size >= limit:
            message = f"{what} exceeds the maximum limit ({limit})"
            raise syntax_error("LiteralTooLarge", message, self.peek().position)

    def map(self) -> nodes.Node:
        """Parse `#{ name: value }`."""
        position = self.advance().position
        items: dict[str, nodes.Node] = {}
        self.deeper(position)
        while not self.accept("}"):
            if self.peek().kind == tokens.END:
                raise missing_token("}", _MAP_END, self.peek().position)
            self._check_size("Number of properties in object map literal", len(items), self.options.max_map_size)
            name = self._property_name(items)
            self.expect(":", f"to follow the property '{name}' in this object map literal")
            items[name] = self.expression()
            self._map_separator()
        self.depth -= 1
        return nodes.MapLiteral(position, list(items.items()))

    def _property_name(self, items: dict[str, nodes.Node]) -> str:
        token = self.advance()
        if token.kind in (tokens.IDENTIFIER, tokens.STRING):
            name = str(token.value)
            if name in items:
                message = f"Duplicated property for object map literal: {name}"
                raise syntax_error("DuplicatedProperty", message, token.position, length=token.length)
            return name
        if token.kind == tokens.RESERVED:
            raise self.reserved(token)
        if token.kind == tokens.INTERPOLATED or items:
            raise syntax_error("PropertyExpected", "Expecting name of a property", token.position, length=token.length)
        raise missing_token("}", _MAP_END, token.position)

    def _map_separator(self) -> None:
        token = self.peek()
        if token.kind == tokens.IDENTIFIER:
            raise missing_token(",", "to separate the items of this object map literal", token.position)
        if token.kind != "}" and not self.accept(","):
            raise missing_token("}", _MAP_END, token.position)

    def interpolation(self) -> nodes.Node:
        """Parse a back-tick string from its first piece on."""
        token = self.advance()
        parts: list[nodes.Node] = []
        position = token.position
        while token.kind == tokens.INTERPOLATED:
            if token.value:
                parts.append(nodes.Const(token.position, token.value))
            parts.append(self.block())
            token = self.lexer.resume_text()
        if token.value:
            parts.append(nodes.Const(token.position, token.value))
        return nodes.Interpolation(position, parts)

    def closure(self) -> nodes.Node:
        """Parse `|a, b| body`, the body being any one statement."""
        token = self.advance()
        params = [] if token.kind == "||" else self._closure_params()
        outer = (self.is_in_function, self.loop_depth, self.are_pipes_operators)
        self.is_in_function, self.loop_depth, self.are_pipes_operators = True, 0, True
        self.deeper(token.position)
        self.block_depth += 1
        body = self.statement()
        self.block_depth -= 1
        self.depth -= 1
        self.is_in_function, self.loop_depth, self.are_pipes_operators = outer
        name = f"anon${token.position[0]:04x}{token.position[1]:04x}{len(self.closures):04x}"
        function = nodes.Function(token.position, name, params, body)
        self.closures.append(function)
        return nodes.Closure(token.position, function)

    def _closure_params(self) -> list[nodes.Param]:
        params: list[nodes.Param] = []
        close = "to close the parameters list of anonymous function or closure"
        while not self.accept("|"):
            token = self.advance()
            if token.kind != tokens.IDENTIFIER:
                raise missing_token("|", close, token.position)
            self.check_param("", params, token)
            params.append(nodes.Param(token.value, token.position))
            if self.peek().kind != "|":
                self.expect(",", "to separate the parameters of anonymous function")
        return params

    def check_param(self, function: str, params: list[nodes.Param], token: Token) -> None:
        """Refuse a second parameter of one name."""
        if any(param.name == token.value for param in params):
            message = f"Duplicated parameter {token.value} for function {function}"
            raise syntax_error("FnDuplicatedParam", message, token.position, length=token.length)
