"""What a queen says of itself before anything of value has been sent to it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """Its version, and whether it has proved that it knows the token."""

    version: str
    is_proved: bool
