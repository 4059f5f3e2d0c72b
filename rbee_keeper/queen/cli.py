"""The program `queen-rbee`: for one command under a keeper, or standalone."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from ..supervisor import start_up
from ..supervisor.lifelines.lifeline import LIFELINE_FLAG

if TYPE_CHECKING:
    import argparse

    from ..config.settings import Settings
    from .app import QueenSetup


def main() -> None:
    """Run the daemon for a keeper, or for the person who typed the command."""
    start_up.begin()
    if LIFELINE_FLAG in sys.argv:
        _run_for_keeper(sys.argv)
    options = parser().parse_args()
    from ..config.settings import load_settings
    from ..errors import RbeeError

    try:
        _run_standalone(load_settings({"queen_host": options.host, "queen_port": options.port}))
    except RbeeError as error:
        start_up.refuse("queen-rbee", error)
    except KeyboardInterrupt:
        sys.exit(130)


def parser() -> "argparse.ArgumentParser":
    """Return what reads the command line that a person types."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="queen-rbee", description="Takes tasks and chooses workers.", allow_abbrev=False
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    daemon = commands.add_parser("daemon", help="run the queen until a signal")
    daemon.add_argument("--host", help="address to bind (default 127.0.0.1)")
    daemon.add_argument("-p", "--port", type=int, help="port to bind (default 8080)")
    return parser


def _run_for_keeper(arguments: Sequence[str]) -> NoReturn:
    """Run for one command of the keeper that holds this process's standard input.

    The hive is started before anything else is imported: both then start side by side.
    """
    from ..config.settings import load_settings
    from ..supervisor.graces import Grace, grace_s
    from ..supervisor.host.local import LocalHost
    from ..supervisor.inherited_listener import inherited_listener
    from ..supervisor.lifelines.lifeline import Lifeline
    from .hives.local import LocalNode

    settings = load_settings()
    lifeline = Lifeline(force_after_s=grace_s(Grace.QUEEN, settings))
    node = LocalNode(LocalHost(settings), is_ephemeral=True)
    hive = node.start()

    from ..contract.queens import QueenSpec
    from ..contract.wire import decode

    spec = decode(lifeline.spec(), QueenSpec)
    from .app import QueenSetup

    listener = inherited_listener(arguments)
    run_queen(QueenSetup(settings=settings, spec=spec, listener=listener, lifeline=lifeline, nodes=(node,), hive=hive))


def _run_standalone(settings: "Settings") -> NoReturn:
    """Run until a signal.

    Raises:
        InvalidInput: the address can be reached from other machines and there is no token.
        PortInUse: another program has the port.
    """
    from ..supervisor.host.local import LocalHost
    from ..supervisor.orphans.ownership import new_token
    from ..transport.listener import listen, require_token_off_loopback
    from .hives.local import LocalNode

    require_token_off_loopback(settings.queen_host, settings.api_token)
    listener = listen(settings.queen_host, settings.queen_port)

    from ..contract.queens import QueenSpec
    from .app import QueenSetup

    spec = QueenSpec(token=settings.api_token or new_token())
    node = LocalNode(LocalHost(settings), is_ephemeral=False)
    run_queen(QueenSetup(settings=settings, spec=spec, listener=listener, lifeline=None, nodes=(node,), hive=None))


def run_queen(setup: "QueenSetup") -> NoReturn:
    """Run a queen until the end of this process."""
    from ..supervisor import processor_turns
    from ..supervisor.daemon_record import DaemonRecord, DaemonRecords
    from ..supervisor.daemon_run import run_daemon
    from ..transport.listener import address_of_listener
    from .app import Queen

    address = address_of_listener(setup.listener)
    found_by = None
    if not setup.spec.is_ephemeral:
        record = DaemonRecord.of_this_process("queen", address.url, setup.spec.token)
        found_by = DaemonRecords(setup.settings.paths.run_dir).kept(record)
    processor_turns.answers()
    run_daemon("queen-rbee", f"queen-rbee daemon --port {address.port}", lambda: Queen(setup), found_by=found_by)
