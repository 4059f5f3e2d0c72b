"""Starts a daemon of ours on a socket that is open already, so that it can be called at once.

The daemon waits for its order on its lifeline. Nothing here imports the contract: the order can be written while the
daemon is importing its own parts, which is what makes a cold start quick.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from ..config.log_file import environment_with_log
from ..config.process_title import TITLE_ROOM
from ..config.settings import Settings, environment_for_children
from ..transport.listener import address_of_listener
from .lifeline import LIFELINE_FLAG
from .process import ChildProcess, ChildSpec, start_child

_LISTEN_FLAG = "--listen-fd"
_KIND_FLAG = "--kind"
_USUAL_KIND = "llm"
_PACKAGES = {"queen": "queen", "hive": "hive", "worker": "workers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedDaemon:
    """A daemon that has its port and waits for its order."""

    url: str
    process: ChildProcess


def start_daemon(
    settings: Settings, *, role: str, log_name: str, listener: socket.socket, arguments: Sequence[str] = ()
) -> StartedDaemon:
    """Start the program of that role with the listening socket, which is closed on this side.

    Raises:
        Unavailable: the program cannot be started or its log cannot be written.
    """
    with listener:
        fd = listener.fileno()
        log_path = settings.logs_dir / f"{log_name}.log"
        process = start_child(
            ChildSpec(
                role=role,
                module=f"rbee_keeper.{_PACKAGES[role]}",
                arguments=[LIFELINE_FLAG, _LISTEN_FLAG, str(fd), *arguments, TITLE_ROOM],
                environment=environment_with_log(environment_for_children(settings), log_path),
                log_path=log_path,
                run_dir=settings.paths.run_dir,
                inherited=(fd,),
            )
        )
        return StartedDaemon(url=address_of_listener(listener).url, process=process)


def worker_kind_arguments(kind: str) -> list[str]:
    """Return the arguments that make a worker one of that kind."""
    return [] if kind == _USUAL_KIND else [_KIND_FLAG, kind]


def kind_of_worker(arguments: list[str]) -> str:
    """Return the kind of worker that the parent of this process wants."""
    return arguments[arguments.index(_KIND_FLAG) + 1] if _KIND_FLAG in arguments else _USUAL_KIND


def inherited_listener(arguments: Sequence[str]) -> socket.socket:
    """Return the socket that the parent of this process opened for it."""
    return socket.socket(fileno=int(arguments[arguments.index(_LISTEN_FLAG) + 1]))
