"""OpenAI's text completions: the chunks of a stream, or one object."""

from collections.abc import Sequence
from typing import Any

from ...contract.events import DONE, End, Event, Failed, Token, TokenLogprob
from ...contract.wire import encode
from .collected import collect, stop_reason_of
from .openai_shapes import (
    AnswerHead,
    data_frame,
    error_frames,
    error_object,
    finish_reason,
    status_of,
    usage_object,
)

_KIND = "text_completion"


class CompletionWriter:
    """Implements `DialectWriter`; what stands around a plain piece of text is made once."""

    def __init__(self, head: AnswerHead) -> None:
        """Write the answer with this head."""
        self._head = head
        begin = b"data: " + encode(head.fields(_KIND))[:-1] + b',"choices":[{"index":'
        self._starts = [begin + b'%d,"text":' % choice for choice in range(head.choices)]
        self._usage = b',"usage":null' if head.include_usage else b""
        self._end = b',"logprobs":null,"finish_reason":null}]' + self._usage + b"}\n\n"
        self._offsets = [0] * head.choices

    def frames(self, events: Sequence[Event]) -> bytes:
        """Return the chunks of the events that OpenAI's clients know."""
        starts, end = self._starts, self._end
        return b"".join(
            [
                starts[event.choice] + encode(event.t) + end
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
        body = self._head.fields(_KIND)
        body["choices"] = [
            {
                "index": number,
                "text": choice.text,
                "logprobs": logprobs_object(choice.logprobs, 0) if choice.logprobs else None,
                "finish_reason": finish_reason(choice.stop_reason, has_calls=False),
            }
            for number, choice in enumerate(collected.choices)
        ]
        if collected.closing is not None:
            body["usage"] = usage_object(collected.closing.usage)
        return 200, body

    def _frame(self, event: Event) -> bytes:
        match event:
            case Token():
                logprobs = logprobs_object(event.logprobs, self._offsets[event.choice])
                self._offsets[event.choice] += len(event.t)
                text = self._starts[event.choice] + encode(event.t) + b',"logprobs":' + encode(logprobs)
                return text + b',"finish_reason":null}]' + self._usage + b"}\n\n"
            case End():
                return self._closing(event)
            case Failed():
                return error_frames(event)
            case _:
                return b""

    def _closing(self, end: End) -> bytes:
        frames = b""
        for choice, start in enumerate(self._starts):
            reason = finish_reason(stop_reason_of(end, choice), has_calls=False)
            frames += start + b'"","logprobs":null,"finish_reason":' + encode(reason) + b"}]" + self._usage + b"}\n\n"
        if self._head.include_usage:
            fields = self._head.fields(_KIND)
            frames += data_frame({**fields, "choices": [], "usage": usage_object(end.usage)})
        return frames + DONE


def logprobs_object(logprobs: Sequence[TokenLogprob], offset: int) -> dict[str, Any]:
    """Return the tokens of a text that starts at this character of the answer, with their probabilities."""
    offsets = []
    for each in logprobs:
        offsets.append(offset)
        offset += len(each.token)
    return {
        "tokens": [each.token for each in logprobs],
        "token_logprobs": [each.logprob for each in logprobs],
        "top_logprobs": [{top.token: top.logprob for top in each.top} for each in logprobs],
        "text_offset": offsets,
    }
