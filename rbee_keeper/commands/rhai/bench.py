"""`rbee rhai bench`: how long a script's decisions take."""

import time
from pathlib import Path

import msgspec
import typer

from ...rhai.errors import RhaiError
from ...rhai.host.bench import BenchReport, bench_policy
from ...rhai.host.policy import Policy
from ..terminal import diagnostics, output
from ..terminal.diagnostics import ExitCode
from .script import fail, read_text


class EntryPointTimes(msgspec.Struct, frozen=True, kw_only=True):
    """How long one entry point takes."""

    median_us: float
    p99_us: float
    operations: int
    failures: int


class ScriptTimes(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    compile_ms: float
    workers: int
    runs: int
    entry_points: dict[str, EntryPointTimes]


def bench_script(script: Path, workers: int, runs: int, *, as_json: bool) -> None:
    """Time every entry point; a decision that fails, or nothing to time, is exit code 1."""
    text = read_text(script)
    started = time.perf_counter()
    try:
        policy = Policy.compile(text, source=script.name)
    except RhaiError as error:
        fail(error, as_json=as_json)
    compile_ms = (time.perf_counter() - started) * 1e3
    reports = bench_policy(policy, workers, runs)
    if as_json:
        entry_points = {report.entry_point: _times_of(report) for report in reports}
        output.as_json(ScriptTimes(compile_ms=compile_ms, workers=workers, runs=runs, entry_points=entry_points))
    else:
        _show(compile_ms, workers, reports)
    if not reports:
        diagnostics.say("the script defines no entry point to measure")
    raise typer.Exit(ExitCode.OK if reports and not any(report.failures for report in reports) else ExitCode.ERROR)


def _times_of(report: BenchReport) -> EntryPointTimes:
    return EntryPointTimes(
        median_us=report.median_us, p99_us=report.p99_us, operations=report.operations, failures=report.failures
    )


def _show(compile_ms: float, workers: int, reports: list[BenchReport]) -> None:
    output.line(f"compile   {compile_ms:8.2f} ms")
    for report in reports:
        output.line(
            f"{report.entry_point:<14} median {report.median_us:8.1f} µs   p99 {report.p99_us:8.1f} µs   "
            f"{report.operations} ops   ({workers} workers, {report.runs} runs, {report.failures} failures)"
        )
