"""The program `rbee-hive`: the daemon, and its workers by hand."""

import sys

from ..supervisor import start_up
from ..supervisor.lifeline import LIFELINE_FLAG


def main() -> None:
    """Run the daemon for a queen, or do what the command line says."""
    start_up.begin()
    if LIFELINE_FLAG in sys.argv:
        from .daemon import run_for_queen

        run_for_queen(sys.argv)
    else:
        from .local_cli import run_local_cli

        run_local_cli()
