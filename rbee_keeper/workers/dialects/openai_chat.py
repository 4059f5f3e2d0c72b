"""OpenAI's chat completions: the chunks of a stream, or one object."""

from collections.abc import Sequence
from typing import Any

from ...contract.events import (
    DONE,
    End,
    Event,
    Failed,
    Logprob,
    Reasoning,
    Started,
    Token,
    TokenLogprob,
    ToolCallDelta,
)
from ...contract.wire import encode
from .collected import CollectedCall, CollectedChoice, collect, stop_reason_of
from .openai_shapes import (
    AnswerHead,
    data_frame,
    error_frames,
    error_object,
    finish_reason,
    status_of,
    usage_object,
)


class ChatWriter:
    """Implements `DialectWriter`.

    Nearly all events are plain pieces of text: their chunks differ in the text only, so that what stands around it is
    made once.
    """

    def __init__(self, head: AnswerHead) -> None:
        """Write the answer with this head."""
        self._head = head
        fields = head.fields("chat.completion.chunk")
        begin = b"data: " + encode(fields)[:-1] + b',"choices":['
        self._starts = [begin + b'{"index":%d,"delta":' % choice for choice in range(head.choices)]
        self._contents = [start + b'{"content":' for start in self._starts]
        self._reasonings = [start + b'{"reasoning_content":' for start in self._starts]
        self._usage = b',"usage":null' if head.include_usage else b""
        self._end = b',"logprobs":null,"finish_reason":null}]' + self._usage + b"}\n\n"
        self._piece_end = b"}" + self._end
        self._has_calls = [False] * head.choices

    def frames(self, events: Sequence[Event]) -> bytes:
        """Return the chunks of the events that OpenAI's clients know."""
        contents, end = self._contents, self._piece_end
        return b"".join(
            [
                contents[event.choice] + encode(event.t) + end
                if type(event) is Token and not event.logprobs
                else self._frame(event)
                for event in events
            ]
        )

    def whole(self, events: Sequence[Event]) -> tuple[int, object]:
        """Return the completion, or the error that took its place."""
        collected = collect(events, self._head.choices)
        if isinstance(collected.closing, Failed):
            return status_of(collected.closing), error_object(collected.closing)
        body = self._head.fields("chat.completion")
        body["choices"] = [_choice(number, choice) for number, choice in enumerate(collected.choices)]
        if collected.closing is not None:
            body["usage"] = usage_object(collected.closing.usage)
        return 200, body

    def _frame(self, event: Event) -> bytes:
        match event:
            case Token():
                logprobs = encode({"content": logprob_objects(event.logprobs)})
                text = self._contents[event.choice] + encode(event.t) + b'},"logprobs":' + logprobs
                return text + b',"finish_reason":null}]' + self._usage + b"}\n\n"
            case Reasoning():
                return self._reasonings[event.choice] + encode(event.t) + self._piece_end
            case ToolCallDelta():
                self._has_calls[event.choice] = True
                delta = {"tool_calls": [_call_delta(event)]}
                return self._starts[event.choice] + encode(delta) + self._end
            case Started():
                first = encode({"role": "assistant", "content": ""})
                return b"".join(start + first + self._end for start in self._starts)
            case End():
                return self._closing(event)
            case Failed():
                return error_frames(event)
            case _:
                return b""

    def _closing(self, end: End) -> bytes:
        frames = b""
        for choice, start in enumerate(self._starts):
            reason = finish_reason(stop_reason_of(end, choice), has_calls=self._has_calls[choice])
            frames += start + b'{},"logprobs":null,"finish_reason":' + encode(reason) + b"}]" + self._usage + b"}\n\n"
        if self._head.include_usage:
            fields = self._head.fields("chat.completion.chunk")
            frames += data_frame({**fields, "choices": [], "usage": usage_object(end.usage)})
        return frames + DONE


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


def _choice(number: int, choice: CollectedChoice) -> dict[str, Any]:
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


def _call(call: CollectedCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
