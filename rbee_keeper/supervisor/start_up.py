"""What every program of ours does before its imports, and after them."""

import gc
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from ..errors import RbeeError

_ERROR, _USAGE = 1, 2
_COLLECT_AFTER = 10_000
"""New objects between two collections. By default it is 700, which a few requests make, and nearly nothing that a
daemon makes has cycles."""


def begin() -> None:
    """Open the standard streams that the starter left out, and leave the collector out of the imports.

    With standard input closed, the next thing that is opened takes its number, and a socket that pretends to be
    standard input is lost in the first child. The collector finds nothing in imports and takes a twentieth of a start.
    """
    gc.disable()
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 - lives as long as the process


def end() -> None:
    """Give the collector its work, without what the imports have made."""
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, *gc.get_threshold()[1:])
    gc.enable()


def refuse(program: str, error: "RbeeError") -> NoReturn:
    """End a program that a person started, in words; the exit code is 2 when what was typed is wrong, else 1."""
    sys.stderr.write(in_words(program, error))
    sys.exit(_USAGE if error.code == "INVALID_PARAMS" else _ERROR)


def in_words(program: str, error: "RbeeError") -> str:
    """Return what went wrong and what to do, for the person who started the program."""
    hint = f"  try: {error.hint}\n" if error.hint else ""
    return f"{program}: {error.message}\n{hint}"
