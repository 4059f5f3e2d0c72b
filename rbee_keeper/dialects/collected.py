"""The events of an answer put together, for clients that want it whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..contract.events import End, Event, Failed, Reasoning, StopReason, Token, TokenLogprob, ToolCallDelta


@dataclass(frozen=True, slots=True)
class CollectedCall:
    """One call of a tool."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CollectedChoice:
    """One answer."""

    text: str
    reasoning: str
    calls: list[CollectedCall]
    logprobs: list[TokenLogprob]
    stop_reason: StopReason


@dataclass(frozen=True, slots=True)
class Collected:
    """All answers to one request, with the closing event."""

    choices: list[CollectedChoice]
    closing: End | Failed | None


@dataclass(slots=True)
class _Pieces:
    """The pieces of one answer, joined at the end: adding to a long text copies it every time."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: list[tuple[ToolCallDelta, list[str]]] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)

    def add(self, event: Token | Reasoning | ToolCallDelta) -> None:
        match event:
            case Token():
                self.text.append(event.t)
                self.logprobs.extend(event.logprobs)
            case Reasoning():
                self.reasoning.append(event.t)
            case ToolCallDelta():
                if event.id:
                    self.calls.append((event, []))
                self.calls[-1][1].append(event.arguments)

    def joined(self, stop_reason: StopReason) -> CollectedChoice:
        return CollectedChoice(
            text="".join(self.text),
            reasoning="".join(self.reasoning),
            calls=[CollectedCall(call.id, call.name, "".join(arguments)) for call, arguments in self.calls],
            logprobs=self.logprobs,
            stop_reason=stop_reason,
        )


def collect(events: Sequence[Event], choices: int) -> Collected:
    """Put the events of an execution together."""
    pieces = [_Pieces() for _ in range(choices)]
    closing: End | Failed | None = None
    for event in events:
        if isinstance(event, Token | Reasoning | ToolCallDelta):
            pieces[event.choice].add(event)
        elif isinstance(event, End | Failed):
            closing = event
    reasons: list[StopReason] = [
        stop_reason_of(closing, number) if isinstance(closing, End) else "ERROR" for number in range(choices)
    ]
    return Collected([each.joined(reason) for each, reason in zip(pieces, reasons, strict=True)], closing)


def stop_reason_of(end: End, choice: int) -> StopReason:
    """Return how one of the answers ended."""
    return end.choices[choice].stop_reason if choice < len(end.choices) else end.stop_reason
