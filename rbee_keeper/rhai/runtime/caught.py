"""What `catch (e)` sees of an error."""

from typing import Any

from ..errors import RhaiError, position_text


def caught_value(error: RhaiError) -> Any:
    """Return the thrown value, or a map that describes an error of the engine."""
    if error.kind == "ErrorRuntime":
        return error.value
    described: dict[str, Any] = {"error": error.outer_kind}
    position = error.outer_position
    if position is not None:
        described |= {"line": position[0], "position": position[1]}
    if not error.frames:
        return described | {"message": error.message} | error.fields
    message = error.message + position_text(error.position)
    lines = [message, *map(str, error.frames[:-1])]
    last = str(error.frames[-1]).removesuffix(position_text(position))
    described["message"] = "\n".join([*lines, last])
    return described | {"function": error.frames[-1].function, "source": error.source}
