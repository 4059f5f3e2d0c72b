"""Draws tokens: llama.cpp's own samplers in one chain per answer."""

import ctypes
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ....contract.inference.sampling import Sampling
from ....errors import InferenceFailed
from .candidates import Candidates
from .library import api
from .parsed_grammar import ParsedGrammar
from .vocabulary import Vocabulary

_SEED_BITS = 31
_MIROSTAT_CANDIDATES = 100
_FORBIDDEN_AT = -100.0
_KEEP_AT_LEAST = 0
_USUAL_DRAW_S = 0.05
_SLOW_DRAWS_S = 0.5
"""A draw under a grammar may take the usual time of the processor; what is more adds up to this much over an answer.
Honest grammars stay far below it, and the cost of the others grows from draw to draw."""


def seed_of(sampling: Sampling) -> int:
    """Return the seed that was asked for, or a fresh one."""
    return secrets.randbits(_SEED_BITS) if sampling.seed is None else sampling.seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """A grammar that an answer has to follow, and the candidates to look at for that.

    Only those control tokens may come whose text is shown: llama.cpp matches their names, which would otherwise count
    as text that nobody sees.
    """

    grammar: ParsedGrammar
    candidates: Candidates
    shown_special: frozenset[int] = frozenset()


class Sampler:
    """The chain of one answer, in the order that `contract/sampling.py` names; greedy at temperature 0."""

    def __init__(
        self,
        sampling: Sampling,
        seed: int,
        vocabulary: Vocabulary,
        *,
        context_tokens: int,
        constraint: Constraint | None = None,
    ) -> None:
        """Build the chain."""
        self._slow_s = 0.0
        self._grammar: Any = None
        self._candidates: Candidates | None = None
        self._forbidden: tuple[int, ...] = ()
        self._withheld_ends: Sequence[int] = ()
        self.is_constrained = constraint is not None
        if constraint is not None:
            shown = constraint.shown_special
            self._grammar = api.llama_sampler_clone(constraint.grammar.handle)
            self._candidates = constraint.candidates
            self._forbidden = tuple(token for token in vocabulary.silent_tokens() if token not in shown)
            self._withheld_ends = vocabulary.end_tokens() if sampling.ignore_eos else ()
        self._window = _window(sampling, context_tokens)
        self._chain: Any = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        for part in _parts(sampling, seed, vocabulary, context_tokens):
            api.llama_sampler_chain_add(self._chain, part)

    def remember(self, prompt: Sequence[int]) -> None:
        """Count the prompt's last tokens as said, for the steps that look back."""
        if self._window:
            for token in prompt[-self._window :]:
                api.llama_sampler_accept(self._chain, token)

    def draw(self, context: Any, index: int) -> int:
        """Return the next token from the logits at that place of the last batch, and remember it.

        Raises:
            InferenceFailed: the grammar leaves no token of this model's vocabulary, or takes too long.
        """
        if self._grammar is None:
            return int(api.llama_sampler_sample(self._chain, context, index))
        started = time.thread_time()
        token = self._draw_constrained(context, index)
        took_s = time.thread_time() - started
        if took_s > _USUAL_DRAW_S:
            self._count_slow(took_s)
        return token

    def _count_slow(self, took_s: float) -> None:
        self._slow_s += took_s - _USUAL_DRAW_S
        if self._slow_s > _SLOW_DRAWS_S:
            raise InferenceFailed(
                f"the grammar takes too long: {took_s:.2f} s for one token",
                hint="write the grammar so that every text can be read in one way only",
            )

    def _draw_constrained(self, context: Any, index: int) -> int:
        """Draw freely first: checking one token is far cheaper than asking the grammar about the whole vocabulary."""
        assert self._candidates is not None
        candidates = self._candidates
        token = self._apply(candidates.fill(context, index, self._forbidden))
        if not candidates.allows(self._grammar, token):
            rows = candidates.fill(context, index, self._forbidden)
            api.llama_sampler_apply(self._grammar, ctypes.byref(rows))
            # llama.cpp ends the process when a grammar is told of a token that it does not allow
            token = self._apply(rows) if candidates.has_any() else -1
            if token < 0 or not candidates.allows(self._grammar, token):
                token = self._end_of_complete()
        api.llama_sampler_accept(self._grammar, token)
        api.llama_sampler_accept(self._chain, token)
        return token

    def _end_of_complete(self) -> int:
        """Return an end token where the grammar is complete: `ignore_eos` cannot ask for more than there is.

        Raises:
            InferenceFailed: it is not, and no other token is left.
        """
        assert self._candidates is not None
        for token in self._withheld_ends:
            if self._candidates.allows(self._grammar, token):
                return token
        raise InferenceFailed("the grammar leaves no token to draw", hint="check grammar and logit_bias")

    def _apply(self, rows: Any) -> int:
        api.llama_sampler_apply(self._chain, ctypes.byref(rows))
        return int(rows.data[rows.selected].id)

    def close(self) -> None:
        """Free the chain."""
        api.llama_sampler_free(self._chain)
        if self._grammar is not None:
            api.llama_sampler_free(self._grammar)


