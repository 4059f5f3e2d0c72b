"""Parses expressions by precedence climbing."""

from ..errors import bad_input, syntax_error
from ..values import INT_MIN, Char
from . import nodes, tokens
from .primaries import PrimaryParser, start_of
from .tokens import Token

_RANGE_ENDS = frozenset({"]", ")", "}", ",", ";", "=>", "{", tokens.END})
_LITERAL_NAMES: dict[type, str] = {
    type(None): "()",
    int: "a number",
    float: "a floating-point number",
    Char: "a character",
    str: "a string",
}


class OperatorParser(PrimaryParser):
    """The part of the parser that knows precedence."""

    def expression(self) -> nodes.Node:
        """Parse one expression.

        Raises:
            RhaiError: any kind of the parser, at the token that does not fit.
        """
        position = self.peek().position
        self.deeper(position)
        parsed = self._climb(self._unary(), 1)
        self.depth -= 1
        return parsed

    def _unary(self) -> nodes.Node:
        token = self.peek()
        if token.kind in ("..", "..="):
            return nodes.Const(token.position, 0)
        if token.kind not in ("-", "+", "!"):
            return self.primary()
        self.advance()
        self.deeper(token.position)
        operand = self._unary()
        self.depth -= 1
        if isinstance(operand, nodes.Const) and token.kind != "!" and type(operand.value) in (int, float):
            if token.kind == "+":
                return operand
            value = float(-operand.value) if operand.value == INT_MIN else -operand.value
            return nodes.Const(operand.position, value)
        return nodes.Unary(token.position, token.kind, operand)

    def _precedence(self, token: Token) -> int:
        if token.kind == "|" and not self.are_pipes_operators:
            return 0
        return tokens.PRECEDENCE.get(token.kind, 0)

    def _climb(self, left: nodes.Node, floor: int) -> nodes.Node:
        while True:
            token = self.peek()
            precedence = self._precedence(token)
            if precedence < floor:
                if token.kind == tokens.RESERVED and token.value in tokens.RESERVED_SYMBOLS:
                    raise self.unknown_operator(token)
                return left
            self.advance()
            if token.kind in ("..", "..=") and self.peek().kind in _RANGE_ENDS:
                left = nodes.RangeNode(token.position, left, None, token.kind == "..=")
                continue
            right = self._right_side(token)
            self.deeper(token.position)
            right = self._climb(right, precedence if token.kind in tokens.RIGHT_BINDING else precedence + 1)
            self.depth -= 1
            left = _combine(token, left, right)

    def _right_side(self, token: Token) -> nodes.Node:
        """Parse the operand after an operator; `??` may be followed by a jump."""
        following = self.peek().kind
        if token.kind == "??" and following in ("break", "continue", "return", "throw"):
            position = self.peek().position
            return nodes.Block(position, [self.statement()])
        return self._unary()

    def condition(self) -> nodes.Node:
        """Parse the condition of an `if` or a loop: never an assignment or a statement."""
        self.refuse_statement("a boolean")
        parsed = require_bool(self.expression())
        token = self.peek()
        if token.kind == "=":
            raise bad_input("Possibly a typo of '=='?", token.position, hint="compare with `==`")
        if token.kind in tokens.ASSIGNMENT_OPERATORS:
            message = "Expecting a boolean expression, not an assignment"
            raise bad_input(message, token.position, length=token.length)
        return parsed

    def refuse_statement(self, what: str) -> None:
        """Fail where an expression of type `what` must start and a block or the end stands."""
        token = self.peek()
        if token.kind in ("{", tokens.END):
            raise syntax_error("ExprExpected", f"Expecting {what} expression", token.position)


def _combine(token: Token, left: nodes.Node, right: nodes.Node) -> nodes.Node:
    match token.kind:
        case "&&" | "||":
            require_bool(left)
            require_bool(right)
            return nodes.Logical(token.position, token.kind, left, right)
        case "??":
            return nodes.Logical(token.position, token.kind, left, right)
        case "in" | "!in":
            return nodes.Contains(token.position, left, right, token.kind == "!in")
        case ".." | "..=":
            return nodes.RangeNode(token.position, left, right, token.kind == "..=")
        case _:
            return nodes.Binary(token.position, token.kind, left, right)


def literal_name(node: nodes.Node) -> str:
    """Return what kind of literal a node is, in words, or nothing for anything else."""
    match node:
        case nodes.Const():
            return _LITERAL_NAMES.get(type(node.value), "")
        case nodes.Interpolation():
            return "a string"
        case nodes.ArrayLiteral():
            return "an array"
        case nodes.MapLiteral():
            return "an object map"
        case _:
            return ""


def require_bool(node: nodes.Node) -> nodes.Node:
    """Refuse an expression that can never be true or false."""
    name = literal_name(node)
    if name:
        message = f"Expecting a boolean expression, not {name}"
        raise syntax_error("MismatchedType", message, start_of(node))
    return node


def require_iterable(node: nodes.Node) -> nodes.Node:
    """Refuse an expression that `for` can never walk over."""
    name = literal_name(node)
    if isinstance(node, nodes.Const) and type(node.value) is bool:
        name = "a boolean"
    if isinstance(node, nodes.Const) and node.value is None:
        name = "()"
    if name and name not in ("a string", "an array"):
        message = f"Expecting an iterable value, not {name}"
        raise syntax_error("MismatchedType", message, start_of(node))
    return node
