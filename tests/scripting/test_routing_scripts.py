"""The host API: tasks and workers in, typed outcomes out."""

import json
from pathlib import Path
from typing import Any

import pytest

from rbee_keeper.rhai.errors import RhaiError
from rbee_keeper.rhai.runtime.limits import Limits
from rbee_keeper.scripting.decisions import (
    Answered,
    Chosen,
    Declared,
    NotOffered,
    Rejected,
    ScriptFailed,
    SpawnRequested,
    Undecided,
    Verdict,
)
from rbee_keeper.scripting.policy import Circumstances, Policy
from rbee_keeper.scripting.task import TASK_TYPE, Task
from rbee_keeper.scripting.tools.bench import bench_policy, sample_workers
from rbee_keeper.scripting.tools.fixtures import FixtureError, build, run_case
from rbee_keeper.scripting.tools.lints import check_policy
from rbee_keeper.scripting.worker import WORKER_TYPE, Worker

TASK = Task(id="t1", type="text-gen", model="llama-70b", priority="high", tenant="acme", meta={"zone": "a"})
WORKERS = [
    Worker(id="a", capability="text-gen", backend="cuda", gpus=1, load=0.9, vram_total=24000, vram_used=4000),
    Worker(id="b", capability="text-gen", backend="cpu", load=0.1, model="m", tags=("eu", "fast")),
    Worker(id="c", capability="image-gen", backend="cuda", gpus=4, load=0.1, vram_total=48000, state="busy"),
]

VISION = """
fn route_task(task, workers) {
    if task.type == "image-gen" && task.priority == "high" {
        return workers.filter(|w| w.capability == "image-gen" && w.backend == "cuda").least_loaded();
    } else if task.type == "text-gen" && task.model.contains("70b") {
        return workers.filter(|w| w.gpus > 1).first();
    } else {
        return workers.least_loaded();
    }
}
"""


def route(body: str, workers: list[Worker] = WORKERS, task: Task = TASK, **circumstances: int) -> Verdict:
    policy = Policy.compile(f"fn route_task(task, workers) {{ {body} }}")
    return policy.route_task(task, workers, circumstances=Circumstances(**circumstances))


def evaluate(expression: str) -> Any:
    """Return what an expression over the task and the workers prints."""
    return route(f"print({expression}); ()").printed.removesuffix("\n")


