"""`rbee rhai`: check, test, run and measure routing scripts."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from rbee_keeper.rhai.display import to_debug
from rbee_keeper.rhai.engine import Engine, Options
from rbee_keeper.rhai.errors import RhaiError
from rbee_keeper.rhai.host.bench import BenchReport, bench_policy
from rbee_keeper.rhai.host.decisions import ScriptFailed
from rbee_keeper.rhai.host.fixtures import CaseReport, FixtureError, run_case
from rbee_keeper.rhai.host.lints import Finding, check_policy
from rbee_keeper.rhai.host.policy import Policy
from rbee_keeper.rhai.host.samples import SAMPLE_FIXTURES, SAMPLE_SCRIPT
from rbee_keeper.rhai.report import as_data, caret_text
from rbee_keeper.rhai.runtime import Limits

app = typer.Typer(help="Check, test, run and measure routing scripts.", no_args_is_help=True)

EXIT_OK, EXIT_PROBLEMS, EXIT_USAGE = 0, 1, 2

TEST_LIMITS = Limits(wall_clock_s=5.0, max_operations=20_000_000)
"""A test may think longer than a decision, and still cannot hang."""

ScriptArg = Annotated[Path, typer.Argument(help="The script.", show_default=False)]
JsonOpt = Annotated[bool, typer.Option("--json", help="Write JSON.")]


class Console:
    """The one place of this file that writes: results to stdout, problems to stderr."""

    @staticmethod
    def show(text: str) -> None:
        """Write a result."""
        typer.echo(text)

    @staticmethod
    def data(value: Any) -> None:
        """Write a result as JSON."""
        typer.echo(json.dumps(value, ensure_ascii=False, indent=2))

    @staticmethod
    def problem(text: str) -> None:
        """Write what went wrong."""
        typer.echo(text, err=True)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        Console.problem(f"cannot read {path}: {error.strerror if isinstance(error, OSError) else 'it is not UTF-8'}")
        raise typer.Exit(EXIT_USAGE) from None


def _report(error: RhaiError, *, as_json: bool) -> None:
    if as_json:
        Console.data(as_data(error))
    else:
        Console.problem(caret_text(error))


@app.command()
def check(script: ScriptArg, as_json: JsonOpt = False) -> None:
    """Parse a script and look for names rbee does not have, wrong entry points and usual slips.

    Exit code 0: nothing found; 1: something found; 2: the file cannot be read.
    """
    program, findings = check_policy(_read(script), script.name)
    if as_json:
        Console.data({"file": script.name, "ok": not findings, "findings": [_finding_data(one) for one in findings]})
    elif findings:
        for finding in findings:
            Console.problem(caret_text(finding.error))
    elif program is not None:
        names = ", ".join(f"{item.name}/{item.arity}" for item in program.functions)
        Console.show(f"{script.name}: ok, defines {names or 'no functions'}")
    raise typer.Exit(EXIT_PROBLEMS if findings else EXIT_OK)


def _finding_data(finding: Finding) -> dict[str, Any]:
    return {"severity": "error" if finding.is_error else "warning", **as_data(finding.error)}


@app.command()
def test(
    script: ScriptArg,
    fixtures: Annotated[
        Path | None, typer.Option("--fixtures", help="Cases as JSON; SCRIPT.fixtures.json when it exists.")
    ] = None,
    as_json: JsonOpt = False,
) -> None:
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
        raise typer.Exit(EXIT_PROBLEMS) from None
    except FixtureError as error:
        Console.problem(f"{chosen}: {error}")
        raise typer.Exit(EXIT_USAGE) from None
    results = [_case_data(case) for case in cases] + _run_test_functions(policy)
    failed = [result for result in results if not result["passed"]]
    if as_json:
        Console.data(
            {"file": script.name, "passed": len(results) - len(failed), "failed": len(failed), "tests": results}
        )
    else:
        _show_results(results, failed)
    raise typer.Exit(EXIT_PROBLEMS if failed or not results else EXIT_OK)


def _show_results(results: list[dict[str, Any]], failed: list[dict[str, Any]]) -> None:
    for result in results:
        mark = "pass" if result["passed"] else "FAIL"
        Console.show(f"{mark}  {result['name']}  ({result['operations']} ops, {result['elapsed_us']:.0f} µs)")
        if not result["passed"]:
            Console.problem(f"      expected {result['expected']}, got {result['actual']}")
            if result["detail"]:
                Console.problem(result["detail"])
    Console.show(f"{len(results) - len(failed)} passed, {len(failed)} failed" if results else "no tests found")


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


@app.command(name="eval")
def evaluate(
    script: Annotated[str, typer.Argument(help="A script, or `-` to read one from standard input.")],
    as_json: JsonOpt = False,
) -> None:
    """Run a script and show its value.

    Exit code 0: it ran; 1: it did not.
    """
    text = sys.stdin.read() if script == "-" else script
    engine = Engine(Options(limits=TEST_LIMITS))
    try:
        outcome = engine.run(text, source="script")
    except RhaiError as error:
        _report(error, as_json=as_json)
        raise typer.Exit(EXIT_PROBLEMS) from None
    shown = to_debug(outcome.value)
    if as_json:
        used = {"operations": outcome.operations, "elapsed_us": outcome.elapsed_us}
        value = {"type": engine.library.type_name(outcome.value), "value": shown}
        Console.data({**value, "printed": outcome.printed, **used})
        return
    if outcome.printed:
        Console.show(outcome.printed.removesuffix("\n"))
    if outcome.value is not None:
        Console.show(shown)


@app.command()
def bench(
    script: ScriptArg,
    workers: Annotated[int, typer.Option(help="How many workers to choose from.", min=0, max=100_000)] = 100,
    runs: Annotated[int, typer.Option(help="How many decisions to time.", min=1, max=1_000_000)] = 1000,
    as_json: JsonOpt = False,
) -> None:
    """Measure how long a script's decisions take, over made-up tasks and workers."""
    text = _read(script)
    try:
        started = time.perf_counter()
        policy = Policy.compile(text, source=script.name)
        compile_ms = (time.perf_counter() - started) * 1e3
    except RhaiError as error:
        _report(error, as_json=as_json)
        raise typer.Exit(EXIT_PROBLEMS) from None
    reports = bench_policy(policy, workers, runs)
    if as_json:
        Console.data({"compile_ms": compile_ms, "workers": workers, "runs": runs, "entry_points": _bench_data(reports)})
    else:
        Console.show(f"compile   {compile_ms:8.2f} ms")
        for report in reports:
            Console.show(
                f"{report.entry_point:<14} median {report.median_us:8.1f} µs   p99 {report.p99_us:8.1f} µs   "
                f"{report.operations} ops   ({workers} workers, {report.runs} runs, {report.failures} failures)"
            )
    if not reports:
        Console.problem("the script defines no entry point to measure")
    raise typer.Exit(EXIT_OK if reports and not any(report.failures for report in reports) else EXIT_PROBLEMS)


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


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Where to write scheduler.rhai and its fixtures.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
) -> None:
    """Write a commented example script and fixtures for it."""
    script = folder / "scheduler.rhai"
    fixtures = folder / "scheduler.fixtures.json"
    existing = [path for path in (script, fixtures) if path.exists()]
    if existing and not force:
        Console.problem(f"{existing[0]} exists already; --force replaces it")
        raise typer.Exit(EXIT_PROBLEMS)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        script.write_text(SAMPLE_SCRIPT, encoding="utf-8")
        fixtures.write_text(SAMPLE_FIXTURES, encoding="utf-8")
    except OSError as error:
        Console.problem(f"cannot write {error.filename}: {error.strerror}")
        raise typer.Exit(EXIT_USAGE) from None
    Console.show(f"wrote {script} and {fixtures}\nnext: rbee rhai test {script}")


if __name__ == "__main__":
    app()
