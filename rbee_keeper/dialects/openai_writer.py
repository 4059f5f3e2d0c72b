"""What OpenAI's two kinds of streamed answers have in common: chunks, the last ones, and the whole in one object."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from ..contract.events import End, Event, Failed, Token
from ..contract.wire import encode
from ..daemon.error_response import status_of
from ..transport import sse
from .collected import CollectedChoice, collect, stop_reason_of
from .openai_shapes import AnswerHead, data_frame, error_object, finish_reason, usage_object


class OpenAiWriter(ABC):
    """Implements `DialectWriter`.

    Nearly all events are plain pieces of text: their chunks differ in the text only, so that what stands around it is
    made once. `before_text` and `after_text` stand around the text inside a choice, `nothing` is a choice without text.
    """

    chunk_kind: ClassVar[str]
    whole_kind: ClassVar[str]
    before_text: ClassVar[bytes]
    after_text: ClassVar[bytes]
    nothing: ClassVar[bytes]

    def __init__(self, head: AnswerHead) -> None:
        """Write the answer with this head."""
        self._head = head
        begin = b"data: " + encode(head.fields(self.chunk_kind))[:-1] + b',"choices":['
        self._starts = [begin + b'{"index":%d,' % choice for choice in range(head.choices)]
        self._texts = [start + self.before_text for start in self._starts]
        self._usage = b',"usage":null' if head.include_usage else b""
        self._end = b',"logprobs":null,"finish_reason":null}]' + self._usage + b"}\n\n"
        self._text_end = self.after_text + self._end
        self._has_calls = [False] * head.choices

    def frames(self, events: Sequence[Event]) -> bytes:
        """Return the chunks of the events that OpenAI's clients know."""
        texts, end = self._texts, self._text_end
        return b"".join(
            [
                texts[event.choice] + encode(event.t) + end
                if type(event) is Token and not event.logprobs
                else self._frame(event)
                for event in events
            ]
        )

    def whole(self, events: Sequence[Event]) -> tuple[int, object]:
        """Return the completion, or the error that took its place."""
        collected = collect(events, self._head.choices)
        if isinstance(collected.closing, Failed):
            return status_of(collected.closing.code), error_object(collected.closing)
        body = self._head.fields(self.whole_kind)
        body["choices"] = [self._choice(number, choice) for number, choice in enumerate(collected.choices)]
        if collected.closing is not None:
            body["usage"] = usage_object(collected.closing.usage)
        return 200, body

    @abstractmethod
    def _frame(self, event: Event) -> bytes:
        """Return the chunk of any event but a plain piece of text."""

    @abstractmethod
    def _choice(self, number: int, choice: CollectedChoice) -> dict[str, Any]:
        """Return one answer of the whole."""

    def _with_logprobs(self, token: Token, logprobs: object) -> bytes:
        """Return the chunk of a piece of text with the probabilities of its tokens."""
        text = self._texts[token.choice] + encode(token.t) + self.after_text + b',"logprobs":' + encode(logprobs)
        return text + b',"finish_reason":null}]' + self._usage + b"}\n\n"

    def _closing(self, end: End) -> bytes:
        frames = b""
        for choice, start in enumerate(self._starts):
            reason = encode(finish_reason(stop_reason_of(end, choice), has_calls=self._has_calls[choice]))
            last = start + self.nothing + b',"logprobs":null,"finish_reason":' + reason
            frames += last + b"}]" + self._usage + b"}\n\n"
        if self._head.include_usage:
            fields = self._head.fields(self.chunk_kind)
            frames += data_frame({**fields, "choices": [], "usage": usage_object(end.usage)})
        return frames + sse.DONE