@pytest.mark.parametrize(
    ("task", "chosen"),
    [
        (Task(id="1", type="image-gen", priority="high"), "c"),
        (Task(id="2", type="text-gen", model="llama-70b"), "c"),
        (Task(id="3", type="text-gen", model="small"), "b"),
    ],
)
def test_the_vision_s_script_routes_every_branch(task: Task, chosen: str) -> None:
    """The first script people see works as printed."""
    assert Policy.compile(VISION).route_task(task, WORKERS).outcome == Chosen(chosen)


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("workers.first()", Chosen("a")),
        ('"b"', Chosen("b")),
        ('accept("b")', Chosen("b")),
        ("accept(workers.last())", Chosen("c")),
        ("()", Undecided()),
        ("workers.filter(|w| false).first()", Undecided()),
        ('reject("no")', Rejected("no")),
        ('reject_429("full")', Rejected("full", is_overload=True)),
        ('error("hm")', Declared("hm")),
        ('spawn_worker("m", "gpu:0")', SpawnRequested("m", "gpu:0")),
        ('"zzz"', NotOffered("zzz")),
        ('accept("zzz")', NotOffered("zzz")),
        ('if task.meta.zone == "a" { return workers[1]; } workers[0]', Chosen("b")),
        ("exit(workers[0])", Chosen("a")),
    ],
)
def test_what_a_script_returns_becomes_an_outcome(body: str, outcome: Any) -> None:
    """The return contract, every row of it."""
    assert route(body).outcome == outcome


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("5", "ErrorMismatchDataType"),
        ("workers", "ErrorMismatchDataType"),
        ("true", "ErrorMismatchDataType"),
        ("loop { let s = ``; s.pad(60000, `x`); }", "ErrorTooManyOperations"),
        ("1 / 0", "ErrorArithmetic"),
        ("workers[9]", "ErrorArrayBounds"),
        ("task.nope", "ErrorDotExpr"),
        ('task.id = "x"', "ErrorDotExpr"),
        ("[1].least_loaded()", "ErrorMismatchDataType"),
    ],
)
def test_a_failing_script_is_an_outcome_not_an_exception(body: str, kind: str) -> None:
    """The caller falls back; it never catches."""
    outcome = route(body).outcome
    assert isinstance(outcome, ScriptFailed)
    assert outcome.error.kind == kind


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        ("workers.least_loaded().id", "b"),
        ("workers.most_loaded().id", "a"),
        ("workers.most_vram_free().id", "c"),
        ("workers.first().id", "a"),
        ("workers.last().id", "c"),
        ("workers.idle().len()", "2"),
        ('workers.with_model("m").len()', "1"),
        ('workers.with_capability("text-gen").len()', "2"),
        ('workers.with_backend("cuda").len()', "2"),
        ("workers.with_capacity(20000).len()", "2"),
        ('workers.with_tag("eu")[0].id', "b"),
        ("workers.min_by(|w| w.gpus).id", "b"),
        ("workers.max_by(|w| w.gpus).id", "c"),
        ("workers.sum_by(|w| w.gpus)", "5"),
        ("workers.sum_by(|w| w.load) > 1.0", "true"),
        ("workers.filter(|w| w.gpus > 9).least_loaded() == ()", "true"),
        ("workers.filter(|w| w.gpus > 9).min_by(|w| w.load) == ()", "true"),
        ('workers.filter(|w| w.backend == "cuda").with_capability("text-gen").first().id', "a"),
        ("workers[0].vram_free", "20000"),
        ("workers[0].total_vram_mb", "24000"),
        ("workers[0].vram_mb", "4000"),
        ("workers[0].status == workers[0].state", "true"),
        ("workers[1].tags", '["eu", "fast"]'),
        ("workers[0].meta.anything == ()", "true"),
        ("workers[0] == workers[0] && workers[0] != workers[1]", "true"),
        ("workers.contains(workers[1])", "true"),
        ("type_of(workers[0])", "Worker"),
        ("type_of(task)", "Task"),
        ("task.job_id + task.tenant_id", "t1acme"),
        ("task.meta.zone", "a"),
        ("task.meta.missing == ()", "true"),
        ("workers[0]", "Worker(a)"),
        ("distance(52.52, 13.40, 48.85, 2.35) > 870.0 && distance(52.52, 13.40, 48.85, 2.35) < 885.0", "true"),
    ],
)
def test_worker_arrays_and_handles(expression: str, shown: str) -> None:
    """Everything a script may ask of what it is given."""
    assert evaluate(expression) == shown


def test_ties_go_to_the_first() -> None:
    """The same snapshot always gives the same answer."""
    assert evaluate("workers.least_loaded().id") == "b"
    assert evaluate("workers.map(|w| 1).min_by(|x| x)") == "1"


def test_an_unknown_field_is_an_error_with_a_suggestion() -> None:
    """A misspelt name is told, not silently `()`."""
    outcome = route("workers.filter(|w| w.vram_fre > 1)").outcome
    assert isinstance(outcome, ScriptFailed)
    assert outcome.error.hint == "did you mean `vram_free`?"
    assert outcome.error.frames[-1].function == "route_task"


def test_a_wrong_element_is_named() -> None:
    """The message says which element is no worker."""
    outcome = route('let a = workers; a.push("x"); a.least_loaded()').outcome
    assert isinstance(outcome, ScriptFailed)
    assert outcome.error.message == "least_loaded() needs an array of workers, element 3 is string"


def test_the_script_cannot_change_what_the_caller_holds() -> None:
    """Plain data in: the lists of the caller stay as they were."""
    offered = list(WORKERS)
    assert route("workers.clear(); workers.push(1); ()", offered).outcome == Undecided()
    assert offered == WORKERS
    assert route("let m = task.meta; m.zone = 1; ()").outcome == Undecided()
    assert TASK.meta == {"zone": "a"}


