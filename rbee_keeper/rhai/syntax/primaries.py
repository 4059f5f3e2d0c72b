"""Parses operands: literals, names, calls and the chains that hang off them."""

from ..errors import Position, bad_input, missing_token, syntax_error
from ..values import Char
from . import nodes, tokens
from .literals import LiteralParser
from .tokens import Token

_LITERALS = frozenset({tokens.INT, tokens.FLOAT, tokens.CHAR, tokens.STRING})
_LINK_STARTS = frozenset({".", "?.", "[", "?["})
_FIXED = {tokens.UNIT: None, "true": True, "false": False}


class PrimaryParser(LiteralParser):
    """The part of the parser that reads one operand."""

    def primary(self) -> nodes.Node:
        """Parse one operand with its calls, indexes and properties."""
        token = self.peek()
        kind = token.kind
        if kind == tokens.IDENTIFIER:
            return self._chain(self._named(self.advance()))
        if kind in _LITERALS:
            self.advance()
            return self._chain(nodes.Const(token.position, token.value))
        if kind in _FIXED:
            self.advance()
            return self._chain(nodes.Const(token.position, _FIXED[kind]))
        if kind == tokens.RESERVED:
            return self._chain(self._reserved_name(self.advance()))
        return self._chain(self._bracketed(token))

    def _bracketed(self, token: Token) -> nodes.Node:
        match token.kind:
            case "(":
                return self._parenthesised()
            case "[":
                return self.array()
            case "#{":
                return self.map()
            case "{":
                return self.block()
            case "|" | "||":
                return self.closure()
            case tokens.INTERPOLATED:
                return self.interpolation()
        compound = self.compound(token.kind)
        if compound is None:
            raise self.unexpected(token)
        return compound

    def _parenthesised(self) -> nodes.Node:
        position = self.advance().position
        self.deeper(position)
        pipes, self.are_pipes_operators = self.are_pipes_operators, True
        inner = self.expression()
        self.are_pipes_operators = pipes
        self.depth -= 1
        self.expect(")", "for a matching ( in this expression")
        return inner

    def _reserved_name(self, token: Token) -> nodes.Node:
        if self.peek().kind in ("(", "!", tokens.UNIT) and token.value in tokens.CALLABLE_RESERVED:
            return self._named(token)
        if token.value != "this":
            raise self.reserved(token)
        if not self.is_in_function:
            raise bad_input("'this' can only be used in functions", token.position, length=4)
        return nodes.This(token.position)

    def _named(self, token: Token) -> nodes.Node:
        """Parse what follows a name: a call, a path, or nothing."""
        path: list[str] = []
        name, position = str(token.value), token.position
        while self.peek().kind == "::":
            self.advance()
            path.append(name)
            token = self.advance()
            is_callable = token.kind == tokens.RESERVED and token.value in tokens.CALLABLE_RESERVED
            if token.kind != tokens.IDENTIFIER and not is_callable:
                raise syntax_error("VariableExpected", "Expecting name of a variable", token.position)
            name = str(token.value)
        return self._call_or_variable(name, path, token.position if path else position, position)

    def _call_or_variable(self, name: str, path: list[str], position: Position, start: Position) -> nodes.Node:
        kind = self.peek().kind
        if kind == "!":
            bang = self.advance()
            if path and self.peek().kind in ("(", tokens.UNIT):
                raise bad_input("Unexpected '!'", bang.position)
            if path:
                message = "'!' cannot be used to call module functions"
                raise bad_input(message, bang.position)
            if self.peek().kind not in ("(", tokens.UNIT):
                raise missing_token("(", "to start arguments list of function call", self.peek().position)
            return nodes.Call(position, name, self.arguments(name), is_in_caller_scope=True)
        if kind in ("(", tokens.UNIT):
            return nodes.Call(position, name, self.arguments(name), path, start=start)
        if path:
            return nodes.Qualified(start, path, name)
        return nodes.Var(position, name)

    def arguments(self, name: str) -> list[nodes.Node]:
        """Parse `(a, b)` after the name of a function."""
        opening = self.advance()
        if opening.kind == tokens.UNIT:
            return []
        arguments: list[nodes.Node] = []
        self.deeper(opening.position)
        pipes, self.are_pipes_operators = self.are_pipes_operators, True
        while True:
            if self.peek().kind == tokens.END:
                context = f"to close the arguments list of this function call '{name}'"
                raise missing_token(")", context, self.peek().position)
            if self.peek().kind != ")":
                arguments.append(self.expression())
            if self.accept(")"):
                break
            if self.peek().kind != tokens.END:
                self.expect(",", f"to separate the arguments to function call '{name}'")
        self.depth -= 1
        self.are_pipes_operators = pipes
        return arguments

    def _chain(self, target: nodes.Node) -> nodes.Node:
        """Parse the `.name`, `.name(...)` and `[index]` links after an operand."""
        link: nodes.Property | nodes.MethodCall | nodes.Index | None = None
        may_end_early = False
        while True:
            kind = self.peek().kind
            if kind not in _LINK_STARTS:
                return target
            if link is not None:
                link.is_inner = True
                may_end_early = may_end_early or link.is_elvis
                self.count_step(link.position)
            parse_link = self._dot if kind in (".", "?.") else self._index
            target = link = parse_link(target, is_elvis=kind in ("?.", "?["))
            link.may_end_early = may_end_early

    def _dot(self, target: nodes.Node, *, is_elvis: bool) -> nodes.Property | nodes.MethodCall:
        dot = self.advance().position
        token = self.advance()
        if token.kind == tokens.RESERVED:
            if token.value not in tokens.METHOD_RESERVED:
                raise self.reserved(token)
        elif token.kind != tokens.IDENTIFIER:
            raise syntax_error("PropertyExpected", "Expecting name of a property", token.position, length=token.length)
        name = str(token.value)
        if self.peek().kind in ("(", tokens.UNIT):
            return nodes.MethodCall(token.position, target, name, self.arguments(name), is_elvis, dot)
        if self.accept("!"):
            if self.peek().kind not in ("(", tokens.UNIT):
                raise missing_token("(", "to start arguments list of function call", self.peek().position)
            self.arguments(name)
            message = "method-call style does not support running within the caller's scope"
            raise syntax_error("MalformedCapture", message, token.position, length=token.length)
        if self.peek().kind == "::":
            colons = self.peek()
            raise bad_input("Invalid symbol encountered: '::'", colons.position, length=colons.length)
        if token.kind == tokens.RESERVED:
            raise self.reserved(token)
        return nodes.Property(token.position, target, name, is_elvis, dot)

    def _index(self, target: nodes.Node, *, is_elvis: bool) -> nodes.Index:
        position = self.advance().position
        self.deeper(position)
        pipes, self.are_pipes_operators = self.are_pipes_operators, True
        index = self.expression()
        self.are_pipes_operators = pipes
        self.depth -= 1
        _check_index(target, index)
        self.expect("]", "for a matching [ in this index expression")
        return nodes.Index(position, target, index, is_elvis)


