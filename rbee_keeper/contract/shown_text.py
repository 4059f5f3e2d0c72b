"""Shows text of a caller's in a message: short, on one line, with nothing that a terminal would obey."""

_MAX_CHARACTERS = 120


def shown(text: str, limit: int = _MAX_CHARACTERS) -> str:
    """Return the text with what cannot be printed written as its number, cut when it is long."""
    cut = text[:limit]
    safe = "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut)
    return f"{safe}…" if len(text) > limit else safe
