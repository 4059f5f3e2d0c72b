"""Feeds an answer to a reader, cut in pieces, and puts together what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rbee_keeper.contract.events import Reasoning, Token, ToolCallDelta
from rbee_keeper.workers.engine import CompletionReader


@dataclass
class Answer:
    """What a client has in the end."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)


def read(reader: CompletionReader, pieces: Sequence[str]) -> Answer:
    """Return the answer, after checking the order of the events."""
    answer = Answer()
    last_index = -1
    ids: set[str] = set()
    events = [event for number, piece in enumerate(pieces) for event in reader.push(Token(t=piece, i=number, choice=2))]
    events += reader.finish()
    for event in events:
        assert isinstance(event, Token | Reasoning | ToolCallDelta)
        assert event.choice == 2
        if isinstance(event, ToolCallDelta):
            if event.name:
                assert event.id.startswith("call_")
                assert event.id not in ids
                assert event.arguments == ""
                assert event.index == len(answer.calls)
                ids.add(event.id)
                answer.calls.append((event.name, ""))
            else:
                assert event.id == ""
                assert event.index == len(answer.calls) - 1
                name, arguments = answer.calls[-1]
                answer.calls[-1] = (name, arguments + event.arguments)
            continue
        assert event.t
        assert event.i >= last_index
        last_index = event.i
        if isinstance(event, Token):
            answer.text += event.t
        else:
            answer.reasoning += event.t
    return answer
