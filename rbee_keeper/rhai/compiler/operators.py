"""Compiles operators, with fast paths for the types scripts use most."""

import operator as python_operator
from collections.abc import Callable
from typing import Any

from ..errors import Position, RhaiError, type_mismatch
from ..runtime.comparison import compare, equals, missing_operator
from ..runtime.operations import find_operation, negate
from ..runtime.registry import Library
from ..runtime.run import Code, Run, RunFrame
from ..syntax import nodes
from ..syntax.primaries import position_of
from ..values import INT_MAX, INT_MIN, MUTABLE_TYPES, Blob, Char, Value
from .builder import Builder, is_pure, placed

_DIRECT_EQUALITY = frozenset({int, str, bool, Char, type(None)})
_DIRECT_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "<": python_operator.lt,
    "<=": python_operator.le,
    ">": python_operator.gt,
    ">=": python_operator.ge,
}
_DIRECT_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": python_operator.add,
    "-": python_operator.sub,
    "*": python_operator.mul,
}


def binary(builder: Builder, node: nodes.Binary) -> Code:
    """Compile `a op b`."""
    left = builder.expr(node.left) if is_pure(node.right) else builder.owned(node.left)
    right = builder.expr(node.right)
    if node.operator in ("==", "!="):
        return _equality(builder, node, left, right)
    if node.operator in _DIRECT_ORDER:
        return _order(builder.unit.library, node, left, right)
    if node.operator in _DIRECT_ARITHMETIC:
        return _arithmetic(node, left, right)
    name, position = node.operator, node.position
    return lambda frame: apply(frame[0], name, left(frame), right(frame), position)


def _equality(builder: Builder, node: nodes.Binary, left: Code, right: Code) -> Code:
    library, position = builder.unit.library, node.position
    is_negated = node.operator == "!="

    def slow(one: Value, two: Value) -> bool:
        try:
            return equals(library, one, two) is not is_negated
        except RhaiError as error:
            raise placed(error, position) from None

    if isinstance(node.right, nodes.Const) and type(node.right.value) in (str, int):
        known: Any = node.right.value
        kind = type(known)
        if is_negated:

            def differs(frame: RunFrame) -> Any:
                one = left(frame)
                return one != known if one.__class__ is kind else slow(one, known)

            return differs

        def matches(frame: RunFrame) -> Any:
            one = left(frame)
            return one == known if one.__class__ is kind else slow(one, known)

        return matches

    def compared(frame: RunFrame) -> Any:
        one, two = left(frame), right(frame)
        if one.__class__ is two.__class__ and one.__class__ in _DIRECT_EQUALITY:
            return (one == two) is not is_negated
        if one.__class__ in MUTABLE_TYPES:
            frame[0].charge(len(one) >> 3, position)
        return slow(one, two)

    return compared


def _order(library: Library, node: nodes.Binary, left: Code, right: Code) -> Code:
    name, position = node.operator, node.position
    direct = _DIRECT_ORDER[name]

    def compared(frame: RunFrame) -> Any:
        one, two = left(frame), right(frame)
        if one.__class__ is int and two.__class__ is int:
            return direct(one, two)
        try:
            return compare(library, name, one, two)
        except RhaiError as error:
            raise placed(error, position) from None

    return compared


def _arithmetic(node: nodes.Binary, left: Code, right: Code) -> Code:
    name, position = node.operator, node.position
    direct = _DIRECT_ARITHMETIC[name]

    def computed(frame: RunFrame) -> Any:
        one, two = left(frame), right(frame)
        kind = one.__class__
        if kind is two.__class__:
            if kind is int:
                value = direct(one, two)
                if INT_MIN <= value <= INT_MAX:
                    return value
            elif kind is float:
                return direct(one, two)
        return apply(frame[0], name, one, two, position)

    return computed


