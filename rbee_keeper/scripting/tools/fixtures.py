"""Fixtures: tasks, workers and the expected choice, from plain data."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from ..decisions import (
    Answered,
    Chosen,
    Declared,
    NotOffered,
    Rejected,
    RoutingOutcome,
    ScriptFailed,
    SpawnRequested,
    Undecided,
    Verdict,
)
from ..entry_points import ENTRY_POINTS
from ..policy import Circumstances, Policy
from ..task import Task
from ..worker import Worker

Handle = TypeVar("Handle", Task, Worker)

CASE_KEYS = frozenset(
    [
        "name",
        "call",
        "task",
        "workers",
        "providers",
        "pools",
        "queue_depth",
        "attempt",
        "error",
        "turn",
        "seed",
        "expect",
    ]
)


class FixtureError(Exception):
    """A fixture file that does not say what it should."""


@dataclass(frozen=True, slots=True)
class CaseReport:
    """How one case went."""

    name: str
    expected: str
    actual: str
    verdict: Verdict

    @property
    def is_passed(self) -> bool:
        """Whether the script did what the case expects."""
        return self.expected == self.actual


def build(kind: type[Handle], data: Mapping[str, Any]) -> Handle:
    """Return a task or a worker from plain data.

    Raises:
        FixtureError: for a missing id or a field that does not exist.
    """
    known = {item.name for item in fields(kind)}
    for name in data:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean `{close[0]}`?" if close else ""
            raise FixtureError(f"a {kind.__name__.lower()} has no field `{name}`{hint}")
    if "id" not in data:
        raise FixtureError(f"a {kind.__name__.lower()} needs an `id`")
    values = dict(data)
    if "tags" in values:
        values["tags"] = tuple(values["tags"])
    return kind(**values)


def describe(outcome: RoutingOutcome) -> str:
    """Return an outcome in the words a fixture's `expect` uses."""
    match outcome:
        case Chosen(worker_id):
            return worker_id
        case Undecided():
            return "()"
        case Rejected(reason, is_overload):
            return f"{'reject_429' if is_overload else 'reject'}: {reason}"
        case SpawnRequested(model, device):
            return f"spawn_worker: {model} on {device}"
        case Declared(message):
            return f"error: {message}"
        case Answered(is_yes):
            return "true" if is_yes else "false"
        case NotOffered(worker_id):
            return f"not offered: {worker_id}"
        case ScriptFailed(error):
            return f"failed: {error.kind}"


def expected_text(value: Any) -> str:
    """Return a fixture's `expect` as text: null is `()`, booleans are `true` and `false`."""
    if value is None:
        return "()"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def run_case(policy: Policy, case: Mapping[str, Any], shared: Mapping[str, Any]) -> CaseReport:
    """Run one case of a fixture file; what the case does not say is `shared` by the file: `task`, `workers` and so on.

    Raises:
        FixtureError: for a case that cannot be run.
    """
    unknown = set(case) - CASE_KEYS
    if unknown:
        raise FixtureError(f"a case has no `{sorted(unknown)[0]}`; it has {', '.join(sorted(CASE_KEYS))}")
    merged = {**shared, **case}
    name = merged.get("call") or next((entry for entry in ENTRY_POINTS if policy.has(entry)), "route_task")
    verdict = _ask(policy, str(name), merged)
    return CaseReport(
        str(case.get("name", name)), expected_text(case.get("expect")), describe(verdict.outcome), verdict
    )


def _ask(policy: Policy, name: str, case: Mapping[str, Any]) -> Verdict:
    if name not in ENTRY_POINTS:
        raise FixtureError(f"no entry point `{name}`; there are {', '.join(ENTRY_POINTS)}")
    if not policy.has(name):
        raise FixtureError(f"the script does not define `{name}` with a parameter list rbee knows")
    task = build(Task, case.get("task", {"id": "task"}))
    workers = [build(Worker, worker) for worker in case.get("workers", ())]
    circumstances = Circumstances(turn=int(case.get("turn", 0)), seed=int(case.get("seed", 0)))
    match name:
        case "route_task":
            providers = [build(Worker, worker) for worker in case.get("providers", ())]
            return policy.route_task(task, workers, providers, circumstances)
        case "schedule_job":
            return policy.schedule_job(task, workers, case.get("pools", ()), circumstances)
        case "should_admit":
            return policy.should_admit(task, int(case.get("queue_depth", 0)), workers, circumstances)
        case _:
            error = case.get("error", {"kind": "failed", "message": ""})
            return policy.should_retry(task, int(case.get("attempt", 1)), error, circumstances)
