"""Listening sockets: bound before anything slow, so that no two programs race for a port."""

import errno
import socket

from ..errors import InvalidInput, PortInUse
from .address import Address

_BACKLOG = 2048
_PORTS_TRIED = 1000
_MIN_TOKEN_CHARACTERS = 16


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen; port 0 takes a free one.

    Raises:
        PortInUse: somebody listens there, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        is_taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        reason = "is in use by another program" if is_taken else f"cannot be bound ({error})"
        raise PortInUse(f"port {port} of {host} {reason}", hint="choose another with --port") from error
    return listener


def listen_first_free(host: str, first_port: int) -> socket.socket:
    """Bind and listen on the first free port from `first_port` up.

    Raises:
        PortInUse: none of the next thousand ports is free.
    """
    for port in range(first_port, min(first_port + _PORTS_TRIED, 65536)):
        try:
            return listen(host, port)
        except PortInUse:
            continue
    raise PortInUse(f"no port is free from {first_port} up", hint="set worker_first_port in the settings file")


def address_of_listener(listener: socket.socket) -> Address:
    """Return where the socket listens."""
    name = listener.getsockname()
    return Address(host=name[0], port=name[1])


def is_loopback(host: str) -> bool:
    """Tell whether the address can be reached from this machine only."""
    if host == "localhost":
        return True
    import ipaddress

    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_token_off_loopback(host: str, token: str) -> None:
    """Refuse an address that other machines can reach unless callers must present a real token.

    Raises:
        InvalidInput: with what to set.
    """
    if not is_loopback(host) and len(token) < _MIN_TOKEN_CHARACTERS:
        raise InvalidInput(
            f"{host} can be reached from other machines, so a token of at least"
            f" {_MIN_TOKEN_CHARACTERS} characters is needed",
            hint="set api_token in the settings file, or bind 127.0.0.1",
        )
