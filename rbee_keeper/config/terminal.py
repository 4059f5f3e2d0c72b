"""What the environment says about the terminal."""

import os


def terminal_wants_colour() -> bool:
    """Tell whether colours are welcome: not with `NO_COLOR`, not on a dumb terminal."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