def test_round_robin_and_random_depend_on_the_circumstances_only() -> None:
    """A dry run can replay any decision."""
    chosen = [route("workers.round_robin()", turn=turn).outcome for turn in range(4)]
    assert chosen == [Chosen("a"), Chosen("b"), Chosen("c"), Chosen("a")]
    rolls = {seed: [route("workers.random()", seed=seed).outcome for _ in range(3)] for seed in range(20)}
    assert all(len(set(found)) == 1 for found in rolls.values())
    assert len({found[0] for found in rolls.values()}) == 3
    assert len({route("print(rand()); ()", seed=seed).printed for seed in range(5)}) == 5


def test_the_longest_entry_point_that_fits_is_called() -> None:
    """Optional parameters are chosen by arity."""
    both = Policy.compile("fn route_task(t, w) { w.first() } fn route_task(t, w, p) { p.first() }")
    assert both.route_task(TASK, WORKERS[:1], WORKERS[1:2]).outcome == Chosen("b")
    jobs = Policy.compile("fn schedule_job(job, pools, workers) { print(pools[0].name); workers.first() }")
    verdict = jobs.schedule_job(TASK, WORKERS, [{"name": "p"}])
    assert (verdict.outcome, verdict.printed) == (Chosen("a"), "p\n")
    assert Policy.compile("fn schedule_job(job, workers) { workers.last() }").schedule_job(
        TASK, WORKERS
    ).outcome == Chosen("c")


def test_a_missing_entry_point_is_no_decision() -> None:
    """A script may answer some questions and leave the others to rbee."""
    policy = Policy.compile("fn should_admit(job, queue_depth) { queue_depth < 10 }")
    assert policy.route_task(TASK, WORKERS).outcome == Undecided()
    assert policy.has("should_admit")
    assert not policy.has("route_task")


def test_admission_and_retries_answer_yes_or_no() -> None:
    """Booleans, refusals, and nothing else."""
    policy = Policy.compile(
        'fn should_admit(job, queue_depth) { if queue_depth > 100 { return reject_429("full"); } queue_depth < 10 }\n'
        'fn should_retry(job, attempt, error) { attempt < 3 && error.kind == "timeout" }'
    )
    assert policy.should_admit(TASK, 5).outcome == Answered(is_yes=True)
    assert policy.should_admit(TASK, 50).outcome == Answered(is_yes=False)
    assert policy.should_admit(TASK, 500).outcome == Rejected("full", is_overload=True)
    assert policy.should_retry(TASK, 1, {"kind": "timeout", "message": ""}).outcome == Answered(is_yes=True)
    assert policy.should_retry(TASK, 3, {"kind": "timeout", "message": ""}).outcome == Answered(is_yes=False)
    wrong = Policy.compile("fn should_admit(job, queue_depth) { 5 }").should_admit(TASK, 1).outcome
    assert isinstance(wrong, ScriptFailed)


def test_a_verdict_tells_what_it_cost() -> None:
    """Operations and time go to the decision log."""
    verdict = Policy.compile(VISION).route_task(TASK, sample_workers(100))
    assert verdict.operations > 300
    assert verdict.elapsed_us > 0
    assert verdict.entry_point == "route_task"


def test_eval_and_import_are_off_for_policies() -> None:
    """A routing script is one text, known before it runs."""
    with pytest.raises(RhaiError, match="reserved keyword"):
        Policy.compile('fn route_task(t, w) { eval("1") }')
    assert isinstance(route('import "x" as y; ()').outcome, ScriptFailed)


def test_a_file_may_begin_with_a_shebang() -> None:
    """Only files do; positions stay as they are."""
    text = "#!/usr/bin/env rbee\nfn route_task(task, workers) { workers.first().nope }"
    outcome = Policy.compile(text).route_task(TASK, WORKERS).outcome
    assert isinstance(outcome, ScriptFailed)
    assert outcome.error.position == (2, 48)


