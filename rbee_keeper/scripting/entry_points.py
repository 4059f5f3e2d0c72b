"""The functions rbee looks for in a script, by name and number of parameters."""

from dataclasses import dataclass

from ..rhai.compiler.program import Program


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """One function rbee may call: its name and its possible parameter lists."""

    name: str
    signatures: tuple[tuple[str, ...], ...]
    answers_yes_or_no: bool = False


ENTRY_POINTS: dict[str, EntryPoint] = {
    entry.name: entry
    for entry in (
        EntryPoint("route_task", (("task", "workers"), ("task", "workers", "providers"))),
        EntryPoint("schedule_job", (("job", "workers"), ("job", "pools", "workers"))),
        EntryPoint(
            "should_admit",
            (("job", "queue_depth"), ("job", "queue_depth", "workers")),
            answers_yes_or_no=True,
        ),
        EntryPoint("should_retry", (("job", "attempt", "error"),), answers_yes_or_no=True),
    )
}


def find_signature(program: Program, name: str) -> tuple[str, ...] | None:
    """Return the longest parameter list of an entry point that the script defines, or None."""
    defined = {function.arity for function in program.functions if function.name == name and not function.this_type}
    fitting = [signature for signature in ENTRY_POINTS[name].signatures if len(signature) in defined]
    return max(fitting, key=len, default=None)
