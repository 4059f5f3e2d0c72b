"""A long batch that is stopped half way: at once, and at nobody else's cost."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rbee_keeper.contract.events import End, Event, Token
from rbee_keeper.contract.ids import ModelRef, TaskId, WorkerId
from rbee_keeper.contract.inference.embeddings import EmbeddingRequest
from rbee_keeper.contract.inference.engine_options import EngineOptions
from rbee_keeper.contract.tasks import Execute
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.workers.llm.native.interruption import worth_stopping_for

from .....random_models import write_random_models
from ..driven import Driven

BATCH_TOKENS = 4096
LONG_PROMPT = "bee hive queen honey wax comb flower nectar pollen swarm " * 560
SECONDS_BEFORE_THE_CANCEL = 0.2


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give models whose batches take seconds."""
    return write_random_models(tmp_path_factory.mktemp("models"), "small", "embedding")


def spec_of(path: Path, **fields: Any) -> LaunchSpec:
    """Return an order for a file."""
    return LaunchSpec(
        worker_id=WorkerId("w"),
        model_ref=ModelRef("m"),
        model_path=str(path),
        slots=2,
        engine=EngineOptions(batch_tokens=BATCH_TOKENS),
        **fields,
    )


@pytest.fixture
def driven(models: Path) -> Iterator[Driven]:
    """Give an engine for text."""
    loaded = Driven(spec_of(models / "small.gguf", context_tokens=8192))
    yield loaded
    loaded.engine.close()


def start(driven: Driven, name: str, prompt: str, **fields: Any) -> TaskId:
    """Start an execution, greedy and raw."""
    request = Execute(job_id=TaskId(name), prompt=prompt, temperature=0, raw=True, **fields)
    driven.start(driven.prepare(request))
    return request.job_id


def finish(driven: Driven) -> dict[TaskId, list[Event]]:
    """Compute until nothing is left and return every event."""
    events: dict[TaskId, list[Event]] = {}
    while driven.engine.has_work():
        for job_id, came in driven.engine.step():
            events.setdefault(job_id, []).extend(came)
    return events


def text_of(events: list[Event]) -> str:
    """Return the text of an answer."""
    return "".join(event.t for event in events if isinstance(event, Token))


def interrupt_soon(driven: Driven, job_id: TaskId) -> list[float]:
    """Have a batch stopped from another thread; the list gets the moment when it was asked for."""
    asked: list[float] = []

    def ask() -> None:
        time.sleep(SECONDS_BEFORE_THE_CANCEL)
        asked.append(time.perf_counter())
        driven.engine.interrupt(job_id)

    threading.Thread(target=ask).start()
    return asked


def test_a_cancel_takes_effect_inside_a_long_batch(driven: Driven) -> None:
    """A prompt in one batch of seconds, as strict determinism makes them; the client left."""
    began = time.perf_counter()
    start(driven, "whole", LONG_PROMPT[:12_000], determinism="strict", max_tokens=1)
    finish(driven)
    whole_s = time.perf_counter() - began
    job_id = start(driven, "a", LONG_PROMPT[:12_000], determinism="strict", max_tokens=1)
    asked = interrupt_soon(driven, job_id)
    driven.engine.step()
    waited_s = time.perf_counter() - asked[0]
    assert whole_s > 3 * SECONDS_BEFORE_THE_CANCEL, "the batch is too short to show anything"
    assert waited_s < 0.3 * (whole_s - SECONDS_BEFORE_THE_CANCEL)
    ((_, events),) = driven.engine.cancel(job_id)
    assert isinstance(events[-1], End)
    assert events[-1].stop_reason == "CANCELLED"
    assert not driven.engine.has_work()


def test_the_context_works_on_and_answers_are_the_same(driven: Driven) -> None:
    """Also those of a neighbour whose prompt was in the stopped batch, and those from what the batch left behind."""
    expected = {}
    for name in ("neighbour", "again"):
        fresh = Driven(driven.spec)
        job_id = start(fresh, name, f"{name} of the bees {LONG_PROMPT[:1500]}", max_tokens=12)
        expected[name] = text_of(finish(fresh)[job_id])
        fresh.engine.close()
    lane = driven.engine._shared
    neighbour = start(driven, "neighbour", f"neighbour of the bees {LONG_PROMPT[:1500]}", max_tokens=12)
    leaving = start(driven, "leaving", f"leaving the bees {LONG_PROMPT[:1500]}", max_tokens=12)
    # short enough to go into one batch, and long enough for it to be stopped
    lane.decoder.prompt_tokens_per_s = 4.0 * len(driven.engine._runs[leaving].prompt)
    driven.engine.interrupt(leaving)
    driven.engine.step()
    assert [run.was_stopped for run in lane.runs] == [True, True]
    driven.engine.cancel(leaving)
    events = finish(driven)
    assert text_of(events[neighbour]) == expected["neighbour"]
    again = start(driven, "again", f"again of the bees {LONG_PROMPT[:1500]}", max_tokens=12)
    assert text_of(finish(driven)[again]) == expected["again"]


def test_a_running_answer_is_not_harmed_when_its_batch_is_stopped(driven: Driven) -> None:
    """With a large model the next token of all answers takes long too."""
    alone = start(driven, "alone", "The bee and the hive", max_tokens=16)
    expected = text_of(finish(driven)[alone])
    first = start(driven, "first", "The bee and the hive", max_tokens=16)
    second = start(driven, "second", "A river and a field", max_tokens=16)
    events: dict[TaskId, list[Event]] = {first: [], second: []}
    while not all(text_of(each) for each in events.values()):
        for job_id, came in driven.engine.step():
            events[job_id].extend(came)
    driven.engine._shared.decoder.row_took_s = 1.0
    driven.engine.interrupt(second)
    assert not driven.engine.step(), "the batch was not stopped"
    driven.engine.cancel(second)
    rest = finish(driven)
    assert text_of(events[first]) + text_of(rest[first]) == expected


def test_nobody_has_to_begin_again_twice_for_others() -> None:
    """Clients that come and go would keep a neighbour from ever getting on."""

    class Run:
        def __init__(self, name: str, *, was_stopped: bool) -> None:
            self.job_id = TaskId(name)
            self.was_stopped = was_stopped

    fresh = [Run("a", was_stopped=False), Run("b", was_stopped=False)]
    assert worth_stopping_for(fresh) == ["a", "b"]
    patient = Run("patient", was_stopped=True)
    assert worth_stopping_for([*fresh, patient]) == ["patient"]
    assert worth_stopping_for([patient, Run("other", was_stopped=True)]) == []


def test_a_batch_of_texts_can_be_stopped_and_begun_again(models: Path) -> None:
    """Embeddings take as long as prompts do."""
    driven = Driven(spec_of(models / "embedding.gguf"))
    texts = [f"{number} bees fly to the river" for number in range(32)]
    kept = driven.model.prepare(EmbeddingRequest(input=texts), TaskId("kept"))
    left = driven.model.prepare(EmbeddingRequest(input=texts), TaskId("left"))
    alone = driven.model.prepare(EmbeddingRequest(input=texts), TaskId("alone"))
    driven.start(alone)
    finish(driven)
    for prepared in (kept, left):
        driven.start(prepared)
    driven.engine._lane._tokens_per_s = 1.0
    driven.engine.interrupt(left.job_id)
    assert not driven.engine.step()
    driven.engine.cancel(left.job_id)
    finish(driven)
    driven.engine.close()
    assert kept.vectors == alone.vectors
