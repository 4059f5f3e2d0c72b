"""OpenAI's chat completions: the chunks of a stream, or one object."""

from collections.abc import Sequence
from typing import Any

from ..contract.events import End, Event, Failed, Logprob, Reasoning, Started, Token, TokenLogprob, ToolCallDelta
from ..contract.wire import encode
from .collected import CollectedCall, CollectedChoice
from .openai_shapes import error_frames, finish_reason
from .openai_writer import OpenAiWriter


class ChatWriter(OpenAiWriter):
    """Writes deltas of a message: text, thoughts and tool calls."""

    chunk_kind = "chat.completion.chunk"
    whole_kind = "chat.completion"
    before_text = b'"delta":{"content":'
    after_text = b"}"
    nothing = b'"delta":{}'

    def _frame(self, event: Event) -> bytes:
        match event:
            case Token():
                return self._with_logprobs(event, {"content": logprob_objects(event.logprobs)})
            case Reasoning():
                return self._delta(event.choice, {"reasoning_content": event.t})
            case ToolCallDelta():
                self._has_calls[event.choice] = True
                return self._delta(event.choice, {"tool_calls": [_call_delta(event)]})
            case Started():
                first = {"role": "assistant", "content": ""}
                return b"".join(self._delta(choice, first) for choice in range(len(self._starts)))
            case End():
                return self._closing(event)
            case Failed():
                return error_frames(event)
            case _:
                return b""

    def _delta(self, choice: int, delta: object) -> bytes:
        return self._starts[choice] + b'"delta":' + encode(delta) + self._end

    def _choice(self, number: int, choice: CollectedChoice) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": choice.text}
        if choice.reasoning:
            message["reasoning_content"] = choice.reasoning
        if choice.calls:
            message["content"] = choice.text or None
            message["tool_calls"] = list(map(_call, choice.calls))
        return {
            "index": number,
            "message": message,
            "logprobs": {"content": logprob_objects(choice.logprobs)} if choice.logprobs else None,
            "finish_reason": finish_reason(choice.stop_reason, has_calls=bool(choice.calls)),
        }


def logprob_objects(logprobs: Sequence[TokenLogprob]) -> list[dict[str, Any]]:
    """Return the tokens of a piece of text with their probabilities."""
    return [{**_logprob(each), "top_logprobs": list(map(_logprob, each.top))} for each in logprobs]


def _logprob(each: Logprob) -> dict[str, Any]:
    return {"token": each.token, "logprob": each.logprob, "bytes": each.bytes}


def _call_delta(delta: ToolCallDelta) -> dict[str, Any]:
    if not delta.id:
        return {"index": delta.index, "function": {"arguments": delta.arguments}}
    function = {"name": delta.name, "arguments": delta.arguments}
    return {"index": delta.index, "id": delta.id, "type": "function", "function": function}


def _call(call: CollectedCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
