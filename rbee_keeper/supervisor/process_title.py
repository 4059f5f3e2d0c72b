"""The name under which `ps` shows a daemon."""

import os

TITLE_ROOM = " " * 200
"""A last argument for our children: the title is written over the arguments, and needs their room."""


def set_process_title(title: str) -> None:
    """Show the title instead of the command line, leaving the environment readable for the reaper."""
    os.environ["SPT_NOENV"] = "1"
    from setproctitle import setproctitle

    setproctitle(title)
