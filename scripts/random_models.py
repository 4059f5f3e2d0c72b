"""Writes models with random weights and real shapes, for tests and benchmarks that need no sensible answers.

The same seed gives the same bytes always. Needs the packages of the extra `bench`.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from random_gguf.bert import BertShape, write_bert
from random_gguf.llama import LlamaShape, write_adapter, write_llama

SMALL = LlamaShape(name="small", vocabulary=32_000, width=288, layers=6, heads=6, key_heads=6, hidden=768, context=8192)
MEDIUM = LlamaShape(
    name="medium",
    vocabulary=32_000,
    width=512,
    layers=12,
    heads=8,
    key_heads=8,
    hidden=1376,
    context=2048,
    is_half=True,
)
LARGE = LlamaShape(
    name="large", vocabulary=32_000, width=2048, layers=22, heads=32, key_heads=4, hidden=5632, context=8192
)
TINY = LlamaShape(name="tiny", vocabulary=2048, width=64, layers=2, heads=4, key_heads=2, hidden=192, context=1024)
INFILL = LlamaShape(
    name="infill", vocabulary=2048, width=64, layers=2, heads=4, key_heads=2, hidden=192, context=1024, can_fill_in=True
)
EMBEDDING = BertShape(name="embedding", vocabulary=4096, width=128, layers=3, heads=4, hidden=512, context=512)
RERANKER = BertShape(
    name="reranker", vocabulary=4096, width=128, layers=3, heads=4, hidden=512, context=512, is_ranking=True
)

MODELS: Mapping[str, Callable[..., int]] = {
    "tiny": partial(write_llama, shape=TINY),
    "small": partial(write_llama, shape=SMALL),
    "medium": partial(write_llama, shape=MEDIUM),
    "large": partial(write_llama, shape=LARGE),
    "infill": partial(write_llama, shape=INFILL),
    "lora": partial(write_adapter, shape=SMALL),
    "embedding": partial(write_bert, shape=EMBEDDING),
    "reranker": partial(write_bert, shape=RERANKER),
}


def main() -> None:
    """Write the models that were asked for and say what they are."""
    parser = argparse.ArgumentParser(description="Write GGUF files with random weights, for tests and benchmarks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MODELS)} (all)")
    parser.add_argument("--out", type=Path, default=Path("build/models"), help="folder for the files (build/models)")
    parser.add_argument("--seed", type=int, default=1, help="fixes every weight (1)")
    options = parser.parse_args()
    if unknown := set(options.names) - set(MODELS):
        parser.error(f"there is no model {', '.join(sorted(unknown))}")
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.names or MODELS:
        path = options.out / f"{name}.gguf"
        began = time.monotonic()
        parameters = MODELS[name](path, seed=options.seed)
        seconds = time.monotonic() - began
        print(f"{path}: {parameters:,} parameters, {path.stat().st_size:,} bytes, {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
