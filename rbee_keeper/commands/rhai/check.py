"""`rbee rhai check`: what is wrong with a script, or looks like a slip."""

from pathlib import Path
from typing import Any, Literal

import msgspec
import typer

from ...rhai.host.lints import Finding, check_policy
from ...rhai.report import as_data, caret_text
from ..terminal import diagnostics, output
from ..terminal.diagnostics import ExitCode
from .script import read_text

Severity = Literal["error", "warning"]


class CheckReport(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints; each finding is an error of the language with its severity."""

    file: str
    ok: bool
    findings: list[dict[str, Any]]


def check_script(script: Path, *, as_json: bool) -> None:
    """Show every finding; any of them is exit code 1."""
    program, findings = check_policy(read_text(script), script.name)
    if as_json:
        output.as_json(CheckReport(file=script.name, ok=not findings, findings=[_data(each) for each in findings]))
    elif findings:
        for finding in findings:
            diagnostics.say(caret_text(finding.error))
    elif program is not None:
        names = ", ".join(f"{item.name}/{item.arity}" for item in program.functions)
        output.line(f"{script.name}: ok, defines {names or 'no functions'}")
    raise typer.Exit(ExitCode.ERROR if findings else ExitCode.OK)


def _data(finding: Finding) -> dict[str, Any]:
    severity: Severity = "error" if finding.is_error else "warning"
    return {"severity": severity, **as_data(finding.error)}
