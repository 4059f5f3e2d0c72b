"""OpenAI's text completions: the chunks of a stream, or one object."""

from collections.abc import Sequence
from typing import Any

from ..contract.events import End, Event, Failed, Token, TokenLogprob
from .collected import CollectedChoice
from .openai_shapes import AnswerHead, error_frames, finish_reason
from .openai_writer import OpenAiWriter


class CompletionWriter(OpenAiWriter):
    """Writes pieces of text."""

    chunk_kind = "text_completion"
    whole_kind = "text_completion"
    before_text = b'"text":'
    after_text = b""
    nothing = b'"text":""'

    def __init__(self, head: AnswerHead) -> None:
        """Write the answer with this head."""
        super().__init__(head)
        self._offsets = [0] * head.choices

    def _frame(self, event: Event) -> bytes:
        match event:
            case Token():
                logprobs = logprobs_object(event.logprobs, self._offsets[event.choice])
                self._offsets[event.choice] += len(event.t)
                return self._with_logprobs(event, logprobs)
            case End():
                return self._closing(event)
            case Failed():
                return error_frames(event)
            case _:
                return b""

    def _choice(self, number: int, choice: CollectedChoice) -> dict[str, Any]:
        return {
            "index": number,
            "text": choice.text,
            "logprobs": logprobs_object(choice.logprobs, 0) if choice.logprobs else None,
            "finish_reason": finish_reason(choice.stop_reason, has_calls=False),
        }


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