def apply(run: Run, name: str, left: Value, right: Value, position: Position) -> Value:
    """Return `left name right` for any operator and any types.

    Raises:
        RhaiError: `ErrorArithmetic`, `ErrorDataTooLarge`, or `ErrorFunctionNotFound` for types without the operator.
    """
    try:
        kinds = (left.__class__, right.__class__)
        operation = find_operation(name, *kinds)
        if operation is None:
            return _registered(run, name, left, right)
        if left.__class__ in MUTABLE_TYPES:
            run.charge((len(left) + len(right) if right.__class__ in MUTABLE_TYPES else len(left)) >> 3)
        if name == "+" and str in kinds:
            if Blob in kinds:
                left, right = _decoded(left), _decoded(right)
            if left.__class__ in (str, Char) and right.__class__ in (str, Char):
                run.check_string(len(left) + len(right))
            else:
                return run.check(run.text(left) + run.text(right))
        value = operation(left, right)
        return value if value.__class__ in (int, float) else run.check(value)
    except RhaiError as error:
        raise placed(error, position, len(name)) from None


def _decoded(value: Value) -> Value:
    """Return a blob's bytes as text, and anything else as it is."""
    return value.decode("utf-8", "replace") if value.__class__ is Blob else value


def _registered(run: Run, name: str, left: Value, right: Value) -> Value:
    library: Library = run.engine.library
    overload = library.find(name, (left.__class__, right.__class__))
    if overload is None:
        raise missing_operator(library, name, left, right)
    return overload.function(run, left, right)


def unary(builder: Builder, node: nodes.Unary) -> Code:
    """Compile `-x`, `+x` or `!x`."""
    operand = builder.expr(node.operand)
    name, position, library = node.operator, node.position, builder.unit.library

    def computed(frame: RunFrame) -> Any:
        value = operand(frame)
        kind = value.__class__
        if name == "!":
            if kind is bool:
                return not value
        elif name == "+":
            if kind is int or kind is float:
                return value
        else:
            try:
                negated = negate(value)
            except RhaiError as error:
                raise placed(error, position) from None
            if negated is not None:
                return negated
        signature = library.describe_call(name, [value])
        message = f"Function not found: {signature}"
        raise RhaiError("ErrorFunctionNotFound", message, position, fields={"function": signature})

    return computed


def logical(builder: Builder, node: nodes.Logical) -> Code:
    """Compile `&&`, `||` and `??`, whose right side may never run."""
    if node.operator == "??":
        return _coalesce(builder, node)
    left = builder.expr(node.left)
    with builder.region() as region:
        right = builder.expr(node.right)
    cost = region.cost
    first, second = position_of(node.left), position_of(node.right)
    library = builder.unit.library
    goes_on = node.operator == "&&"

    def decided(frame: RunFrame) -> Any:
        value = left(frame)
        if value is goes_on:
            frame[0].ops += cost
            value = right(frame)
            if value is True or value is False:
                return value
            raise type_mismatch(library.raw_type_name(value), "bool", second)
        if value is True or value is False:
            return value
        raise type_mismatch(library.raw_type_name(value), "bool", first)

    return decided


def _coalesce(builder: Builder, node: nodes.Logical) -> Code:
    left = builder.owned(node.left)
    right = builder.conditional(node.right)

    def chosen(frame: RunFrame) -> Any:
        value = left(frame)
        return right(frame) if value is None else value

    return chosen


def contains(builder: Builder, node: nodes.Contains) -> Code:
    """Compile `item in container`, which asks the container's `contains`."""
    item, container = builder.expr(node.item), builder.expr(node.container)
    is_negated, position = node.is_negated, node.position

    def asked(frame: RunFrame) -> Any:
        run: Run = frame[0]
        one = item(frame)
        box = container(frame)
        library: Library = run.engine.library
        overload = library.find("contains", (box.__class__, one.__class__))
        try:
            if overload is None:
                raise missing_operator(library, "contains", box, one)
            found = overload.function(run, box, one)
        except RhaiError as error:
            raise placed(error, position, 2) from None
        return not found if is_negated else found

    return asked
