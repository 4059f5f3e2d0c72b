"""Loads mutations of the bundled model one after another; `test_damaged_models.py` watches how this process ends."""

import random
import re
import struct
import sys
import time
from pathlib import Path

from rbee_keeper.config.paths import bundled_models_dir
from rbee_keeper.contract.inference.engine_options import EngineOptions
from rbee_keeper.errors import RbeeError
from rbee_keeper.gguf.header import read_header
from rbee_keeper.gguf.tensor_types import BLOCKS
from rbee_keeper.workers.llm.chat.template_process import TemplateProcess
from rbee_keeper.workers.llm.native.library import api, initialise
from rbee_keeper.workers.llm.native.model import Model
from rbee_keeper.workers.llm.plan.context_options import ContextOptions
from rbee_keeper.workers.llm.text.prompt import chat_format_of

_HEAD_BYTES = 65_536
_NUMBERS = (0, 1, 2, 8, 9, 512, 513, 10**9, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**60, 2**63, 2**64 - 1)
_A_NUMBER = re.compile(rb"(?:llama|general|tokenizer)\.[a-z_.]+\x04\0\0\0")
_A_TENSOR = re.compile(rb"(?:token_embd|output_norm|blk\.\d\.[a-z_]+)\.weight")
_TOKENIZER = b"tokenizer.ggml.model\x08\0\0\0\x04\0\0\0\0\0\0\0"
_TEXT = "hello, Z\u00fcrich <s>\n\t\0 \U0001f41d\x7f 12"
_RENDERER = TemplateProcess()
_CONTEXT = ContextOptions(slots=2, context_tokens=256, kv_tokens=512, threads=1, threads_batch=1, batch_tokens=64)


def mutated(data: bytes, seed: int) -> bytes:
    """Return the file with one thing wrong, somewhere in its head."""
    rng = random.Random(seed)
    changed = bytearray(data)
    at = rng.randrange(24, rng.choice((400, 1500, 5000, _HEAD_BYTES)))
    match rng.randrange(8):
        case 0:
            changed[at] = rng.randrange(256)
        case 1:
            changed[at : at + 8] = struct.pack("<Q", rng.choice(_NUMBERS))
        case 2:
            changed[at : at + 4] = struct.pack("<I", rng.choice(_NUMBERS) % 2**32)
        case 3:
            del changed[at : at + rng.randrange(1, 64)]
        case 4:
            del changed[at:]
        case 5:
            end = rng.choice([found.end() for found in _A_NUMBER.finditer(data, 0, _HEAD_BYTES)])
            changed[end : end + 4] = struct.pack("<I", rng.choice(_NUMBERS) % 2**32)
        case 6:
            begin = data.index(_TOKENIZER) + len(_TOKENIZER)
            changed[begin : begin + 4] = rng.choice((b"none", b"bert", b"rwkv", b"t5\0\0", b"what"))
        case _:
            entry = rng.choice(list(_A_TENSOR.finditer(data, 0, _HEAD_BYTES * 4)))
            type_at = entry.end() + 4 + 8 * struct.unpack_from("<I", data, entry.end())[0]
            changed[type_at : type_at + 4] = struct.pack("<I", rng.choice(sorted(BLOCKS)))
    return bytes(changed)


def load(path: Path) -> None:
    """Go as far with the file as a worker would: weights, template, context, and one batch."""
    read_header(path)
    model = Model(path, options=EngineOptions(), choice=None, report=lambda _: True)
    chat_format_of(model, _RENDERER).warm_up()
    context = model.new_context(_CONTEXT)
    tokens = model.vocabulary.tokenize(_TEXT, parse_special=True)
    model.vocabulary.detokenize(tokens)
    if tokens:
        batch = api.llama_batch_get_one((api.llama_token * len(tokens))(*tokens), len(tokens))
        api.llama_decode(context.handle, batch)
    context.close()
    model.close()


def main() -> None:
    """Load mutations from a seed on until the time is over; standard output tells how far it got."""
    path, seed, seconds = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    data = (bundled_models_dir() / "bee-tiny.gguf").read_bytes()
    initialise()
    loaded = refused = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        print(seed, flush=True)
        path.write_bytes(mutated(data, seed))
        seed += 1
        try:
            load(path)
            loaded += 1
        except RbeeError:
            refused += 1
    print(f"done {loaded} {refused}")


if __name__ == "__main__":
    main()
