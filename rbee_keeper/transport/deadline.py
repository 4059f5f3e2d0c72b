"""Deadlines: one absolute time that every hop passes on unchanged."""

from collections.abc import Mapping
from datetime import UTC, datetime

from ..errors import InvalidInput

HEADER = "x-deadline"
ACCEPTED_HEADERS = ("x-deadline", "x-request-deadline")


def to_header(deadline: float) -> str:
    """Write a deadline, in Unix seconds, as RFC 3339 with milliseconds."""
    return datetime.fromtimestamp(deadline, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_header(text: str) -> float:
    """Read RFC 3339 or Unix milliseconds as Unix seconds.

    Raises:
        InvalidInput: the text is neither.
    """
    try:
        if text.isdecimal():
            return int(text) / 1000
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    except (ValueError, OverflowError) as error:
        raise InvalidInput("the deadline is not an RFC 3339 time", hint="for example 2026-01-31T12:00:00Z") from error


def of_headers(headers: Mapping[str, str]) -> float | None:
    """Return the deadline of a request with these headers, None when it has none.

    Raises:
        InvalidInput: a deadline is not written as one.
    """
    return earliest(*(from_header(headers[name]) for name in ACCEPTED_HEADERS if name in headers))


def earliest(*deadlines: float | None) -> float | None:
    """Return the deadline that comes first, None when there is none."""
    return min((deadline for deadline in deadlines if deadline is not None), default=None)
