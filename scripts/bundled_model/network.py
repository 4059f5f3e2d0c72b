"""A small llama network in torch, with the weight names and the rope order of GGUF."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of the network."""

    vocabulary: int = 2048
    context: int = 1024
    width: int = 256
    layers: int = 5
    heads: int = 8
    hidden: int = 640
    rope_base: float = 10000.0
    norm_epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        """Return the numbers per head."""
        return self.width // self.heads


def rope_table(shape: Shape) -> tuple[Tensor, Tensor]:
    """Return cosine and sine of each position and pair."""
    steps = torch.arange(0, shape.head_width, 2, dtype=torch.float32) / shape.head_width
    angles = torch.outer(torch.arange(shape.context, dtype=torch.float32), shape.rope_base**-steps)
    return angles.cos(), angles.sin()


def rotate(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn neighbouring pairs, which is the order that llama.cpp expects of this architecture."""
    even, odd = heads[..., 0::2], heads[..., 1::2]
    return torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), dim=-1).flatten(-2)


class Block(nn.Module):
    """Attention and a gated feed-forward layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.attn_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.attn_q = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_k = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_v = nn.Linear(shape.width, shape.width, bias=False)
        self.attn_output = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        self.ffn_gate = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_up = nn.Linear(shape.width, shape.hidden, bias=False)
        self.ffn_down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, states: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        """Return the states after this block."""
        states = states + self._attend(self.attn_norm(states), cosine, sine)
        normed = self.ffn_norm(states)
        return states + self.ffn_down(functional.silu(self.ffn_gate(normed)) * self.ffn_up(normed))

    def _attend(self, normed: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        rows, length, width = normed.shape
        split = (rows, length, self.shape.heads, self.shape.head_width)
        query = rotate(self.attn_q(normed).view(split).transpose(1, 2), cosine, sine)
        key = rotate(self.attn_k(normed).view(split).transpose(1, 2), cosine, sine)
        value = self.attn_v(normed).view(split).transpose(1, 2)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.attn_output(mixed.transpose(1, 2).reshape(rows, length, width))


class Network(nn.Module):
    """The whole model; the token embedding is also the output matrix."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Embedding(shape.vocabulary, shape.width)
        self.blk = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.output_norm = nn.RMSNorm(shape.width, eps=shape.norm_epsilon)
        cosine, sine = rope_table(shape)
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)
        self._initialise()

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the scores of every next token."""
        length = tokens.shape[1]
        states = self.token_embd(tokens)
        dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else states.dtype
        cosine, sine = self.cosine[:length].to(dtype), self.sine[:length].to(dtype)
        for block in self.blk:
            states = block(states, cosine, sine)
        return functional.linear(self.output_norm(states), self.token_embd.weight)

    def parameter_count(self) -> int:
        """Return how many numbers the model has learned."""
        return sum(weights.numel() for weights in self.parameters())

    def _initialise(self) -> None:
        for name, weights in self.named_parameters():
            if weights.dim() == 2:
                spread = 0.02
                if name.endswith(("attn_output.weight", "ffn_down.weight")):
                    spread /= (2 * self.shape.layers) ** 0.5
                nn.init.normal_(weights, std=spread)
