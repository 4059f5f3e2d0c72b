"""The kind of worker that a daemon's parent wants: how it is named on the command line."""

from collections.abc import Sequence

_FLAG = "--kind"
_USUAL = "llm"


def arguments_for(kind: str) -> tuple[str, ...]:
    """Return the arguments that make a worker one of that kind."""
    return () if kind == _USUAL else (_FLAG, kind)


def kind_of_worker(arguments: Sequence[str]) -> str:
    """Return the kind of worker that the parent of this process wants."""
    return arguments[arguments.index(_FLAG) + 1] if _FLAG in arguments else _USUAL
