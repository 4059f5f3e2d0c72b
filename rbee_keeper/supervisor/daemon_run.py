"""Runs a daemon from its open port to the end of its process, the same for every role."""

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from ..daemon.serve import run
from ..errors import RbeeError
from . import start_up
from .process_title import set_process_title

if TYPE_CHECKING:
    from .daemon_record import DaemonRecord, DaemonRecords


def run_daemon(
    program: str,
    title: str,
    main: Callable[[], Awaitable[None]],
    *,
    records: "DaemonRecords | None" = None,
    record: "DaemonRecord | None" = None,
    failures: Sequence[RbeeError] = (),
) -> NoReturn:
    """Run `main` until it ends and end the process with it; a daemon with a `record` can be found meanwhile.

    `main` puts into `failures` why it ended when nobody asked for that: the exit code is then 1. The interpreter's own
    clean-up is left out, since it would wait for native calls.
    """
    set_process_title(title)
    if records is not None and record is not None:
        records.write(record)
    start_up.end()
    run(main)
    if records is not None and record is not None:
        records.remove(record.role, os.getpid())
    for failure in failures:
        with suppress(OSError, ValueError):
            sys.stderr.write(start_up.in_words(program, failure))
            sys.stderr.flush()
    os._exit(1 if failures else 0)
