"""Policy: every decision it can take, and why it says it took it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.contract.ids import LOCAL_NODE, HiveId, ModelRef, NodeName, TaskId, WorkerId
from rbee_keeper.errors import InvalidInput, NodeNotFound, RequestTimeout, TooManyWorkers, VersionMismatch
from rbee_keeper.queen.scheduling.decision import Decision, Refuse, SpawnWorker, StartHive, UseWorker, Wait
from rbee_keeper.queen.scheduling.plan import Decided, plan
from rbee_keeper.queen.scheduling.snapshot import HiveFacts, PendingSpawn, Snapshot, WorkerFacts
from rbee_keeper.queen.scheduling.task_facts import FullHive, Requirements, TaskFacts

NOW = 1000.0
PENDING = PendingSpawn(
    hive_id=HiveId("h1"), node=NodeName("localhost"), model_ref=ModelRef("m"), backend="cpu", device=0
)


def worker(name: str = "w1", **facts: Any) -> WorkerFacts:
    """Return an idle worker with the model `m` and four free slots, but for the given facts."""
    usual: dict[str, Any] = {
        "hive_id": HiveId("h1"),
        "node": NodeName("localhost"),
        "model_ref": ModelRef("m"),
        "backend": "cpu",
        "device": 0,
        "state": "idle",
        "slots_total": 4,
        "slots_free": 4,
    }
    return WorkerFacts(id=WorkerId(name), **{**usual, **facts})


def hive(name: str = "h1", node: str = "localhost", workers: int = 0) -> HiveFacts:
    """Return a hive."""
    return HiveFacts(id=HiveId(name), node=NodeName(node), workers=workers)


def full_at(*names: str) -> frozenset[FullHive]:
    """Return what a task knows that found these hives full, as `hive` makes them."""
    return frozenset(FullHive(HiveId(name), 0) for name in names)


def task(**facts: Any) -> TaskFacts:
    """Return a task for the model `m`, but for the given facts."""
    own = {name: facts.pop(name) for name in ("id", "deadline", "priority", "arrived_at") if name in facts}
    wants = Requirements(**{"model_ref": ModelRef("m"), **facts})
    return TaskFacts(**{"id": TaskId("t1"), "requirements": wants, **own})


def decided(snapshot: Snapshot, wanted: TaskFacts, now: float) -> Decided:
    """Return the decision for a task that waits alone."""
    return plan(snapshot, [wanted], now).of(wanted)


def decide(snapshot: Snapshot, wanted: TaskFacts, now: float) -> Decision:
    """Return what to do with a task that waits alone."""
    return decided(snapshot, wanted, now).decision


def reasons(snapshot: Snapshot, wanted: TaskFacts) -> tuple[str, ...]:
    """Return in words why that is to be done."""
    return tuple(decided(snapshot, wanted, NOW).explanation.reasons())


def fleet(*workers: WorkerFacts, hives: tuple[HiveFacts, ...] | None = None, **fields: Any) -> Snapshot:
    """Return a snapshot with one local hive unless told otherwise."""
    return Snapshot(workers=workers, hives=(hive(workers=len(workers)),) if hives is None else hives, **fields)


def test_an_idle_worker_with_the_model_is_used() -> None:
    """Reuse is what makes the second answer fast (6.2)."""
    decision = decide(fleet(worker()), task(), NOW)
    assert decision == UseWorker(worker_id=WorkerId("w1"))
    assert reasons(fleet(worker()), task()) == ()


def test_a_busy_worker_with_a_free_slot_is_used() -> None:
    """Slots exist to be filled; a second copy of the model would waste memory."""
    decision = decide(fleet(worker(state="busy", slots_free=1)), task(), NOW)
    assert isinstance(decision, UseWorker)


def test_the_worker_with_most_free_slots_is_chosen_and_the_others_are_named() -> None:
    """Spreading load evens out waiting; the reasons make the choice explainable."""
    found = fleet(worker("a", slots_free=1), worker("b", slots_free=3))
    assert decide(found, task(), NOW) == UseWorker(worker_id=WorkerId("b"))
    assert reasons(found, task()) == ("a: 1 free slots",)


def test_equal_workers_are_chosen_by_id_so_that_the_answer_is_always_the_same() -> None:
    """A decision that depends on dictionary order cannot be replayed."""
    one, other = worker("a"), worker("b")
    for order in ((one, other), (other, one)):
        decision = decide(fleet(*order), task(), NOW)
        assert isinstance(decision, UseWorker)
        assert decision.worker_id == "a"


@pytest.mark.parametrize(
    ("facts", "wanted", "why"),
    [
        ({"model_ref": "other"}, {}, "w1: has another model"),
        ({"node": "far"}, {"node": "localhost"}, "w1: is on node far"),
        ({"backend": "cuda"}, {"backend": "cpu"}, "w1: runs on cuda"),
        ({"device": 1}, {"device": 0}, "w1: runs on device 1"),
        ({}, {"lost": frozenset({"w1"})}, "w1: was lost by this task"),
        ({"is_in_model_folders": False}, {"is_owner": False}, "w1: has a file that only the owner may use"),
        ({"model_ref": "other", "model_file": "/a"}, {}, "w1: has another model"),
        ({"state": "draining"}, {}, "w1: is draining"),
        ({"state": "failed"}, {}, "w1: is failed"),
        ({"state": "stopped"}, {}, "w1: is stopped"),
        ({"state": "stale"}, {}, "w1: is stale"),
    ],
)
def test_a_worker_that_does_not_fit_is_passed_over_with_its_reason(
    facts: dict[str, Any], wanted: dict[str, Any], why: str
) -> None:
    """The request's node, backend and device were once ignored; a worker on its way out takes nothing new."""
    found = fleet(worker(**facts), files={ModelRef("m"): "/b"})
    assert isinstance(decide(found, task(**wanted), NOW), SpawnWorker)
    assert why in reasons(found, task(**wanted))


