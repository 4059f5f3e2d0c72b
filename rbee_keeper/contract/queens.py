"""Queens: what one is told when it starts."""

from .wire import Message


class QueenSpec(Message, frozen=True, kw_only=True, omit_defaults=True):
    """The first line on a queen's lifeline: what the keeper that started it wants."""

    token: str
    is_ephemeral: bool = False
