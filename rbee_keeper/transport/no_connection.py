"""The error of a connection that could not be made: nothing was sent."""

from ..errors import ConnectionFailed
from .address import Address


def nothing_answers(address: Address) -> ConnectionFailed:
    """Return the error; the request that was meant for the address may be sent again, whatever it is."""
    error = ConnectionFailed(f"nothing answers at {address.url}")
    error.is_unsent = True
    return error
