"""The wire: closed shapes, and errors that survive the journey."""

import inspect
from typing import Any

import msgspec
import pytest

from rbee_keeper.contract import errors as wire_errors
from rbee_keeper.contract import events, hives, queens, receipts, status, tasks, workers
from rbee_keeper.contract.events import Event, Token
from rbee_keeper.contract.tasks import Infer
from rbee_keeper.contract.wire import Message, decode, encode
from rbee_keeper.errors import InsufficientRam, InvalidInput, RbeeError, error_classes

MESSAGES = [
    value
    for module in (events, hives, queens, receipts, status, tasks, workers, wire_errors)
    for value in vars(module).values()
    if inspect.isclass(value) and issubclass(value, Message) and value is not Message
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: each.__name__)
def test_every_message_is_frozen_and_refuses_fields_it_does_not_know(message: type[Message]) -> None:
    """A misspelt field that is ignored in silence does something else than was asked."""
    assert message.__struct_config__.frozen
    assert message.__struct_config__.forbid_unknown_fields


def test_an_unknown_field_is_refused() -> None:
    """`max_token` instead of `max_tokens` must not generate 256 tokens."""
    with pytest.raises(msgspec.ValidationError):
        decode(b'{"prompt": "hi", "max_token": 1}', Infer)


EVENTS: list[Any] = [
    events.Queued(task_id=tasks.TaskId("t"), queue_position=3),
    events.Narration(actor="queen-rbee", action="spawn", human="starting", percent=12.5),
    events.Started(job_id=tasks.TaskId("t"), model="m", started_at=1.5, seed=7, prompt_tokens=4),
    events.Token(t='ü"\n\u2028', i=0),
    events.Token(
        t="x", i=1, choice=2, logprobs=[events.TokenLogprob(id=5, token="x", bytes=[120], logprob=-0.5, top=[])]
    ),
    events.Reasoning(t="hm", i=2),
    events.ToolCallDelta(index=0, id="call_1", name="f", arguments=""),
    events.Metrics(tokens_per_sec=1.5, vram_bytes=1, slots_total=4, slots_busy=1),
    events.End(
        tokens_out=1,
        stop_reason="EOS",
        usage=events.Usage(prompt_tokens=1, completion_tokens=1, total_tokens=2),
        queue_ms=0.1,
        ttft_ms=0.2,
        prompt_ms=0.3,
        decode_time_ms=0.4,
        tokens_per_s=0.5,
    ),
    events.Failed(code="WORKER_CRASHED", message="gone", retriable=True, src="worker"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: type(each).__name__)
def test_every_event_comes_back_from_the_wire_as_it_was_on_one_line(event: Any) -> None:
    """Events travel as one line of JSON; a line end inside would cut the stream."""
    data = encode(event)
    assert b"\n" not in data
    assert msgspec.json.decode(data, type=Event) == event


def test_the_union_of_events_is_told_apart_by_the_name_on_the_event_line() -> None:
    """Readers may switch on the SSE line or on the field; both must say the same."""
    names = {message.__struct_config__.tag for message in Event.__args__}
    assert names == {"queued", "narration", "started", "token", "reasoning", "tool_call", "metrics", "end", "error"}


def test_a_token_is_as_small_as_the_contract_says() -> None:
    """Token events are nearly all of the traffic."""
    assert msgspec.json.decode(encode(Token(t="a", i=0))) == {"event": "token", "t": "a", "i": 0}


@pytest.mark.parametrize("code", sorted(error_classes()))
def test_every_error_is_rebuilt_on_the_other_side_as_the_same_class(code: str) -> None:
    """The keeper decides its exit code by the class that a worker two hops away raised."""
    error = error_classes()[code]("what happened", hint="do this", details={"limit": 1}, source="worker")
    again = wire_errors.from_wire(decode(encode(wire_errors.to_wire(error)), wire_errors.ErrorInfo))
    assert type(again) is type(error)
    assert (again.message, again.hint, again.details, again.source) == (
        "what happened",
        "do this",
        {"limit": 1},
        "worker",
    )


def test_an_error_of_a_newer_version_is_still_an_error() -> None:
    """A code that this version does not know must not crash the one who reads it."""
    error = wire_errors.from_wire(wire_errors.ErrorInfo(code="SOMETHING_NEW", message="m"))
    assert type(error) is RbeeError


def test_the_source_named_first_stays() -> None:
    """The hop that failed is the interesting one, not the one that passed it on."""
    info = wire_errors.to_wire(InsufficientRam("m", source="hive"), source="queen")
    assert info.src == "hive"
    assert wire_errors.to_wire(InsufficientRam("m"), source="queen").src == "queen"


def test_the_error_object_is_readable_for_openai_clients() -> None:
    """They look at `type` and `param`."""
    error = InvalidInput("bad", details={"fields": [{"field": "prompt"}]})
    info = wire_errors.to_wire(error, correlation_id="c")
    assert (info.type, info.param, info.correlation_id) == ("invalid_params", "prompt", "c")
