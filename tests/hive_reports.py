"""What a hive reports to its queen."""

from typing import Any

from rbee_keeper import __version__


def report(**fields: Any) -> dict[str, Any]:
    """Return a hive's report."""
    return {
        "hive_id": "hive-1",
        "node": "localhost",
        "url": "http://127.0.0.1:1",
        "token": "t",
        "version": __version__,
        "pid": 1,
        "sequence": 1,
        "workers": [],
        **fields,
    }
