"""Arithmetic on i64 and f64, and the operators of the other built-in types."""

import math
from collections.abc import Callable
from typing import Any

from ..errors import arithmetic_error
from ..values import INT_MAX, INT_MIN, Blob, Char, Timestamp, Value, copy_value, wrap_i64
from .display import to_text

BinaryOperation = Callable[[Any, Any], Any]


def checked(value: int, problem: str, left: int, operator: str, right: int) -> int:
    """Return an i64, or raise the overflow of `left operator right`."""
    if INT_MIN <= value <= INT_MAX:
        return value
    raise arithmetic_error(f"{problem} overflow: {left} {operator} {right}")


def add_ints(left: int, right: int) -> int:
    """Return `left + right`."""
    return checked(left + right, "Addition", left, "+", right)


def subtract_ints(left: int, right: int) -> int:
    """Return `left - right`."""
    return checked(left - right, "Subtraction", left, "-", right)


def multiply_ints(left: int, right: int) -> int:
    """Return `left * right`."""
    return checked(left * right, "Multiplication", left, "*", right)


def divide_ints(left: int, right: int) -> int:
    """Return the quotient rounded toward zero."""
    if right == 0:
        raise arithmetic_error(f"Division by zero: {left} / {right}")
    quotient = abs(left) // abs(right)
    return checked(quotient if (left < 0) == (right < 0) else -quotient, "Division", left, "/", right)


def modulo_ints(left: int, right: int) -> int:
    """Return the remainder, which has the sign of `left`."""
    if right == 0 or (left == INT_MIN and right == -1):
        raise arithmetic_error(f"Modulo division by zero or overflow: {left} % {right}")
    remainder = abs(left) % abs(right)
    return -remainder if left < 0 else remainder


def power_ints(left: int, right: int) -> int:
    """Return `left ** right` without ever building a number past 64 bits."""
    if right < 0:
        raise arithmetic_error(f"Integer raised to a negative power: {left} ** {right}")
    if left in (0, 1, -1):
        return int(left) ** (right if left != -1 else right % 2) if right <= 2**32 - 1 else _power_overflow(left, right)
    if right > 64:
        return _power_overflow(left, right)
    return checked(left**right, "Exponential", left, "**", right)


def _power_overflow(left: int, right: int) -> int:
    raise arithmetic_error(f"Exponential overflow: {left} ** {right}")


def shift_left(left: int, right: int) -> int:
    """Return `left << right`; a negative count shifts the other way."""
    if right < 0:
        return shift_right(left, -right)
    return 0 if right >= 64 else wrap_i64(left << right)


def shift_right(left: int, right: int) -> int:
    """Return `left >> right`, filled with the sign."""
    if right < 0:
        return shift_left(left, -right)
    return (-1 if left < 0 else 0) if right >= 64 else left >> right


def divide_floats(left: float, right: float) -> float:
    """Return the IEEE quotient: infinity or NaN instead of an error."""
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def modulo_floats(left: float, right: float) -> float:
    """Return the remainder with the sign of `left`."""
    if right == 0 or math.isinf(left):
        return math.nan
    return math.fmod(left, right)


def power_floats(left: float, right: float) -> float:
    """Return `left ** right` by the rules of IEEE."""
    try:
        return math.pow(left, right)
    except OverflowError:
        return -math.inf if left < 0 and right % 2 == 1 else math.inf
    except ValueError:
        if left == 0:
            return math.copysign(math.inf, left) if right % 2 == 1 else math.inf
        return math.nan


def without(left: str, right: str) -> str:
    """Return `left` with every `right` removed."""
    return left.replace(right, "") if right else left


def concat_text(left: Value, right: Value) -> str:
    """Return the display forms of both, one after the other."""
    return to_text(left) + to_text(right)


def float_operations() -> dict[str, BinaryOperation]:
    """Return the arithmetic of f64, which mixed operands use as well."""
    return {
        "+": lambda left, right: float(left) + float(right),
        "-": lambda left, right: float(left) - float(right),
        "*": lambda left, right: float(left) * float(right),
        "/": lambda left, right: divide_floats(float(left), float(right)),
        "%": lambda left, right: modulo_floats(float(left), float(right)),
        "**": lambda left, right: power_floats(float(left), float(right)),
    }


INT_OPERATIONS: dict[str, BinaryOperation] = {
    "+": add_ints,
    "-": subtract_ints,
    "*": multiply_ints,
    "/": divide_ints,
    "%": modulo_ints,
    "**": power_ints,
    "<<": shift_left,
    ">>": shift_right,
    "&": lambda left, right: left & right,
    "|": lambda left, right: left | right,
    "^": lambda left, right: left ^ right,
}


def build_table() -> dict[tuple[str, type, type], BinaryOperation]:
    """Return every built-in arithmetic operation by operator and operand types."""
    table: dict[tuple[str, type, type], BinaryOperation] = {}
    for operator, operation in INT_OPERATIONS.items():
        table[operator, int, int] = operation
    for operator, operation in float_operations().items():
        for kinds in ((float, float), (int, float), (float, int)):
            table[operator, kinds[0], kinds[1]] = operation
    for operator in "&|^":
        table[operator, bool, bool] = INT_OPERATIONS[operator]
    for left in (str, Char):
        for right in (str, Char):
            table["+", left, right] = lambda one, two: str(one) + str(two)
            if left is str:
                table["-", left, right] = without
    table["-", Char, str] = without
    table["-", Char, Char] = without
    table["+", list, list] = lambda one, two: copy_value(one) + copy_value(two)
    table["+", dict, dict] = lambda one, two: copy_value(one) | copy_value(two)
    table["+", Blob, Blob] = lambda one, two: Blob(one + two)
    table["+", Blob, int] = lambda one, two: Blob(one + bytes([two & 255]))
    table["-", Timestamp, Timestamp] = lambda one, two: one.seconds - two.seconds
    for number in (int, float):
        table["+", Timestamp, number] = lambda one, two: Timestamp(one.seconds + two)
        table["-", Timestamp, number] = lambda one, two: Timestamp(one.seconds - two)
    return table


TABLE = build_table()


def find_operation(operator: str, left: type, right: type) -> BinaryOperation | None:
    """Return the built-in operation for two operand types."""
    found = TABLE.get((operator, left, right))
    if found is None and operator == "+" and (left is str or right is str):
        return concat_text
    return found


def negate(value: Value) -> Value:
    """Return `-value`, or None when there is no such operation."""
    kind = type(value)
    if kind is float:
        return -value
    if kind is not int:
        return None
    if value == INT_MIN:
        raise arithmetic_error(f"Negation overflow: -{value}")
    return -value
