"""Calls of a compiled function, each with a fresh frame, and what an error notes as it passes."""

from ..errors import UNCATCHABLE, Frame, Position, RhaiError
from ..values import MUTABLE_TYPES, Value, copy_value
from .run import UNBOUND, CompiledFunction, Run, RunFrame


def invoke(
    run: Run,
    function: CompiledFunction,
    arguments: list[Value],
    curry: tuple[Value, ...] = (),
    this: Value = UNBOUND,
    *,
    fixes_this: bool = False,
) -> RunFrame:
    """Call a function and return its frame, whose slot 2 then holds the result.

    Arguments must already belong to the callee; one that `fixes_this` may not change what `this` is.

    Raises:
        RhaiError: whatever the body raises, and `ErrorStackOverflow` past the limit on call levels.
    """
    frame: RunFrame = [run, this, None, *arguments, *function.padding]
    for slot, cell in zip(function.capture_slots, curry, strict=False):
        frame[slot] = cell
    run.depth += 1
    if run.depth > run.max_depth:
        raise RhaiError("ErrorStackOverflow", "Stack overflow")
    unit, run.unit = run.unit, function.unit
    if fixes_this:
        frame[2] = _with_fixed_this(run, function, frame)
    else:
        frame[2] = function.body(frame)
    run.unit = unit
    run.depth -= 1
    return frame


def _with_fixed_this(run: Run, function: CompiledFunction, frame: RunFrame) -> Value:
    """Run a body whose `this` is a constant."""
    run.fixed_frames.append(frame)
    try:
        return function.body(frame)
    finally:
        run.fixed_frames.pop()


def own(value: Value) -> Value:
    """Return a value the callee may keep."""
    return copy_value(value) if value.__class__ in MUTABLE_TYPES else value


def leaving_eval(error: RhaiError, position: Position) -> RhaiError:
    """Note on an error that it left an `eval`, whose own scripts may fail to parse; limits stay as they are."""
    if error.kind not in UNCATCHABLE or error.kind == "ErrorParsing":
        error.frames.append(Frame("eval", position))
    return error


def passing_through(error: RhaiError, name: str, position: Position | None) -> RhaiError:
    """Note on an error that it left a call of `name`; limits carry the call's own position instead."""
    if error.kind in UNCATCHABLE and not error.frames:
        error.position = position or error.position
    else:
        error.frames.append(Frame(name, position))
    return error
