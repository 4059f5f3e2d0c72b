"""Starts a hive: `python -m rbee_keeper.hive`."""

from .cli import main

main()