def test_limits_can_be_chosen() -> None:
    """Tests may think longer than decisions."""
    policy = Policy.compile("fn route_task(t, w) { loop {} }", limits=Limits(max_operations=50))
    outcome = policy.route_task(TASK, WORKERS).outcome
    assert isinstance(outcome, ScriptFailed)


def test_getters_avoid_the_language_s_reserved_words() -> None:
    """Every field can be written after a dot."""
    for host in (TASK_TYPE, WORKER_TYPE):
        for name in host.getters:
            program = Policy.compile(f"fn route_task(x, y) {{ x.{name} }}").program
            assert program.functions[0].arity == 2


def test_fixtures_refuse_unknown_fields() -> None:
    """A typo in a fixture must not make a test pass."""
    with pytest.raises(FixtureError, match="did you mean `backend`"):
        build(Worker, {"id": "a", "bakend": "cuda"})
    with pytest.raises(FixtureError, match="needs an `id`"):
        build(Task, {"type": "x"})
    with pytest.raises(FixtureError, match="a case has no `exepct`"):
        run_case(Policy.compile(VISION), {"exepct": "a"}, {})
    with pytest.raises(FixtureError, match="does not define"):
        run_case(Policy.compile(VISION), {"call": "should_admit"}, {})


@pytest.mark.parametrize(
    ("script", "kinds"),
    [
        (VISION, []),
        ("fn f() { 1 }", ["EntryPoint"]),
        ("fn route_task(a) { 1 }", ["EntryPoint"]),
        ("fn route_task(task, workers) { task.prio }", ["ErrorDotExpr"]),
        ("fn route_task(task, workers) { workers.filter(|w| w.bakend == 1) }", ["ErrorDotExpr"]),
        ("fn route_task(task, workers) { workers.least_load() }", ["ErrorFunctionNotFound"]),
        ("fn route_task(task, workers) { pick(task) }", ["ErrorFunctionNotFound"]),
        ("fn pick(a) { a } fn route_task(task, workers) { pick(1, 2) }", ["ErrorFunctionNotFound"]),
        ("fn route_task(task, workers) { workers.sort_by(|a, b| 1).first() }", ["Slip"]),
        ("fn route_task(task, workers) { workers[0] }", ["Slip"]),
        ("fn route_task(task, workers) { return (); 1 }", ["Unreachable"]),
        ("fn route_task(task, workers) { if true { 1 } else { 2 } }", ["Unreachable"]),
        ("fn route_task(task, workers) { nope }", ["VariableUndefined"]),
        ("fn route_task(task, workers) { ", ["MissingToken"]),
    ],
)
def test_check_finds(script: str, kinds: list[str]) -> None:
    """Mistakes are found before a task meets them."""
    _, findings = check_policy(script, "s.rhai")
    assert [finding.error.kind for finding in findings] == kinds


def test_bench_measures_every_entry_point() -> None:
    """`rbee rhai bench` reports what the script defines."""
    reports = bench_policy(Policy.compile(VISION), 10, 20)
    assert [report.entry_point for report in reports] == ["route_task"]
    assert 0 < reports[0].median_us <= reports[0].p99_us
    assert reports[0].failures == 0


EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "rhai").glob("*.rhai"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_policy_passes_its_fixtures_and_check(path: Path) -> None:
    """What we ship as examples works."""
    text = path.read_text(encoding="utf-8")
    assert check_policy(text, path.name)[1] == []
    content = json.loads(path.with_suffix(".fixtures.json").read_text(encoding="utf-8"))
    shared = {name: value for name, value in content.items() if name not in ("cases", "about")}
    policy = Policy.compile(text, source=path.name)
    reports = [run_case(policy, case, shared) for case in content["cases"]]
    assert len(reports) >= 3
    assert [report for report in reports if not report.is_passed] == []
    assert len({report.actual for report in reports}) > 1


def test_there_are_ten_example_policies() -> None:
    """One for each how-to."""
    assert len(EXAMPLES) == 10
