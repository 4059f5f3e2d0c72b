"""rbee's own dialect: every event of the contract as it is."""

from collections.abc import Sequence

import msgspec

from ..contract.events import Closing, End, Event, Failed, TokenLogprob
from ..transport import sse
from .collected import CollectedCall, CollectedChoice, collect


class WholeChoice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer."""

    text: str
    reasoning: str = ""
    tool_calls: list[CollectedCall] = []
    logprobs: list[TokenLogprob] = []


class WholeAnswer(WholeChoice, frozen=True, kw_only=True, omit_defaults=True):
    """The answer, with all of them in `choices` when there are several."""

    end: End | Failed | None
    choices: list[WholeChoice] = []


class TaskEventWriter:
    """Implements `DialectWriter`."""

    def __init__(self, choices: int) -> None:
        """Write so many answers."""
        self._choices = choices

    def frames(self, events: Sequence[Event]) -> bytes:
        """Return each event as a message of its own."""
        written = b"".join(map(sse.message_frame, events))
        return written + sse.DONE if events and isinstance(events[-1], Closing) else written

    def whole(self, events: Sequence[Event]) -> tuple[int, object]:
        """Return the texts with the closing event."""
        collected = collect(events, self._choices)
        choices = [_whole(choice) for choice in collected.choices]
        fields = {name: getattr(choices[0], name) for name in WholeChoice.__struct_fields__}
        answer = WholeAnswer(**fields, end=collected.closing, choices=choices if len(choices) > 1 else [])
        return 500 if isinstance(collected.closing, Failed) else 200, answer


def _whole(choice: CollectedChoice) -> WholeChoice:
    return WholeChoice(text=choice.text, reasoning=choice.reasoning, tool_calls=choice.calls, logprobs=choice.logprobs)
