"""Grammars that cost more and more: the one who sent it is ended, and nobody else notices for long."""

from collections.abc import Iterator

import pytest

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.contract.events import End, Event, Failed, Token
from rbee_keeper.contract.ids import ModelRef, TaskId, WorkerId
from rbee_keeper.contract.inference.chat import Gbnf, JsonSchema, NamedSchema
from rbee_keeper.contract.tasks import Execute
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.errors import RequestCanceled
from rbee_keeper.workers.text.prepared import PreparedPrompt

from ..driven import Driven

AMBIGUOUS = "root ::= s\ns ::= [^x] s [^x] | [^x] s | [^x]\n"
"""Every text can be read in more ways than anybody can count, and llama.cpp follows them all."""
STEPS_AT_MOST = 700


@pytest.fixture
def driven() -> Iterator[Driven]:
    """Give an engine with the bundled model."""
    path = str(bundled_models_dir() / "bee-tiny.gguf")
    loaded = Driven(LaunchSpec(worker_id=WorkerId("w"), model_ref=ModelRef("m"), model_path=path))
    yield loaded
    loaded.engine.close()


def start(driven: Driven, name: str, *, grammar: str = "", **fields: object) -> None:
    """Start an execution; its grammar goes past the checks at the door."""
    values = {"prompt": "Once upon a time", "raw": True, "temperature": 0, "max_tokens": 600, **fields}
    request = Execute(job_id=TaskId(name), **values)  # type: ignore[arg-type]
    prepared = driven.prepare(request)
    driven.start(
        PreparedPrompt(
            job_id=request.job_id, request=request, prompt=prepared.prompt, grammar=grammar or prepared.grammar
        )
    )


def finish(driven: Driven) -> dict[TaskId, list[Event]]:
    """Compute until nothing is left and return every event."""
    events: dict[TaskId, list[Event]] = {}
    for _ in range(STEPS_AT_MOST):
        if not driven.engine.has_work():
            return events
        for job_id, came in driven.engine.step():
            events.setdefault(job_id, []).extend(came)
    raise AssertionError(f"still at work after {STEPS_AT_MOST} batches")


def test_a_grammar_that_costs_too_much_ends_its_execution_alone(driven: Driven) -> None:
    """One draw of it would take minutes in the end; its neighbour gets every token."""
    start(driven, "ambiguous", grammar=AMBIGUOUS)
    start(driven, "neighbour", ignore_eos=True)
    events = finish(driven)
    failed = events[TaskId("ambiguous")][-1]
    assert isinstance(failed, Failed)
    assert failed.code == "INFERENCE_FAILED"
    assert "the grammar takes too long" in failed.message
    assert not failed.retriable
    end = events[TaskId("neighbour")][-1]
    assert isinstance(end, End)
    assert end.tokens_out == 600


def test_what_is_worked_for_is_told_only_while_it_lasts(driven: Driven) -> None:
    """The watchdog ends a worker over it."""
    start(driven, "short", grammar='root ::= "bee" | "hive"')
    finish(driven)
    assert driven.engine.grammar_work.job_id is None
    assert driven.engine.grammar_work.count > 1


def test_an_answer_ends_when_its_grammar_is_complete_even_if_the_end_is_to_be_ignored(driven: Driven) -> None:
    """There is nothing more to say; it was an error that asked to be tried again."""
    start(driven, "word", ignore_eos=True, response_format=Gbnf(grammar='root ::= "bee" | "hive"'))
    end = finish(driven)[TaskId("word")][-1]
    assert isinstance(end, End)
    assert end.stop_reason == "EOS"


def test_who_draws_slowly_waits_for_the_neighbours_and_not_they_for_it(driven: Driven) -> None:
    """Every token of theirs took as long as the slowest draw in the batch: a short task nine times its usual time."""
    start(driven, "ambiguous", grammar=AMBIGUOUS)
    start(driven, "neighbour", ignore_eos=True)
    tokens = {TaskId("ambiguous"): 0, TaskId("neighbour"): 0}
    while len(driven.engine._runs) == 2:
        for job_id, came in driven.engine.step():
            tokens[job_id] += sum(isinstance(event, Token) for event in came)
    assert tokens[TaskId("neighbour")] > 3 * tokens[TaskId("ambiguous")]


def test_who_draws_slowly_alone_does_not_wait(driven: Driven) -> None:
    """There is nobody to wait for."""
    start(driven, "ambiguous", grammar=AMBIGUOUS, max_tokens=30)
    steps = 0
    while driven.engine.has_work():
        driven.engine.step()
        steps += 1
    assert steps <= 40


def test_a_grammar_is_read_once_for_all_who_ask_for_it(driven: Driven) -> None:
    """Reading a large one took the engine's thread longer than ten tokens, for each execution again."""
    grammar = 'root ::= "bee" | "hive"'
    start(driven, "first", response_format=Gbnf(grammar=grammar))
    grammars = driven.engine._shared.spec.grammars
    assert grammars.of(grammar) is grammars.of(grammar)
    assert grammars.of(grammar) is not grammars.of(grammar + " ")
    finish(driven)


def test_making_a_grammar_ends_with_the_request(driven: Driven) -> None:
    """A client who went away left a processor at work for seconds."""
    names = {f"n{number}": {"type": "integer", "minimum": -number, "maximum": 10**15} for number in range(200)}
    form = JsonSchema(json_schema=NamedSchema(name="x", schema={"type": "object", "properties": names}))
    request = Execute(job_id=TaskId("gone"), prompt="x", response_format=form)
    with pytest.raises(RequestCanceled):
        driven.model.prepare(request, request.job_id, lambda: True)
