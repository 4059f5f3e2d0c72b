"""Runs a daemon from its open port to the end of its process, the same for every role."""

import os
import sys
from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, NoReturn, Protocol

from ..daemon.serve import run
from ..errors import RbeeError
from . import start_up
from .process_title import set_process_title

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Daemon(Protocol):
    """A queen, a hive or a worker: once it is made, in the event loop, it has taken over the signals."""

    @property
    def failure(self) -> RbeeError | None:
        """Why it ended when nobody asked for that."""
        ...

    async def run(self) -> None:
        """Serve until the end."""
        ...


def run_daemon(
    program: str, title: str, make: Callable[[], Daemon], *, found_by: "AbstractContextManager[None] | None" = None
) -> NoReturn:
    """Run the daemon that `make` returns until it ends, and end the process with it: the exit code tells a failure.

    `found_by` keeps the record by which a daemon is found. It is entered when the daemon has taken over the signals:
    one that comes from then on ends it in order, record included. The interpreter's own clean-up is left out, since it
    would wait for native calls.
    """
    failures: list[RbeeError] = []

    async def serve() -> None:
        daemon = make()
        try:
            with found_by or nullcontext():
                await daemon.run()
        finally:
            failures.extend([daemon.failure] if daemon.failure is not None else [])

    set_process_title(title)
    start_up.end()
    run(serve)
    for failure in failures:
        with suppress(OSError, ValueError):
            sys.stderr.write(start_up.in_words(program, failure))
            sys.stderr.flush()
    os._exit(1 if failures else 0)
