"""Measures what a chat template wants to make, before it is made."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jinja2 import TemplateRuntimeError
from jinja2.exceptions import SecurityError

MAX_TEXT = 4_000_000
_MAX_BITS = 4096
_MAX_INDENT = 16
_MAX_DEPTH = 100
_STRING_METHODS = frozenset(
    """
    capitalize casefold count encode endswith find index isalnum isalpha isascii isdecimal isdigit islower
    isnumeric isspace istitle isupper join lower lstrip partition removeprefix removesuffix replace rfind rindex
    rpartition rsplit rstrip split splitlines startswith strip swapcase title upper
    """.split()  # noqa: SIM905 a list of words reads better as text
)


class TooMuch(TemplateRuntimeError):
    """The template wants more time or memory than any chat needs."""


def require_small(value: Any) -> None:
    """Refuse a value whose text would be too long; shared parts count each time, as they would be written."""
    if not isinstance(value, str | int | float | None):
        _weigh(value, MAX_TEXT, 0)


def _weigh(value: Any, budget: int, depth: int) -> int:
    if depth > _MAX_DEPTH:
        raise TooMuch("it nests too deeply")
    if isinstance(value, str):
        budget -= len(value) + 2
    elif isinstance(value, Mapping):
        for key, each in value.items():
            budget = _weigh(each, budget - len(str(key)) - 4, depth + 1)
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            budget = _weigh(each, budget - 2, depth + 1)
    else:
        budget -= 16
    if budget < 0:
        raise TooMuch("it makes too long a text")
    return budget


def check_operands(operator: str, left: Any, right: Any) -> None:
    """Refuse an operation whose outcome would be large."""
    large = (str, list, tuple, bytes)
    if operator == "+" and isinstance(left, large) and isinstance(right, large):
        _require_length(len(left) + len(right))
    elif operator == "%" and isinstance(left, str):
        check_format(left, (right,))
    elif operator == "*":
        for one, other in ((left, right), (right, left)):
            if isinstance(one, large) and isinstance(other, int):
                _require_length(len(one) * other)
        if isinstance(left, int) and isinstance(right, int):
            _require_bits(left.bit_length() + right.bit_length())
    elif operator == "**" and isinstance(left, int) and isinstance(right, int):
        _require_bits(left.bit_length() * right)


def check_string_method(owner: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse a method of a text that could make a large one."""
    if name not in _STRING_METHODS:
        raise SecurityError("it calls a method that templates have no use for")
    require_small([*args, kwargs])
    if name == "join" and args and isinstance(args[0], list | tuple):
        _check_join(args[0], owner)
    elif name == "join":
        raise SecurityError("it joins something that is no list")
    elif name == "replace" and len(args) > 1:
        _check_replace(owner, str(args[0]), str(args[1]))


def check_format(form: str, values: Sequence[Any]) -> None:
    """Refuse widths, which make long texts out of short ones."""
    digits = 0
    for char in form:
        digits = digits + 1 if char.isdigit() else 0
        if digits > 3:
            raise TooMuch("it formats too wide a text")
    fields = form.count("{") + form.count("%")
    if "*" in form or ":{" in form:
        raise TooMuch("it formats a text of any width")
    _require_length(fields * (1000 + MAX_TEXT - min(_weigh(value, MAX_TEXT, 0) for value in values or ("",))))


def _check_join(parts: Sequence[Any], separator: str) -> None:
    require_small(list(parts))
    _require_length(len(separator) * len(parts))


def _check_replace(text: str, old: str, new: str) -> None:
    if len(new) > len(old):
        _require_length((text.count(old) + 1) * len(new) + len(text))


def _require_bits(bits: int) -> None:
    if bits > _MAX_BITS:
        raise TooMuch("it computes too large a number")


def _require_length(length: int) -> None:
    if length > MAX_TEXT:
        raise TooMuch("it makes too long a text")


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Return JSON as the models saw it in training: without HTML's escapes."""
    if (indent or 0) > _MAX_INDENT or len("".join(separators or ())) > _MAX_INDENT:
        raise TooMuch("it indents too far")
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _indent(text: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    margin = width if isinstance(width, str) else " " * min(width, _MAX_INDENT)
    lines = str(text).split("\n")
    _require_length(len(lines) * len(margin))
    return "\n".join(
        margin + line if (number or first) and (line or blank) else line for number, line in enumerate(lines)
    )


def _format(form: str, *values: Any) -> str:
    check_format(str(form), values)
    return str(form) % values


def _bounded_join(parts: Any, separator: str = "", attribute: str | None = None) -> str:
    items = list(parts)
    if attribute is not None:
        items = [item[attribute] for item in items]
    _check_join(items, str(separator))
    return str(separator).join(map(str, items))


def _bounded_replace(text: Any, old: str, new: str, count: int = -1) -> str:
    _check_replace(str(text), str(old), str(new))
    return str(text).replace(str(old), str(new), count)


BOUNDED_FILTERS: dict[str, Callable[..., Any]] = {
    "tojson": _to_json,
    "indent": _indent,
    "format": _format,
    "join": _bounded_join,
    "replace": _bounded_replace,
}
