"""What a chat template can do, found out by trying it."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ....errors import InvalidInput
from .template import ChatTemplate, TemplateMessage

PROBE_S = 1.0
_MARK = "rbeeprobe"
_ARGUMENTS = {f"{_MARK}key": f"{_MARK}value"}
_ARGUMENTS_TEXT = json.dumps(_ARGUMENTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateTraits:
    """What the template knows.

    `knows_tools` and `knows_calls`: it shows the tools of a request, and the calls of earlier answers.
    `wants_argument_objects`: it writes JSON itself and takes the arguments as objects. `wants_parts`: it takes content
    as a list of parts only. `wants_short_ids`: it refuses ids of calls that are not nine letters or digits.
    """

    knows_system: bool
    knows_developer: bool
    knows_tools: bool
    knows_calls: bool
    wants_argument_objects: bool
    wants_parts: bool
    wants_short_ids: bool


def traits_of(template: ChatTemplate) -> TemplateTraits:
    """Try the template with small conversations, for a second at most.

    Raises:
        ModelIncompatible: it is not valid Jinja, or takes too much time or memory.
        AllSlotsBusy: other conversations kept it busy for all of the time.
    """
    until = time.monotonic() + min(PROBE_S, template.max_seconds)

    def tried(messages: Sequence[TemplateMessage], tools: Sequence[Mapping[str, Any]] = ()) -> str:
        try:
            return template.render(messages, tools=tools, seconds=max(until - time.monotonic(), 0.001))
        except InvalidInput:
            return ""

    wants_parts = _MARK not in tried([_user(_MARK)]) and _MARK in tried([_user([{"type": "text", "text": _MARK}])])

    def content(text: str) -> Any:
        return [{"type": "text", "text": text}] if wants_parts else text

    user = _user(content("hi"))
    with_text = tried(_called(user, _ARGUMENTS_TEXT), _TOOLS)
    with_object = tried(_called(user, _ARGUMENTS), _TOOLS)
    writes_text = _ARGUMENTS_TEXT in with_text
    return TemplateTraits(
        knows_system=_MARK in tried([{"role": "system", "content": content(_MARK)}, user]),
        knows_developer="developer" in template.source,
        knows_tools=_MARK in tried([user], _TOOLS),
        knows_calls=writes_text or f"{_MARK}value" in with_object,
        wants_argument_objects=not writes_text and f"{_MARK}value" in with_object,
        wants_parts=wants_parts,
        wants_short_ids="[TOOL_CALLS]" in template.source,
    )


_TOOLS = [
    {
        "type": "function",
        "function": {
            "name": f"{_MARK}tool",
            "description": "",
            "parameters": {"type": "object", "properties": {f"{_MARK}key": {"type": "string", "description": ""}}},
        },
    }
]


def _user(content: Any) -> TemplateMessage:
    return {"role": "user", "content": content}


def _called(user: TemplateMessage, arguments: Any) -> list[TemplateMessage]:
    call = {"id": "abcdefghi", "type": "function", "function": {"name": f"{_MARK}tool", "arguments": arguments}}
    return [
        user,
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "done", "tool_call_id": "abcdefghi", "name": f"{_MARK}tool"},
    ]