def _window(sampling: Sampling, context_tokens: int) -> int:
    """Return how many tokens back any step looks; 0 when none does."""
    windows = []
    if _has_penalties(sampling):
        windows.append(sampling.penalty_window)
    if sampling.dry_multiplier > 0.0:
        windows.append(sampling.dry_window)
    return max((_bounded(window, context_tokens) for window in windows), default=0)


def _bounded(window: int, context_tokens: int) -> int:
    """Return how far back to look: -1 is the whole context, and nothing is farther back than that."""
    return context_tokens if window < 0 else min(window, context_tokens)


def _has_penalties(sampling: Sampling) -> bool:
    factors = (sampling.repetition_penalty or 1.0, sampling.frequency_penalty, sampling.presence_penalty)
    return factors != (1.0, 0.0, 0.0)


def _parts(sampling: Sampling, seed: int, vocabulary: Vocabulary, context_tokens: int) -> list[Any]:
    parts = [*_bias(sampling, vocabulary), *_penalties(sampling, vocabulary, context_tokens)]
    if sampling.temperature == 0.0:
        return [*parts, api.llama_sampler_init_greedy()]
    if sampling.mirostat:
        return [*parts, *_mirostat(sampling, seed, vocabulary)]
    if sampling.top_k > 0:
        parts.append(api.llama_sampler_init_top_k(sampling.top_k))
    if sampling.typical_p < 1.0:
        parts.append(api.llama_sampler_init_typical(sampling.typical_p, _KEEP_AT_LEAST))
    if sampling.top_p < 1.0:
        parts.append(api.llama_sampler_init_top_p(sampling.top_p, _KEEP_AT_LEAST))
    if sampling.min_p > 0.0:
        parts.append(api.llama_sampler_init_min_p(sampling.min_p, _KEEP_AT_LEAST))
    if sampling.xtc_probability > 0.0:
        xtc = api.llama_sampler_init_xtc(sampling.xtc_probability, sampling.xtc_threshold, _KEEP_AT_LEAST, seed)
        parts.append(xtc)
    parts.append(api.llama_sampler_init_temp(sampling.temperature))
    return [*parts, api.llama_sampler_init_dist(seed)]


def _bias(sampling: Sampling, vocabulary: Vocabulary) -> list[Any]:
    biases = {int(token): bias for token, bias in sampling.logit_bias.items() if int(token) < vocabulary.size}
    if sampling.ignore_eos:
        biases |= dict.fromkeys(vocabulary.end_tokens(), _FORBIDDEN_AT)
    if not biases:
        return []
    rows = (api.llama_logit_bias * len(biases))()
    for row, (token, bias) in zip(rows, biases.items(), strict=True):
        row.token = token
        row.bias = float("-inf") if bias <= _FORBIDDEN_AT else bias
    return [api.llama_sampler_init_logit_bias(vocabulary.size, len(rows), rows)]


def _penalties(sampling: Sampling, vocabulary: Vocabulary, context_tokens: int) -> list[Any]:
    parts = []
    if _has_penalties(sampling):
        window = _bounded(sampling.penalty_window, context_tokens)
        factors = (sampling.repetition_penalty or 1.0, sampling.frequency_penalty, sampling.presence_penalty)
        parts.append(api.llama_sampler_init_penalties(vocabulary.size, window, *factors))
    if sampling.dry_multiplier > 0.0:
        window = _bounded(sampling.dry_window, context_tokens)
        breakers = _texts(sampling.dry_breakers)
        dry = api.llama_sampler_init_dry(
            vocabulary.handle,
            sampling.dry_multiplier,
            sampling.dry_base,
            sampling.dry_allowed_length,
            window,
            breakers,
            len(breakers),
        )
        parts.append(dry)
    return parts


def _mirostat(sampling: Sampling, seed: int, vocabulary: Vocabulary) -> list[Any]:
    temperature = api.llama_sampler_init_temp(sampling.temperature)
    tau, eta = sampling.mirostat_tau, sampling.mirostat_eta
    if sampling.mirostat == 1:
        size = vocabulary.size
        return [temperature, api.llama_sampler_init_mirostat(size, seed, tau, eta, _MIROSTAT_CANDIDATES)]
    return [temperature, api.llama_sampler_init_mirostat_v2(seed, tau, eta)]


def _texts(texts: Sequence[str]) -> Any:
    return (ctypes.c_char_p * len(texts))(*(text.encode() for text in texts))
