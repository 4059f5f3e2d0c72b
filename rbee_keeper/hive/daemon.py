"""Starts the hive's process: under a queen by its order, by hand by flags."""

import os
import secrets
import socket
from collections.abc import Sequence

from ..config.settings import Settings, load_settings
from ..contract.ids import new_hive_id
from ..contract.nodes import HiveOrder
from ..contract.wire import decode
from ..supervisor.lifeline import Lifeline
from ..transport.listener import inherited, listen
from .worker_spawn import Unassigned, start_unassigned


def run_for_queen(arguments: Sequence[str]) -> None:
    """Run under the queen that holds this process's standard input.

    The reserve worker is started before the web server is imported: both then start side by side.
    """
    settings = load_settings()
    lifeline = Lifeline(force_after_s=2 * settings.cascade_grace_s)
    order = decode(lifeline.order(), HiveOrder)
    standby = start_unassigned(settings, order.standby) if order.standby else None
    listener = inherited(int(arguments[arguments.index("--listen-fd") + 1]))
    _serve(settings, order, listener, lifeline, standby)


def run_for_person(settings: Settings) -> None:
    """Run until a signal; report to the queen when there is one.

    Raises:
        PortInUse: another program has the port.
    """
    listener = listen(settings.hive_host, settings.hive_port)
    token = settings.api_token or secrets.token_urlsafe(24)
    order = HiveOrder(
        hive_id=new_hive_id(),
        queen_url=settings.queen_url or f"http://127.0.0.1:{settings.queen_port}",
        queen_token=settings.api_token,
        token=token,
        lease_s=0.0,
    )
    _serve(settings, order, listener, None, None)


def _serve(
    settings: Settings,
    order: HiveOrder,
    listener: socket.socket,
    lifeline: Lifeline | None,
    standby: Unassigned | None,
) -> None:
    from setproctitle import setproctitle

    from ..daemon.serve import run
    from ..supervisor.daemon_record import DaemonRecord, DaemonRecords
    from ..transport.listener import address_of_listener
    from .app import Hive, HiveSpec

    url = address_of_listener(listener).url
    setproctitle(f"rbee-hive daemon --port {listener.getsockname()[1]}")
    records = DaemonRecords(settings.paths.run_dir)
    if not order.is_ephemeral:
        records.write(DaemonRecord(role="hive", pid=os.getpid(), url=url, token=order.token))

    async def serve_hive() -> None:
        await Hive(
            HiveSpec(settings=settings, order=order, listener=listener, lifeline=lifeline, standby=standby)
        ).run()

    run(serve_hive)
    if not order.is_ephemeral:
        records.remove("hive", os.getpid())
    os._exit(0)
