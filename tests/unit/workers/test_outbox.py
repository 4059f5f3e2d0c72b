"""The outbox: few parcels, nothing lost, and nothing important waits."""

from collections.abc import Sequence

from rbee_keeper.contract.events import Event, Failed, Token
from rbee_keeper.contract.ids import TaskId
from rbee_keeper.workers.engine import JobEvents
from rbee_keeper.workers.outbox import SEND_EVERY_S, Outbox

A, B = TaskId("a"), TaskId("b")


def token(index: int) -> Token:
    """Return the token of that index."""
    return Token(t=f"{index} ", i=index)


def outbox() -> tuple[Outbox, list[dict[TaskId, Sequence[Event]]]]:
    """Return an outbox and the parcels that leave it."""
    parcels: list[dict[TaskId, Sequence[Event]]] = []

    def emit(sent: Sequence[JobEvents]) -> None:
        parcels.append(dict(sent))

    return Outbox(emit), parcels


def test_the_first_token_of_an_answer_leaves_at_once() -> None:
    box, parcels = outbox()
    box.put([(A, [token(0)])], 10.0)
    box.put([(B, [token(0)])], 10.0)
    assert parcels == [{A: [token(0)]}, {B: [token(0)]}]


def test_tokens_that_come_close_together_leave_together_in_order() -> None:
    box, parcels = outbox()
    box.put([(A, [token(0)])], 10.0)
    for index in range(1, 4):
        box.put([(A, [token(index)])], 10.0 + index * SEND_EVERY_S / 10)
    assert len(parcels) == 1
    box.put([(A, [token(4)])], 10.0 + SEND_EVERY_S)
    assert parcels[1] == {A: [token(index) for index in range(1, 5)]}


def test_the_end_takes_everything_along_at_once() -> None:
    box, parcels = outbox()
    box.put([(A, [token(0)]), (B, [token(0)])], 10.0)
    box.put([(B, [token(1)])], 10.001)
    closing = Failed(code="X", message="m")
    box.put([(A, [closing])], 10.002)
    assert parcels[1] == {B: [token(1)], A: [closing]}


def test_a_slow_model_sends_every_token_at_once() -> None:
    box, parcels = outbox()
    for index in range(5):
        box.put([(A, [token(index)])], 10.0 + index * 2 * SEND_EVERY_S)
    assert len(parcels) == 5


def test_what_is_left_is_sent_when_the_engine_rests() -> None:
    box, parcels = outbox()
    box.put([(A, [token(0)])], 10.0)
    box.put([(A, [token(1)])], 10.001)
    box.send(10.002)
    box.send(10.003)
    assert parcels == [{A: [token(0)]}, {A: [token(1)]}]
