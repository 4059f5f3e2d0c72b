"""The socket that a daemon's parent has opened for it: how it is named on the command line."""

import socket
from collections.abc import Sequence

_FLAG = "--listen-fd"


def arguments_for(descriptor: int) -> list[str]:
    """Return the arguments that tell a child about the descriptor it inherits."""
    return [_FLAG, str(descriptor)]


def inherited_listener(arguments: Sequence[str]) -> socket.socket:
    """Return the socket that the parent of this process opened for it."""
    return socket.socket(fileno=int(arguments[arguments.index(_FLAG) + 1]))
