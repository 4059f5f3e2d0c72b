"""Starts the queen's process: for one command by the keeper's start-up spec, else by flags."""

import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..config.settings import Settings, load_settings
from ..supervisor import start_up
from ..supervisor.host.local import LocalHost
from ..supervisor.inherited_listener import inherited_listener
from ..supervisor.lifeline import Lifeline
from ..supervisor.ownership import new_token
from ..transport.listener import address_of_listener, listen, require_token_off_loopback
from .hives.local import LocalNode
from .hives.own_hive import OwnHive

if TYPE_CHECKING:
    from ..contract.nodes import QueenSpec


def run_for_keeper(arguments: Sequence[str]) -> None:
    """Run for one command of the keeper that holds this process's standard input.

    The hive is started before anything else is imported: both then start side by side.
    """
    settings = load_settings()
    lifeline = Lifeline(force_after_s=4 * settings.cascade_grace_s)
    node = LocalNode(host=LocalHost(settings=settings), is_ephemeral=True)
    hive = node.start()

    from ..contract.nodes import QueenSpec
    from ..contract.wire import decode

    spec = decode(lifeline.spec(), QueenSpec)
    _serve(settings, spec, inherited_listener(arguments), lifeline, node, hive)


def run_standalone(settings: Settings) -> None:
    """Run until a signal.

    Raises:
        InvalidInput: the address can be reached from other machines and there is no token.
        PortInUse: another program has the port.
    """
    require_token_off_loopback(settings.queen_host, settings.api_token)
    from ..contract.nodes import QueenSpec

    listener = listen(settings.queen_host, settings.queen_port)
    spec = QueenSpec(token=settings.api_token or new_token())
    _serve(settings, spec, listener, None, LocalNode(host=LocalHost(settings=settings), is_ephemeral=False), None)


def _serve(
    settings: Settings,
    spec: "QueenSpec",
    listener: socket.socket,
    lifeline: Lifeline | None,
    node: LocalNode,
    hive: OwnHive | None,
) -> None:
    from ..daemon.serve import run
    from ..supervisor.daemon_record import DaemonRecord, DaemonRecords
    from ..supervisor.process_title import set_process_title
    from .app import Queen, QueenSetup

    address = address_of_listener(listener)
    set_process_title(f"queen-rbee daemon --port {address.port}")
    records = DaemonRecords(settings.paths.run_dir)
    if not spec.is_ephemeral:
        records.write(DaemonRecord.of_this_process("queen", address.url, spec.token))

    async def serve_queen() -> None:
        await Queen(
            QueenSetup(settings=settings, spec=spec, listener=listener, lifeline=lifeline, nodes=(node,), hive=hive)
        ).run()

    start_up.end()
    run(serve_queen)
    if not spec.is_ephemeral:
        records.remove("queen", os.getpid())
    os._exit(0)
