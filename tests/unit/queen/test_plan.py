"""Plans: who gets which slot when many wait, over every fleet and queue that hypothesis can think of."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.contract.ids import HiveId, ModelRef, NodeName, TaskId, WorkerId
from rbee_keeper.queen.scheduling.decision import SpawnWorker, StartHive, UseWorker, Wait
from rbee_keeper.queen.scheduling.plan import Plan, plan
from rbee_keeper.queen.scheduling.snapshot import HiveFacts, Snapshot, WorkerFacts
from rbee_keeper.queen.scheduling.task_facts import Requirements, TaskFacts
from rbee_keeper.queen.scheduling.verdicts import fits

NOW = 1000.0


def worker(name: str, free: int = 2, **facts: Any) -> WorkerFacts:
    """Return a worker with the model `m` and two slots, but for the given facts."""
    usual: dict[str, Any] = {
        "hive_id": HiveId("h1"),
        "node": NodeName("localhost"),
        "model_ref": ModelRef("m"),
        "backend": "cpu",
        "device": 0,
        "state": "busy",
        "slots_total": 2,
        "slots_free": free,
    }
    return WorkerFacts(id=WorkerId(name), **{**usual, **facts})


def task(number: int, *, priority: Any = "interactive", deadline: float | None = None, **wants: Any) -> TaskFacts:
    """Return the task of that number, which is its age, too."""
    return TaskFacts(
        id=TaskId(f"t{number}"),
        requirements=Requirements(**{"model_ref": ModelRef("m"), **wants}),
        priority=priority,
        deadline=deadline,
        arrived_at=float(number),
        number=number,
    )


def fleet(*workers: WorkerFacts, hives: int = 1) -> Snapshot:
    """Return a snapshot with that many local hives."""
    found = [HiveFacts(id=HiveId(f"h{number}"), node=NodeName("localhost"), workers=0) for number in range(hives)]
    return Snapshot(workers=workers, hives=tuple(found))


def given_to(made: Plan) -> dict[str, str]:
    """Return which task gets which worker."""
    return {each.tasks[0].id: each.decision.worker_id for each in made.decided if isinstance(each.decision, UseWorker)}


def test_each_task_sees_what_the_ones_before_it_were_given() -> None:
    """Two tasks once decided at the same moment on the same slot."""
    made = plan(fleet(worker("a", free=1), worker("b", free=2)), [task(number) for number in range(4)], NOW)
    assert given_to(made) == {"t0": "b", "t1": "a", "t2": "b"}
    assert made.of(task(3)).decision == Wait(why="all 4 slots are busy")


def test_one_order_serves_all_who_wait_for_the_same_model() -> None:
    """Each of them would load the model otherwise."""
    made = plan(fleet(), [task(1), task(2), task(3, is_owner=False), task(4, model_ref="n")], NOW)
    ordered = [each.decision.model_ref for each in made.decided if isinstance(each.decision, SpawnWorker)]
    assert ordered == ["m", "n"]
    assert isinstance(made.decided[1].decision, Wait)
    assert made.decided[1].decision.spawn is not None


def test_orders_of_one_pass_are_spread_over_the_hives() -> None:
    """Ten models at once would all go to the hive that was empty."""
    made = plan(fleet(hives=2), [task(number, model_ref=f"m{number}") for number in range(4)], NOW)
    at = Counter(each.decision.hive_id for each in made.decided if isinstance(each.decision, SpawnWorker))
    assert at == {"h0": 2, "h1": 2}


def test_priority_goes_before_age() -> None:
    """Somebody waits at the screen for the one, nobody for the other."""
    made = plan(fleet(worker("a", free=1)), [task(1, priority="batch"), task(2)], NOW)
    assert given_to(made) == {"t2": "a"}


def test_slots_gather_for_an_older_task_that_needs_several() -> None:
    """Young tasks with one answer each would take every slot that comes free, and it would wait for ever."""
    old, young = task(1, slots=2), task(2)
    assert given_to(plan(fleet(worker("a", free=1)), [old, young], NOW)) == {}
    kept = list(plan(fleet(worker("a", free=1)), [old, young], NOW).of(young).explanation.candidates())
    assert [each.verdict for each in kept] == ["KEPT_FREE"]
    both = fleet(worker("a", free=1), worker("b", free=1))
    assert given_to(plan(both, [old, young], NOW)) == {"t2": "b"}, "one worker is enough to gather at"
    assert given_to(plan(fleet(worker("a", free=2)), [old, young], NOW)) == {"t1": "a"}


def test_a_task_past_its_deadline_does_not_keep_the_others_of_its_group_waiting() -> None:
    """It is refused, the next one runs."""
    made = plan(fleet(worker("a", free=1)), [task(1, deadline=NOW - 1), task(2)], NOW)
    assert given_to(made) == {"t2": "a"}


def test_a_hive_is_started_once_for_everybody() -> None:
    """A thousand waiting tasks are one decision."""
    made = plan(Snapshot(), [task(number) for number in range(1000)], NOW)
    assert [type(each.decision) for each in made.decided] == [StartHive]
    assert len(made.decided[0].tasks) == 1000


def test_an_explanation_tells_of_the_room_that_the_decision_found() -> None:
    """Figures from before the pass would say that a full worker was passed over."""
    made = plan(fleet(worker("a", free=1), worker("b", free=0), worker("c", model_ref="n")), [task(1), task(2)], NOW)
    first = {each.id: each for each in made.of(task(1)).explanation.candidates()}
    later = {each.id: each for each in made.of(task(2)).explanation.candidates()}
    assert [first[name].verdict for name in "abc"] == ["CHOSEN", "BUSY", "MODEL_ELSEWHERE"]
    assert (first["a"].slots_free, first["a"].slots_total, first["a"].score) == (1, 2, 1)
    assert (later["a"].verdict, later["a"].slots_free) == ("BUSY", 0)


WORKERS = st.lists(
    st.builds(
        lambda name, model, node, state, free: worker(name, free, model_ref=model, node=node, state=state),
        st.sampled_from(["a", "b", "c", "d"]),
        st.sampled_from(["m", "n"]),
        st.sampled_from(["localhost", "far"]),
        st.sampled_from(["idle", "busy", "busy", "loading", "draining"]),
        st.integers(min_value=0, max_value=2),
    ),
    max_size=4,
    unique_by=lambda each: each.id,
)
WANTS = st.fixed_dictionaries(
    {
        "priority": st.sampled_from(["interactive", "batch"]),
        "model_ref": st.sampled_from(["m", "n"]),
        "node": st.sampled_from([None, "localhost"]),
        "slots": st.sampled_from([1, 1, 1, 2, 5]),
        "is_strict": st.booleans(),
        "lost": st.sampled_from([frozenset(), frozenset({"a"})]),
    }
)
QUEUES = st.lists(WANTS, max_size=12).map(lambda all_of: [task(number, **each) for number, each in enumerate(all_of)])


@given(WORKERS, QUEUES)
def test_no_slot_is_given_twice_and_everybody_has_one_decision(
    workers: list[WorkerFacts], queue: list[TaskFacts]
) -> None:
    """Two executions in one slot: one of them waits inside the worker, where nobody sees it."""
    made = plan(fleet(*workers), queue, NOW)
    by_id = {each.id: each for each in workers}
    left = {each.id: each.slots_free for each in workers}
    strict: Counter[str] = Counter()
    for each in made.decided:
        if isinstance(each.decision, UseWorker):
            chosen, wants = by_id[each.decision.worker_id], each.tasks[0].requirements
            assert fits(chosen, wants)
            assert chosen.model_ref == wants.model_ref
            left[chosen.id] -= min(wants.slots, chosen.slots_total)
            strict[chosen.id] += wants.is_strict
    assert all(free >= 0 for free in left.values())
    assert all(count <= 1 for count in strict.values())
    assert sorted(each.id for decided in made.decided for each in decided.tasks) == sorted(each.id for each in queue)


@given(WORKERS, QUEUES)
def test_no_task_is_overtaken_for_a_slot_that_it_could_have_had(
    workers: list[WorkerFacts], queue: list[TaskFacts]
) -> None:
    """First come, first served, within a priority; a batch task never goes before an interactive one."""
    made = plan(fleet(*workers), queue, NOW)
    found = given_to(made)
    by_id = {each.id: each for each in workers}
    for waiting in (each for each in queue if each.id not in found):
        for other in (each for each in queue if each.id in found and each.rank > waiting.rank):
            worker_id = found[other.id]
            chosen, wants = by_id[WorkerId(worker_id)], waiting.requirements
            could = fits(chosen, wants) and chosen.model_ref == wants.model_ref
            is_easier = other.requirements.slots >= wants.slots and other.requirements.is_strict >= wants.is_strict
            assert not (could and is_easier), f"{other.id} went before {waiting.id}"


@given(WORKERS, QUEUES)
def test_a_group_is_served_in_its_order(workers: list[WorkerFacts], queue: list[TaskFacts]) -> None:
    """Who asks for the same gets it in turn."""
    found = given_to(plan(fleet(*workers), queue, NOW))
    for wants in {each.requirements for each in queue}:
        group = sorted((each for each in queue if each.requirements == wants), key=lambda each: each.rank)
        served = [each.id in found for each in group]
        assert served == sorted(served, reverse=True)


@given(WORKERS, QUEUES)
def test_the_order_in_which_things_are_listed_changes_nothing(
    workers: list[WorkerFacts], queue: list[TaskFacts]
) -> None:
    """A plan that depends on the order of a dictionary cannot be replayed."""
    one, other = plan(fleet(*workers), queue, NOW), plan(fleet(*reversed(workers)), queue[::-1], NOW)
    assert given_to(one) == given_to(other)


def test_many_who_wait_on_two_slots_go_in_order_of_priority_and_age() -> None:
    """Nobody is forgotten at the end of a long queue."""
    queue = [task(number, priority="batch" if number % 3 else "interactive") for number in range(200)]
    left, order = queue, list[str]()
    while left:
        served = given_to(plan(fleet(worker("a", free=2)), left, NOW))
        order += served
        left = [each for each in left if each.id not in served]
    assert order == [each.id for each in sorted(queue, key=lambda each: each.rank)]
