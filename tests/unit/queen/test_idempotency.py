"""Idempotency keys: what makes two requests the same one."""

import pytest

from rbee_keeper.contract.ids import CorrelationId, ModelRef
from rbee_keeper.contract.tasks import Infer
from rbee_keeper.errors import IdempotencyKeyReused, InvalidInput, WorkerCrashed
from rbee_keeper.queen.tasks.idempotency import RequestKey, request_key
from rbee_keeper.queen.tasks.task_store import Submission, TaskStore

ASKED = Infer(prompt="hi", model=ModelRef("m"))


def key(text: str = "k", caller: str = "owner", spec: Infer = ASKED) -> RequestKey:
    """Return the key of a request."""
    found = request_key(text, caller=caller, spec=spec)
    assert found is not None
    return found


def test_equal_requests_of_one_caller_have_one_key() -> None:
    """However their bodies were written."""
    assert key() == key()
    assert key().scope != key(caller="anonymous").scope
    key().require_same(key())
    with pytest.raises(IdempotencyKeyReused):
        key().require_same(key(spec=Infer(prompt="ho", model=ModelRef("m"))))


def test_a_prompt_is_not_kept_for_comparing() -> None:
    """It leaves the queen's memory with the end of the task."""
    assert b"hi" not in key().digest
    assert len(key(spec=Infer(prompt="x" * 10_000, model=ModelRef("m"))).digest) == 32


@pytest.mark.parametrize("text", ["", "x" * 256, "a\nb", "\u00e9"])
def test_a_key_that_no_header_should_carry_is_refused(text: str) -> None:
    """It would stand in logs."""
    with pytest.raises(InvalidInput):
        request_key(text, caller="owner", spec=ASKED)


async def test_a_key_is_known_as_long_as_its_task() -> None:
    """Keys must not gather for a year."""
    store = TaskStore(queue_limit=10, kept=1, log_limit_bytes=1000)
    assert store.with_key(None) is None
    for text in ("a", "b", "c"):
        assert store.with_key(key(text)) is None
        task = store.submit(
            Submission(
                spec=ASKED,
                correlation_id=CorrelationId("c"),
                now=1.0,
                arrived_at=1.0,
                deadline=9.0,
                is_owner=True,
                key=key(text),
            )
        )
        assert store.with_key(key(text)) is task
        task.fail(WorkerCrashed("gone"))
        store.finish(task)
    assert store.with_key(key("a")) is None
    assert store.with_key(key("c")) is task
    assert len(store._by_key) == 1
