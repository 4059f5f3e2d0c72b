"""Starts a worker: `python -m rbee_keeper.workers`."""

from .cli import main

main()
