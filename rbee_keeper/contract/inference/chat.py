"""Chat: messages, tools and the form of the answer, in OpenAI's shapes."""

import re
from typing import Any, Literal

import msgspec

from ..wire import Message


class TextPart(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="text"):
    """A piece of text in a message."""

    text: str


class FunctionCall(msgspec.Struct, frozen=True, kw_only=True):
    """A call that the model wanted; `arguments` is JSON text."""

    name: str
    arguments: str


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call of an earlier answer, as the client sends it back."""

    function: FunctionCall
    id: str = ""
    type: Literal["function"] = "function"


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message of a conversation; fields that rbee does not know are ignored."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[TextPart] | None = None
    reasoning_content: str | None = None
    name: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None

    @property
    def text(self) -> str:
        """The whole text of the message."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class Function(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A function that the model may call; `parameters` is a JSON Schema."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = {}
    strict: bool | None = None


_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def is_tool_name(name: str) -> bool:
    """Tell whether a function may have this name, by OpenAI's rule."""
    return _TOOL_NAME.fullmatch(name) is not None


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool of a request."""

    function: Function
    type: Literal["function"] = "function"


class NamedFunction(msgspec.Struct, frozen=True, kw_only=True):
    """The name in a choice of tool."""

    name: str


class NamedTool(msgspec.Struct, frozen=True, kw_only=True):
    """The choice of one tool by name."""

    function: NamedFunction
    type: Literal["function"] = "function"


ToolChoice = Literal["auto", "none", "required"] | NamedTool


class PlainText(Message, frozen=True, kw_only=True, tag_field="type", tag="text"):
    """Any text."""


class JsonObject(Message, frozen=True, kw_only=True, tag_field="type", tag="json_object"):
    """One JSON object of any shape."""


class NamedSchema(msgspec.Struct, frozen=True, kw_only=True):
    """A JSON Schema with the name that OpenAI clients give it."""

    schema: dict[str, Any] | bool
    name: str = ""
    strict: bool | None = None


class JsonSchema(Message, frozen=True, kw_only=True, tag_field="type", tag="json_schema"):
    """One JSON value that a JSON Schema describes."""

    json_schema: NamedSchema


class Gbnf(Message, frozen=True, kw_only=True, tag_field="type", tag="gbnf"):
    """Text that a grammar in llama.cpp's GBNF describes; its rule `root` is the whole text."""

    grammar: str


class Regex(Message, frozen=True, kw_only=True, tag_field="type", tag="regex"):
    """Text that a regular expression describes from its start to its end."""

    pattern: str


ResponseFormat = PlainText | JsonObject | JsonSchema | Gbnf | Regex
