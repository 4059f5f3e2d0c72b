"""JSON in and out."""

import json
import math
import re
from typing import Any

from ..errors import RhaiError, missing_token, too_large
from ..runtime.display import float_text
from ..runtime.registry import Registrar
from ..runtime.run import Run
from ..values import INT_MAX, INT_MIN, Cell, Char, FnPtr, Value

define = Registrar("JSON")


_EDGES = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]', re.DOTALL)
_CONSTANTS = re.compile(r'"(?:[^"\\]|\\.)*"?|(-?Infinity|NaN)', re.DOTALL)
_BLANKS = " \t\r\n\f"
MAX_JSON_DEPTH = 200


def _depth(text: str) -> int:
    """Return how deeply a JSON text nests."""
    depth = deepest = 0
    for edge in _EDGES.finditer(text):
        if edge.group() in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif edge.group() in "]}":
            depth -= 1
    return deepest


def _number(text: str) -> int | float:
    value = int(text[:25])
    return value if INT_MIN <= value <= INT_MAX and len(text) <= 25 else float(text)


def _refuse(text: str) -> float:
    raise ValueError(text)


_PROBLEMS = (
    ("Expecting value", "JSON needs a value here"),
    ("Expecting property name", "JSON needs a name in double quotes here"),
    ("Expecting ':'", "JSON needs ':' here"),
    ("Expecting ','", "JSON needs ',' or an end here"),
    ("Extra data", "there is more after the JSON object"),
    ("Unterminated string", "a string in JSON has no end"),
    ("Invalid control", "JSON has no control character in a string"),
    ("Invalid \\", "JSON has no such escape"),
)
"""What Python's reader calls a problem, and what we do."""


def _malformed(text: str, problem: json.JSONDecodeError) -> RhaiError:
    """Return the error of a text that is no JSON, the same whatever version of Python reads it."""
    place, before = problem.pos, text[: problem.pos].rstrip(_BLANKS)
    if place >= len(text.rstrip(_BLANKS)):
        return _parsing_error(text, place, "the JSON text ends too early")
    if problem.msg.startswith("Illegal trailing comma"):
        return _parsing_error(text, place, "JSON has no ',' after the last item")
    if before.endswith(",") and text[place] in "]}":
        return _parsing_error(text, len(before) - 1, "JSON has no ',' after the last item")
    if problem.msg.startswith("Invalid \\u"):
        place = text.rfind("\\", 0, place + 1)
    message = next((ours for theirs, ours in _PROBLEMS if problem.msg.startswith(theirs)), "this is no JSON")
    return _parsing_error(text, place, message)


def _no_constant(text: str, name: str) -> RhaiError:
    """Return the error of a number that JSON has no form for."""
    found = (match.start() for match in _CONSTANTS.finditer(text) if match.group(1) == name)
    return _parsing_error(text, next(found, 0), f"{name} is no JSON value")


def _parsing_error(text: str, place: int, message: str) -> RhaiError:
    line_start = text.rfind("\n", 0, place) + 1
    position = (text.count("\n", 0, place) + 1, place - line_start + 1)
    return RhaiError("ErrorParsing", f"Syntax error: {message}", position)


def _of_object(text: str) -> str:
    """Return a text that begins with `{`, or with the `#{` of a map, as JSON has it.

    Raises:
        RhaiError: `ErrorParsing` for a text that begins with anything else.
    """
    start = len(text) - len(text.lstrip(_BLANKS))
    if text.startswith("#{", start):
        return f"{text[:start]} {text[start + 1 :]}"
    if not text.startswith("{", start):
        problem = missing_token("{", "to start a JSON object hash", (1, start + 1))
        raise RhaiError("ErrorParsing", f"Syntax error: {problem.message}", problem.position)
    return text


@define("parse_json(string) -> map", example='parse_json(`{"a": [1, null]}`) == #{a: [1, ()]}')
def parse_json(run: Run, text: str) -> Value:
    """Return the map that a JSON object describes."""
    run.charge(len(text) >> 4)
    text = _of_object(text)
    if _depth(text) > MAX_JSON_DEPTH:
        raise too_large("Nesting of JSON")
    try:
        return run.check(json.loads(text, parse_int=_number, parse_constant=_refuse))
    except json.JSONDecodeError as problem:
        raise _malformed(text, problem) from None
    except ValueError as problem:
        raise _no_constant(text, str(problem)) from None


def to_json_text(run: Run, value: Any) -> str:
    """Return a value as JSON, anything JSON has no form for as its display text."""
    kind = value.__class__
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        return float_text(value) if math.isfinite(value) else "null"
    if kind is str or kind is Char:
        return json.dumps(str(value), ensure_ascii=False)
    if kind is list:
        return f"[{','.join([to_json_text(run, item) for item in value])}]"
    if kind is dict:
        pairs = [f"{json.dumps(name, ensure_ascii=False)}:{to_json_text(run, value[name])}" for name in sorted(value)]
        return f"{{{','.join(pairs)}}}"
    if kind is FnPtr:
        return _pointer_text(run, value)
    return json.dumps(run.text(value), ensure_ascii=False)


def _pointer_text(run: Run, pointer: FnPtr) -> str:
    """Return a pointer's name, in an array with the arguments curried into it where there are some."""
    name = json.dumps(pointer.name, ensure_ascii=False)
    if not pointer.curry:
        return name
    given = [to_json_text(run, item.value if item.__class__ is Cell else item) for item in pointer.curry]
    return f"[{','.join([name, *given])}]"


@define("to_json(map) -> string", example='#{b: (), a: 1}.to_json() == `{"a":1,"b":null}`')
def to_json(run: Run, table: dict[str, Value]) -> str:
    """Return a map as JSON text."""
    run.weigh(table)
    text: str = run.check(to_json_text(run, table))
    return text