@pytest.mark.parametrize("state", ["starting", "loading"])
def test_a_worker_that_loads_the_model_is_waited_for(state: str) -> None:
    """Two tasks for one model must share one load."""
    decision = decide(fleet(worker(state=state, slots_total=0, slots_free=0)), task(), NOW)
    assert decision == Wait(why="the model is being loaded", worker_id=WorkerId("w1"))


def test_a_worker_that_is_ordered_already_is_waited_for() -> None:
    """Between the order and the hive's report the worker is known to nobody else."""
    assert decide(fleet(pending=(PENDING,)), task(), NOW) == Wait(why="a worker is being started", spawn=PENDING)


def test_a_worker_that_is_ordered_under_another_name_of_its_file_is_waited_for() -> None:
    """Two names of one file must share one load, too."""
    found = fleet(pending=(PENDING,), files={ModelRef("m"): "/m", ModelRef("./m"): "/m"})
    assert decide(found, task(model_ref="./m"), NOW) == Wait(why="a worker is being started", spawn=PENDING)


@pytest.mark.parametrize("wanted", [{"model_ref": "other"}, {"node": "far"}, {"backend": "cuda"}, {"device": 1}])
def test_an_order_for_something_else_is_not_waited_for(wanted: dict[str, Any]) -> None:
    """It will never fit."""
    decision = decide(fleet(hives=(hive(), hive("h2", "far")), pending=(PENDING,)), task(**wanted), NOW)
    assert isinstance(decision, SpawnWorker)


def test_when_all_slots_are_busy_the_task_waits_and_is_told_how_many_there_are() -> None:
    """Waiting beats a second copy of the model."""
    decision = decide(fleet(worker(state="busy", slots_free=0), worker("w2", slots_free=0)), task(), NOW)
    assert decision == Wait(why="all 8 slots are busy")


