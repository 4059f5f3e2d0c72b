"""Where a server listens, and its base URL."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from ..errors import InvalidInput


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
    except ValueError:
        raise wrong from None
    if parts.scheme != "http" or not host:
        raise wrong
    return Address(host=host, port=port or 80)
