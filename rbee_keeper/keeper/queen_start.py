"""Starts a queen for one command."""

import socket
import time
from dataclasses import dataclass

from ..config.settings import Settings, load_settings
from ..supervisor.daemon_record import DaemonRecords
from ..supervisor.host.local import LocalHost
from ..supervisor.host.protocol import Program
from ..supervisor.orphans.ownership import new_token
from ..supervisor.orphans.sweep import drop_old_logs
from ..supervisor.process import ChildProcess
from ..transport.address import Address, address_of

_CONNECT_S = 0.2


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


def start_unless_one_runs() -> EphemeralQueen | None:
    """Start a queen unless there is one already, or something that may be one.

    Raises:
        RbeeError: the settings are wrong, no port can be bound or the program cannot be started.
    """
    settings = load_settings()
    return None if settings.queen_url or _somebody_answers(settings) else start_ephemeral(settings)


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

    from ..contract.queens import QueenSpec
    from ..contract.wire import encode

    daemon.send_spec(encode(QueenSpec(token=token, is_ephemeral=True)))
    return EphemeralQueen(url=daemon.url, token=token, process=daemon.process, settings=settings)


def queen_log_name() -> str:
    """Return a name for a log file of this start's own."""
    return f"queen-{time.strftime('%Y%m%d-%H%M%S')}-{new_token()[:6]}"
