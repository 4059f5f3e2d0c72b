"""The program `worker-rbee`: under a hive by its order, by hand by flags."""

import socket
import sys
from typing import TYPE_CHECKING

from ..supervisor import start_up
from ..supervisor.lifeline import LIFELINE_FLAG

if TYPE_CHECKING:
    from .app import WorkerSpec

_SWITCH_S = 0.0001
"""The event loop and the engine's thread take turns in the interpreter; each has far less to do than Python's own
5 ms, and a batch that is ready must not wait for so long."""


def main() -> None:
    """Run one worker until it is told to stop."""
    start_up.begin()
    if LIFELINE_FLAG in sys.argv:
        _run_for_hive(sys.argv)
    else:
        _run_by_hand()


def _run_for_hive(arguments: list[str]) -> None:
    from ..supervisor.lifeline import Lifeline

    lifeline = Lifeline(force_after_s=0.3)

    from ..contract.wire import decode
    from ..contract.workers import LaunchOrder
    from ..supervisor.daemon_start import inherited_listener
    from ..supervisor.lifeline import die_at_end_of_file
    from .app import WorkerSpec, make_engine

    engine = make_engine("fake" if "--fake" in arguments else "llm")
    listener = inherited_listener(arguments)
    order = decode(lifeline.order(), LaunchOrder)
    die_at_end_of_file()
    _serve(WorkerSpec(order=order, engine=engine, listener=listener, lifeline=lifeline))


def _run_by_hand() -> None:
    import argparse
    from pathlib import Path

    from ..contract.ids import ModelRef, WorkerId, new_worker_id
    from ..contract.workers import BACKENDS, LaunchOrder
    from ..errors import RbeeError
    from ..transport.listener import listen
    from .app import WorkerSpec, make_engine

    parser = argparse.ArgumentParser(
        prog="worker-rbee", description="Serve one model on 127.0.0.1 without a hive.", allow_abbrev=False
    )
    parser.add_argument("--model", required=True, type=Path, help="model file (.gguf)")
    parser.add_argument("--backend", choices=BACKENDS, default="cpu")
    parser.add_argument("--gpu", "--device", type=int, default=0, dest="device", help="device of the backend")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--slots", type=int, default=4, help="executions decoded at the same time")
    parser.add_argument("--context", type=int, default=0, help="context of each slot in tokens, 0 for the model's own")
    parser.add_argument("--threads", type=int, default=0, help="threads of the engine, 0 for all processors")
    parser.add_argument("--worker-id", default="")
    parser.add_argument("--model-ref", default="")
    parser.add_argument("--callback-url", default="", help="hive to announce this worker to")
    options = parser.parse_args()
    if not 1 <= options.slots <= 256 or options.context < 0 or options.threads < 0 or options.device < 0:
        parser.error("--slots must be 1 to 256; --context, --threads and --gpu must not be negative")
    order = LaunchOrder(
        worker_id=WorkerId(options.worker_id) or new_worker_id(),
        model_ref=ModelRef(options.model_ref or f"file:{options.model.resolve()}"),
        model_path=str(options.model.resolve()),
        backend=options.backend,
        device=options.device,
        callback_url=options.callback_url,
        slots=options.slots,
        context_tokens=options.context,
        threads=options.threads,
    )
    try:
        listener: socket.socket = listen("127.0.0.1", options.port)
        engine = make_engine("fake" if options.model.name.endswith(".fake.json") else "llm")
    except RbeeError as error:
        parser.exit(1, f"worker-rbee: {error.message}\n  try: {error.hint}\n")
    _serve(WorkerSpec(order=order, engine=engine, listener=listener, lifeline=None))


def _serve(spec: "WorkerSpec") -> None:
    from ..config.process_title import set_process_title
    from ..daemon.serve import run
    from .app import Worker, exit_now

    order = spec.order
    port = spec.listener.getsockname()[1]
    set_process_title(
        f"llm-{order.backend}-worker-rbee --worker-id {order.worker_id} --model {order.model_path} --port {port}"
    )

    async def serve_worker() -> None:
        await Worker(spec).run()

    sys.setswitchinterval(_SWITCH_S)
    start_up.end()
    run(serve_worker)
    exit_now(0)
