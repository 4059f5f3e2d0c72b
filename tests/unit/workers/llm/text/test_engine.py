"""The engine, driven step by step on the bundled model: what one execution gets never depends on the others."""

from collections.abc import Iterator
from typing import Any

import pytest

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.contract.events import End, Event, Failed, Narration, Started, Token
from rbee_keeper.contract.ids import ModelRef, TaskId, WorkerId
from rbee_keeper.contract.inference.chat import Gbnf
from rbee_keeper.contract.inference.engine_options import EngineOptions
from rbee_keeper.contract.tasks import Execute
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.errors import ContextTooLong, InvalidInput

from ..driven import Driven

SLOTS = 4
STORY = "Once upon a time there was a bee who lived in a small hive near the river. " * 12


def load(**spec: Any) -> Driven:
    """Return the bundled model with its engine."""
    path = str(bundled_models_dir() / "bee-tiny.gguf")
    fields = {"slots": SLOTS, **spec}
    return Driven(LaunchSpec(worker_id=WorkerId("w"), model_ref=ModelRef("m"), model_path=path, **fields))


@pytest.fixture
def driven() -> Iterator[Driven]:
    """Give a freshly loaded model: what an earlier test cached must not help the next."""
    loaded = load()
    yield loaded
    loaded.engine.close()


class Conversation:
    """Starts executions and collects what comes out."""

    def __init__(self, driven: Driven) -> None:
        self.driven = driven
        self.engine = driven.engine
        self.events: dict[TaskId, list[Event]] = {}

    def start(self, name: str, prompt: str, **fields: Any) -> TaskId:
        """Start an execution; greedy and raw unless told otherwise."""
        fields = {"temperature": 0, "raw": True, "max_tokens": 24, **fields}
        request = Execute(job_id=TaskId(name), prompt=prompt, **fields)
        self.events[request.job_id] = []
        self.driven.start(self.driven.prepare(request))
        return request.job_id

    def step(self, count: int = 1) -> None:
        """Compute that many batches."""
        for _ in range(count):
            self.take(self.engine.step())

    def take(self, parcels: Any) -> None:
        """Collect events."""
        for job_id, events in parcels:
            self.events[job_id] += events

    def finish(self) -> None:
        """Compute until nothing is left."""
        while self.engine.has_work():
            self.step()

    def text(self, name: str, choice: int = 0) -> str:
        """Return the text of one answer."""
        return "".join(
            event.t for event in self.events[TaskId(name)] if isinstance(event, Token) and event.choice == choice
        )

    def end(self, name: str) -> End:
        """Return the closing event."""
        last = self.events[TaskId(name)][-1]
        assert isinstance(last, End), last
        return last

    def ask(self, name: str, prompt: str, **fields: Any) -> str:
        """Return the whole text of one execution."""
        self.start(name, prompt, **fields)
        self.finish()
        return self.text(name)


@pytest.fixture
def talk(driven: Driven) -> Conversation:
    """Give a conversation with a fresh engine."""
    return Conversation(driven)


def test_a_prompt_that_was_there_before_is_taken_from_the_cache(talk: Conversation) -> None:
    """All but its last token, whose logits are needed; and the answer is the same."""
    first = talk.ask("a", STORY)
    assert talk.end("a").usage.cached_tokens == 0
    assert talk.ask("b", STORY) == first
    usage = talk.end("b").usage
    assert usage.cached_tokens == usage.prompt_tokens - 1


def test_a_conversation_that_grows_computes_its_new_part_only(talk: Conversation) -> None:
    first = talk.ask("a", STORY)
    talk.ask("b", STORY + first + " And then")
    usage = talk.end("b").usage
    assert usage.cached_tokens >= talk.end("a").usage.prompt_tokens
    assert usage.prompt_tokens - usage.cached_tokens < 16


def test_a_prefix_in_use_is_copied_and_both_answers_are_as_alone(talk: Conversation) -> None:
    """The one who has it keeps it."""
    alone = Conversation(load())
    expected = [alone.ask("x", STORY + tail) for tail in (" The bee", " The river")]
    alone.engine.close()
    talk.start("a", STORY + " The bee", max_tokens=24)
    talk.step(4)
    talk.start("b", STORY + " The river", max_tokens=24)
    talk.finish()
    assert [talk.text("a"), talk.text("b")] == expected
    assert talk.end("b").usage.cached_tokens > 100


