"""Modules from one folder of `.rhai` files; nothing outside it can be named."""

import re
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9_-]+(?:/[A-Za-z0-9_-]+)*")
MAX_MODULE_BYTES = 256 * 1024


class ModuleFolder:
    """Loads `import "name"` from `<folder>/name.rhai`."""

    def __init__(self, folder: Path) -> None:
        """Serve the scripts of a folder."""
        self.folder = folder.resolve()

    def load(self, name: str) -> str | None:
        """Return the script called `name`, or None when there is none that may be read."""
        if _NAME.fullmatch(name) is None:
            return None
        path = (self.folder / f"{name}.rhai").resolve()
        if not path.is_relative_to(self.folder) or not path.is_file() or path.stat().st_size > MAX_MODULE_BYTES:
            return None
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None
