"""How the families of models write tool calls: what opens them, and what follows."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from .events import CallEvents
from .json_object import CallObject
from .parts import Arguments, Name, OneOf, Part, Peek, Until

Schemas = Mapping[str, dict[str, Any]]
"""The JSON Schema of the arguments of every tool, by its name."""

Parts = Callable[[CallEvents, Schemas], Iterator[Part]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSyntax:
    """What opens calls, with the parts that follow each opening mark.

    `bare` are the parts of a call that needs no opening mark, but stands at the start of the answer or behind a call.
    """

    openers: Mapping[str, Parts]
    bare: Parts | None = None


def _tagged(calls: CallEvents, schemas: Schemas) -> Iterator[Part]:
    """`<tool_call>` has been read: a JSON object or a function with its parameters in tags, then the end tag."""
    peek = Peek()
    yield peek
    if peek.found == "<":
        yield OneOf("<function=")
        yield from _function_with_parameters(calls, schemas)
    else:
        yield CallObject(calls)
    yield Peek()
    yield OneOf("</tool_call>", optional=True)


def _function_with_parameters(calls: CallEvents, schemas: Schemas) -> Iterator[Part]:
    """`<function=` has been read: a name, then parameters in tags, whose types the schema knows."""
    name = Name()
    yield name
    yield OneOf(">")
    properties = schemas.get(name.found, {}).get("properties", {})
    is_begun = False
    while True:
        yield Peek()
        tag = OneOf("<parameter=", "</function>")
        yield tag
        if not is_begun:
            calls.begin(name.found)
        if tag.found == "</function>":
            calls.arguments("}" if is_begun else "{}")
            return
        key, value = Until(">"), Until("</parameter>")
        yield key
        yield value
        written = json_of_parameter(value.found, properties.get(key.found, {}))
        calls.arguments(("," if is_begun else "{") + _to_json(key.found) + ": " + written)
        is_begun = True


def _function_with_json(calls: CallEvents, _: Schemas) -> Iterator[Part]:
    """`<function=` has been read: a name, then the arguments as JSON, then the end tag."""
    name = Name()
    yield name
    yield OneOf(">")
    yield Peek()
    yield Arguments(calls, name.found)
    yield Peek()
    yield OneOf("</function>", optional=True)


def _mistral(calls: CallEvents, _: Schemas) -> Iterator[Part]:
    """`[TOOL_CALLS]` has been read: a list of JSON objects, one object, or a name with its arguments."""
    peek = Peek()
    yield peek
    if peek.found == "[":
        yield OneOf("[")
        while True:
            yield Peek()
            yield CallObject(calls)
            yield Peek()
            separator = OneOf(",", "]", optional=True)
            yield separator
            if separator.found != ",":
                return
    elif peek.found == "{":
        yield CallObject(calls)
    else:
        name = Name()
        yield name
        mark = OneOf("[ARGS]", "[CALL_ID]")
        yield mark
        if mark.found == "[CALL_ID]":
            yield Until("[ARGS]")
        yield Peek()
        yield Arguments(calls, name.found)


def _object(calls: CallEvents, _: Schemas) -> Iterator[Part]:
    """A JSON object where only a call can stand."""
    yield Peek()
    yield CallObject(calls)


def _bare_object(calls: CallEvents, _: Schemas) -> Iterator[Part]:
    """A JSON object where an answer could stand as well: only a tool of the request makes it a call."""
    yield CallObject(calls, must_be_known=True)


def _bare_list(calls: CallEvents, _: Schemas) -> Iterator[Part]:
    """As `_bare_object`, or an object with a list of calls."""
    yield CallObject(calls, must_be_known=True, may_wrap=True)


def json_of_parameter(written: str, schema: dict[str, Any]) -> str:
    """Return a parameter that was written between tags as JSON."""
    written = written.removeprefix("\n").removesuffix("\n")
    if schema.get("type") == "string":
        return _to_json(written)
    try:
        return _to_json(msgspec.json.decode(written))
    except msgspec.MsgspecError:
        return _to_json(written)


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


HERMES = CallSyntax(openers={"<tool_call>": _tagged})
QWEN_XML = CallSyntax(openers={"<tool_call>": _tagged, "<function=": _function_with_parameters})
LLAMA = CallSyntax(openers={"<|python_tag|>": _object}, bare=_bare_object)
MISTRAL = CallSyntax(openers={"[TOOL_CALLS]": _mistral})
FUNCTIONARY = CallSyntax(openers={"<function=": _function_with_json})
GENERIC = CallSyntax(openers={}, bare=_bare_list)
