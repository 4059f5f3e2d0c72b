"""The list of commands: it is written down so that help imports none of them, and must say what they say."""

import inspect
from pathlib import Path

import pytest
import typer

import rbee_keeper.commands
from rbee_keeper.commands.command_line import ENTRIES, Entry

FOLDER = Path(rbee_keeper.commands.__file__).parent


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_list_says_of_a_command_what_the_command_says_of_itself(entry: Entry) -> None:
    """Two sentences about one thing drift apart."""
    declared = entry.declaration()
    if isinstance(declared, typer.Typer):
        assert declared.registered_commands
    else:
        assert declared.__name__ == entry.name
        assert inspect.cleandoc(declared.__doc__ or "").splitlines()[0] == entry.summary


def test_a_summary_is_one_sentence() -> None:
    """It stands on one line of the list, or two."""
    assert all(entry.summary.endswith(".") and len(entry.summary) < 80 for entry in ENTRIES)


def test_every_command_has_a_file_of_its_name() -> None:
    """So that `ls commands` is the command line."""
    for entry in ENTRIES:
        assert (FOLDER / f"{entry.name}.py").is_file() or (FOLDER / entry.name / "app.py").is_file()
