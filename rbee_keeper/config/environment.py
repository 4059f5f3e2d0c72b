"""The environment of a child that has no use for settings or for what else a person keeps there."""

import os

_KEPT = ("PATH", "PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "LC_TIME", "TZ", "XDG_STATE_HOME")


def environment_without_settings() -> dict[str, str]:
    """Return what Python itself needs; keys and tokens of other programs are none of it."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}
