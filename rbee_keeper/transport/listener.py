"""Listening sockets: bound before anything slow, so that no two programs race for a port."""

import errno
import socket

from ..contract.api_token import MIN_CHARACTERS_OFF_LOOPBACK, is_strong_token
from ..contract.shown_text import shown
from ..errors import InvalidInput, PortInUse
from .address import Address

BACKLOG = 512
"""Connections that may wait: an event loop takes all of them in one turn, in which nobody else is answered."""
_PORTS_TRIED = 1000


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen; port 0 takes a free one.

    Raises:
        PortInUse: somebody listens there.
        InvalidInput: the address is not of this machine, or the port cannot be one.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError, UnicodeError) as error:
        listener.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"port {port} of {host} is in use by another program", hint="choose another with --port"
            ) from error
        raise InvalidInput(_why_not_bound(host, port, error), hint="bind 127.0.0.1, or 0.0.0.0 for all") from error
    return listener


def _why_not_bound(host: str, port: int, error: Exception) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return f"{shown(host)} is not a host that this machine can find"
    if isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL:
        return f"{shown(host)} is not an address of this machine"
    if isinstance(error, OSError) and error.errno == errno.EACCES:
        return f"port {port} needs rights that this user has not"
    return f"port {port} of {shown(host)} cannot be bound ({error})"


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
    if not is_loopback(host) and not is_strong_token(token):
        raise InvalidInput(
            f"{host} can be reached from other machines, so a token of at least"
            f" {MIN_CHARACTERS_OFF_LOOPBACK} characters is needed",
            hint="set api_token in the settings file, or bind 127.0.0.1",
        )
