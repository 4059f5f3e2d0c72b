"""Tokens in, a script's tree out."""

from ..errors import Position, RhaiError, bad_input, syntax_error
from . import nodes, tokens
from .clock import CompileClock
from .control import ControlParser
from .functions import FunctionParser
from .operators import literal_name
from .primaries import start_of
from .token_stream import ParseOptions
from .tokens import Token

MISPLACED_FUNCTION = "Function definitions must be at global level and cannot be inside a block or another function"

_NO_VALUE = frozenset({";", "}", ",", ")", "]", tokens.END})
"""What follows a `break`, `return` or `throw` that stands alone: none of these can start a value."""


def parse(text: str, options: ParseOptions, clock: CompileClock | None = None) -> nodes.Script:
    """Return the tree of a script; `clock` says when to give up.

    Raises:
        RhaiError: the first syntax error.
    """
    parser = Parser(text, options, clock or CompileClock())
    try:
        statements = parser.script()
    except RecursionError:
        position = parser.lexer.position()
        raise syntax_error("ExprTooDeep", "Expression exceeds maximum complexity", position) from None
    return nodes.Script(statements, parser.functions, parser.closures)


class Parser(FunctionParser, ControlParser):
    """The whole parser: statements on top of everything else."""

    def script(self) -> list[nodes.Node]:
        """Parse every statement up to the end of the text."""
        statements: list[nodes.Node] = []
        while self.peek().kind != tokens.END:
            statement = self.statement()
            if isinstance(statement, nodes.Empty):
                continue
            statements.append(statement)
            if self.peek().kind == tokens.END:
                break
            self.end_statement(statement)
        return statements

    def statement(self) -> nodes.Node:
        """Parse one statement, without its semicolon."""
        token = self.peek()
        match token.kind:
            case ";":
                self.advance()
                return nodes.Empty(token.position)
            case tokens.END:
                return nodes.Empty(token.position)
            case "{":
                return self.block()
            case "fn" | "private":
                return self._definition(token)
            case "let" | "const":
                return self._let()
            case "break" | "continue":
                return self._loop_exit(token)
            case "return" | "throw":
                return self._way_out(token)
            case "try":
                return self.try_catch()
            case "import" | "export":
                return self._import() if token.kind == "import" else self._export()
            case _:
                return self.compound(token.kind) or self._expression_statement()

    def _definition(self, token: Token) -> nodes.Node:
        if self.block_depth or self.is_in_function:
            raise syntax_error("WrongFnDefinition", MISPLACED_FUNCTION, token.position)
        return self.function()

    def _let(self) -> nodes.Let:
        keyword = self.advance()
        name = self.variable_name()
        value = self.expression() if self.accept("=") else None
        return nodes.Let(name.position, name.value, value, keyword.kind == "const")

    def _loop_exit(self, token: Token) -> nodes.Node:
        if not self.loop_depth:
            message = "Break statement should only be used inside a loop"
            raise syntax_error("LoopBreak", message, token.position, length=token.length)
        self.advance()
        if token.kind == "continue":
            return nodes.Continue(token.position)
        return nodes.Break(token.position, self._optional_value())

    def _way_out(self, token: Token) -> nodes.Node:
        self.advance()
        value = self._optional_value()
        return (nodes.Return if token.kind == "return" else nodes.Throw)(token.position, value)

    def _optional_value(self) -> nodes.Node | None:
        return None if self.peek().kind in _NO_VALUE else self.expression()

    def _import(self) -> nodes.Node:
        position = self.advance().position
        path = self.expression()
        alias = self.variable_name().value if self.accept("as") else None
        return nodes.Import(position, path, alias)

    def _export(self) -> nodes.Node:
        token = self.advance()
        if self.block_depth or self.is_in_function:
            message = "Export statement can only appear at global level"
            raise syntax_error("WrongExport", message, token.position, length=token.length)
        if self.peek().kind in ("let", "const"):
            declaration = self._let()
            declaration.is_exported = True
            return declaration
        name = self.variable_name()
        alias = self.variable_name().value if self.accept("as") else name.value
        return nodes.Export(name.position, name.value, alias)

    def _expression_statement(self) -> nodes.Node:
        parsed = self.expression()
        token = self.peek()
        if token.kind != "=" and token.kind not in tokens.ASSIGNMENT_OPERATORS:
            return parsed
        self.advance()
        value = self.expression()
        _check_target(parsed, token)
        operator = "" if token.kind == "=" else token.kind[:-1]
        return nodes.Assign(token.position, operator, parsed, value)


def _check_target(target: nodes.Node, operator: Token) -> None:
    """Refuse to assign to anything but a variable or a place inside one."""
    match target:
        case nodes.Var() | nodes.This() | nodes.Qualified():
            return
        case nodes.Property() | nodes.MethodCall() | nodes.Index():
            call = _first_call(target)
            root = _root(target)
            if call is not None:
                raise _invalid_target(call)
            if not isinstance(root, nodes.Var | nodes.This):
                raise _invalid_target(root.position)
        case nodes.Const() | nodes.ArrayLiteral() | nodes.MapLiteral() if literal_name(target) or _is_bool(target):
            message = "Cannot assign to a constant value"
            raise syntax_error("AssignmentToConstant", message, start_of(target))
        case nodes.Logical():
            raise bad_input("Possibly a typo of '=='?", operator.position)
        case _:
            raise _invalid_target(target.position)


def _is_bool(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Const) and type(node.value) is bool


def _root(node: nodes.Node) -> nodes.Node:
    while isinstance(node, nodes.Property | nodes.MethodCall | nodes.Index):
        node = node.target
    return node


def _first_call(node: nodes.Node) -> Position | None:
    """Return where the first method call of a chain stands, if it has one."""
    found: Position | None = None
    while isinstance(node, nodes.Property | nodes.MethodCall | nodes.Index):
        if isinstance(node, nodes.MethodCall):
            found = node.position
        node = node.target
    return found


def _invalid_target(position: Position) -> RhaiError:
    return syntax_error("AssignmentToInvalidLHS", "Expression cannot be assigned to", position)
