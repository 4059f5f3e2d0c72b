"""Runs a model's chat template within bounds: a template comes with a file from a stranger.

Jinja's sandbox keeps a template away from Python's internals. What it does not bound is time and memory, so every call,
filter, test and turn of a loop is a step that is counted against a deadline, and whatever could make a large value out
of small ones is measured before it is made.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from jinja2 import TemplateRuntimeError, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEXT = 4_000_000
MAX_WRITTEN = 128_000_000
_MAX_BITS = 4096
_MAX_INDENT = 16
_MAX_DEPTH = 100
_BYTES_OF_ITEM = 16
_STRING_METHODS = frozenset(
    """
    capitalize casefold count encode endswith find index isalnum isalpha isascii isdecimal isdigit islower
    isnumeric isspace istitle isupper join lower lstrip partition removeprefix removesuffix replace rfind rindex
    rpartition rsplit rstrip split splitlines startswith strip swapcase title upper
    """.split()  # noqa: SIM905 a list of words reads better as text
)
_OTHER_METHODS = frozenset({"items", "keys", "values", "get", "copy", "index", "count"})
_FILTERS = """
    abs attr capitalize count d default dictsort e escape first float groupby int items last length list lower map
    max min reject rejectattr reverse round safe select selectattr sort string sum title trim unique upper
    urlencode wordcount
""".split()  # noqa: SIM905 a list of words reads better as text


class TooMuch(TemplateRuntimeError):
    """The template wants more time or memory than any chat needs."""


class GenerationTag(Extension):
    """Lets `{% generation %}` through, which marks the assistant's text for training."""

    tags = {"generation"}  # noqa: RUF012 as in the base

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return what the tag encloses."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """Jinja in a sandbox with bounds; renders one template at a time."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, max_seconds: float) -> None:
        """Offer what the templates of real models use, for so long a rendering."""
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.loopcontrols", GenerationTag],
            finalize=_finalize,
            optimized=False,  # folding constants would compute them before anything is bounded
        )
        self._max_seconds = max_seconds
        self._deadline = 0.0
        self._written = 0
        known: Any = self.filters
        kept = {name: known[name] for name in _FILTERS}
        own = {
            "tojson": _to_json,
            "indent": _indent,
            "format": _format,
            "join": _bounded_join,
            "replace": _bounded_replace,
        }
        self.filters = {name: self._counted(each) for name, each in (kept | own).items()}
        tests: Any = self.tests
        self.tests = {name: self._counted(each) for name, each in tests.items()}
        del self.globals["lipsum"]

    def begin(self) -> None:
        """Start the clock of one rendering."""
        self._deadline = time.monotonic() + self._max_seconds
        self._written = 0

    def step(self, written: int = 0) -> str:
        """Count a step, in which so many constant characters may be written.

        Raises:
            TooMuch: the bounds are reached.
        """
        self._written += written
        if self._written > MAX_WRITTEN:
            raise TooMuch("it writes too much")
        if time.monotonic() > self._deadline:
            raise TooMuch("it takes too long")
        return ""

    def joined(self, *values: Any) -> str:
        """Return the values as one text: the operator `~`."""
        _require_small(values)
        joined = "".join(map(str, values))
        self.step(len(joined))
        return joined

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 as in the base
        """Call what the template wants to call, unless it could make something large."""
        __self.step()
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str):
            _check_string_method(owner, __obj.__name__, args, kwargs)
        elif isinstance(owner, int | float | bytes | Mapping | Sequence) and __obj.__name__ not in _OTHER_METHODS:
            raise SecurityError("it calls a method that templates have no use for")
        return __self._measured(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute, unless the outcome would be large."""
        _check_operands(operator, left, right)
        return self._measured(super().call_binop(context, operator, left, right))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Return `str.format` of a text for the template to call, bounded; None for anything else."""
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None
        form: str = value.__self__

        def formatted(*args: Any, **kwargs: Any) -> str:
            _check_format(form, (*args, *kwargs.values()))
            return wrapped(*args, **kwargs)

        return formatted

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        _count_steps(template)
        template.set_environment(self)
        return template

    def _measured(self, value: Any) -> Any:
        """Count what was made, which the template may keep, and return it."""
        if isinstance(value, str):
            self.step(len(value))
        elif isinstance(value, list | tuple):
            self.step(_BYTES_OF_ITEM * len(value))
        return value

    def _counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.step()
            _require_small(args)
            return self._measured(function(*args, **kwargs))

        pass_arg = getattr(function, "jinja_pass_arg", None)
        if pass_arg is not None:
            counted.jinja_pass_arg = pass_arg  # type: ignore[attr-defined]  # how Jinja marks them
        return counted


_REPEATED = (nodes.For, nodes.Macro, nodes.CallBlock, nodes.Block, nodes.FilterBlock)


def _count_steps(template: nodes.Template) -> None:
    """Put a step into every body that can run more than once, and give `~` to a function that is bounded."""
    for kind in _REPEATED:
        node: Any
        for node in list(template.find_all(kind)):
            written = sum(len(data.data) for data in node.find_all(nodes.TemplateData))
            step = nodes.Call(nodes.EnvironmentAttribute("step"), [nodes.Const(written)], [], None, None)
            node.body.insert(0, nodes.ExprStmt(step, lineno=node.lineno).set_lineno(node.lineno))
    _replace_concatenations(template)


def _replace_concatenations(node: nodes.Node) -> None:
    for field, value in node.iter_fields():
        values = value if isinstance(value, list) else [value]
        for index, child in enumerate(values):
            if not isinstance(child, nodes.Node):
                continue
            _replace_concatenations(child)
            if isinstance(child, nodes.Concat):
                call = nodes.Call(nodes.EnvironmentAttribute("joined"), child.nodes, [], None, None)
                values[index] = call.set_lineno(child.lineno)
        if values and not isinstance(value, list):
            setattr(node, field, values[0])


def raise_exception(message: str) -> NoReturn:
    """Let a template refuse a conversation."""
    raise TemplateRuntimeError(str(message))


@pass_context
def _finalize(_: Context, value: Any) -> Any:
    _require_small(value)
    return value


def _require_small(value: Any) -> None:
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


def _check_operands(operator: str, left: Any, right: Any) -> None:
    large = (str, list, tuple, bytes)
    if operator == "+" and isinstance(left, large) and isinstance(right, large):
        _require_length(len(left) + len(right))
    elif operator == "%" and isinstance(left, str):
        _check_format(left, (right,))
    elif operator == "*":
        for one, other in ((left, right), (right, left)):
            if isinstance(one, large) and isinstance(other, int):
                _require_length(len(one) * other)
        if isinstance(left, int) and isinstance(right, int):
            _require_bits(left.bit_length() + right.bit_length())
    elif operator == "**" and isinstance(left, int) and isinstance(right, int):
        _require_bits(left.bit_length() * right)


def _check_string_method(owner: str, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    if name not in _STRING_METHODS:
        raise SecurityError("it calls a method that templates have no use for")
    _require_small([*args, kwargs])
    if name == "join" and args and isinstance(args[0], list | tuple):
        _check_join(args[0], owner)
    elif name == "join":
        raise SecurityError("it joins something that is no list")
    elif name == "replace" and len(args) > 1:
        _check_replace(owner, str(args[0]), str(args[1]))


def _check_format(form: str, values: Sequence[Any]) -> None:
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
    _require_small(list(parts))
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
    _check_format(str(form), values)
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