def test_followers_of_a_prefix_that_is_being_computed_wait_for_it(talk: Conversation) -> None:
    """Four requests with one long beginning compute it once."""
    for index in range(SLOTS):
        talk.start(f"{index}", STORY + f" Number {index}", max_tokens=4)
    talk.finish()
    cached = [talk.end(f"{index}").usage.cached_tokens for index in range(SLOTS)]
    assert cached[0] == 0
    assert min(cached[1:]) > 100


def test_an_idle_prefix_leaves_when_its_place_is_needed_the_oldest_first(talk: Conversation) -> None:
    for index in range(SLOTS + 1):
        talk.ask(f"{index}", f"{index} {STORY}", max_tokens=2)
    talk.ask("newest", f"{SLOTS} {STORY}", max_tokens=2)
    talk.ask("oldest", f"0 {STORY}", max_tokens=2)
    assert talk.end("newest").usage.cached_tokens > 100
    assert talk.end("oldest").usage.cached_tokens == 0


def test_more_executions_than_slots_wait_and_all_get_their_answer(talk: Conversation) -> None:
    names = [f"{index}" for index in range(3 * SLOTS)]
    for name in names:
        talk.start(name, f"Number {name} of the bees", max_tokens=6)
    assert talk.engine.usage().waiting == len(names)
    talk.step()
    assert talk.engine.usage().waiting == len(names) - SLOTS
    talk.finish()
    assert all(talk.end(name).tokens_out for name in names)
    assert talk.end(names[-1]).queue_ms > talk.end(names[0]).queue_ms


def test_a_long_prompt_does_not_stop_a_running_answer(talk: Conversation) -> None:
    """Between two chunks of the prompt the answer goes on."""
    talk.start("answer", "Once upon a time", max_tokens=200, ignore_eos=True)
    talk.step(3)
    before = len(talk.text("answer"))
    talk.start("long", (STORY * 3)[:2600], max_tokens=2)
    while not talk.text("long"):
        talk.step()
    assert len(talk.text("answer")) > before


