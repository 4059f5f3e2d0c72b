"""The usual way out of a call that matches no function."""

import difflib
from typing import Any

from ..values import Value

_SLIPS = {
    "and": "write `&&`",
    "or": "write `||`",
    "not": "write `!`",
    "length": "write `len()`",
    "size": "write `len()`",
    "append_item": "write `push(item)`",
    "println": "write `print(text)`",
    "str": "write `to_string()`",
    "int": "write `to_int()`",
}


def function_hint(unit: Any, name: str, values: list[Value]) -> str:
    """Return a hint for a function that was not found, or nothing."""
    count = len(values)
    if name in _SLIPS and name not in unit.library.overloads:
        return _SLIPS[name]
    defined = sorted({function.arity for function in unit.names.get(name, ())})
    if defined:
        counts = " or ".join(map(str, defined))
        return f"`{name}` is defined here with {counts} parameter{'' if counts == '1' else 's'}, not {count}"
    if values and values[0] is None:
        return f"the value before `.{name}` is `()`: was there anything to choose from?"
    if name in unit.library.overloads:
        signatures = [overload.signature for overload in unit.library.overloads[name]]
        return f"`{name}` takes: {'; '.join(signatures[:4])}"
    known = [*unit.library.overloads, *unit.names]
    close = difflib.get_close_matches(name, known, 1, 0.7)
    return f"did you mean `{close[0]}`?" if close else ""
