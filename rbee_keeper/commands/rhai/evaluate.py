"""`rbee rhai eval`: the value of a script."""

import sys

import msgspec

from ...rhai.display import to_debug
from ...rhai.engine import Engine, Options
from ...rhai.errors import RhaiError
from ..terminal import output
from .script import TEST_LIMITS, fail


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    type: str
    value: str
    printed: str
    operations: int
    elapsed_us: float


def evaluate_script(script: str, *, as_json: bool) -> None:
    """Run a script, or the one on standard input when it is `-`, and show what it printed and its value."""
    text = sys.stdin.read() if script == "-" else script
    engine = Engine(Options(limits=TEST_LIMITS))
    try:
        outcome = engine.run(text, source="script")
    except RhaiError as error:
        fail(error, as_json=as_json)
    value = to_debug(outcome.value)
    if as_json:
        evaluation = Evaluation(
            type=engine.library.type_name(outcome.value),
            value=value,
            printed=outcome.printed,
            operations=outcome.operations,
            elapsed_us=outcome.elapsed_us,
        )
        output.as_json(evaluation)
        return
    if outcome.printed:
        output.line(outcome.printed.removesuffix("\n"))
    if outcome.value is not None:
        output.line(value)
