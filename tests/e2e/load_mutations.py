"""Loads mutations of the bundled model one after another; `test_damaged_models.py` watches how this process ends."""

import random
import struct
import sys
from pathlib import Path

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.contract.engine_options import EngineOptions
from rbee_keeper.errors import RbeeError
from rbee_keeper.workers.llm.chat.template_process import TemplateProcess
from rbee_keeper.workers.llm.context_options import ContextOptions
from rbee_keeper.workers.llm.library import api, initialise
from rbee_keeper.workers.llm.model import Model, check_file

_HEAD_BYTES = 65_536
_NUMBERS = (0, 1, 2, 8, 9, 512, 513, 10**9, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**60, 2**63, 2**64 - 1)
_RENDERER = TemplateProcess()
_CONTEXT = ContextOptions(slots=2, context_tokens=256, kv_tokens=512, threads=1, threads_batch=1, batch_tokens=64)


def mutated(data: bytes, seed: int) -> bytes:
    """Return the file with a few bytes changed, a number replaced, a piece lost, or the rest cut off."""
    rng = random.Random(seed)
    changed = bytearray(data)
    at = rng.randrange(24, rng.choice((400, 1500, 5000, _HEAD_BYTES)))
    match rng.randrange(5):
        case 0:
            changed[at] = rng.randrange(256)
        case 1:
            changed[at : at + 8] = struct.pack("<Q", rng.choice(_NUMBERS))
        case 2:
            changed[at : at + 4] = struct.pack("<I", rng.choice(_NUMBERS) % 2**32)
        case 3:
            del changed[at : at + rng.randrange(1, 64)]
        case _:
            del changed[at:]
    return bytes(changed)


def load(path: Path) -> None:
    """Go as far with the file as a worker would: weights, template, context, and one batch."""
    check_file(path)
    model = Model(path, options=EngineOptions(), choice=None, report=lambda _: True)
    model.chat_format(_RENDERER).warm_up()
    context = model.new_context(_CONTEXT)
    tokens = model.vocabulary.tokenize("hello", parse_special=True)
    if tokens:
        batch = api.llama_batch_get_one((api.llama_token * len(tokens))(*tokens), len(tokens))
        api.llama_decode(context, batch)
    api.llama_free(context)
    model.close()


def main() -> None:
    """Load every mutation of a range of seeds; standard output tells how far it got."""
    path, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    data = (bundled_models_dir() / "bee-tiny.gguf").read_bytes()
    initialise()
    loaded = 0
    for seed in range(first, first + count):
        print(seed, flush=True)
        path.write_bytes(mutated(data, seed))
        try:
            load(path)
        except RbeeError:
            continue
        loaded += 1
    print(f"done {loaded}")


if __name__ == "__main__":
    main()
