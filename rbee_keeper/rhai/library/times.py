"""Timestamps: the one clock a script can read."""

import time

from ..runtime.registry import Registrar
from ..runtime.run import Run
from ..values import Timestamp

define = Registrar("Time")


@define("timestamp() -> timestamp", example='type_of(timestamp()) == "timestamp"')
def timestamp(_run: Run) -> Timestamp:
    """Return the present moment."""
    return Timestamp(time.monotonic())


@define("elapsed(timestamp) -> float", example="timestamp().elapsed >= 0.0", is_property=True)
def elapsed(_run: Run, moment: Timestamp) -> float:
    """Return the seconds since a moment."""
    return time.monotonic() - moment.seconds
