"""Starts a queen for one command, as early as the command line allows.

A cold `rbee infer` spends most of its time on imports. So the queen is started before Typer is imported, as soon as
the arguments say that one will be needed: it then starts while this process reads its own command line.
"""

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..config.settings import Settings, load_settings
from ..errors import RbeeError
from ..supervisor.daemon_record import DaemonRecords
from ..supervisor.host.local import LocalHost
from ..supervisor.host.protocol import Program
from ..supervisor.ownership import new_token
from ..supervisor.process import ChildProcess
from ..supervisor.sweep import drop_old_logs
from ..transport.address import Address, address_of

_CONNECT_S = 0.2
_NO_QUEEN_NEEDED = ("-h", "--help", "--queen-url")


@dataclass(frozen=True, slots=True, kw_only=True)
class EphemeralQueen:
    """A queen that ends with this process; its address answers as soon as it has imported its parts."""

    url: str
    token: str
    process: ChildProcess
    settings: Settings

    def stop(self) -> None:
        """End it with everything that it started, then drop the logs of runs long ago."""
        from ..supervisor.graces import Grace, grace_s

        self.process.stop(grace_s(Grace.QUEEN_UNDER_KEEPER, self.settings))
        drop_old_logs(self.settings)


class HeadStart:
    """Holds at most one queen between its early start and the command that uses it."""

    def __init__(self) -> None:
        """Hold none."""
        self._queen: EphemeralQueen | None = None

    def begin(self, arguments: Sequence[str]) -> None:
        """Start a queen when the command line is one that needs it and none runs; leave every error for later."""
        is_infer = list(arguments[:1]) == ["infer"]
        if not is_infer or any(each.startswith(_NO_QUEEN_NEEDED) for each in arguments):
            return
        try:
            settings = load_settings()
            if not settings.queen_url and not _somebody_answers(settings):
                self._queen = start_ephemeral(settings)
        except (RbeeError, OSError):
            return

    @property
    def has_queen(self) -> bool:
        """A queen was started and no command has taken it."""
        return self._queen is not None

    def take(self) -> EphemeralQueen | None:
        """Hand over the queen, if there is one; its new owner stops it."""
        queen, self._queen = self._queen, None
        return queen

    def discard(self) -> None:
        """Stop a queen that no command took."""
        queen = self.take()
        if queen is not None:
            queen.process.stop(0.0)


HEAD_START = HeadStart()


def _somebody_answers(settings: Settings) -> bool:
    """Tell whether anything listens where this user's queen would; the command itself finds out what it is."""
    record = DaemonRecords(settings.paths.run_dir).read("queen")
    addresses = [Address(host="127.0.0.1", port=settings.queen_port)]
    if record is not None:
        addresses.append(address_of(record.url))
    for address in addresses:
        try:
            socket.create_connection((address.host, address.port), timeout=_CONNECT_S).close()
        except OSError:
            continue
        return True
    return False


def start_ephemeral(settings: Settings) -> EphemeralQueen:
    """Start a queen on a free port that is open before the queen runs: it can be called at once.

    Raises:
        PortInUse: no port can be bound.
        Unavailable: the program cannot be started or its log cannot be written.
    """
    settings, token = settings.for_one_command(), new_token()
    program = Program(role="queen", log_name=queen_log_name(), bind="127.0.0.1", port=0)
    daemon = LocalHost(settings).start(program)

    from ..contract.nodes import QueenSpec
    from ..contract.wire import encode

    daemon.send_spec(encode(QueenSpec(token=token, is_ephemeral=True)))
    return EphemeralQueen(url=daemon.url, token=token, process=daemon.process, settings=settings)


def queen_log_name() -> str:
    """Return a name for a log file of this start's own."""
    return f"queen-{time.strftime('%Y%m%d-%H%M%S')}-{new_token()[:6]}"
