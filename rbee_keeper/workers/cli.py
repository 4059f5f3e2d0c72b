"""The program `worker-rbee`: under a hive by its order, by hand by flags."""

import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from ..supervisor import start_up
from ..supervisor.lifeline import LIFELINE_FLAG

if TYPE_CHECKING:
    from ..errors import RbeeError
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

    lifeline = Lifeline(force_after_s=0.0)

    from ..contract.wire import decode
    from ..contract.workers import LaunchOrder
    from ..supervisor.daemon_start import inherited_listener, kind_of_worker
    from ..supervisor.lifeline import die_at_end_of_file
    from .app import WorkerSpec
    from .modalities import modality_of, new_loader

    modality = modality_of(kind_of_worker(arguments))
    loader = new_loader(modality)
    listener = inherited_listener(arguments)
    order = decode(lifeline.order(), LaunchOrder)
    lifeline.allow(order.last_grace_s)
    die_at_end_of_file()
    _serve(WorkerSpec(order=order, modality=modality, loader=loader, listener=listener, lifeline=lifeline))


def _run_by_hand() -> None:
    from ..contract.workers import kind_of_file
    from ..errors import RbeeError
    from ..transport.listener import listen
    from .app import WorkerSpec
    from .command_line import new_parser, read_order
    from .modalities import modality_of, new_loader

    parser = new_parser()
    options = parser.parse_args()
    order = read_order(parser, options)
    try:
        listener: socket.socket = listen("127.0.0.1", options.port)
        modality = modality_of(kind_of_file(options.model.name, accept_scripted=True))
        loader = new_loader(modality)
    except RbeeError as error:
        start_up.refuse("worker-rbee", error)
    _serve(WorkerSpec(order=order, modality=modality, loader=loader, listener=listener, lifeline=None))


def _serve(spec: "WorkerSpec") -> None:
    from ..config.process_title import set_process_title
    from ..daemon.serve import run
    from ..supervisor import processor_turns
    from .app import Worker, exit_now

    order = spec.order
    port = spec.listener.getsockname()[1]
    program = f"{spec.modality.title}-{order.backend}-worker-rbee"
    set_process_title(f"{program} --worker-id {order.worker_id} --model {order.model_path} --port {port}")

    failures: list[RbeeError] = []

    async def serve_worker() -> None:
        worker = Worker(spec)
        try:
            await worker.run()
        finally:
            failures.extend([worker.failure] if worker.failure is not None else [])

    sys.setswitchinterval(_SWITCH_S)
    processor_turns.answers()
    start_up.end()
    run(serve_worker)
    for failure in failures:
        with suppress(OSError, ValueError):
            sys.stderr.write(start_up.in_words("worker-rbee", failure))
            sys.stderr.flush()
    exit_now(1 if failures else 0)
