"""Draws tokens: llama.cpp's own samplers in one chain per execution."""

import secrets
from typing import Any

from ...contract.tasks import Generation
from .library import api

PENALTY_WINDOW_TOKENS = 64
_SEED_BITS = 31


class Sampler:
    """A chain in the order penalties, top-k, top-p, min-p, temperature, draw; greedy at temperature 0."""

    def __init__(self, sampling: Generation, *, vocabulary_size: int) -> None:
        """Build the chain."""
        self._vocabulary_size = vocabulary_size
        self.seed = sampling.seed if sampling.seed is not None else secrets.randbits(_SEED_BITS)
        self._chain: Any = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        for part in self._parts(sampling):
            api.llama_sampler_chain_add(self._chain, part)

    def _parts(self, sampling: Generation) -> list[Any]:
        parts = []
        if sampling.repetition_penalty not in (0.0, 1.0):
            penalty = sampling.repetition_penalty
            size, window = self._vocabulary_size, PENALTY_WINDOW_TOKENS
            parts.append(api.llama_sampler_init_penalties(size, window, penalty, 0.0, 0.0))
        if sampling.temperature == 0.0:
            return [*parts, api.llama_sampler_init_greedy()]
        if sampling.top_k > 0:
            parts.append(api.llama_sampler_init_top_k(sampling.top_k))
        if sampling.top_p < 1.0:
            parts.append(api.llama_sampler_init_top_p(sampling.top_p, 1))
        if sampling.min_p > 0.0:
            parts.append(api.llama_sampler_init_min_p(sampling.min_p, 1))
        parts.append(api.llama_sampler_init_temp(sampling.temperature))
        return [*parts, api.llama_sampler_init_dist(self.seed)]

    def draw(self, context: Any, index: int) -> int:
        """Return the next token from the logits at that place of the last batch, and remember it."""
        return int(api.llama_sampler_sample(self._chain, context, index))

    def close(self) -> None:
        """Free the chain."""
        api.llama_sampler_free(self._chain)
