"""How long each step of the end of a run may take before force is used: one ladder for all programs.

When a run goes down, a process ends those below it and is itself ended, or ends itself, when that takes too long. The
law: every step is longer than the one below it. A parent with less time than its children need would be killed while
it still waits for them; then nobody is left who ends them, but for their own lifelines, or says what became of them.
The lowest step is the setting `cascade_grace_s`, and each one above adds as much again: that is what a process gets for
its own end once those below it are gone.
"""

from enum import IntEnum

from ..config.settings import Settings


class Grace(IntEnum):
    """The steps from the bottom up, in multiples of the setting."""

    WORKER = 1
    """A worker whose hive ends it, or whose hive is gone."""
    HIVE = 2
    """A hive whose queen is gone, until it ends itself whatever it does."""
    HIVE_UNDER_QUEEN = 3
    """A hive that its queen ends, until the queen kills it with its workers."""
    QUEEN = 4
    """A queen whose keeper is gone, until it ends itself whatever it does."""
    QUEEN_UNDER_KEEPER = 5
    """A queen that its keeper ends, until the keeper kills it with everything below it."""


def grace_s(grace: Grace, settings: Settings) -> float:
    """Return the seconds of a step."""
    return grace * settings.cascade_grace_s
