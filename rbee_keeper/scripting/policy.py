"""A script as a policy: plain data in, a decision out, and never an exception."""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..rhai.compiler.program import Program
from ..rhai.engine import Engine, Options, Outcome, without_shebang
from ..rhai.errors import RhaiError
from ..rhai.runtime.limits import Limits
from ..rhai.values import Value, copy_value
from . import decision_functions, worker_arrays
from .decisions import (
    DECISION_TYPE,
    Answered,
    Chosen,
    Decision,
    Declared,
    NotOffered,
    Rejected,
    RoutingOutcome,
    ScriptFailed,
    SpawnRequested,
    Undecided,
    Verdict,
)
from .entry_points import ENTRY_POINTS, find_signature
from .task import TASK_TYPE, Task
from .worker import WORKER_TYPE, Worker


@dataclass(slots=True, kw_only=True)
class Circumstances:
    """What a decision may depend on beside its arguments; the same ones replay the same decision."""

    turn: int = 0
    seed: int = 0
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the dice of this one decision."""
        self.dice = random.Random(self.seed)  # noqa: S311 - choices must be repeatable, not secret


def routing_engine(limits: Limits | None = None) -> Engine:
    """Return an engine that knows tasks, workers and decisions, and has no `eval`."""
    if limits is None:
        return _shared_engine()
    engine = Engine(Options(limits=limits, allows_eval=False))
    engine.register_type(Worker, WORKER_TYPE)
    engine.register_type(Task, TASK_TYPE)
    engine.register_type(Decision, DECISION_TYPE)
    worker_arrays.define.install(engine.library)
    decision_functions.define.install(engine.library)
    return engine


@cache
def _shared_engine() -> Engine:
    return routing_engine(Limits())


class Policy:
    """One compiled script. It is immutable: threads may share it, and a reload makes a new one."""

    def __init__(self, program: Program, engine: Engine) -> None:
        """Look for the entry points of a program."""
        self.program = program
        self.engine = engine
        self.signatures = {name: find_signature(program, name) for name in ENTRY_POINTS}

    @classmethod
    def compile(cls, text: str, *, source: str = "script", limits: Limits | None = None) -> "Policy":
        """Return the policy of a script.

        Raises:
            RhaiError: the first syntax error.
        """
        engine = routing_engine(limits)
        return cls(engine.compile(without_shebang(text), source=source), engine)

    def has(self, entry_point: str) -> bool:
        """Return whether the script defines an entry point."""
        return self.signatures.get(entry_point) is not None

    def route_task(
        self,
        task: Task,
        workers: Iterable[Worker],
        providers: Iterable[Worker] = (),
        circumstances: Circumstances | None = None,
    ) -> Verdict:
        """Ask which worker should do a task; `providers` are workers of other owners."""
        offered, others = list(workers), list(providers)
        given = {"task": task, "workers": offered, "providers": others}
        return self._ask("route_task", given, [*offered, *others], circumstances)

    def schedule_job(
        self,
        job: Task,
        workers: Iterable[Worker],
        pools: Iterable[Mapping[str, Any]] = (),
        circumstances: Circumstances | None = None,
    ) -> Verdict:
        """Ask which worker should do a job, in the older form of the question."""
        offered = list(workers)
        given = {"job": job, "workers": offered, "pools": [copy_value(dict(pool)) for pool in pools]}
        return self._ask("schedule_job", given, offered, circumstances)

    def should_admit(
        self,
        job: Task,
        queue_depth: int,
        workers: Iterable[Worker] = (),
        circumstances: Circumstances | None = None,
    ) -> Verdict:
        """Ask whether a job may join the queue."""
        offered = list(workers)
        given = {"job": job, "queue_depth": queue_depth, "workers": offered}
        return self._ask("should_admit", given, offered, circumstances)

    def should_retry(
        self, job: Task, attempt: int, error: Mapping[str, Any], circumstances: Circumstances | None = None
    ) -> Verdict:
        """Ask whether a failed job should be tried again; `error` has at least `kind` and `message`."""
        given = {"job": job, "attempt": attempt, "error": copy_value(dict(error))}
        return self._ask("should_retry", given, [], circumstances)

    def _ask(
        self,
        name: str,
        given: Mapping[str, Value],
        offered: list[Worker],
        circumstances: Circumstances | None,
    ) -> Verdict:
        signature = self.signatures[name]
        if signature is None:
            return Verdict(outcome=Undecided(), entry_point=name)
        arguments = [list(given[word]) if type(given[word]) is list else given[word] for word in signature]
        try:
            answer = self.engine.call_fn(self.program, name, arguments, host=circumstances or Circumstances())
        except RhaiError as error:
            return Verdict(outcome=ScriptFailed(error), entry_point=name)
        return _verdict(self, name, answer, {worker.id for worker in offered})


def _verdict(policy: Policy, name: str, answer: Outcome, offered: set[str]) -> Verdict:
    interpret = _yes_or_no if ENTRY_POINTS[name].answers_yes_or_no else _choice
    outcome = interpret(answer.value, offered)
    if outcome is None:
        actual = policy.engine.library.type_name(answer.value)
        wanted = "true or false" if ENTRY_POINTS[name].answers_yes_or_no else "a worker, its id, a decision or ()"
        error = RhaiError("ErrorMismatchDataType", f"{name} returned {actual}, not {wanted}")
        error.source = policy.program.source
        error.text = policy.program.text
        outcome = ScriptFailed(error)
    return Verdict(
        outcome=outcome,
        entry_point=name,
        operations=answer.operations,
        elapsed_us=answer.elapsed_us,
        printed=answer.printed,
    )


def _choice(value: Value, offered: set[str]) -> RoutingOutcome | None:
    if value is None:
        return Undecided()
    if isinstance(value, Worker):
        return _offered(value.id, offered)
    if type(value) is str:
        return _offered(value, offered)
    if not isinstance(value, Decision):
        return None
    match value.verb:
        case "accept":
            return _offered(value.worker_id, offered)
        case "spawn_worker":
            return SpawnRequested(value.model, value.device)
        case "error":
            return Declared(value.reason)
        case _:
            return Rejected(value.reason, is_overload=value.verb == "reject_429")


def _offered(worker_id: str, offered: set[str]) -> RoutingOutcome:
    return Chosen(worker_id) if worker_id in offered else NotOffered(worker_id)


def _yes_or_no(value: Value, _offered_ids: set[str]) -> RoutingOutcome | None:
    if value is True or value is False:
        return Answered(value)
    if value is None:
        return Undecided()
    if isinstance(value, Decision) and value.verb in ("reject", "reject_429"):
        return Rejected(value.reason, is_overload=value.verb == "reject_429")
    return None
