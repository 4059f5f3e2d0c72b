"""`rbee rhai test`: the cases of a fixture file and a script's own test functions."""

import json
from pathlib import Path

import msgspec
import typer

from ...rhai.display import to_debug
from ...rhai.errors import RhaiError
from ...rhai.host.decisions import ScriptFailed
from ...rhai.host.fixtures import CaseReport, FixtureError, run_case
from ...rhai.host.policy import Policy
from ...rhai.report import caret_text
from ..terminal import diagnostics, output
from ..terminal.diagnostics import ExitCode
from .script import TEST_LIMITS, fail, read_text


class ScriptTest(msgspec.Struct, frozen=True, kw_only=True):
    """How one test went; `detail` shows where the script itself failed."""

    name: str
    passed: bool
    expected: str
    actual: str
    operations: int = 0
    elapsed_us: float = 0.0
    detail: str = ""


class ScriptTests(msgspec.Struct, frozen=True, kw_only=True):
    """How all of them went: what `--json` prints."""

    file: str
    passed: int
    failed: int
    tests: list[ScriptTest]


def run_tests(script: Path, fixtures: Path | None, *, as_json: bool) -> None:
    """Run and show all tests; a failed one, or none at all, is exit code 1."""
    text = read_text(script)
    beside = script.with_suffix(".fixtures.json")
    chosen = fixtures or (beside if beside.exists() else None)
    try:
        policy = Policy.compile(text, source=script.name, limits=TEST_LIMITS)
        cases = _run_cases(policy, chosen) if chosen else []
    except RhaiError as error:
        fail(error, as_json=as_json)
    except FixtureError as error:
        diagnostics.say(f"{chosen}: {error}")
        raise typer.Exit(ExitCode.USAGE) from None
    tests = [_test_of_case(case) for case in cases] + _run_test_functions(policy)
    passed = sum(test.passed for test in tests)
    report = ScriptTests(file=script.name, passed=passed, failed=len(tests) - passed, tests=tests)
    if as_json:
        output.as_json(report)
    else:
        _show(report)
    raise typer.Exit(ExitCode.ERROR if report.failed or not tests else ExitCode.OK)


def _show(report: ScriptTests) -> None:
    for test in report.tests:
        mark = "pass" if test.passed else "FAIL"
        output.line(f"{mark}  {test.name}  ({test.operations} ops, {test.elapsed_us:.0f} µs)")
        if not test.passed:
            diagnostics.say(f"      expected {test.expected}, got {test.actual}")
            if test.detail:
                diagnostics.say(test.detail)
    output.line(f"{report.passed} passed, {report.failed} failed" if report.tests else "no tests found")


def _run_cases(policy: Policy, path: Path) -> list[CaseReport]:
    try:
        content = json.loads(read_text(path))
    except ValueError as error:
        raise FixtureError(f"not JSON: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("cases"), list):
        raise FixtureError("a fixture file is an object with a list of `cases`")
    shared = {name: value for name, value in content.items() if name not in ("cases", "about")}
    return [run_case(policy, case, shared) for case in content["cases"]]


def _test_of_case(case: CaseReport) -> ScriptTest:
    outcome = case.verdict.outcome
    problem = outcome.error if isinstance(outcome, ScriptFailed) else None
    return ScriptTest(
        name=case.name,
        passed=case.is_passed,
        expected=case.expected,
        actual=case.actual,
        operations=case.verdict.operations,
        elapsed_us=case.verdict.elapsed_us,
        detail=caret_text(problem) if isinstance(problem, RhaiError) and not case.is_passed else "",
    )


def _run_test_functions(policy: Policy) -> list[ScriptTest]:
    names = [item.name for item in policy.program.functions if item.name.startswith("test_") and item.arity == 0]
    return [_run_test_function(policy, name) for name in names]


def _run_test_function(policy: Policy, name: str) -> ScriptTest:
    """Run one `fn test_...()`; it passes unless it fails or returns `false`."""
    try:
        outcome = policy.engine.call_fn(policy.program, name, [])
    except RhaiError as error:
        return ScriptTest(
            name=name, passed=False, expected="true", actual=f"failed: {error.kind}", detail=caret_text(error)
        )
    return ScriptTest(
        name=name,
        passed=outcome.value is not False,
        expected="true",
        actual=to_debug(outcome.value),
        operations=outcome.operations,
        elapsed_us=outcome.elapsed_us,
    )
