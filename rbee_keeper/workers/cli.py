"""The program `worker-rbee`: under a hive by its start-up spec, standalone by flags."""

import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from ..supervisor import start_up
from ..supervisor.lifelines.lifeline import LIFELINE_FLAG

if TYPE_CHECKING:
    import argparse

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
        _run_standalone()


def parser() -> "argparse.ArgumentParser":
    """Return what reads the command line that a person types."""
    from .command_line import new_parser

    return new_parser()


def _run_for_hive(arguments: list[str]) -> None:
    from ..supervisor.lifelines.lifeline import Lifeline

    lifeline = Lifeline(force_after_s=0.0)

    from ..contract.wire import decode
    from ..contract.workers import LaunchSpec
    from ..supervisor.inherited_listener import inherited_listener
    from ..supervisor.lifelines.lifeline import die_at_end_of_file
    from ..supervisor.worker_kind import kind_of_worker
    from .app import WorkerSpec
    from .modalities import modality_of, new_loader

    modality = modality_of(kind_of_worker(arguments))
    loader = new_loader(modality)
    listener = inherited_listener(arguments)
    launch = decode(lifeline.spec(), LaunchSpec)
    lifeline.allow(launch.last_grace_s)
    die_at_end_of_file()
    _serve(WorkerSpec(launch=launch, modality=modality, loader=loader, listener=listener, lifeline=lifeline))


def _run_standalone() -> None:
    from ..contract.workers import kind_of_file
    from ..errors import RbeeError
    from ..transport.listener import listen
    from .app import WorkerSpec
    from .command_line import read_spec
    from .modalities import modality_of, new_loader

    reader = parser()
    options = reader.parse_args()
    launch = read_spec(reader, options)
    try:
        listener: socket.socket = listen("127.0.0.1", options.port)
        modality = modality_of(kind_of_file(options.model.name, accept_scripted=True))
        loader = new_loader(modality)
    except RbeeError as error:
        start_up.refuse("worker-rbee", error)
    _serve(WorkerSpec(launch=launch, modality=modality, loader=loader, listener=listener, lifeline=None))


def _serve(spec: "WorkerSpec") -> NoReturn:
    from ..supervisor import processor_turns
    from ..supervisor.daemon_run import run_daemon
    from .app import Worker

    launch = spec.launch
    port = spec.listener.getsockname()[1]
    program = f"{spec.modality.title}-{launch.backend}-worker-rbee"
    title = f"{program} --worker-id {launch.worker_id} --model {launch.model_path} --port {port}"
    sys.setswitchinterval(_SWITCH_S)
    processor_turns.answers()
    run_daemon("worker-rbee", title, lambda: Worker(spec))
