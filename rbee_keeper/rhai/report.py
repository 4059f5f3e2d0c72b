"""Errors for people, with the line and a caret, and for programs, as plain data."""

from typing import Any

from .errors import RhaiError, position_text

TAB_WIDTH = 4


def caret_text(error: RhaiError) -> str:
    """Return an error as several lines: kind and message, place, source line, caret, hint, frames."""
    lines = [f"error[{error.kind}]: {error.message}"]
    source = error.source or "script"
    shown = _source_line(error)
    if error.position is None:
        lines.append(f"  --> {source}")
    else:
        lines.append(f"  --> {source}:{error.position[0]}:{error.position[1]}")
    if shown is not None and error.position is not None:
        lines += _excerpt(error, shown)
    elif error.hint:
        lines.append(f"   = {error.hint}")
    for frame in error.frames:
        place = frame.position
        where = f" at {place[0]}:{place[1]}" if place else ""
        lines.append(f"   = {str(frame).removesuffix(position_text(place))}{where}")
    return "\n".join(lines)


def _source_line(error: RhaiError) -> str | None:
    if error.position is None:
        return None
    lines = error.text.split("\n")
    number = error.position[0]
    return lines[number - 1] if number <= len(lines) else None


def _excerpt(error: RhaiError, shown: str) -> list[str]:
    assert error.position is not None
    number, column = error.position
    before = shown[: column - 1].expandtabs(TAB_WIDTH)
    width = len(str(number)) + 1
    length = max(1, min(error.length, len(shown) - column + 1))
    caret = f"{' ' * len(before)}{'^' * length}"
    hint = f" {error.hint}" if error.hint else ""
    return [
        f"{' ' * width} |",
        f"{number:>{width}} | {shown.expandtabs(TAB_WIDTH)}",
        f"{' ' * width} | {caret}{hint}",
    ]


def as_data(error: RhaiError) -> dict[str, Any]:
    """Return an error as plain data for `--json`."""
    line, column = error.position or (None, None)
    return {
        "kind": error.kind,
        "message": error.message,
        "file": error.source or None,
        "line": line,
        "col": column,
        "end_col": column + error.length if column is not None else None,
        "hint": error.hint or None,
        "frames": [
            {
                "function": frame.function,
                "line": frame.position[0] if frame.position else None,
                "col": frame.position[1] if frame.position else None,
            }
            for frame in error.frames
        ],
    }
