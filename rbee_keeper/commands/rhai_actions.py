"""What the commands of `rbee rhai` do; imported only when one of them runs."""

import json
import sys
import time
from pathlib import Path
from typing import Any

import typer

from ..rhai.engine import Engine, Options
from ..rhai.errors import RhaiError
from ..rhai.report import as_data, caret_text
from ..rhai.runtime.display import to_debug
from ..rhai.runtime.limits import Limits
from ..scripting.decisions import ScriptFailed
from ..scripting.policy import Policy
from ..scripting.tools.bench import BenchReport, bench_policy
from ..scripting.tools.fixtures import CaseReport, FixtureError, run_case
from ..scripting.tools.lints import Finding, check_policy
from ..scripting.tools.samples import SAMPLE_FIXTURES, SAMPLE_SCRIPT
from . import diagnostics, output
from .diagnostics import ExitCode

TEST_LIMITS = Limits(wall_clock_s=5.0, max_operations=20_000_000)
"""A test may think longer than a decision, and still cannot hang."""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        diagnostics.say(f"cannot read {path}: {error.strerror if isinstance(error, OSError) else 'it is not UTF-8'}")
        raise typer.Exit(ExitCode.USAGE) from None


def _report(error: RhaiError, *, as_json: bool) -> None:
    if as_json:
        output.as_json(as_data(error))
    else:
        diagnostics.say(caret_text(error))


def check(script: Path, *, as_json: bool) -> None:
    """Parse a script and look for names rbee does not have, wrong entry points and usual slips.

    Exit code 0: nothing found; 1: something found; 2: the file cannot be read.
    """
    program, findings = check_policy(_read(script), script.name)
    if as_json:
        output.as_json({"file": script.name, "ok": not findings, "findings": [_finding_data(one) for one in findings]})
    elif findings:
        for finding in findings:
            diagnostics.say(caret_text(finding.error))
    elif program is not None:
        names = ", ".join(f"{item.name}/{item.arity}" for item in program.functions)
        output.line(f"{script.name}: ok, defines {names or 'no functions'}")
    raise typer.Exit(ExitCode.ERROR if findings else ExitCode.OK)


def _finding_data(finding: Finding) -> dict[str, Any]:
    return {"severity": "error" if finding.is_error else "warning", **as_data(finding.error)}


def test(script: Path, fixtures: Path | None, *, as_json: bool) -> None:
    """Run the cases of a fixture file and every `fn test_...()` of the script.

    Exit code 0: all passed; 1: something failed; 2: a file cannot be read.
    """
    text = _read(script)
    beside = script.with_suffix(".fixtures.json")
    chosen = fixtures or (beside if beside.exists() else None)
    try:
        policy = Policy.compile(text, source=script.name, limits=TEST_LIMITS)
        cases = _run_cases(policy, chosen) if chosen else []
    except RhaiError as error:
        _report(error, as_json=as_json)
        raise typer.Exit(ExitCode.ERROR) from None
    except FixtureError as error:
        diagnostics.say(f"{chosen}: {error}")
        raise typer.Exit(ExitCode.USAGE) from None
    results = [_case_data(case) for case in cases] + _run_test_functions(policy)
    failed = [result for result in results if not result["passed"]]
    if as_json:
        output.as_json(
            {"file": script.name, "passed": len(results) - len(failed), "failed": len(failed), "tests": results}
        )
    else:
        _show_results(results, failed)
    raise typer.Exit(ExitCode.ERROR if failed or not results else ExitCode.OK)


def _show_results(results: list[dict[str, Any]], failed: list[dict[str, Any]]) -> None:
    for result in results:
        mark = "pass" if result["passed"] else "FAIL"
        output.line(f"{mark}  {result['name']}  ({result['operations']} ops, {result['elapsed_us']:.0f} µs)")
        if not result["passed"]:
            diagnostics.say(f"      expected {result['expected']}, got {result['actual']}")
            if result["detail"]:
                diagnostics.say(result["detail"])
    output.line(f"{len(results) - len(failed)} passed, {len(failed)} failed" if results else "no tests found")


def _run_cases(policy: Policy, path: Path) -> list[CaseReport]:
    try:
        content = json.loads(_read(path))
    except ValueError as error:
        raise FixtureError(f"not JSON: {error}") from None
    if not isinstance(content, dict) or not isinstance(content.get("cases"), list):
        raise FixtureError("a fixture file is an object with a list of `cases`")
    shared = {name: value for name, value in content.items() if name not in ("cases", "about")}
    return [run_case(policy, case, shared) for case in content["cases"]]


