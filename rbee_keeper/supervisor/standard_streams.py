"""Gives a process the standard streams that its starter left out.

A program may be started with standard input, output or error closed. The next thing that is opened then takes the
number of the missing stream, and a socket that pretends to be standard input is lost in the first child.
"""

import os
import sys


def open_missing_streams() -> None:
    """Point every missing standard stream at nothing."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115 - lives as long as the process
