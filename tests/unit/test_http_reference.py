"""The reference of the HTTP interfaces and the table of operations agree."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

from rbee_keeper.contract.events import Event
from rbee_keeper.contract.operations import hive, queen, worker
from rbee_keeper.contract.operations.operation import RIGHTS

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
CODE = "from generator.http_api import http_api_files; print(*http_api_files().values())"


def test_the_reference_has_every_operation_event_and_right() -> None:
    """It once listed seven of nine events, because the list was kept by hand."""
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, cwd=SCRIPTS)
    queens, hives, workers = done.stdout.split("\n## ")[1:4]
    for part, table in ((queens, queen), (hives, hive), (workers, worker)):
        headings = [f"{each.method} {each.path}" for each in table.OPERATIONS]
        assert [line.removeprefix("### ") for line in part.splitlines() if line.startswith("### ")] == headings
        for operation in table.OPERATIONS:
            section = part.partition(f"### {operation.method} {operation.path}\n")[2].partition("\n### ")[0]
            assert operation.about in section
            assert f"Right: `{operation.right}`" in section
            assert all(f"`{method} {path}`" in section for method, path in operation.aliases)
    for event in get_args(Event):
        assert f"### {event.__name__}\n" in done.stdout
    assert all(f"| `{right}` |" in done.stdout for right in RIGHTS)