def test_without_a_worker_the_hive_with_fewest_workers_gets_one() -> None:
    """Two hives share the load (9.8)."""
    found = fleet(hives=(hive("a", "one", 3), hive("b", "two", 1)))
    decision = decide(found, task(), NOW)
    assert isinstance(decision, SpawnWorker)
    assert (decision.hive_id, decision.model_ref, decision.backend, decision.device) == ("b", "m", "cpu", 0)
    assert reasons(found, task()) == ("no worker has the model; two has 1 workers",)


def test_a_spawn_is_for_the_backend_and_device_that_were_asked_for() -> None:
    """A request for CUDA must never quietly run on the CPU."""
    decision = decide(fleet(), task(backend="cuda", device=2), NOW)
    assert isinstance(decision, SpawnWorker)
    assert (decision.backend, decision.device) == ("cuda", 2)


@pytest.mark.parametrize("node", [None, "localhost"])
def test_without_a_hive_the_local_one_is_started(node: str | None) -> None:
    """Nothing running is the usual case of a first prompt (10.2)."""
    assert decide(Snapshot(), task(node=node), NOW) == StartHive(node=LOCAL_NODE)
    assert reasons(Snapshot(), task(node=node)) == ("no hive runs on this machine",)


@pytest.mark.parametrize(("node", "started"), [(None, "near"), ("near", "near"), ("far", "far")])
def test_a_hive_is_started_on_the_node_that_was_asked_for_or_on_the_preferred_one(
    node: str | None, started: str
) -> None:
    """The queen starts hives on other machines too, and a pinned target is never silently replaced."""
    snapshot = Snapshot(nodes=(NodeName("near"), NodeName("far")))
    assert decide(snapshot, task(node=node), NOW) == StartHive(node=NodeName(started))
    assert reasons(snapshot, task(node=node)) == (f"no hive runs on {started}",)


def test_a_node_that_has_a_hive_of_the_queen_gets_no_second_one() -> None:
    """A task whose hive did not answer it goes to the next node instead."""
    near = HiveFacts(id=HiveId("a"), node=NodeName("near"), workers=0, is_ours=True)
    snapshot = Snapshot(hives=(near,), nodes=(NodeName("near"), NodeName("far")))
    decision = decide(snapshot, task(failed_hives=frozenset({"a"})), NOW)
    assert isinstance(decision, StartHive)
    assert decision.node == "far"


def test_an_unknown_node_is_refused() -> None:
    """A pinned target is never silently replaced (1.7)."""
    decision = decide(fleet(worker()), task(node="far"), NOW)
    assert isinstance(decision, Refuse)
    assert isinstance(decision.error, NodeNotFound)
    assert reasons(fleet(worker()), task(node="far")) == ("w1: is on node localhost",)


def test_a_worker_with_the_same_file_is_used_whatever_the_file_was_called() -> None:
    """Each alias of a file would load a copy of the model."""
    found = decide(fleet(worker(model_ref="././m", model_file="/m"), files={ModelRef("m"): "/m"}), task(), NOW)
    assert isinstance(found, UseWorker)


def test_the_owner_may_use_any_worker() -> None:
    """The file is his."""
    assert isinstance(decide(fleet(worker(is_in_model_folders=False)), task(), NOW), UseWorker)


def test_a_task_with_several_answers_waits_for_as_many_slots() -> None:
    """With fewer it would wait inside the worker, where nobody can see it."""
    assert isinstance(decide(fleet(worker(slots_free=3)), task(slots=3), NOW), UseWorker)
    assert isinstance(decide(fleet(worker(slots_free=2)), task(slots=3), NOW), Wait)


def test_a_task_with_more_answers_than_any_worker_has_slots_gets_a_worker_for_itself() -> None:
    """It would wait for ever."""
    assert isinstance(decide(fleet(worker(slots_free=4)), task(slots=16), NOW), UseWorker)
    assert isinstance(decide(fleet(worker(slots_free=3)), task(slots=16), NOW), Wait)


