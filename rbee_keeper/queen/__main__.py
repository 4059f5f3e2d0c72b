"""Starts a queen: `python -m rbee_keeper.queen`."""

from .cli import main

main()
