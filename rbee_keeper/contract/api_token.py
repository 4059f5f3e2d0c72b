"""The one rule of what a token is: for settings, callers and addresses that others can reach."""

MIN_CHARACTERS_OFF_LOOPBACK = 16
MAX_CHARACTERS = 8192


def is_token(text: str) -> bool:
    """Tell whether the text can be a token: printable ASCII without blanks, since it travels in a header."""
    return 1 <= len(text) <= MAX_CHARACTERS and all("!" <= char <= "~" for char in text)


def is_strong_token(text: str) -> bool:
    """Tell whether the token may guard an address that other machines can reach."""
    return is_token(text) and len(text) >= MIN_CHARACTERS_OFF_LOOPBACK
