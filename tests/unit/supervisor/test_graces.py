"""Graces: the ladder of times at the end of a run keeps its law."""

import ast
from itertools import pairwise
from pathlib import Path

import pytest

import rbee_keeper
from rbee_keeper.config.settings import SETTING_FIELDS, Settings
from rbee_keeper.contract.ids import ModelRef, WorkerId
from rbee_keeper.contract.workers import LaunchSpec
from rbee_keeper.supervisor.graces import Grace, grace_s

PACKAGE = Path(rbee_keeper.__file__).parent
SETTING = "cascade_grace_s"


@pytest.mark.parametrize("lowest_s", [0.001, 0.3, 5.0])
def test_every_step_is_longer_than_the_one_below_it(lowest_s: float) -> None:
    """A parent that is killed while it waits for its children can end none of them."""
    ladder = [grace_s(step, Settings(cascade_grace_s=lowest_s)) for step in Grace]
    assert ladder[0] == lowest_s
    assert all(above - below >= 0.99 * lowest_s for below, above in pairwise(ladder))


def test_the_steps_are_named_from_the_worker_up_to_the_keeper() -> None:
    """Each program waits for the one below it, and has less time than the one above it gives it."""
    assert [step.name for step in Grace] == ["WORKER", "HIVE", "HIVE_UNDER_QUEEN", "QUEEN", "QUEEN_UNDER_KEEPER"]


def test_nobody_makes_a_step_of_their_own() -> None:
    """A multiple that is written elsewhere is not seen by whoever changes the ladder."""
    users = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if any(
            isinstance(node, ast.Attribute) and node.attr == SETTING for node in ast.walk(ast.parse(path.read_text()))
        )
    }
    assert users == {"supervisor/graces.py"}


def test_a_worker_without_a_hive_has_the_usual_lowest_step() -> None:
    """Its spec comes from no settings."""
    usual = next(each.default for each in SETTING_FIELDS if each.name == SETTING)
    spec = LaunchSpec(worker_id=WorkerId("w"), model_ref=ModelRef("m"), model_path="/m")
    assert spec.last_grace_s == usual == grace_s(Grace.WORKER, Settings())
