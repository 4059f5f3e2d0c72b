"""The prompt: what was typed, then what was piped in."""

import os
import stat
import sys

from ...errors import InvalidInput

_STDIN = 0


def read_prompt(typed: str | None) -> str:
    """Join the typed prompt and standard input, when that is a pipe or a file.

    Raises:
        InvalidInput: there is neither, or the input is not UTF-8 text.
    """
    piped = _read_standard_input() if _is_piped() else ""
    prompt = "\n\n".join(part for part in (typed, piped.rstrip("\n")) if part)
    if not prompt:
        raise InvalidInput("there is nothing to ask: the prompt is empty", hint='rbee infer -p "How do I add a node?"')
    return prompt


def _is_piped() -> bool:
    """Tell whether standard input holds data for us: terminals and devices such as /dev/null do not."""
    try:
        mode = os.fstat(_STDIN).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _read_standard_input() -> str:
    data = sys.stdin.buffer.read()
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"standard input is not UTF-8 text (byte {error.start})", hint="convert it first, for example with iconv"
        ) from error
