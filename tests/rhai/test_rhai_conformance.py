"""The table of `conformance.txt`: every class of behaviour where implementations easily part."""

from pathlib import Path

import pytest
from rhai_cases import run

from rbee_keeper.rhai.errors import RhaiError
from rbee_keeper.rhai.runtime.display import to_debug

SEPARATOR = "  ~>  "


def rows() -> list[tuple[str, str]]:
    lines = (Path(__file__).parent / "conformance.txt").read_text(encoding="utf-8").splitlines()
    return [(script, given) for script, _, given in (line.partition(SEPARATOR) for line in lines[2:]) if given]


def shown(script: str) -> str:
    """What a script gives, in the words of the table."""
    try:
        return to_debug(run(script).value)
    except RhaiError as error:
        return f"{error.kind}! " + " // ".join(str(error).splitlines())


@pytest.mark.parametrize(("script", "given"), rows())
def test_a_script_gives_what_the_table_says(script: str, given: str) -> None:
    """Value or kind, message, place and frames of an error: all of it is the language."""
    assert shown(script) == given
