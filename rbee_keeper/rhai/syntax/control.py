"""Parses blocks, branches and loops."""

from typing import Any

from ..errors import RhaiError, missing_token, syntax_error
from ..values import Range
from . import nodes, tokens
from .operators import OperatorParser, require_iterable
from .primaries import start_of
from .token_stream import FOREIGN_WORDS

_SELF_TERMINATED = (nodes.If, nodes.Switch, nodes.While, nodes.For, nodes.Try, nodes.Block)
_SWITCH_END = "to end this switch block"


class ControlParser(OperatorParser):
    """The part of the parser that reads what steers a script."""

    def compound(self, kind: str) -> nodes.Node | None:
        """Parse the `if`, `switch` or loop that begins with a token of `kind`, if it is one."""
        match kind:
            case "if":
                return self._if()
            case "switch":
                return self._switch()
            case "while" | "loop":
                return self._while()
            case "do":
                return self._do()
            case "for":
                return self._for()
            case _:
                return None

    def block(self) -> nodes.Block:
        """Parse `{ ... }`."""
        opening = self.expect("{", "to start a statement block")
        self.deeper(opening.position)
        self.block_depth += 1
        pipes, self.are_pipes_operators = self.are_pipes_operators, True
        statements: list[nodes.Node] = []
        while self.peek().kind != "}":
            if self.peek().kind == tokens.END:
                raise missing_token("}", "to terminate this block", self.peek().position)
            statement = self.statement()
            if isinstance(statement, nodes.Empty):
                continue
            statements.append(statement)
            if self.peek().kind == "}":
                break
            self.end_statement(statement)
        self.advance()
        self.are_pipes_operators = pipes
        self.block_depth -= 1
        self.depth -= 1
        return nodes.Block(opening.position, statements)

    def end_statement(self, statement: nodes.Node) -> None:
        """Pass the semicolon that a statement needs before the next one."""
        if isinstance(statement, _SELF_TERMINATED):
            return
        try:
            self.expect(";", "to terminate this statement")
        except RhaiError as error:
            if isinstance(statement, nodes.Var) and not error.hint:
                error.hint = FOREIGN_WORDS.get(statement.name, "")
            raise

    def _if(self) -> nodes.Node:
        position = self.advance().position
        self.deeper(position)
        condition = self.condition()
        then = self.block()
        otherwise: nodes.Node | None = None
        if self.accept("else"):
            otherwise = self._if() if self.peek().kind == "if" else self.block()
        self.depth -= 1
        return nodes.If(position, condition, then, otherwise)

    def _loop_body(self) -> nodes.Block:
        self.loop_depth += 1
        body = self.block()
        self.loop_depth -= 1
        return body

    def _while(self) -> nodes.Node:
        token = self.advance()
        condition = self.condition() if token.kind == "while" else None
        return nodes.While(token.position, condition, self._loop_body())

    def _do(self) -> nodes.Node:
        position = self.advance().position
        body = self._loop_body()
        token = self.advance()
        if token.kind not in ("while", "until"):
            raise missing_token("while", "for the do statement", token.position)
        return nodes.DoLoop(position, body, self.condition(), token.kind == "until")

    def _for(self) -> nodes.Node:
        position = self.advance().position
        counter: nodes.Param | None = None
        if self.accept("("):
            token = self.variable_name()
            self.expect(",", "after the iteration variable name")
            second = self.variable_name()
            if second.value == token.value:
                message = f"Duplicated variable name: {second.value}"
                raise syntax_error("DuplicatedVariable", message, second.position, length=second.length)
            self.expect(")", "to close the iteration variable")
            counter = nodes.Param(second.value, second.position)
        else:
            token = self.variable_name()
        self.expect("in", "after the iteration variable")
        self.refuse_statement("a boolean")
        items = require_iterable(self.expression())
        return nodes.For(position, nodes.Param(token.value, token.position), counter, items, self._loop_body())

    def _switch(self) -> nodes.Node:
        position = self.advance().position
        self.deeper(position)
        self.refuse_statement("a boolean")
        subject = self.expression()
        self.expect("{", "to start a switch block")
        cases: list[nodes.SwitchCase] = []
        default: nodes.Node | None = None
        default_position = position
        while not self.accept("}"):
            token = self.peek()
            if token.kind == tokens.END:
                raise missing_token("}", _SWITCH_END, token.position)
            if default is not None:
                message = "Default switch case must be the last"
                raise syntax_error("WrongSwitchDefaultCase", message, default_position)
            if token.kind == "_":
                default_position = token.position
                default = self._default_case()
            else:
                cases.append(self._case(cases))
        self.depth -= 1
        return nodes.Switch(position, subject, cases, default)

    def _default_case(self) -> nodes.Node:
        self.advance()
        token = self.peek()
        if token.kind == "if":
            message = "This switch case cannot have a condition"
            raise syntax_error("WrongSwitchCaseCondition", message, token.position)
        return self._case_body()

    def _case(self, cases: list[nodes.SwitchCase]) -> nodes.SwitchCase:
        literals = [self._case_literal()]
        while self.accept("|"):
            literals.append(self._case_literal())
        condition = self.condition() if self.accept("if") else None
        body = self._case_body()
        had_range = any(case.ranges for case in cases)
        case = nodes.SwitchCase([], [], condition, body)
        for literal, value in literals:
            if isinstance(value, Range):
                case.ranges.append(value)
                had_range = True
                continue
            if type(value) in (int, float) and had_range:
                message = "Numeric switch case cannot follow a range case"
                raise syntax_error("WrongSwitchIntegerCase", message, start_of(literal))
            case.values.append(value)
        return case

    def _case_literal(self) -> tuple[nodes.Node, Any]:
        self.are_pipes_operators = False
        parsed = self.expression()
        self.are_pipes_operators = True
        value = literal_value(parsed)
        if value is NOT_LITERAL:
            raise syntax_error("ExprExpected", "Expecting a literal expression", start_of(parsed))
        return parsed, value

    def _case_body(self) -> nodes.Node:
        self.expect("=>", "in this switch case")
        body = self.statement()
        token = self.peek()
        if token.kind == tokens.END:
            raise missing_token(")", _SWITCH_END, token.position)
        if not self.accept(",") and token.kind != "}" and not isinstance(body, _SELF_TERMINATED):
            raise missing_token(",", "to separate the items in this switch block", token.position)
        return body

    def try_catch(self) -> nodes.Node:
        """Parse `try { } catch (e) { }`."""
        position = self.advance().position
        body = self.block()
        self.expect("catch", "for the 'try' statement")
        variable: nodes.Param | None = None
        if self.accept("("):
            token = self.variable_name()
            self.expect(")", "to enclose the catch variable")
            variable = nodes.Param(token.value, token.position)
        return nodes.Try(position, body, variable, self.block())


class _NotLiteral:
    """The type of the answer for an expression that is no literal."""


NOT_LITERAL = _NotLiteral()


def literal_value(node: nodes.Node) -> Any:
    """Return the value of a literal expression, or NOT_LITERAL."""
    match node:
        case nodes.Const():
            return node.value
        case nodes.ArrayLiteral():
            items = [literal_value(item) for item in node.items]
            return NOT_LITERAL if NOT_LITERAL in items else items
        case nodes.MapLiteral():
            pairs = {name: literal_value(item) for name, item in node.items}
            return NOT_LITERAL if any(value is NOT_LITERAL for value in pairs.values()) else pairs
        case nodes.RangeNode():
            start = literal_value(node.start) if node.start else 0
            end = literal_value(node.end) if node.end else 2**63 - 1
            is_whole = type(start) is int and type(end) is int
            return Range(start, end, node.is_inclusive) if is_whole else NOT_LITERAL
        case nodes.Interpolation() if not node.parts:
            return ""
        case _:
            return NOT_LITERAL