def test_a_prompt_that_takes_long_says_how_far_it_is(talk: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent worker is taken for a stuck one."""
    monkeypatch.setattr("rbee_keeper.workers.llm.text.run._TELL_EVERY_S", 0.0)
    talk.start("a", (STORY * 3)[:2600], max_tokens=2)
    talk.finish()
    told = [event for event in talk.events[TaskId("a")] if isinstance(event, Narration)]
    shares = [event.percent for event in told]
    assert shares == sorted(share for share in shares if share is not None)
    assert told
    assert isinstance(talk.events[TaskId("a")][0], Started)


def test_a_cancel_while_the_prompt_is_computed_frees_the_slot(talk: Conversation) -> None:
    talk.start("a", (STORY * 3)[:2600], max_tokens=200)
    talk.step()
    talk.take(talk.engine.cancel(TaskId("a")))
    assert talk.end("a").stop_reason == "CANCELLED"
    assert not talk.engine.has_work()
    assert talk.ask("b", "Once upon a time")


def test_a_cancel_while_it_waits_ends_it_without_a_slot(talk: Conversation) -> None:
    for index in range(SLOTS + 1):
        talk.start(f"{index}", "Once upon a time", max_tokens=50)
    talk.step()
    talk.take(talk.engine.cancel(TaskId(f"{SLOTS}")))
    assert talk.end(f"{SLOTS}").stop_reason == "CANCELLED"
    assert not any(isinstance(event, Started) for event in talk.events[TaskId(f"{SLOTS}")])
    talk.finish()
    assert talk.end("0").tokens_out


def test_several_answers_share_one_prompt(talk: Conversation) -> None:
    """Greedy answers are equal, drawn ones differ, and the prompt is counted once."""
    talk.start("greedy", STORY, n=3)
    talk.finish()
    assert talk.text("greedy", 0) == talk.text("greedy", 1) == talk.text("greedy", 2) != ""
    talk.start("drawn", STORY, n=3, temperature=1.5, seed=1, ignore_eos=True)
    talk.finish()
    assert len({talk.text("drawn", choice) for choice in range(3)}) == 3
    end = talk.end("drawn")
    assert [choice.tokens_out for choice in end.choices] == [24, 24, 24]
    assert end.usage.completion_tokens == 72
    assert end.usage.prompt_tokens == talk.end("greedy").usage.prompt_tokens


def test_more_answers_than_slots_are_refused(talk: Conversation) -> None:
    with pytest.raises(InvalidInput, match="at most 4"):
        talk.start("a", "hi", n=SLOTS + 1)
    with pytest.raises(InvalidInput, match="at most 1 with strict"):
        talk.start("a", "hi", n=2, determinism="strict")


def test_prompt_and_answer_longer_than_the_context_are_refused_with_both_numbers(talk: Conversation) -> None:
    """Never cut in silence."""
    with pytest.raises(ContextTooLong) as caught:
        talk.start("a", STORY * 5, max_tokens=700)
    assert caught.value.details["max_tokens"] == 700
    assert caught.value.details["context_tokens"] == 1024
    assert caught.value.details["prompt_tokens"] > 324


@pytest.mark.parametrize("neighbours", [0, 3])
def test_strict_answers_are_the_same_whatever_the_neighbours_do(talk: Conversation, neighbours: int) -> None:
    """Bit for bit: also with a warm cache, and in the middle of other answers."""
    fields = {"determinism": "strict", "temperature": 1.3, "seed": 7, "max_tokens": 60, "ignore_eos": True}
    expected = talk.ask("alone", STORY, **fields)
    for index in range(neighbours):
        talk.start(f"n{index}", STORY + "x" * index, max_tokens=100, ignore_eos=True)
        talk.step(3)
    talk.start("again", STORY, **fields)
    talk.start("third", STORY, **fields)
    talk.finish()
    assert talk.text("again") == talk.text("third") == expected
    assert talk.end("again").usage.cached_tokens == 0


def test_logprobs_are_those_of_the_model_with_the_drawn_token_first_when_greedy(talk: Conversation) -> None:
    talk.start("a", "Once upon a time", logprobs=3, max_tokens=5)
    talk.finish()
    tokens = [event for event in talk.events[TaskId("a")] if isinstance(event, Token)]
    found = [each for event in tokens for each in event.logprobs]
    assert len(found) == 5
    for each in found:
        assert each.id == each.top[0].id
        assert each.logprob == each.top[0].logprob <= 0
        assert [top.logprob for top in each.top] == sorted((top.logprob for top in each.top), reverse=True)
    assert "".join(each.token for each in found) == talk.text("a")


@pytest.mark.parametrize(
    "fields",
    [
        {"typical_p": 0.5},
        {"frequency_penalty": 1.5},
        {"presence_penalty": 2.0},
        {"xtc_probability": 1.0, "xtc_threshold": 0.05},
        {"mirostat": 1},
        {"mirostat": 2, "mirostat_tau": 1.0},
        {"min_p": 0.3},
        {"repetition_penalty": 1.5},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_every_knob_of_the_draw_reaches_the_model_and_a_seed_repeats_it(
    talk: Conversation, fields: dict[str, Any]
) -> None:
    plain = {"temperature": 1.0, "seed": 3, "top_k": 0, "top_p": 1.0, "max_tokens": 80, "ignore_eos": True}
    without = talk.ask("without", "the red bee and the red bee and the red bee and the red", **plain)
    first = talk.ask("first", "the red bee and the red bee and the red bee and the red", **plain, **fields)
    assert first != without
    assert talk.ask("second", "the red bee and the red bee and the red bee and the red", **plain, **fields) == first


def test_dry_breaks_a_repetition(talk: Conversation) -> None:
    """The longer a repetition, the less likely its next token."""
    forced = {"logit_bias": {str(talk.driven.tokenize(" a")[-1]): 20.0}}
    assert talk.ask("without", "Once", **forced, max_tokens=20).count(" a") == 20
    assert talk.ask("with", "Once", **forced, max_tokens=20, dry_multiplier=50.0).count(" a") < 20


def test_logit_bias_forbids_and_forces_tokens(talk: Conversation) -> None:
    first = talk.driven.tokenize(" bee")
    forced = {str(first[-1]): 100.0}
    text = talk.ask("forced", "Once", logit_bias=forced, max_tokens=4)
    assert text == talk.driven.model.vocabulary.detokenize([first[-1]] * 4)
    free = talk.ask("free", "Once", max_tokens=1, logprobs=0)
    tokens = [event for event in talk.events[TaskId("free")] if isinstance(event, Token)]
    likeliest = tokens[0].logprobs[0].id
    assert talk.ask("other", "Once", logit_bias={str(likeliest): -100}, max_tokens=1) != free


def test_without_its_end_token_an_answer_is_as_long_as_asked_for(talk: Conversation) -> None:
    talk.ask("a", "Once upon a time", max_tokens=300, ignore_eos=True)
    assert (talk.end("a").stop_reason, talk.end("a").tokens_out) == ("MAX_TOKENS", 300)


def test_a_grammar_holds_the_answer_and_ends_it(driven: Driven) -> None:
    """Cut by max_tokens, it says so."""
    talk = Conversation(driven)
    grammar = Gbnf(grammar='root ::= "yes " ("bee" | "hive") "!"')
    assert talk.ask("a", "Is it so?", response_format=grammar) in ("yes bee!", "yes hive!")
    assert talk.end("a").stop_reason == "EOS"
    for seed in range(5):
        drawn = talk.ask(f"{seed}", "Is it so?", response_format=grammar, temperature=2, seed=seed, top_k=0, top_p=1)
        assert drawn in ("yes bee!", "yes hive!")
    talk.ask("cut", "Is it so?", response_format=Gbnf(grammar="root ::= [a-z]+"), max_tokens=3)
    assert talk.end("cut").stop_reason == "MAX_TOKENS"


def test_a_grammar_that_cannot_be_read_is_refused_before_it_has_a_slot(talk: Conversation) -> None:
    with pytest.raises(InvalidInput, match="grammar"):
        talk.start("a", "hi", response_format=Gbnf(grammar="root ::= ("))


def test_a_grammar_that_leaves_no_token_ends_its_own_execution_only(talk: Conversation) -> None:
    """The one token that it allows is forbidden: the draw fails, and the neighbour does not notice."""
    talk.start("good", "Once upon a time", max_tokens=40, ignore_eos=True)
    talk.step(3)
    only = talk.driven.tokenize("a")
    assert len(only) == 1
    forbidden = {str(only[0]): -100.0}
    for name, temperature in (("bad", 0.0), ("drawn", 1.0)):
        form = Gbnf(grammar='root ::= "a"')
        talk.start(name, "Once upon a time", response_format=form, logit_bias=forbidden, temperature=temperature)
    talk.finish()
    for name in ("bad", "drawn"):
        failed = talk.events[TaskId(name)][-1]
        assert isinstance(failed, Failed)
        assert "grammar" in failed.message
    assert talk.end("good").tokens_out == 40
    assert talk.ask("next", "Once upon a time", max_tokens=3)


def test_windows_longer_than_the_context_cost_no_memory(talk: Conversation) -> None:
    """The look back is as long as the context, whatever was asked for."""
    fields = {"frequency_penalty": 1.0, "dry_multiplier": 1.0, "max_tokens": 5, "determinism": "strict"}
    far = talk.ask("far", STORY, penalty_window=16_000_000, dry_window=16_000_000, **fields)
    assert far == talk.ask("all", STORY, penalty_window=-1, dry_window=-1, **fields)


def test_a_small_cache_is_shared_and_what_does_not_fit_waits() -> None:
    """With a budget smaller than all slots together, executions begin as there is room for them."""
    driven = load(slots=4, context_tokens=512, engine=EngineOptions(kv_tokens=700))
    talk = Conversation(driven)
    for index in range(6):
        talk.start(f"{index}", f"{index} bees", max_tokens=300)
    talk.step()
    assert talk.engine.usage().waiting == 4
    talk.finish()
    assert all(talk.end(f"{index}").tokens_out for index in range(6))
    driven.engine.close()
