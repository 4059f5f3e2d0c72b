"""Finds the running queen, or starts one: for one command, or to stay."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ..client.blocking import QueenClient
from ..client.greeting import Greeting
from ..client.patience import ONCE
from ..config.log_file import environment_with_log
from ..config.settings import Settings, environment_for_children
from ..errors import ConnectionFailed, ConnectionTimeout, InvalidApiKey, RbeeError, VersionMismatch
from ..supervisor.daemon_record import DaemonRecord, DaemonRecords
from ..supervisor.process import ChildSpec, start_detached
from ..transport.address import Address, address_of
from ..transport.listener import listen
from ..transport.listener_owner import is_ours
from .head_start import HEAD_START
from .queen_start import queen_log_name, start_ephemeral

_START_S = 15.0
_POLL_S = 0.02
_PROBE_S = 2.0
_LAST_WORDS_S = 0.2
_LOG_LINES_SHOWN = 5
_ROOM_TO_START_BYTES = 65_536


def find_queen(settings: Settings, *, any_version: bool = False) -> QueenClient | None:
    """Return the queen that runs for this user, None when there is none.

    Neither the token nor a prompt goes to a program that only listens where a queen would. A queen is ours when it
    proves that it knows the token that would be sent; without a token, when the port belongs to this user.

    Raises:
        ConnectionFailed: the queen that was named does not answer.
        ConnectionTimeout: this user's queen runs and does not answer.
        InvalidApiKey: the queen that was named does not know the token.
        VersionMismatch: it is of another version.
    """
    if settings.queen_url:
        return _named(settings, any_version=any_version)
    record = DaemonRecords(settings.paths.run_dir).read("queen")
    if record is not None:
        return _recorded(settings, record, any_version=any_version)
    return _at_the_usual_port(settings, any_version=any_version)


def _named(settings: Settings, *, any_version: bool) -> QueenClient:
    url = address_of(settings.queen_url).url
    client = _client(settings, url, settings.api_token)
    try:
        greeting = client.greet(is_named=True)
    except ConnectionFailed as error:
        raise ConnectionFailed(f"no queen answers at {url}", hint="check --queen-url, or leave it out") from error
    _require_same_version(client, greeting, any_version=any_version)
    if client.token and not greeting.is_proved:
        raise InvalidApiKey(
            f"the queen at {url} did not prove that it knows api_token, so nothing was sent to it",
            hint="set the same api_token here and there, or unset it here to ask without one",
        )
    return client


def _recorded(settings: Settings, record: DaemonRecord, *, any_version: bool) -> QueenClient | None:
    client = _client(settings, record.url, record.token)
    try:
        greeting = replace(client, request_s=_PROBE_S).greet(is_named=_is_wildcard(record.url))
    except ConnectionTimeout as error:
        raise ConnectionTimeout(
            f"the queen (pid {record.pid}) does not answer", hint="rbee queen stop, then try again"
        ) from error
    except RbeeError:
        return None
    _require_same_version(client, greeting, any_version=any_version)
    return client if greeting.is_proved else None


def _at_the_usual_port(settings: Settings, *, any_version: bool) -> QueenClient | None:
    address = Address(host="127.0.0.1", port=settings.queen_port)
    client = _client(settings, address.url, settings.api_token)
    if not client.token and not is_ours(address):
        return None
    try:
        greeting = replace(client, request_s=_PROBE_S).greet()
    except RbeeError:
        return None
    if client.token and not greeting.is_proved:
        return None
    _require_same_version(client, greeting, any_version=any_version)
    return client


def _is_wildcard(url: str) -> bool:
    """A daemon that binds every address is reached at another one than it knows."""
    return address_of(url).host in ("0.0.0.0", "::")  # noqa: S104 - compared, never bound


def _client(settings: Settings, url: str, token: str) -> QueenClient:
    return QueenClient(url=url, token=token, connect_s=settings.connect_s, request_s=settings.request_s)


def _require_same_version(client: QueenClient, greeting: Greeting, *, any_version: bool) -> None:
    from .. import __version__

    if greeting.version != __version__ and not any_version:
        raise VersionMismatch(
            f"the queen at {client.url} is version {greeting.version} and this is {__version__}",
            hint="rbee queen stop, then try again",
            details={"queen": greeting.version, "keeper": __version__},
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
        yield replace(_client(settings, started.url, started.token), patience=ONCE)
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
                client.greet()
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
    last = _last_lines(log_path) or _why_no_words(log_path.parent)
    return RbeeError(f"the queen ended unexpectedly{': ' + last if last else ''}", hint="rbee doctor")


def _why_no_words(folder: Path) -> str:
    """Name what keeps a process from starting as well as from saying why."""
    try:
        free_bytes = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    except OSError as error:
        return f"{folder}: {error.strerror}"
    return f"the disk of {folder} is full" if free_bytes < _ROOM_TO_START_BYTES else ""


def _last_lines(log_path: Path) -> str:
    try:
        lines = log_path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return " / ".join(line for line in lines[-_LOG_LINES_SHOWN:] if not line.startswith("{"))
