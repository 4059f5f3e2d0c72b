"""The program `rbee-hive`: under a queen, standalone, and the commands for the hive that runs."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from ..supervisor import start_up
from ..supervisor.lifelines.lifeline import LIFELINE_FLAG

if TYPE_CHECKING:
    import argparse

    from .app import HiveSetup


def main() -> None:
    """Run the daemon for a queen, or do what the command line says."""
    start_up.begin()
    if LIFELINE_FLAG in sys.argv:
        _run_for_queen(sys.argv)
    from ..errors import RbeeError

    options = parser().parse_args()
    try:
        options.run(options)
    except RbeeError as error:
        start_up.refuse("rbee-hive", error)
    except KeyboardInterrupt:
        sys.exit(130)


def parser() -> "argparse.ArgumentParser":
    """Return what reads the command line that a person types; `run` of the options does it."""
    import argparse

    from ..contract.workers import BACKENDS
    from . import local_cli

    parser = argparse.ArgumentParser(prog="rbee-hive", description="Owns this machine's workers.", allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    daemon = commands.add_parser("daemon", help="run the hive until a signal")
    daemon.add_argument("--host", "--addr", dest="host", help="address to bind (default 127.0.0.1)")
    daemon.add_argument("--port", type=int, help="port to bind (default 9200)")
    daemon.add_argument("--queen-url", help="queen to report to (default: the one you run)")
    daemon.set_defaults(run=_run_standalone)
    worker = commands.add_parser("worker", help="spawn, list and stop workers of the running hive")
    verbs = worker.add_subparsers(required=True, metavar="VERB")
    spawn = verbs.add_parser("spawn", help="start a worker")
    spawn.add_argument("backend", choices=BACKENDS)
    spawn.add_argument("--model", required=True, help="short name or file:/path/to/model.gguf")
    spawn.add_argument("--gpu", "--device", type=int, default=0, dest="device")
    spawn.set_defaults(run=local_cli.spawn)
    listing = verbs.add_parser("list", help="list the workers")
    listing.set_defaults(run=local_cli.list_workers)
    stop = verbs.add_parser("stop", help="stop one worker")
    stop.add_argument("worker_id")
    stop.set_defaults(run=local_cli.stop)
    status = commands.add_parser("status", help="tell whether the hive runs")
    status.set_defaults(run=local_cli.status)
    detect = commands.add_parser("detect", help="print this machine's backends and resources as JSON")
    detect.set_defaults(run=local_cli.detect)
    return parser


def _run_for_queen(arguments: Sequence[str]) -> NoReturn:
    """Run under the queen that holds this process's standard input.

    The reserve worker is started before anything else is imported: both then start side by side.
    """
    from ..config.settings import load_settings
    from ..supervisor.graces import Grace, grace_s
    from ..supervisor.inherited_listener import inherited_listener
    from ..supervisor.lifelines.lifeline import Lifeline
    from .workers.worker_start import start_unassigned

    settings = load_settings()
    lifeline = Lifeline(force_after_s=grace_s(Grace.HIVE, settings))
    standby = start_unassigned(settings, "llm") if "--standby" in arguments else None

    from ..contract.hives import HiveSpec
    from ..contract.wire import decode

    spec = decode(lifeline.spec(), HiveSpec)
    from .app import HiveSetup

    listener = inherited_listener(arguments)
    _run_hive(HiveSetup(settings=settings, spec=spec, listener=listener, lifeline=lifeline, standby=standby))


def _run_standalone(options: "argparse.Namespace") -> NoReturn:
    """Run until a signal; report to the queen when there is one.

    Raises:
        InvalidInput: the address can be reached from other machines and there is no token.
        PortInUse: another program has the port.
    """
    from ..config.settings import load_settings
    from ..contract.hives import HiveSpec
    from ..contract.ids import LOCAL_NODE, new_hive_id
    from ..supervisor.orphans.ownership import new_token
    from ..transport.address import address_of
    from ..transport.listener import listen, require_token_off_loopback

    flags = {"hive_host": options.host, "hive_port": options.port, "queen_url": options.queen_url}
    settings = load_settings(flags)
    if settings.queen_url:
        address_of(settings.queen_url)
    require_token_off_loopback(settings.hive_host, settings.api_token)
    listener = listen(settings.hive_host, settings.hive_port)
    spec = HiveSpec(
        hive_id=new_hive_id(),
        node=LOCAL_NODE,
        queen_url=settings.queen_url,
        queen_token=settings.api_token,
        token=settings.api_token or new_token(),
        lease_s=0.0,
    )
    from .app import HiveSetup

    _run_hive(HiveSetup(settings=settings, spec=spec, listener=listener, lifeline=None, standby=None))


def _run_hive(setup: "HiveSetup") -> NoReturn:
    from ..supervisor.daemon_record import DaemonRecord, DaemonRecords
    from ..supervisor.daemon_run import run_daemon
    from ..transport.listener import address_of_listener
    from .app import Hive

    address = address_of_listener(setup.listener)
    found_by = None
    if not setup.spec.is_ephemeral:
        record = DaemonRecord.of_this_process("hive", address.url, setup.spec.token)
        found_by = DaemonRecords(setup.settings.paths.run_dir).kept(record)
    run_daemon("rbee-hive", f"rbee-hive daemon --port {address.port}", lambda: Hive(setup), found_by=found_by)
