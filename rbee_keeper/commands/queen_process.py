"""Finds the running queen, or starts one: for one command, or to stay."""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..client import QueenClient
from ..config.settings import Settings, environment_for_children
from ..contract.nodes import QueenOrder
from ..contract.wire import encode
from ..errors import ConnectionFailed, RbeeError, VersionMismatch
from ..supervisor.daemon_record import DaemonRecords
from ..supervisor.lifeline import LIFELINE_FLAG
from ..supervisor.process import ChildProcess, ChildSpec, start_child, start_detached
from ..transport.listener import address_of_listener, listen

_MODULE = "rbee_keeper.queen"
_START_S = 15.0
_POLL_S = 0.02
_CASCADE_GRACES = 5
_LOG_LINES_SHOWN = 5


def find_queen(settings: Settings) -> QueenClient | None:
    """Return the queen that runs for this user, None when there is none.

    Raises:
        ConnectionFailed: the queen that was named does not answer.
        VersionMismatch: it is of another version.
    """
    if settings.queen_url:
        client = _client(settings, settings.queen_url, settings.api_token)
        try:
            _require_same_version(client)
        except ConnectionFailed as error:
            raise ConnectionFailed(
                f"no queen answers at {settings.queen_url}", hint="check --queen-url, or leave it out"
            ) from error
        return client
    record = DaemonRecords(settings.paths.run_dir).read("queen")
    candidates = [] if record is None else [(record.url, record.token)]
    candidates.append((f"http://127.0.0.1:{settings.queen_port}", settings.api_token))
    for url, token in candidates:
        client = _client(settings, url, token)
        try:
            _require_same_version(client)
        except VersionMismatch:
            raise
        except RbeeError:
            continue
        return client
    return None


def _client(settings: Settings, url: str, token: str) -> QueenClient:
    return QueenClient(url=url, token=token, connect_s=settings.connect_s, request_s=settings.request_s)


def _require_same_version(client: QueenClient) -> None:
    from .. import __version__

    version = client.health().version
    if version != __version__:
        raise VersionMismatch(
            f"the queen at {client.url} is version {version} and this is {__version__}",
            hint="rbee queen stop, then try again",
            details={"queen": version, "keeper": __version__},
        )


@contextmanager
def queen_for_one_command(settings: Settings) -> Iterator[QueenClient]:
    """Give the running queen, or one that ends with the command, together with everything it started."""
    running = find_queen(settings)
    if running is not None:
        yield running
        return
    client, process = _start_ephemeral(settings)
    try:
        yield client
    except ConnectionFailed as error:
        if process.return_code is None:
            process.wait(_POLL_S)
        if process.return_code is not None:
            raise _start_failed(process.spec.log_path) from error
        raise
    finally:
        process.stop(_CASCADE_GRACES * settings.cascade_grace_s)


def _start_ephemeral(settings: Settings) -> tuple[QueenClient, ChildProcess]:
    """Start a queen on a free port that is open before the queen runs: it can be called at once."""
    token = secrets.token_urlsafe(24)
    with listen("127.0.0.1", 0) as listener:
        fd = listener.fileno()
        address = address_of_listener(listener)
        process = start_child(
            ChildSpec(
                role="queen",
                module=_MODULE,
                arguments=[LIFELINE_FLAG, "--listen-fd", str(fd)],
                environment=environment_for_children(settings),
                log_path=_log_path(settings),
                run_dir=settings.paths.run_dir,
                order=encode(QueenOrder(token=token, is_ephemeral=True)),
                inherited=(fd,),
            )
        )
    return _client(settings, address.url, token), process


def start_persistent(settings: Settings) -> QueenClient:
    """Start a queen that stays after this command.

    Raises:
        PortInUse: another program has the queen's port.
        RbeeError: the queen ended at once; the message has its last words.
    """
    with listen(settings.queen_host, settings.queen_port):
        pass
    log_path = _log_path(settings)
    pid = start_detached(
        ChildSpec(
            role="queen",
            module=_MODULE,
            arguments=["daemon", "--host", settings.queen_host, "--port", str(settings.queen_port)],
            environment=environment_for_children(settings, with_token=True),
            log_path=log_path,
            run_dir=settings.paths.run_dir,
        )
    )
    give_up_at = time.monotonic() + _START_S
    while time.monotonic() < give_up_at:
        record = DaemonRecords(settings.paths.run_dir).read("queen")
        if record is not None and record.pid == pid:
            client = _client(settings, record.url, record.token)
            with suppress(ConnectionFailed):
                client.health()
                return client
        if _has_ended(pid):
            raise _start_failed(log_path)
        time.sleep(_POLL_S)
    raise RbeeError(f"the queen did not answer within {_START_S:g} s", hint=f"read {log_path}")


def _has_ended(pid: int) -> bool:
    """Tell whether our detached child is gone, and take note of it so that no zombie stays."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _start_failed(log_path: Path) -> RbeeError:
    last = _last_lines(log_path)
    return RbeeError(f"the queen ended unexpectedly{': ' + last if last else ''}", hint="rbee doctor")


def _last_lines(log_path: Path) -> str:
    try:
        lines = log_path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return " / ".join(line for line in lines[-_LOG_LINES_SHOWN:] if not line.startswith("{"))


def _log_path(settings: Settings) -> Path:
    return settings.paths.logs_dir / f"queen-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}.log"
