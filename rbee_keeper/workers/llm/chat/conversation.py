"""Puts a conversation into the words that one model's chat template knows."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import msgspec

from ....contract.inference.chat import ChatMessage, Tool, ToolCall
from ....contract.tasks import Execute
from .template_traits import TemplateTraits

_SHORT_ID = 9
_TOOLS_TEXT = (
    "You may call functions to help with the user's request. Their signatures:\n<tools>\n{tools}\n</tools>\n"
    "To call one, write a JSON object with its name and arguments between tags, and nothing after it:\n"
    '<tool_call>\n{{"name": <name of the function>, "arguments": <object of arguments>}}\n</tool_call>'
)


def messages_of(request: Execute) -> list[ChatMessage]:
    """Return the conversation of a request; a prompt is one message of the user."""
    if request.messages:
        return request.messages
    system = [] if request.system is None else [ChatMessage(role="system", content=request.system)]
    return [*system, ChatMessage(role="user", content=request.prompt)]


def tools_for_template(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Return the tools as OpenAI describes them."""
    described: list[dict[str, Any]] = []
    for tool in tools:
        function = tool.function
        fields = {"name": function.name, "description": function.description, "parameters": function.parameters}
        described.append({"type": tool.type, "function": fields})
    return described


class Conversation:
    """Messages on their way into a template with these traits."""

    def __init__(self, traits: TemplateTraits) -> None:
        """Write for this template; without calls of its own, it gets them as text in the way of Hermes."""
        self._traits = traits
        self._writes_calls = not (traits.knows_tools and traits.knows_calls)

    def written(self, messages: Sequence[ChatMessage], tools: Sequence[Tool]) -> list[dict[str, Any]]:
        """Return the messages; tools that the template would not show stand in the system text."""
        names = {call.id: call.function.name for message in messages for call in message.tool_calls or ()}
        written = [self._message(message, names) for message in messages]
        if tools and not self._traits.knows_tools:
            shown = "\n".join(msgspec.json.encode(tool).decode() for tool in tools_for_template(tools))
            _add_to_system(written, _TOOLS_TEXT.format(tools=shown))
        if not self._traits.knows_system:
            written = _without_system(written)
        if self._traits.wants_parts:
            for each in written:
                each["content"] = [{"type": "text", "text": each["content"]}]
        return written

    def _message(self, message: ChatMessage, names: dict[str, str]) -> dict[str, Any]:
        role = "system" if message.role == "developer" and not self._traits.knows_developer else message.role
        fields: dict[str, Any] = {"role": role, "content": message.text}
        if message.reasoning_content is not None:
            fields["reasoning_content"] = message.reasoning_content
        if message.name is not None:
            fields["name"] = message.name
        if role in ("tool", "function"):
            return self._answer_of_tool(message, fields, names)
        if message.tool_calls:
            if self._writes_calls:
                calls = "\n".join(map(_hermes_call, message.tool_calls))
                fields["content"] = f"{message.text}\n{calls}".lstrip("\n")
            else:
                fields["tool_calls"] = list(map(self._call, message.tool_calls))
        return fields

    def _answer_of_tool(self, message: ChatMessage, fields: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
        if self._writes_calls:
            return {"role": "user", "content": f"<tool_response>\n{message.text}\n</tool_response>"}
        name = message.name or names.get(message.tool_call_id or "", "")
        if name:
            fields["name"] = name
        if message.tool_call_id is not None:
            fields["tool_call_id"] = self._id(message.tool_call_id)
        return {**fields, "role": "tool"}

    def _call(self, call: ToolCall) -> dict[str, Any]:
        arguments: Any = call.function.arguments
        if self._traits.wants_argument_objects:
            arguments = _parsed(arguments)
        function = {"name": call.function.name, "arguments": arguments}
        return {"id": self._id(call.id), "type": call.type, "function": function}

    def _id(self, call_id: str) -> str:
        is_short = len(call_id) == _SHORT_ID and call_id.isalnum()
        if is_short or not self._traits.wants_short_ids:
            return call_id
        return hashlib.sha256(call_id.encode()).hexdigest()[:_SHORT_ID]


def _hermes_call(call: ToolCall) -> str:
    name = json.dumps(call.function.name, ensure_ascii=False)
    return f'<tool_call>\n{{"name": {name}, "arguments": {call.function.arguments or "{}"}}}\n</tool_call>'


def _parsed(arguments: str) -> Any:
    """Return the arguments as an object; what is no JSON stays text, for the template to show as it is."""
    try:
        return json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return arguments


def _add_to_system(written: list[dict[str, Any]], text: str) -> None:
    if written and written[0]["role"] == "system":
        written[0]["content"] = f"{written[0]['content']}\n\n{text}".lstrip("\n")
    else:
        written.insert(0, {"role": "system", "content": text})


def _without_system(written: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the messages with every system text in front of the next message of the user."""
    kept: list[dict[str, Any]] = []
    waiting: list[str] = []
    for message in written:
        if message["role"] == "system":
            waiting.append(message["content"])
        elif message["role"] == "user" and waiting:
            kept.append({**message, "content": "\n\n".join([*waiting, message["content"]])})
            waiting = []
        else:
            kept.append(message)
    if waiting:
        kept.append({"role": "user", "content": "\n\n".join(waiting)})
    return kept
