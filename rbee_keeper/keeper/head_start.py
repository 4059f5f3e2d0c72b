"""A queen that starts before the command line is read.

A cold `rbee infer` spends most of its time on imports. So the queen is started before Typer is imported, as soon as
the arguments say that one will be needed: it then starts while this process reads its own command line. Other commands
do not import what starts a queen.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..errors import RbeeError

if TYPE_CHECKING:
    from .queen_start import EphemeralQueen

_NO_QUEEN_NEEDED = ("-h", "--help", "--queen-url")


class HeadStart:
    """Holds at most one queen between its early start and the command that uses it."""

    def __init__(self) -> None:
        """Hold none."""
        self._queen: EphemeralQueen | None = None

    def begin(self, arguments: Sequence[str]) -> None:
        """Start a queen when the command line is one that needs it and none runs; leave every error for later."""
        is_infer = list(arguments[:1]) == ["infer"]
        if not is_infer or any(each.startswith(_NO_QUEEN_NEEDED) for each in arguments):
            return
        from .queen_start import start_unless_one_runs

        try:
            self._queen = start_unless_one_runs()
        except (RbeeError, OSError):
            return

    @property
    def has_queen(self) -> bool:
        """A queen was started and no command has taken it."""
        return self._queen is not None

    def take(self) -> "EphemeralQueen | None":
        """Hand over the queen, if there is one; its new owner stops it."""
        queen, self._queen = self._queen, None
        return queen

    def discard(self) -> None:
        """Stop a queen that no command took."""
        queen = self.take()
        if queen is not None:
            queen.process.stop(0.0)


HEAD_START = HeadStart()
