"""Starts the queen's process: for one command by the keeper's order, else by flags."""

import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..config.settings import Settings, load_settings
from ..supervisor import start_up
from ..supervisor.daemon_start import inherited_listener
from ..supervisor.lifeline import Lifeline
from ..supervisor.ownership import new_token
from ..transport.listener import address_of_listener, listen, require_token_off_loopback
from .hive_start import HiveProcess, start_hive

if TYPE_CHECKING:
    from ..contract.nodes import QueenOrder


def run_for_keeper(arguments: Sequence[str]) -> None:
    """Run for one command of the keeper that holds this process's standard input.

    The hive is started before anything else is imported: both then start side by side.
    """
    settings = load_settings()
    lifeline = Lifeline(force_after_s=4 * settings.cascade_grace_s)
    hive = start_hive(settings, is_ephemeral=True)

    from ..contract.nodes import QueenOrder
    from ..contract.wire import decode

    order = decode(lifeline.order(), QueenOrder)
    _serve(settings, order, inherited_listener(arguments), lifeline, hive)


def run_for_person(settings: Settings) -> None:
    """Run until a signal.

    Raises:
        InvalidInput: the address can be reached from other machines and there is no token.
        PortInUse: another program has the port.
    """
    require_token_off_loopback(settings.queen_host, settings.api_token)
    from ..contract.nodes import QueenOrder

    listener = listen(settings.queen_host, settings.queen_port)
    order = QueenOrder(token=settings.api_token or new_token())
    _serve(settings, order, listener, None, None)


def _serve(
    settings: Settings,
    order: "QueenOrder",
    listener: socket.socket,
    lifeline: Lifeline | None,
    hive: HiveProcess | None,
) -> None:
    from ..config.process_title import set_process_title
    from ..daemon.serve import run
    from ..supervisor import processor_turns
    from ..supervisor.daemon_record import DaemonRecord, DaemonRecords
    from .app import Queen, QueenSpec

    address = address_of_listener(listener)
    set_process_title(f"queen-rbee daemon --port {address.port}")
    records = DaemonRecords(settings.paths.run_dir)

    async def serve_queen() -> None:
        queen = Queen(QueenSpec(settings=settings, order=order, listener=listener, lifeline=lifeline, hive=hive))
        if order.is_ephemeral:
            await queen.run()
            return
        # the queen has taken over the signals: one that comes now ends it in order, record included
        with records.kept(DaemonRecord.of_this_process("queen", address.url, order.token)):
            await queen.run()

    processor_turns.answers()
    start_up.end()
    run(serve_queen)
    os._exit(0)
