"""Log lines for people."""

import json

import pytest

from rbee_keeper.commands.terminal.log_line import readable


def test_a_line_of_narration_begins_with_when_how_bad_who_and_what() -> None:
    """The eye looks for these, in this order."""
    said = {
        "time": 1.5,
        "level": "WARN",
        "actor": "queen-rbee",
        "action": "infer",
        "target": "task-1",
        "human": "task failed",
        "emitted_by": "rbee@1",
        "code": "WORKER_CRASHED",
        "correlation_id": "",
    }
    line = readable(json.dumps(said))
    assert line.endswith(":01.500 WARN  queen-rbee: task failed (task-1 code=WORKER_CRASHED)")


@pytest.mark.parametrize(
    "line", ["", "llama_model_load: error", "{", "[]", "7", "{}", '{"time": "x"}', '{"time": 1e999}']
)
def test_every_other_line_stays_as_it_was_written(line: str) -> None:
    """Libraries write between the narration."""
    assert readable(line) == line