def test_strict_tasks_go_one_at_a_time_and_leave_the_other_slots_to_others() -> None:
    """A worker has one context for them; a second one would wait in there without a word."""
    taken = worker(slots_free=3, has_strict=True)
    assert isinstance(decide(fleet(taken), task(is_strict=True), NOW), Wait)
    assert isinstance(decide(fleet(taken, worker("w2")), task(is_strict=True), NOW), UseWorker)
    assert isinstance(decide(fleet(taken), task(), NOW), UseWorker)


def test_a_hive_that_did_not_answer_the_task_is_not_asked_again() -> None:
    """Another one may do it; without one, the local hive is started."""
    silent, other = hive("a", workers=0), hive("b", workers=5)
    decision = decide(fleet(hives=(silent, other)), task(failed_hives=frozenset({"a"})), NOW)
    assert isinstance(decision, SpawnWorker)
    assert decision.hive_id == "b"
    alone, wanted = fleet(hives=(silent,)), task(failed_hives=frozenset({"a"}))
    assert decide(alone, wanted, NOW) == StartHive(node=LOCAL_NODE)
    assert reasons(alone, wanted) == ("a: did not answer this task", "no hive runs on this machine")


def test_an_own_hive_that_runs_is_not_started_again() -> None:
    """The loop that carries decisions out would never end."""
    ours = HiveFacts(id=HiveId("a"), node=NodeName("localhost"), workers=0, is_ours=True)
    assert isinstance(decide(fleet(hives=(ours,)), task(failed_hives=frozenset({"a"})), NOW), Refuse)


def test_a_hive_without_room_is_passed_over_for_one_that_may_have_some() -> None:
    """The limit of one machine is no reason to fail while another is idle."""
    full, other = hive("a", workers=0), hive("b", workers=5)
    snapshot, wanted = fleet(hives=(full, other)), task(full_hives=full_at("a"))
    decision = decide(snapshot, wanted, NOW)
    assert isinstance(decision, SpawnWorker)
    assert (decision.hive_id, reasons(snapshot, wanted)[0]) == ("b", "a: has as many workers as it may")


def test_a_hive_that_has_lost_a_worker_since_it_was_full_is_asked_again() -> None:
    """It may have room now."""
    emptier = HiveFacts(id=HiveId("a"), node=NodeName("far"), workers=0, vacancy=1)
    assert isinstance(decide(fleet(hives=(emptier,)), task(full_hives=full_at("a")), NOW), SpawnWorker)


@pytest.mark.parametrize(("state", "expected"), [("draining", Wait), ("idle", Refuse), ("busy", Refuse)])
def test_without_room_anywhere_a_worker_that_ends_is_waited_for_and_no_other(state: str, expected: type) -> None:
    """One that drains is gone soon; of the others nobody knows, and no second hive goes round the limit."""
    snapshot = fleet(worker(state=state, model_ref=ModelRef("other")))
    decision = decide(snapshot, task(full_hives=full_at("h1")), NOW)
    assert isinstance(decision, expected)
    if isinstance(decision, Refuse):
        assert isinstance(decision.error, TooManyWorkers)


@pytest.mark.parametrize(("node", "expected"), [(None, StartHive), ("far", StartHive), ("near", Refuse)])
def test_a_full_hive_leaves_the_task_to_a_node_that_has_none(node: str | None, expected: type) -> None:
    """The limit is meant for all that runs on one machine, whoever started the hive there, and for no other machine."""
    nodes = (NodeName("near"), NodeName("far"))
    snapshot = Snapshot(hives=(hive("a", "near"),), nodes=nodes)
    decision = decide(snapshot, task(node=node, full_hives=full_at("a")), NOW)
    assert isinstance(decision, expected)
    if isinstance(decision, StartHive):
        assert decision.node == "far"


