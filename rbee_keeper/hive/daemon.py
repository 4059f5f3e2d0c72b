"""Starts the hive's process: under a queen by its start-up spec, by hand by flags."""

import os
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..config.settings import Settings, load_settings
from ..contract.ids import LOCAL_NODE, new_hive_id
from ..supervisor import start_up
from ..supervisor.inherited_listener import inherited_listener
from ..supervisor.lifeline import Lifeline
from ..supervisor.ownership import new_token
from ..transport.listener import listen
from .worker_start import Unassigned, start_unassigned

if TYPE_CHECKING:
    from ..contract.nodes import HiveSpec


def run_for_queen(arguments: Sequence[str]) -> None:
    """Run under the queen that holds this process's standard input.

    The reserve worker is started before anything else is imported: both then start side by side.
    """
    settings = load_settings()
    lifeline = Lifeline(force_after_s=2 * settings.cascade_grace_s)
    standby = start_unassigned(settings, "llm") if "--standby" in arguments else None

    from ..contract.nodes import HiveSpec
    from ..contract.wire import decode

    spec = decode(lifeline.spec(), HiveSpec)
    _serve(settings, spec, inherited_listener(arguments), lifeline, standby)


def run_standalone(settings: Settings) -> None:
    """Run until a signal; report to the queen when there is one.

    Raises:
        PortInUse: another program has the port.
    """
    from ..contract.nodes import HiveSpec

    listener = listen(settings.hive_host, settings.hive_port)
    token = settings.api_token or new_token()
    spec = HiveSpec(
        hive_id=new_hive_id(),
        node=LOCAL_NODE,
        queen_url=settings.queen_url,
        queen_token=settings.api_token,
        token=token,
        lease_s=0.0,
    )
    _serve(settings, spec, listener, None, None)


def _serve(
    settings: Settings,
    spec: "HiveSpec",
    listener: socket.socket,
    lifeline: Lifeline | None,
    standby: Unassigned | None,
) -> None:
    from ..daemon.serve import run
    from ..supervisor.daemon_record import DaemonRecord, DaemonRecords
    from ..supervisor.process_title import set_process_title
    from ..transport.listener import address_of_listener
    from .app import Hive, HiveSetup

    url = address_of_listener(listener).url
    set_process_title(f"rbee-hive daemon --port {listener.getsockname()[1]}")
    records = DaemonRecords(settings.paths.run_dir)
    if not spec.is_ephemeral:
        records.write(DaemonRecord.of_this_process("hive", url, spec.token))

    async def serve_hive() -> None:
        await Hive(HiveSetup(settings=settings, spec=spec, listener=listener, lifeline=lifeline, standby=standby)).run()

    start_up.end()
    run(serve_hive)
    if not spec.is_ephemeral:
        records.remove("hive", os.getpid())
    os._exit(0)
