"""Parses function definitions."""

from ..errors import Position, missing_token, syntax_error
from . import nodes, tokens
from .literals import LiteralParser
from .tokens import Token

THIS_TYPES = {"int": "i64", "float": "f64", "Fn": "Fn", "INT": "i64", "FLOAT": "f64"}
"""Names a typed method may use for the built-in types, beside the names `type_of` gives."""


class FunctionParser(LiteralParser):
    """The part of the parser that reads `fn`."""

    def function(self) -> nodes.Node:
        """Parse `[private] fn [Type.]name(a, b) { ... }` and note the function."""
        is_private = self.accept("private")
        keyword = self.peek()
        if keyword.kind != "fn":
            raise missing_token("fn", "following 'private'", keyword.position)
        self.advance()
        name, this_type = self._name()
        params = self._params(name)
        if self.peek().kind != "{":
            message = f"Expecting body statement block for function {name}"
            raise syntax_error("FnMissingBody", message, self.peek().position)
        outer = (self.loop_depth, self.depth)
        self.is_in_function, self.loop_depth, self.depth = True, 0, 0
        body = self.block()
        self.is_in_function = False
        self.loop_depth, self.depth = outer
        function = nodes.Function(body.position, name, params, body, is_private, this_type)
        self._add(function, keyword.position)
        return nodes.Empty(keyword.position)

    def _add(self, function: nodes.Function, position: Position) -> None:
        key = (function.name, len(function.params), function.this_type)
        if any((other.name, len(other.params), other.this_type) == key for other in self.functions):
            count = len(function.params)
            words = {0: "no parameters already exists", 1: "1 parameter already exists"}
            tail = words.get(count, f"{count} parameters already exists")
            message = f"Function {function.name} with {tail}"
            raise syntax_error("FnDuplicatedDefinition", message, position)
        self.functions.append(function)
        limit = self.options.max_functions
        if limit and len(self.functions) > limit:
            message = "Number of functions defined exceeds maximum limit"
            raise syntax_error("TooManyFunctions", message, function.position)

    def _name(self) -> tuple[str, str | None]:
        token = self.advance()
        this_type: str | None = None
        following = self.peek()
        if token.kind in (tokens.IDENTIFIER, tokens.STRING, tokens.RESERVED) and following.kind == ".":
            self.advance()
            this_type = THIS_TYPES.get(token.value, token.value)
            token = self.advance()
        elif token.kind == tokens.STRING:
            raise missing_token(".", "after the type name for 'this'", following.position)
        if token.kind == tokens.RESERVED:
            raise self.reserved(token)
        if token.kind != tokens.IDENTIFIER:
            message = "Expecting function name in function declaration"
            raise syntax_error("FnMissingName", message, token.position, length=token.length)
        return str(token.value), this_type

    def _params(self, name: str) -> list[nodes.Param]:
        opening = self.peek()
        if self.accept(tokens.UNIT):
            return []
        if not self.accept("("):
            message = f"Expecting parameters for function {name}"
            raise syntax_error("FnMissingParams", message, opening.position)
        params: list[nodes.Param] = []
        while not self.accept(")"):
            token = self._param(name)
            self.check_param(name, params, token)
            params.append(nodes.Param(token.value, token.position))
            if self.peek().kind != ")":
                self.expect(",", f"to separate the parameters of function '{name}'")
        return params

    def _param(self, name: str) -> Token:
        token = self.advance()
        if token.kind == tokens.IDENTIFIER:
            return token
        if tokens.is_reserved_symbol(token):
            raise self.reserved(token)
        if token.kind == tokens.RESERVED or (token.kind in tokens.KEYWORDS and token.kind != "_"):
            raise self.variable_expected(token)
        raise missing_token(")", f"to close the parameters list of function '{name}'", token.position)
