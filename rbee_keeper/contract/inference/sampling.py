"""Sampling: how the next token is drawn, in llama.cpp's order of steps."""

from typing import Literal

from ..wire import Message

DEFAULT_TEMPERATURE = 0.7

Determinism = Literal["best_effort", "strict"]


class Sampling(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Every knob of the draw; the defaults leave all but temperature, top-k and top-p off.

    The steps are, in this order: logit bias, penalties, DRY, top-k, typical, top-p, min-p, XTC, temperature, draw.
    `mirostat` 1 or 2 takes the place of every step after the penalties. `temperature` 0 is greedy. `seed` None draws a
    fresh one for each execution. `logit_bias` maps token ids, written as text, to what is added to their logits;
    -100 and less forbids a token. `penalty_window` counts tokens, -1 is the whole context.
    """

    temperature: float = DEFAULT_TEMPERATURE
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.0
    typical_p: float = 1.0
    repetition_penalty: float = 1.0
    frequency_penalty: float = 0.0
    presence_penalty: float = 0.0
    penalty_window: int = 64
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed_length: int = 2
    dry_window: int = -1
    dry_breakers: tuple[str, ...] = ("\n", ":", '"', "*")
    xtc_probability: float = 0.0
    xtc_threshold: float = 0.1
    mirostat: int = 0
    mirostat_tau: float = 5.0
    mirostat_eta: float = 0.1
    logit_bias: dict[str, float] = {}
    ignore_eos: bool = False
    seed: int | None = None
