"""The Jinja that chat templates get: a template comes with a file from a stranger.

Jinja's sandbox keeps a template away from Python's internals. Time and memory are bounded by the process that all of
this runs in, see `template_renderer.py`.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from jinja2 import TemplateRuntimeError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

_MAX_INDENT = 16
_OTHER_METHODS = frozenset({"items", "keys", "values", "get", "copy", "index", "count"})
_STRING_METHODS = frozenset(
    """
    capitalize casefold count encode endswith find format index isalnum isalpha isascii isdecimal isdigit islower
    isnumeric isspace istitle isupper join lower lstrip partition removeprefix removesuffix replace rfind rindex
    rpartition rsplit rstrip split splitlines startswith strip swapcase title upper
    """.split()  # noqa: SIM905 a list of words reads better as text
)
_FILTERS = """
    abs attr capitalize count d default dictsort e escape first float format groupby int items join last length list
    lower map max min reject rejectattr replace reverse round safe select selectattr sort string sum title trim unique
    upper urlencode wordcount
""".split()  # noqa: SIM905 a list of words reads better as text


class GenerationTag(Extension):
    """Lets `{% generation %}` through, which marks the assistant's text for training."""

    tags = {"generation"}  # noqa: RUF012 as in the base

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Return what the tag encloses."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class ChatEnvironment(ImmutableSandboxedEnvironment):
    """Jinja in a sandbox, with what the templates of real models use and nothing more."""

    def __init__(self) -> None:
        """Have no loader, so that no template reaches another one."""
        super().__init__(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.loopcontrols", GenerationTag],
        )
        known: Any = self.filters
        self.filters = {name: known[name] for name in _FILTERS} | {"tojson": _to_json, "indent": _indent}
        del self.globals["lipsum"]
        self.globals |= {"raise_exception": _raise_exception, "strftime_now": _now}

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 as in the base
        """Call what the template wants to call, unless it is a method that no template needs."""
        owner = getattr(__obj, "__self__", None)
        if isinstance(owner, str):
            allowed = _STRING_METHODS
        elif isinstance(owner, int | float | bytes | Mapping | Sequence):
            allowed = _OTHER_METHODS
        else:
            return super().call(__context, __obj, *args, **kwargs)
        if __obj.__name__ not in allowed:
            raise SecurityError("it calls a method that templates have no use for")
        return super().call(__context, __obj, *args, **kwargs)


def _raise_exception(message: str) -> NoReturn:
    """Let a template refuse a conversation."""
    raise TemplateRuntimeError(str(message))


def _now(form: str) -> str:
    return datetime.now().astimezone().strftime(form)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Return JSON as the models saw it in training: without HTML's escapes."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _indent(text: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    margin = width if isinstance(width, str) else " " * min(width, _MAX_INDENT)
    lines = str(text).split("\n")
    return "\n".join(
        margin + line if (number or first) and (line or blank) else line for number, line in enumerate(lines)
    )
