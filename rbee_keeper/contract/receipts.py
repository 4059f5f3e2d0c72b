"""Short responses that only say that something was received or has begun."""

from .wire import Message


class Receipt(Message, frozen=True, kw_only=True):
    """What was sent has arrived; `message` says what became of it."""

    message: str


class StopAccepted(Message, frozen=True, kw_only=True):
    """The worker is asked to stop; its list tells when it has."""

    success: bool
    message: str
