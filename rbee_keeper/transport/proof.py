"""Proof that a daemon knows a token, asked for before the token or anything else of value goes to it.

The caller sends a challenge with its health request, without the token. The daemon answers with a code that only
somebody who knows the token can compute from the challenge and from the address that the connection has reached. So a
program that happens to listen there learns nothing, and one that passes the challenge on to the real daemon fails:
the code holds the real daemon's address, not its own.
"""

import hashlib
import hmac
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import InvalidApiKey
from .address import Address

CHALLENGE_HEADER = "x-rbee-challenge"
PROOF_HEADER = "x-rbee-proof"
REACHED_HEADER = "x-rbee-reached"

_CHALLENGE = re.compile(r"[0-9a-f]{32,64}")
_PURPOSE = b"rbee daemon proof 1"
_MAPPED = bytes(10) + b"\xff\xff"  # an IPv4 address as an IPv6 socket spells it


def _new_digits() -> str:
    """Return 192 random bits as hexadecimal digits."""
    return os.urandom(24).hex()


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a daemon is asked once; its `headers` go with a health request that carries no token."""

    digits: str = field(default_factory=_new_digits)

    @property
    def headers(self) -> dict[str, str]:
        """The headers of the request."""
        return {CHALLENGE_HEADER: self.digits}

    def is_met(self, token: str, headers: Mapping[str, str], reached: Address | None) -> bool:
        """Tell whether the answer's headers prove knowledge of the token.

        `reached` is the other end of the own connection; None when a person named the address, which may be a
        tunnel's: then the address that the daemon says is taken.
        """
        said = headers.get(REACHED_HEADER, "")
        if not token or (reached is not None and said != _written(reached.host, reached.port)):
            return False
        expected = _code(token, self.digits, said)
        return hmac.compare_digest(expected.encode(), headers.get(PROOF_HEADER, "").encode())

    def require_met(self, token: str, headers: Mapping[str, str], *, url: str, reached: Address | None) -> None:
        """Refuse a daemon that has not proved itself.

        Raises:
            InvalidApiKey: it does not know the token.
        """
        if not self.is_met(token, headers, reached):
            raise InvalidApiKey(
                f"what answers at {url} did not prove that it knows the token, so it was not sent",
                hint="check api_token here and there",
                details={"url": url},
            )


def proof_headers(token: str, challenge: str | None, reached: tuple[str, int] | None) -> dict[str, str]:
    """Answer a challenge; `reached` is this end of the caller's connection. Nothing for what is no challenge."""
    if not token or challenge is None or reached is None or not _CHALLENGE.fullmatch(challenge):
        return {}
    address = _written(*reached)
    return {PROOF_HEADER: _code(token, challenge, address), REACHED_HEADER: address}


def _code(token: str, challenge: str, address: str) -> str:
    message = b"\n".join((_PURPOSE, challenge.encode(), address.encode()))
    return hmac.new(token.encode(), message, hashlib.sha256).hexdigest()


def _written(host: str, port: int) -> str:
    """Write an address in one way, however the socket spells it."""
    try:
        packed = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host.partition("%")[0])
    except OSError:
        return f"{host} {port}"
    return f"{packed.removeprefix(_MAPPED).hex()} {port}"
