"""Floating-point mathematics."""

import math
from collections.abc import Callable

from ..runtime.registry import Registrar
from ..runtime.run import Run

define = Registrar("Mathematics")

_FUNCTIONS: dict[str, tuple[Callable[[float], float], str, str]] = {
    "sin": (math.sin, "the sine of an angle in radians", "sin(0.0) == 0.0"),
    "cos": (math.cos, "the cosine of an angle in radians", "cos(0.0) == 1.0"),
    "tan": (math.tan, "the tangent of an angle in radians", "tan(0.0) == 0.0"),
    "sinh": (math.sinh, "the hyperbolic sine", "sinh(0.0) == 0.0"),
    "cosh": (math.cosh, "the hyperbolic cosine", "cosh(0.0) == 1.0"),
    "tanh": (math.tanh, "the hyperbolic tangent", "tanh(0.0) == 0.0"),
    "asin": (math.asin, "the angle with a sine", "asin(0.0) == 0.0"),
    "acos": (math.acos, "the angle with a cosine", "acos(1.0) == 0.0"),
    "atan": (math.atan, "the angle with a tangent", "atan(0.0) == 0.0"),
    "asinh": (math.asinh, "the inverse hyperbolic sine", "asinh(0.0) == 0.0"),
    "acosh": (math.acosh, "the inverse hyperbolic cosine", "acosh(1.0) == 0.0"),
    "atanh": (math.atanh, "the inverse hyperbolic tangent", "atanh(0.0) == 0.0"),
    "sqrt": (math.sqrt, "the square root", "sqrt(4.0) == 2.0"),
    "exp": (math.exp, "e to a power", "exp(0.0) == 1.0"),
    "to_degrees": (math.degrees, "an angle in degrees", "to_degrees(PI()) == 180.0"),
    "to_radians": (math.radians, "an angle in radians", "to_radians(180.0) == PI()"),
}


def _total(name: str, function: Callable[[float], float]) -> Callable[[Run, float], float]:
    """Return a function that answers NaN or infinity where Python raises."""

    def compute(_run: Run, value: float) -> float:
        try:
            return function(value)
        except ValueError:
            return math.copysign(math.inf, value) if name == "atanh" and abs(value) == 1 else math.nan
        except OverflowError:
            return -math.inf if name == "sinh" and value < 0 else math.inf

    compute.__doc__ = f"Return {_FUNCTIONS[name][1]}."
    return compute


for _name, (_function, _summary, _example) in _FUNCTIONS.items():
    define(f"{_name}(float) -> float", example=_example)(_total(_name, _function))


def logarithm(value: float, base: float | None = None) -> float:
    """Return a logarithm, natural without a base."""
    if math.isnan(value) or value < 0:
        return math.nan
    if value == 0:
        return -math.inf
    if math.isinf(value):
        return math.inf
    if base is None:
        return math.log(value)
    if base <= 0 or base == 1:
        return math.nan
    return math.log10(value) if base == 10 else math.log(value) / math.log(base)


@define("ln(float) -> float", example="ln(1.0) == 0.0")
def ln(_run: Run, value: float) -> float:
    """Return the natural logarithm."""
    return logarithm(value)


@define("log(float) -> float", example="log(100.0) == 2.0")
def log(_run: Run, value: float) -> float:
    """Return the logarithm of base 10."""
    return logarithm(value, 10.0)


@define("log(float, float) -> float", example="log(8.0, 2.0) == 3.0")
def log_base(_run: Run, value: float, base: float) -> float:
    """Return the logarithm of any base."""
    return logarithm(value, base)


@define("hypot(float, float) -> float", example="hypot(3.0, 4.0) == 5.0")
def hypot(_run: Run, one: float, two: float) -> float:
    """Return the length of a hypotenuse."""
    return math.hypot(one, two)


@define("atan(float, float) -> float", example="atan(0.0, 1.0) == 0.0")
def atan2(_run: Run, one: float, two: float) -> float:
    """Return the angle of a point."""
    return math.atan2(one, two)


def _whole(function: Callable[[float], int], value: float) -> float:
    if not math.isfinite(value) or abs(value) >= 2.0**53:
        return value
    return math.copysign(float(function(value)), value)


@define("floor(float) -> float", example="floor(1.7) == 1.0", is_property=True)
def floor(_run: Run, value: float) -> float:
    """Return the largest whole number that is not larger."""
    return _whole(math.floor, value)


@define("ceiling(float) -> float", example="ceiling(1.2) == 2.0", is_property=True)
def ceiling(_run: Run, value: float) -> float:
    """Return the smallest whole number that is not smaller."""
    return _whole(math.ceil, value)


@define("round(float) -> float", example="round(2.5) == 3.0 && round(-2.5) == -3.0", is_property=True)
def rounded(_run: Run, value: float) -> float:
    """Return the nearest whole number, halves away from zero."""
    return _whole(lambda number: math.floor(abs(number)) + (abs(number) % 1 >= 0.5), value)


@define("int(float) -> float", example="int(-1.7) == -1.0", is_property=True)
def truncated(_run: Run, value: float) -> float:
    """Return the number without its fraction."""
    return _whole(math.trunc, value)


@define("fraction(float) -> float", example="fraction(1.5) == 0.5", is_property=True)
def fraction(_run: Run, value: float) -> float:
    """Return what comes after the point."""
    return math.fmod(value, 1.0) if math.isfinite(value) else math.nan


@define("is_nan(float) -> bool", example="(0.0 / 0.0).is_nan", is_property=True)
def is_nan(_run: Run, value: float) -> bool:
    """Return whether this is not a number."""
    return math.isnan(value)


@define("is_finite(float) -> bool", example="(1.0).is_finite", is_property=True)
def is_finite(_run: Run, value: float) -> bool:
    """Return whether the number is finite."""
    return math.isfinite(value)


@define("is_infinite(float) -> bool", example="(1.0 / 0.0).is_infinite", is_property=True)
def is_infinite(_run: Run, value: float) -> bool:
    """Return whether the number is infinite."""
    return math.isinf(value)


@define("PI() -> float", example="PI() > 3.14")
def pi(_run: Run) -> float:
    """Return the ratio of a circle's circumference to its diameter."""
    return math.pi


@define("E() -> float", example="E() > 2.71")
def euler(_run: Run) -> float:
    """Return the base of natural logarithms."""
    return math.e
