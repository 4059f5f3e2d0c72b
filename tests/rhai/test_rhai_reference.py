"""The published reference says what the engine does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rbee_keeper.rhai.engine import Engine, Options
from rbee_keeper.rhai.errors import RhaiError
from rbee_keeper.rhai.runtime.limits import Limits
from rbee_keeper.rhai.runtime.registry import Overload
from rbee_keeper.scripting.policy import Policy, routing_engine
from scripts.generator.left_out import LEFT_OUT, LeftOut

ROOT = Path(__file__).parents[2]
ENGINE = routing_engine(Limits(wall_clock_s=10.0))
OVERLOADS = [overload for peers in ENGINE.library.overloads.values() for overload in peers]


@pytest.mark.parametrize("overload", OVERLOADS, ids=lambda overload: overload.signature)
def test_every_function_is_documented_with_an_example_that_holds(overload: Overload) -> None:
    """A reader can paste any example and see `true`."""
    assert overload.summary.endswith(".")
    assert overload.name in overload.example or overload.name in ("contains",)
    assert ENGINE.eval(overload.example) is True


@pytest.mark.parametrize("item", LEFT_OUT, ids=lambda item: item.feature)
def test_what_is_left_out_fails_as_published(item: LeftOut) -> None:
    """Whoever tries an absent feature gets the error the table promises."""
    engine = ENGINE if item.in_policies_only else Engine(Options())
    with pytest.raises(RhaiError) as caught:
        engine.eval(item.script)
    assert (caught.value.kind, caught.value.message) == (item.kind, item.message)


SNIPPETS = [
    pytest.param(block, id=f"{path.stem}-{number}")
    for path in sorted(
        [*(ROOT / "docs" / "how-to" / "rhai").glob("*.md"), *(ROOT / "docs" / "tutorial").glob("*rhai*.md")]
    )
    for number, block in enumerate(re.findall(r"```rhai\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL))
]


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_every_script_in_the_guides_compiles(snippet: str) -> None:
    """Guides are copied from."""
    assert Policy.compile(snippet).program.size >= 0


def test_the_python_in_the_reference_runs() -> None:
    """The embedding example holds, every assertion of it."""
    page = (ROOT / "docs" / "reference" / "rhai.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 1
    done = subprocess.run([sys.executable, "-c", blocks[0]], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_example_has_its_how_to() -> None:
    """One guide for each policy, showing the script as it is."""
    for script in sorted((ROOT / "examples" / "rhai").glob("*.rhai")):
        guide = ROOT / "docs" / "how-to" / "rhai" / f"{script.stem}.md"
        assert script.read_text(encoding="utf-8") in guide.read_text(encoding="utf-8"), script.stem
