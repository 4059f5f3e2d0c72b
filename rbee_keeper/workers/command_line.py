"""The command line of a worker that is started by hand."""

import argparse
from pathlib import Path

from ..contract.ids import ModelRef, WorkerId, new_worker_id
from ..contract.inference.engine_options import EngineOptions, parse_lora, parse_shares, require_consistent
from ..contract.inference.engine_words import ENGINE_LOG_LEVELS, FLASH_ATTENTION, KV_TYPES
from ..contract.workers import BACKENDS, LaunchSpec
from ..errors import ConfigInvalid

LOWEST_PORT, HIGHEST_PORT = 1024, 65_535
_NOT_NEGATIVE = ("context", "kv_tokens", "threads", "threads_batch", "device", "waiting")


def new_parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    parser = argparse.ArgumentParser(
        prog="worker-rbee", description="Serve one model on 127.0.0.1 without a hive.", allow_abbrev=False
    )
    parser.add_argument("--model", required=True, type=Path, help="model file (.gguf)")
    parser.add_argument("--backend", choices=BACKENDS, default="cpu")
    parser.add_argument("--gpu", "--device", type=int, default=0, dest="device", help="device of the backend")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--slots", type=int, default=4, help="executions decoded at the same time")
    parser.add_argument("--waiting", type=int, default=32, help="executions that may wait beside those in slots")
    parser.add_argument("--context", type=int, default=0, help="context of each slot in tokens, 0 for the model's own")
    _add_engine_options(parser)
    parser.add_argument("--worker-id", default="")
    parser.add_argument("--model-ref", default="")
    parser.add_argument("--callback-url", default="", help="hive to announce this worker to")
    return parser


def _add_engine_options(parser: argparse.ArgumentParser) -> None:
    usual = EngineOptions()
    parser.add_argument("--kv-tokens", type=int, default=0, help="tokens in the caches of all slots, 0 for automatic")
    parser.add_argument("--kv-type-k", choices=KV_TYPES, default=usual.kv_type_k, help="form of the cache's keys")
    parser.add_argument("--kv-type-v", choices=KV_TYPES, default=usual.kv_type_v, help="form of the cache's values")
    parser.add_argument("--flash-attention", choices=FLASH_ATTENTION, default=usual.flash_attention)
    parser.add_argument("--threads", type=int, default=0, help="threads that generate, 0 for all cores")
    parser.add_argument("--threads-batch", type=int, default=0, help="threads that read prompts, 0 for as many")
    parser.add_argument("--batch-tokens", type=int, default=usual.batch_tokens, help="tokens that are computed at once")
    parser.add_argument("--no-mmap", action="store_false", dest="mmap", help="read the file instead of mapping it")
    parser.add_argument("--mlock", action="store_true", help="keep the model from being swapped out")
    parser.add_argument("--tensor-split", default="", help="shares of several devices, such as 3,1")
    parser.add_argument("--lora", action="append", default=[], metavar="FILE[=SCALE]", help="adapter, may be repeated")
    parser.add_argument("--log-level", choices=ENGINE_LOG_LEVELS, default=usual.log_level, help="lines of the engine")


def read_spec(parser: argparse.ArgumentParser, options: argparse.Namespace) -> LaunchSpec:
    """Return the spec that the options mean; the parser ends the program over wrong ones."""
    if not 1 <= options.slots <= 256 or any(getattr(options, name) < 0 for name in _NOT_NEGATIVE):
        parser.error("--slots must be 1 to 256; --context, --threads, --gpu and other counts must not be negative")
    if not LOWEST_PORT <= options.port <= HIGHEST_PORT:
        parser.error(f"--port must be {LOWEST_PORT} to {HIGHEST_PORT}")
    if options.backend == "cpu" and options.device:
        parser.error("--gpu names a device of a backend that has some, such as --backend cuda; the CPU is one")
    if not 16 <= options.batch_tokens <= 65_536:
        parser.error("--batch-tokens must be 16 to 65536")
    return LaunchSpec(
        worker_id=WorkerId(options.worker_id) or new_worker_id(),
        model_ref=ModelRef(options.model_ref or f"file:{options.model.resolve()}"),
        model_path=str(options.model.resolve()),
        backend=options.backend,
        device=options.device,
        callback_url=options.callback_url,
        slots=options.slots,
        context_tokens=options.context,
        threads=options.threads,
        waiting=options.waiting,
        engine=_read_engine_options(parser, options),
    )


def _read_engine_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> EngineOptions:
    try:
        shares = parse_shares(options.tensor_split)
    except ValueError:
        parser.error("--tensor-split takes numbers with commas between them")
    engine = EngineOptions(
        mmap=options.mmap,
        mlock=options.mlock,
        kv_tokens=options.kv_tokens,
        threads_batch=options.threads_batch,
        batch_tokens=options.batch_tokens,
        kv_type_k=options.kv_type_k,
        kv_type_v=options.kv_type_v,
        flash_attention=options.flash_attention,
        tensor_split=shares,
        lora=tuple(map(parse_lora, options.lora)),
        log_level=options.log_level,
    )
    try:
        require_consistent(engine)
    except ConfigInvalid as error:
        parser.error(error.message)
    return engine
