"""Errors as the event that ends a stream: there and back, and nothing lost on the way."""

from typing import Any

import pytest

from rbee_keeper.contract.errors import ErrorInfo, from_wire, to_wire
from rbee_keeper.contract.events import Failed
from rbee_keeper.contract.failure import error_of, failed_of
from rbee_keeper.contract.wire import decode, encode
from rbee_keeper.errors import InferenceFailed, QueueFull, RbeeError, error_classes

DETAILS: dict[str, Any] = {
    "fields": [{"field": "prompt", "constraint": "not_empty", "message": "empty"}],
    "policy_label": "queue_limit",
    "retry_after_ms": 1000,
    "queue_limit": 100,
}


def parts_of(error: RbeeError) -> tuple[Any, ...]:
    """Return everything that an error says."""
    said = (error.code, error.message, error.hint, error.details, error.source, error.correlation_id)
    return (type(error), *said, error.is_retriable)


@pytest.mark.parametrize("code", sorted(error_classes()))
def test_an_error_that_ended_a_stream_says_the_same_on_the_other_side(code: str) -> None:
    """Details are the figures behind a message; a client that waits needs to know for how long."""
    error = error_classes()[code]("what", hint="do this", details=DETAILS, source="worker", correlation_id="c-1")
    failed = decode(encode(failed_of(error, source="queen")), Failed)
    assert parts_of(error_of(failed)) == parts_of(error)


@pytest.mark.parametrize("code", sorted(error_classes()))
def test_an_error_in_an_answer_says_the_same_as_one_in_a_stream(code: str) -> None:
    """Whether the task had begun when it failed must not decide what the client learns."""
    error = error_classes()[code]("what", hint="do this", details=DETAILS, source="worker", correlation_id="c-1")
    assert to_wire(error_of(failed_of(error, source="queen"))) == to_wire(error)
    assert parts_of(from_wire(to_wire(error))) == parts_of(error)


def test_a_failure_that_would_come_again_is_not_worth_trying_again_two_hops_later() -> None:
    """A grammar that holds the engine holds it every time; the class alone would say try again."""
    failed = failed_of(InferenceFailed("held"), source="worker", is_final=True)
    error = error_of(failed)
    assert InferenceFailed("").is_retriable
    assert not error.is_retriable
    assert not from_wire(to_wire(error)).is_retriable
    assert not failed_of(error, source="queen").retriable


def test_the_hop_that_failed_first_and_its_correlation_stay() -> None:
    """Each hop that passes an error on offers its own name, and only the first one counts."""
    failed = failed_of(QueueFull("full"), source="queen", correlation_id="c-2")
    assert (failed.src, failed.correlation_id) == ("queen", "c-2")
    again = failed_of(error_of(failed), source="keeper", correlation_id="c-3")
    assert again == failed


def test_an_error_that_this_version_does_not_know_keeps_its_code() -> None:
    """It becomes the root class, and who reads it can still look the code up."""
    error = from_wire(ErrorInfo(code="SOMETHING_NEW", message="m", retriable=True))
    assert (type(error), error.code, error.is_retriable) == (RbeeError, "SOMETHING_NEW", True)
    assert to_wire(error).code == failed_of(error, source="queen").code == "SOMETHING_NEW"
    assert RbeeError("").code == "INTERNAL_ERROR"
