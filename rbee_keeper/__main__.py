"""Runs the CLI: `python -m rbee_keeper`."""

from .commands.entry import main

main()