def start_of(node: nodes.Node) -> Position:
    """Return where the text of an expression begins."""
    while True:
        match node:
            case nodes.Property() | nodes.MethodCall() | nodes.Index():
                node = node.target
            case nodes.Logical():
                node = node.left
            case _:
                return node.position


def position_of(node: nodes.Node) -> Position:
    """Return where the reference engine says an expression is: for a chain, its first dot or bracket."""
    place = node.position
    while isinstance(node, nodes.Property | nodes.MethodCall | nodes.Index):
        place = node.position if isinstance(node, nodes.Index) else node.dot
        node = node.target
    return place


_INDEX_WORDS: dict[type, str] = {
    int: "a number",
    float: "a float",
    Char: "a character",
    bool: "a boolean",
    type(None): "()",
    str: "a string",
}


def _check_index(target: nodes.Node, index: nodes.Node) -> None:
    """Refuse an index that a literal container can never take; all others are left to the run."""
    word = _index_word(index)
    if isinstance(target, nodes.MapLiteral):
        allowed, expects = "a string", "Object map expects string index"
    elif isinstance(target, nodes.ArrayLiteral | nodes.Interpolation) or _is_text_or_number(target):
        kind = "numeric" if word == "a string" else "integer"
        allowed, expects = "a number", f"Array, string or bit-field expects {kind} index"
    else:
        return
    if word and word != allowed:
        raise syntax_error("MalformedIndexExpr", f"{expects}, not {word}", start_of(index))


def _is_text_or_number(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and type(node.value) in (int, str)


def _index_word(index: nodes.Node) -> str:
    """Return what kind of literal an index is, in words, or nothing when only the run can tell."""
    if isinstance(index, nodes.Logical) and index.operator != "??":
        return "a boolean"
    if isinstance(index, nodes.Interpolation):
        return "a string"
    return _INDEX_WORDS.get(type(index.value), "") if isinstance(index, nodes.Const) else ""
