"""The program `rbee-hive`: the daemon, and its workers by hand."""

import sys

from ..supervisor.lifeline import LIFELINE_FLAG
from ..supervisor.standard_streams import open_missing_streams


def main() -> None:
    """Run the daemon for a queen, or do what the command line says."""
    open_missing_streams()
    if LIFELINE_FLAG in sys.argv:
        from .daemon import run_for_queen

        run_for_queen(sys.argv)
    else:
        from .by_hand import run_by_hand

        run_by_hand()
