"""Trains the network on the corpus within a fixed number of steps."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from bundled_model.corpus import long_documents, short_documents
from bundled_model.leaks import without_leaks
from bundled_model.network import Network
from bundled_model.packing import Batch, batches

_TOKENS_PER_STEP = 4096
_SHORT_WINDOW = 256
_WARM_UP_STEPS = 80
_REPORT_EVERY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long and how fast the network learns."""

    seed: int
    steps: int
    minutes: float
    rate: float = 3e-3
    smallest_rate_share: float = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a training run came to."""

    steps: int
    tokens: int
    minutes: float
    loss: float


def train(network: Network, tokenizer: Tokenizer, plan: Plan, held_out_cores: tuple[str, ...]) -> Outcome:
    """Train in place; the rate falls to its end by the last step, or earlier when the minutes run out."""
    stream = _batches(network, tokenizer, plan, held_out_cores)
    optimizers = _optimizers(network, plan.rate)
    began = time.monotonic()
    recent: list[float] = []
    step = 0
    while True:
        minutes = (time.monotonic() - began) / 60
        progress = max(step / plan.steps, minutes / plan.minutes)
        if progress >= 1:
            break
        _set_rate(optimizers, plan, step, progress)
        recent.append(_learn(network, next(stream), optimizers))
        step += 1
        if step % _REPORT_EVERY == 0:
            recent = recent[-_REPORT_EVERY:]
            print(f"step {step}/{plan.steps}  {_describe(recent)}  {minutes:.1f} min", flush=True)
    recent = recent[-_REPORT_EVERY:]
    minutes = (time.monotonic() - began) / 60
    return Outcome(steps=step, tokens=step * _TOKENS_PER_STEP, minutes=minutes, loss=sum(recent) / len(recent))


def weighted_loss(network: Network, batch: Batch) -> Tensor:
    """Return the mean loss in nats, each token counted by its weight."""
    with torch.autocast("cpu", torch.bfloat16):
        scores = network(batch.tokens)
    losses = functional.cross_entropy(scores.float().flatten(0, 1), batch.targets.flatten(), reduction="none")
    weights = batch.weights.flatten()
    return (losses * weights).sum() / weights.sum()


def _describe(losses: list[float]) -> str:
    short, long = losses[0::2], losses[1::2]
    means = [sum(part) / len(part) for part in (losses, short, long)]
    return "loss {:.4f} (short windows {:.4f}, long windows {:.4f})".format(*means)


def _batches(network: Network, tokenizer: Tokenizer, plan: Plan, held_out_cores: tuple[str, ...]) -> Iterator[Batch]:
    context = network.shape.context
    short = without_leaks(short_documents(plan.seed), held_out_cores)
    long = without_leaks(long_documents(plan.seed), held_out_cores)
    short_batches = batches(short, tokenizer, _TOKENS_PER_STEP // _SHORT_WINDOW, _SHORT_WINDOW)
    long_batches = batches(long, tokenizer, _TOKENS_PER_STEP // context, context)
    while True:
        yield next(short_batches)
        yield next(long_batches)


def _optimizers(network: Network, rate: float) -> tuple[torch.optim.Optimizer, ...]:
    matrices = [
        weights for name, weights in network.named_parameters() if weights.dim() == 2 and name.startswith("blk")
    ]
    others = [
        weights for name, weights in network.named_parameters() if not (weights.dim() == 2 and name.startswith("blk"))
    ]
    return (
        torch.optim.Muon(matrices, lr=rate, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.95), weight_decay=0.0),
    )


def _set_rate(optimizers: tuple[torch.optim.Optimizer, ...], plan: Plan, step: int, progress: float) -> None:
    warm = min(1.0, (step + 1) / _WARM_UP_STEPS)
    fall = plan.smallest_rate_share + (1 - plan.smallest_rate_share) * 0.5 * (1 + math.cos(math.pi * progress))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * warm * fall


def _learn(network: Network, batch: Batch, optimizers: tuple[torch.optim.Optimizer, ...]) -> float:
    loss = weighted_loss(network, batch)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad()
    return loss.item()
