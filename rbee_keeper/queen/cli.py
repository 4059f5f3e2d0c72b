"""The program `queen-rbee`."""

import sys

from ..supervisor import start_up
from ..supervisor.lifeline import LIFELINE_FLAG


def main() -> None:
    """Run the daemon for a keeper, or for the person who typed the command."""
    start_up.begin()
    if LIFELINE_FLAG in sys.argv:
        from .daemon import run_for_keeper

        run_for_keeper(sys.argv)
    else:
        _run_standalone()


def _run_standalone() -> None:
    import argparse

    from ..config.settings import load_settings
    from ..errors import RbeeError
    from .daemon import run_standalone

    parser = argparse.ArgumentParser(
        prog="queen-rbee", description="Takes tasks and chooses workers.", allow_abbrev=False
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    daemon = commands.add_parser("daemon", help="run the queen until a signal")
    daemon.add_argument("--host", help="address to bind (default 127.0.0.1)")
    daemon.add_argument("-p", "--port", type=int, help="port to bind (default 8080)")
    options = parser.parse_args()
    try:
        run_standalone(load_settings({"queen_host": options.host, "queen_port": options.port}))
    except RbeeError as error:
        start_up.refuse("queen-rbee", error)
    except KeyboardInterrupt:
        sys.exit(130)
