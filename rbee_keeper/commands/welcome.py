"""`rbee` alone: what to type first, and whether a queen runs."""

from ..config.settings import load_settings
from ..errors import RbeeError
from ..keeper.queen_process import find_queen
from .terminal import output

_FIRST = (
    ('rbee infer -p "How do I add a node?"', "ask the bundled model"),
    ("rbee queen start", "keep a queen, so that the next answers come at once"),
    ("rbee --help", "see everything else"),
)


def welcome() -> None:
    """Show three commands to type; nothing that is wrong here is a failure."""
    output.line(_about_queen())
    output.line("")
    width = max(len(command) for command, _ in _FIRST)
    for command, meaning in _FIRST:
        output.line(f"  {command.ljust(width)}  {meaning}")


def _about_queen() -> str:
    try:
        queen = find_queen(load_settings())
        if queen is None:
            return "No queen is running: a command starts what it needs and takes it down again."
        count = len(queen.status().workers)
    except RbeeError as error:
        return f"{error.message}{f' (try: {error.hint})' if error.hint else ''}"
    return f"A queen runs at {queen.url} with {count} {'worker' if count == 1 else 'workers'}."
