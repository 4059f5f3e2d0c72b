"""Which user a listening port belongs to, as the Linux kernel tells."""

import os
import socket
import struct
from pathlib import Path

from .address import Address

_TABLES = {socket.AF_INET: Path("/proc/net/tcp"), socket.AF_INET6: Path("/proc/net/tcp6")}
_LISTENING = "0A"
_STATE, _LOCAL, _UID = 3, 1, 7


def is_ours(address: Address) -> bool:
    """Tell whether every socket that could answer there was opened by this user; False where nobody can tell."""
    owners = _owners(address)
    return bool(owners) and owners == {os.geteuid()}


def _owners(address: Address) -> set[int]:
    owners: set[int] = set()
    for family, table in _TABLES.items():
        try:
            lines = table.read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if columns[_STATE] != _LISTENING:
                continue
            host, port = _address_in(columns[_LOCAL], family)
            if port == address.port and (host == address.host or _is_wildcard(host)):
                owners.add(int(columns[_UID]))
    return owners


def _address_in(text: str, family: int) -> tuple[str, int]:
    """Read an address as the kernel writes it: groups of 32 bits in the machine's own byte order."""
    digits, _, port = text.partition(":")
    words = struct.unpack(f">{len(digits) // 8}I", bytes.fromhex(digits))
    return socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words)), int(port, 16)


def _is_wildcard(host: str) -> bool:
    return host in ("0.0.0.0", "::")  # noqa: S104 - compared, never bound
