"""What a fake worker is told to do: the content of a `*.fake.json` model file."""

from typing import Literal

import msgspec

Fault = Literal["none", "crash", "error", "stall", "native_call", "stuck_grammar", "hold_interpreter"]


class FakeScript(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole script; durations in seconds.

    `tokens` are repeated until `max_tokens`, unless `ends` says to stop after the last one. `fault` happens before
    the token of that index, `load_fault` in the middle of the load. `native_call` sits in a C call that lets other
    threads run, `hold_interpreter` in one that does not; `stuck_grammar` is a `native_call` for the sake of an
    execution that asks for a form, and spares the others. `ignores_signals` makes the process deaf to SIGTERM,
    SIGHUP and SIGIO and leaves SIGKILL and its own watchdog.
    """

    tokens: tuple[str, ...] = ("fake ", "token ")
    ends: bool = False
    delay_s: float = 0.0
    load_s: float = 0.0
    fault: Fault = "none"
    fault_at: int = 0
    load_fault: Fault = "none"
    ignores_signals: bool = False
