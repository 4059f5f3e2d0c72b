"""What is left of a text that was cut: how much of it came, kept in a file."""

import os
import time
from contextlib import suppress
from pathlib import Path

_KEPT_FILES = 20


def keep_text(folder: Path, text: str) -> Path | None:
    """Write the text to a new file of the folder, readable by this user only; None when it cannot be written."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / name
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "wb") as file:
            file.write(text.encode("utf-8", "surrogatepass"))
    except OSError:
        return None
    for old in sorted(folder.glob("*.txt"))[:-_KEPT_FILES]:
        with suppress(OSError):
            old.unlink()
    return path


def describe_cut(tokens: int, max_tokens: int, path: Path | None, *, may_succeed: bool) -> str:
    """Say how much came, where it is and whether to try again."""
    kept = f"; the text so far is in {path}" if path is not None else ""
    again = "the same command may succeed" if may_succeed else "the same command will likely fail again"
    return f"the answer was cut after {tokens} of at most {max_tokens} tokens{kept}; {again}"
