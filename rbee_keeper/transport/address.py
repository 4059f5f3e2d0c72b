"""Where a server listens, and its base URL."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import InvalidInput

_MAX_LABEL = 63
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """The address as a base URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def address_of(url: str) -> Address:
    """Read a base URL such as `http://127.0.0.1:8080`.

    Raises:
        InvalidInput: it is not an `http` address.
    """
    wrong = InvalidInput("this is not the address of a daemon", hint="write it as http://127.0.0.1:8080")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
        if host is not None and not host.isascii():
            host = host.encode("idna").decode()
    except ValueError:
        raise wrong from None
    if parts.username is not None or parts.password is not None:
        raise InvalidInput(
            "the address of a daemon holds no name and no password", hint="set api_token in the settings file"
        )
    if parts.scheme != "http" or not host or not _is_host(host):
        raise wrong
    return Address(host=host, port=80 if port is None else port)


def _is_host(host: str) -> bool:
    """Tell whether the resolver takes the text; an IPv6 address was checked by the reader of addresses."""
    if ":" in host:
        return host.isprintable() and " " not in host
    labels = host.removesuffix(".").split(".")
    return all(1 <= len(label) <= _MAX_LABEL and _LABEL.fullmatch(label) for label in labels)
