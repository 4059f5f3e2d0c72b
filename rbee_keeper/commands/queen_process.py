"""Finds the running queen, or starts one: for one command, or to stay."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ..client import QueenClient
from ..config.log_file import environment_with_log
from ..config.settings import Settings, environment_for_children
from ..errors import ConnectionFailed, RbeeError, VersionMismatch
from ..supervisor.daemon_record import DaemonRecords
from ..supervisor.process import ChildSpec, start_detached
from ..transport.listener import listen
from .queen_start import HEAD_START, queen_log_name, start_ephemeral

_START_S = 15.0
_POLL_S = 0.02
_PROBE_S = 2.0
_LAST_WORDS_S = 0.2
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
            _require_same_version(replace(client, request_s=_PROBE_S))
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
    running = None if HEAD_START.has_queen else find_queen(settings)
    if running is not None:
        yield running
        return
    started = HEAD_START.take() or start_ephemeral(settings)
    try:
        yield _client(settings, started.url, started.token)
    except ConnectionFailed as error:
        if started.process.wait(_LAST_WORDS_S):
            raise _start_failed(started.process.spec.log_path) from error
        raise
    finally:
        started.stop()


def start_persistent(settings: Settings) -> QueenClient:
    """Start a queen that stays after this command.

    Raises:
        PortInUse: another program has the queen's port.
        RbeeError: the queen ended at once; the message has its last words.
    """
    with listen(settings.queen_host, settings.queen_port):
        pass
    log_path = settings.logs_dir / f"{queen_log_name()}.log"
    pid = start_detached(
        ChildSpec(
            role="queen",
            module="rbee_keeper.queen",
            arguments=["daemon", "--host", settings.queen_host, "--port", str(settings.queen_port)],
            environment=environment_with_log(environment_for_children(settings, with_token=True), log_path),
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
