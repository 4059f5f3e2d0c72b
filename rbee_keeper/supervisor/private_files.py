"""Folders and logs that only the person who runs rbee can read."""

import os
from contextlib import suppress
from pathlib import Path

_OTHERS = 0o077


def private_folder(folder: Path) -> None:
    """Make the folder and those above it that are missing, and close it to others when it is open to them.

    Raises:
        OSError: it cannot be made.
    """
    if not folder.parent.is_dir():
        private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    close_to_others(folder)


def write_private(path: Path, text: str) -> None:
    """Put the text into a file of mode 0600, all of it or nothing; its folder is made when it is missing.

    Raises:
        OSError: it cannot be written; nothing of it stays on a disk that is full.
    """
    private_folder(path.parent)
    replace_private(path, text)


def replace_private(path: Path, text: str) -> None:
    """Do the same in a folder that is there and stays as open to others as it is; raises as `write_private` does."""
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        partial.replace(path)
    except OSError:
        with suppress(OSError):
            partial.unlink()
        raise


def open_log(path: Path) -> int:
    """Open a log for appending, as a file that nobody else can read; return its descriptor.

    Raises:
        OSError: it cannot be written.
    """
    if not path.parent.is_dir():
        private_folder(path.parent)
    descriptor = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    close_to_others(path)
    return descriptor


def close_to_others(path: Path) -> None:
    """Take every right of others away from what was made before; what belongs to somebody else stays as it is."""
    with suppress(OSError):
        mode = path.stat().st_mode & 0o7777
        if mode & _OTHERS:
            path.chmod(mode & ~_OTHERS)
