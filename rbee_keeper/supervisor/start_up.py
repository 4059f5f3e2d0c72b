"""What every program of ours does before its imports, and after them."""

import gc
import os
import sys


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
    gc.enable()
