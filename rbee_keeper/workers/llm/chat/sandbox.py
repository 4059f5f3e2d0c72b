"""Runs a model's chat template within bounds: a template comes with a file from a stranger.

Jinja's sandbox keeps a template away from Python's internals. What it does not bound is time and memory, so every call,
filter, test and turn of a loop is a step that is counted against a deadline, and whatever could make a large value out
of small ones is measured before it is made.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from jinja2 import TemplateRuntimeError, nodes, pass_context
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .bounds import BOUNDED_FILTERS, TooMuch, check_format, check_operands, check_string_method, require_small

MAX_WRITTEN = 128_000_000
_BYTES_OF_ITEM = 16
_OTHER_METHODS = frozenset({"items", "keys", "values", "get", "copy", "index", "count"})
_FILTERS = """
    abs attr capitalize count d default dictsort e escape first float groupby int items last length list lower map
    max min reject rejectattr reverse round safe select selectattr sort string sum title trim unique upper
    urlencode wordcount
""".split()  # noqa: SIM905 a list of words reads better as text


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
        self.filters = {name: self._counted(each) for name, each in (kept | BOUNDED_FILTERS).items()}
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
        require_small(values)
        joined = "".join(map(str, values))
        self.step(len(joined))
        return joined

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 as in the base
        """Call what the template wants to call, unless it could make something large."""
        __self.step()
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str):
            check_string_method(owner, __obj.__name__, args, kwargs)
        elif isinstance(owner, int | float | bytes | Mapping | Sequence) and __obj.__name__ not in _OTHER_METHODS:
            raise SecurityError("it calls a method that templates have no use for")
        return __self._measured(super().call(__context, __obj, *args, **kwargs))

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute, unless the outcome would be large."""
        check_operands(operator, left, right)
        return self._measured(super().call_binop(context, operator, left, right))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Return `str.format` of a text for the template to call, bounded; None for anything else."""
        wrapped = super().wrap_str_format(value)
        if wrapped is None:
            return None
        form: str = value.__self__

        def formatted(*args: Any, **kwargs: Any) -> str:
            check_format(form, (*args, *kwargs.values()))
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
            require_small(args)
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
    require_small(value)
    return value
