"""Urgency: the first token and the end of every execution, and nothing else, leave at once."""

from rbee_keeper.contract.events import Failed, Started, Token
from rbee_keeper.contract.ids import TaskId
from rbee_keeper.workers.executions.slots import Urgency

A, B = TaskId("a"), TaskId("b")
STARTED = Started(job_id=A, model="m", started_at=0.0, seed=1, prompt_tokens=1)
TOKEN = Token(t="x", i=0)


def test_the_first_token_of_each_execution_is_urgent_and_the_next_is_not() -> None:
    urgency = Urgency()
    assert not urgency.is_urgent([(A, [STARTED])])
    assert urgency.is_urgent([(A, [TOKEN])])
    assert not urgency.is_urgent([(A, [TOKEN, TOKEN])])
    assert urgency.is_urgent([(A, [TOKEN]), (B, [STARTED, TOKEN])])


def test_an_end_is_urgent_and_forgets_the_execution() -> None:
    """The same id may come again."""
    urgency = Urgency()
    closing = Failed(code="X", message="m")
    assert urgency.is_urgent([(A, [TOKEN])])
    assert urgency.is_urgent([(A, [TOKEN, closing])])
    assert urgency.is_urgent([(A, [TOKEN])])
