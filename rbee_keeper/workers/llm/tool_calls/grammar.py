"""Grammars that make a model call a tool, in the way of writing that it knows.

Control tokens stand in them as their text: llama.cpp holds a grammar against the text of every token, control tokens
included, so that `[TOOL_CALLS]` is met by the one token as well as by its characters.
"""

from collections.abc import Callable, Sequence
from typing import Any

from ....contract.inference.chat import Tool
from ..grammar.gbnf.builder import GrammarBuilder
from .syntax import Schemas

WriteGrammar = Callable[[GrammarBuilder, Schemas, bool], str]
"""Adds the rules for one call, or for one or more, of these tools and returns the name of the rule."""


def schemas_of(tools: Sequence[Tool]) -> dict[str, dict[str, Any]]:
    """Return the schema of every tool's arguments, which are an object whatever else is left open."""
    return {tool.function.name: tool.function.parameters or {"type": "object"} for tool in tools}


def hermes(builder: GrammarBuilder, schemas: Schemas, many: bool) -> str:
    """Write `<tool_call>{"name": ..., "arguments": ...}</tool_call>`."""
    call = _wrapped(builder, "<tool_call>\n", _objects(builder, schemas, "arguments"), "\n</tool_call>")
    return _repeated(builder, call, "\n", many=many)


def qwen_xml(builder: GrammarBuilder, schemas: Schemas, many: bool) -> str:
    """Write `<tool_call><function=name><parameter=key>value</parameter></function></tool_call>`."""
    calls = [
        _wrapped(
            builder,
            f"<tool_call>\n<function={name}>\n",
            _parameters(builder, schema),
            "</function>\n</tool_call>",
        )
        for name, schema in schemas.items()
    ]
    return _repeated(builder, builder.add("call", " | ".join(calls)), "\n", many=many)


def llama(builder: GrammarBuilder, schemas: Schemas, many: bool) -> str:
    """Write `{"name": ..., "parameters": ...}`; the control token in front of it may be missing."""
    calls = _repeated(builder, _objects(builder, schemas, "parameters"), "; ", many=many)
    return builder.add("calls", f"{builder.literal('<|python_tag|>')}? {calls}")


def mistral(builder: GrammarBuilder, schemas: Schemas, many: bool) -> str:
    """Write `[TOOL_CALLS][{"name": ..., "arguments": ...}]`."""
    calls = _repeated(builder, _objects(builder, schemas, "arguments"), ", ", many=many)
    return _wrapped(builder, "[TOOL_CALLS][", calls, "]")


def mistral_named(builder: GrammarBuilder, schemas: Schemas, many: bool) -> str:
    """Write `[TOOL_CALLS]name[ARGS]{...}`."""
    calls = [
        _wrapped(builder, f"[TOOL_CALLS]{name}[ARGS]", _schema_rule(builder, schema), "")
        for name, schema in schemas.items()
    ]
    return _repeated(builder, builder.add("call", " | ".join(calls)), "", many=many)


def functionary(builder: GrammarBuilder, schemas: Schemas, many: bool) -> str:
    """Write `<function=name>{...}</function>`."""
    calls = [
        _wrapped(builder, f"<function={name}>", _schema_rule(builder, schema), "</function>")
        for name, schema in schemas.items()
    ]
    return _repeated(builder, builder.add("call", " | ".join(calls)), "\n", many=many)


def generic(builder: GrammarBuilder, schemas: Schemas, many: bool) -> str:
    """Write one object, or `{"tool_calls": [...]}` where there may be several."""
    call = _objects(builder, schemas, "arguments")
    if not many:
        return call
    return _wrapped(builder, '{"tool_calls": [', _repeated(builder, call, ", ", many=True), "]}")


def thinking(builder: GrammarBuilder, closer: str) -> str:
    """Add a rule for any thought up to its closing tag and the space behind it; return its name."""
    first, second = (_in_class(char) for char in closer[:2])
    thought = f"( [^{first}] | {builder.literal(closer[0])} [^{second}] )*"
    return builder.add("thinking", f"{thought} {builder.literal(closer)} [\\n]*")


def _in_class(char: str) -> str:
    return f"\\{char}" if char in "[]\\" else char


def _objects(builder: GrammarBuilder, schemas: Schemas, key: str) -> str:
    calls = []
    for name, schema in schemas.items():
        quoted = builder.literal(f'{{"name": {_json_text(name)}, "{key}": ')
        calls.append(builder.add("call", f'{quoted} {_schema_rule(builder, schema)} "}}"'))
    return builder.add("call", " | ".join(calls)) if len(calls) > 1 else calls[0]


def _json_text(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _wrapped(builder: GrammarBuilder, before: str, rule: str, after: str) -> str:
    behind = f" {builder.literal(after)}" if after else ""
    return builder.add("call", f"{builder.literal(before)} {rule}{behind}")


def _repeated(builder: GrammarBuilder, rule: str, separator: str, *, many: bool) -> str:
    if not many:
        return rule
    between = f"{builder.literal(separator)} " if separator else ""
    return builder.add("calls", f"{rule} ( {between}{rule} )*")


def _parameters(builder: GrammarBuilder, schema: dict[str, Any]) -> str:
    """Add the parameters in the schema's order, those that are not required may be missing."""
    _schema_rule(builder, schema)  # finds what is wrong or too much in it; its rule is not used
    required = frozenset(schema.get("required", ()))
    parts = []
    for key, each in schema.get("properties", {}).items():
        is_text = isinstance(each, dict) and each.get("type") == "string"
        value = _raw_text(builder) if is_text else _schema_rule(builder, each)
        tag = _wrapped(builder, f"<parameter={key}>\n", value, "\n</parameter>\n")
        parts.append(tag if key in required else f"{tag}?")
    return builder.add("parameters", " ".join(parts) or '""')


def _raw_text(builder: GrammarBuilder) -> str:
    return builder.add("parameter-text", '( [^<] | "<" [^/] )*')


def _schema_rule(builder: GrammarBuilder, schema: Any) -> str:
    """Return the rule of a schema; few requests need one, so what makes it is imported here and not at the start."""
    from ..grammar.schema.json_schema import add_schema

    return add_schema(builder, schema)