def test_a_worker_that_ends_elsewhere_makes_no_room_on_the_node_that_is_meant() -> None:
    """The task would wait until its deadline."""
    ending = worker(state="draining", model_ref=ModelRef("other"), hive_id=HiveId("h2"), node=NodeName("far"))
    snapshot = fleet(ending, hives=(hive(), hive("h2", "far")))
    decision = decide(snapshot, task(node="localhost", full_hives=full_at("h1", "h2")), NOW)
    assert isinstance(decision, Refuse)


def test_a_hive_of_another_version_takes_no_orders_and_the_task_is_told_why() -> None:
    """The person has to install one version on both machines."""
    other = HiveFacts(id=HiveId("a"), node=NodeName("far"), workers=0, problem="it has version 9")
    decision = decide(fleet(hives=(other,)), task(node="far"), NOW)
    assert isinstance(decision, Refuse)
    assert isinstance(decision.error, VersionMismatch)
    assert "version 9" in decision.error.message
    assert isinstance(decide(fleet(hives=(other,)), task(), NOW), StartHive)


def test_an_unknown_backend_is_refused() -> None:
    """Validation stops it earlier; policy does not rely on that."""
    decision = decide(fleet(), task(backend="rocm"), NOW)
    assert isinstance(decision, Refuse)
    assert isinstance(decision.error, InvalidInput)


@pytest.mark.parametrize("deadline", [NOW, NOW - 1])
def test_a_task_past_its_deadline_is_refused_even_with_an_idle_worker(deadline: float) -> None:
    """Work that nobody waits for must not take a slot."""
    decision = decide(fleet(worker()), task(deadline=deadline), NOW)
    assert isinstance(decision, Refuse)
    assert isinstance(decision.error, RequestTimeout)


def test_a_task_before_its_deadline_runs() -> None:
    """The other side of the same edge."""
    assert isinstance(decide(fleet(worker()), task(deadline=NOW + 0.001), NOW), UseWorker)


STATES = ("starting", "loading", "idle", "busy", "draining", "stopped", "failed", "stale")
WORKERS = st.builds(
    lambda name, model, node, state, free: worker(name, model_ref=model, node=node, state=state, slots_free=free),
    st.sampled_from(["a", "b", "c", "d"]),
    st.sampled_from(["m", "n"]),
    st.sampled_from(["localhost", "far"]),
    st.sampled_from(STATES),
    st.integers(min_value=0, max_value=4),
)


@given(
    st.lists(WORKERS, max_size=5, unique_by=lambda each: each.id),
    st.lists(st.sampled_from([hive(), hive("h2", "far", 2)]), max_size=2, unique_by=lambda each: each.id),
    st.sampled_from([None, "localhost", "far", "moon"]),
)
def test_whatever_the_fleet_looks_like_a_chosen_worker_fits_and_has_a_free_slot(
    workers: list[WorkerFacts], hives: list[HiveFacts], node: str | None
) -> None:
    """The one promise of routing, over every fleet that hypothesis can think of."""
    snapshot = Snapshot(workers=tuple(workers), hives=tuple(hives))
    decision = decide(snapshot, task(node=node), NOW)
    mirrored = decide(Snapshot(workers=tuple(reversed(workers)), hives=tuple(hives)), task(node=node), NOW)
    assert type(mirrored) is type(decision)
    if isinstance(decision, UseWorker):
        chosen = next(each for each in workers if each.id == decision.worker_id)
        assert isinstance(mirrored, UseWorker)
        assert mirrored.worker_id == chosen.id
        assert chosen.model_ref == "m"
        assert chosen.state in ("idle", "busy")
        assert chosen.slots_free > 0
        assert node in (None, chosen.node)
    elif isinstance(decision, SpawnWorker):
        assert any(each.id == decision.hive_id and node in (None, each.node) for each in hives)