def _case_data(case: CaseReport) -> dict[str, Any]:
    outcome = case.verdict.outcome
    problem = outcome.error if isinstance(outcome, ScriptFailed) else None
    return {
        "name": case.name,
        "passed": case.is_passed,
        "expected": case.expected,
        "actual": case.actual,
        "operations": case.verdict.operations,
        "elapsed_us": case.verdict.elapsed_us,
        "detail": caret_text(problem) if isinstance(problem, RhaiError) and not case.is_passed else "",
    }


def _run_test_functions(policy: Policy) -> list[dict[str, Any]]:
    names = [item.name for item in policy.program.functions if item.name.startswith("test_") and item.arity == 0]
    return [_run_test_function(policy, name) for name in names]


def _run_test_function(policy: Policy, name: str) -> dict[str, Any]:
    """Run one `fn test_...()`; it passes unless it fails or returns `false`."""
    result = {"name": name, "passed": False, "expected": "true", "actual": "", "operations": 0, "elapsed_us": 0.0}
    try:
        outcome = policy.engine.call_fn(policy.program, name, [])
    except RhaiError as error:
        return {**result, "actual": f"failed: {error.kind}", "detail": caret_text(error)}
    passed = outcome.value is not False
    used = {"operations": outcome.operations, "elapsed_us": outcome.elapsed_us}
    return {**result, **used, "passed": passed, "actual": to_debug(outcome.value), "detail": ""}


def evaluate(script: str, *, as_json: bool) -> None:
    """Run a script and show its value.

    Exit code 0: it ran; 1: it did not.
    """
    text = sys.stdin.read() if script == "-" else script
    engine = Engine(Options(limits=TEST_LIMITS))
    try:
        outcome = engine.run(text, source="script")
    except RhaiError as error:
        _report(error, as_json=as_json)
        raise typer.Exit(ExitCode.ERROR) from None
    shown = to_debug(outcome.value)
    if as_json:
        used = {"operations": outcome.operations, "elapsed_us": outcome.elapsed_us}
        value = {"type": engine.library.type_name(outcome.value), "value": shown}
        output.as_json({**value, "printed": outcome.printed, **used})
        return
    if outcome.printed:
        output.line(outcome.printed.removesuffix("\n"))
    if outcome.value is not None:
        output.line(shown)


def bench(script: Path, workers: int, runs: int, *, as_json: bool) -> None:
    """Measure how long a script's decisions take, over made-up tasks and workers."""
    text = _read(script)
    try:
        started = time.perf_counter()
        policy = Policy.compile(text, source=script.name)
        compile_ms = (time.perf_counter() - started) * 1e3
    except RhaiError as error:
        _report(error, as_json=as_json)
        raise typer.Exit(ExitCode.ERROR) from None
    reports = bench_policy(policy, workers, runs)
    if as_json:
        output.as_json(
            {"compile_ms": compile_ms, "workers": workers, "runs": runs, "entry_points": _bench_data(reports)}
        )
    else:
        output.line(f"compile   {compile_ms:8.2f} ms")
        for report in reports:
            output.line(
                f"{report.entry_point:<14} median {report.median_us:8.1f} µs   p99 {report.p99_us:8.1f} µs   "
                f"{report.operations} ops   ({workers} workers, {report.runs} runs, {report.failures} failures)"
            )
    if not reports:
        diagnostics.say("the script defines no entry point to measure")
    raise typer.Exit(ExitCode.OK if reports and not any(report.failures for report in reports) else ExitCode.ERROR)


def _bench_data(reports: list[BenchReport]) -> dict[str, Any]:
    return {
        report.entry_point: {
            "median_us": report.median_us,
            "p99_us": report.p99_us,
            "operations": report.operations,
            "failures": report.failures,
        }
        for report in reports
    }


def init(folder: Path, *, force: bool) -> None:
    """Write a commented example script and fixtures for it."""
    script = folder / "scheduler.rhai"
    fixtures = folder / "scheduler.fixtures.json"
    existing = [path for path in (script, fixtures) if path.exists()]
    if existing and not force:
        diagnostics.say(f"{existing[0]} exists already; --force replaces it")
        raise typer.Exit(ExitCode.ERROR)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        script.write_text(SAMPLE_SCRIPT, encoding="utf-8")
        fixtures.write_text(SAMPLE_FIXTURES, encoding="utf-8")
    except OSError as error:
        diagnostics.say(f"cannot write {error.filename}: {error.strerror}")
        raise typer.Exit(ExitCode.USAGE) from None
    output.line(f"wrote {script} and {fixtures}\nnext: rbee rhai test {script}")
