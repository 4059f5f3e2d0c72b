"""Idempotency keys: the copies of one request are one task."""

import hashlib
from dataclasses import dataclass

from ...contract.tasks import Infer
from ...contract.wire import encode
from ...errors import IdempotencyKeyReused, InvalidInput

_LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class RequestKey:
    """What a caller calls a request, and what the request asks for; keys of other callers are other keys."""

    caller: str
    key: str
    digest: bytes

    @property
    def scope(self) -> tuple[str, str]:
        """What must be unique."""
        return self.caller, self.key

    def require_same(self, other: "RequestKey") -> None:
        """Refuse a key that was used for something else.

        Raises:
            IdempotencyKeyReused: the other request with this key asked for something else.
        """
        if self.digest != other.digest:
            raise IdempotencyKeyReused(
                "a task with this Idempotency-Key exists, and its request was another one",
                hint="use a new key for each new request",
            )


def request_key(text: str | None, *, caller: str, spec: Infer) -> RequestKey | None:
    """Return the key of a request, None when the caller gave it none.

    Raises:
        InvalidInput: it is not 1 to 255 visible characters of ASCII.
    """
    if text is None:
        return None
    if not 1 <= len(text) <= _LONGEST_KEY or not (text.isascii() and text.isprintable()):
        raise InvalidInput(f"Idempotency-Key must be 1 to {_LONGEST_KEY} visible characters of ASCII")
    return RequestKey(caller, text, hashlib.sha256(encode(spec)).digest())
