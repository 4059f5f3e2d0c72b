"""One child process: its lifeline, its log, its end."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import Unavailable
from .lifelines.lifeline_pipe import LifelinePipe
from .orphans import ownership
from .private_files import open_log, private_folder

_RECORD_AFTER_S = 2.0
_AFTER_KILL_S = 2.0

OUR_STREAMS = Path()
"""In place of a log: the child writes where this process does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """What to start: a module of this package as `python -m`.

    `run_dir` is the folder of records, in the state folder; without one there is no record on disk, for a child that
    the kernel itself ends with us. `inherited` are file descriptors that the child keeps, under the same numbers.
    """

    role: str
    module: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    log_path: Path = OUR_STREAMS
    run_dir: Path | None = None
    inherited: tuple[int, ...] = ()


@dataclass(slots=True)
class ChildProcess:
    """A started child; it has a session of its own and ends when this process does."""

    spec: ChildSpec
    token: str
    _process: subprocess.Popen[bytes]
    _lifeline: LifelinePipe
    _ended: threading.Event = field(default_factory=threading.Event)
    _on_exit: list[Callable[[int], None]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def pid(self) -> int:
        """The process id, valid until the child has been waited for."""
        return self._process.pid

    @property
    def return_code(self) -> int | None:
        """The exit code, negative for a signal, None while the child runs."""
        return self._process.returncode if self._ended.is_set() else None

    def send_spec(self, spec: bytes) -> None:
        """Write the first line on the lifeline, once; a child that is gone is noticed by its exit."""
        self._lifeline.write(spec + b"\n")

    def renew_lease(self) -> None:
        """Give the sign of life that a child with a lease waits for; a child that is gone is no error."""
        self._lifeline.renew()

    def call_on_exit(self, on_exit: Callable[[int], None]) -> None:
        """Have the exit code reported once, from a thread of this object's own."""
        with self._lock:
            if not self._ended.is_set():
                self._on_exit.append(on_exit)
                return
        on_exit(self._process.returncode)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; False when the time ran out first."""
        return self._ended.wait(timeout_s)

    def terminate(self) -> None:
        """Ask the child to end: SIGTERM."""
        if not self._ended.is_set():
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def hang_up(self) -> None:
        """Ask the child to end without finishing anything: SIGHUP."""
        if not self._ended.is_set():
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGHUP)

    def release_lifeline(self) -> None:
        """Close the lifeline, which ends the child by its own watch."""
        self._lifeline.close()

    def stop(self, grace_s: float) -> bool:
        """End the child with everything below it: SIGTERM, the grace time, SIGKILL.

        Returns True when SIGKILL was needed. Blocks for the grace time at most, and a moment more after a kill.
        """
        self.terminate()
        if self.wait(grace_s):
            self.release_lifeline()
            return False
        from .orphans import reaper

        if not self._ended.is_set():
            reaper.kill_tree(self.pid)
        self.release_lifeline()
        self.wait(_AFTER_KILL_S)
        return True

    def start_watching(self) -> None:
        """Start the thread that waits for the end."""
        threading.Thread(target=self._watch, name=f"wait-{self.spec.role}", daemon=True).start()

    def _watch(self) -> None:
        """Wait for the child; one that lives long enough to matter has a record on disk meanwhile."""
        record: threading.Timer | None = None
        if self.spec.run_dir is not None:
            record = threading.Timer(_RECORD_AFTER_S, self._write_record, [self.spec.run_dir])
            record.daemon = True
            record.start()
        self._process.wait()
        with self._lock:
            self._ended.set()
            callbacks = tuple(self._on_exit)
        # the end is known from here on; nothing that goes wrong in what follows can lose it
        if record is not None:
            record.cancel()
        self._lifeline.close()
        self._remove_record()
        for on_exit in callbacks:
            # a loop that closed meanwhile has nobody left who wants to know
            with suppress(RuntimeError):
                on_exit(self._process.returncode)

    def _remove_record(self) -> None:
        if self.spec.run_dir is None:
            return
        with suppress(OSError):
            ownership.path_of(self.spec.run_dir, self.token).unlink(missing_ok=True)

    def _write_record(self, run_dir: Path) -> None:
        from .orphans import reaper

        record = reaper.own(self._process.pid, token=self.token, role=self.spec.role)
        if record is not None:
            with suppress(OSError):
                ownership.write(run_dir, record)
        if self._ended.is_set():
            self._remove_record()


def start_child(spec: ChildSpec) -> ChildProcess:
    """Start a child in a session of its own, with a lifeline and a log file.

    Raises:
        Unavailable: the program cannot be started or the log cannot be written, with the system's reason.
    """
    token = ownership.new_token()
    process = _start(spec, token, stdin=subprocess.PIPE)
    assert process.stdin is not None
    child = ChildProcess(spec=spec, token=token, _process=process, _lifeline=LifelinePipe(process.stdin))
    child.start_watching()
    return child


def start_detached(spec: ChildSpec) -> int:
    """Start a daemon that outlives this process, without a lifeline, and return its pid.

    Raises:
        Unavailable: the program cannot be started or the log cannot be written, with the system's reason.
    """
    process = _start(spec, ownership.new_token(), stdin=subprocess.DEVNULL)
    # the daemon is nobody's child from here on; without this the garbage collector would warn about it
    process.returncode = 0
    return process.pid


def _start(spec: ChildSpec, token: str, *, stdin: int) -> subprocess.Popen[bytes]:
    try:
        if spec.run_dir is not None:
            private_folder(spec.run_dir.parent)
        with _log_of(spec) as log:
            return subprocess.Popen(
                [sys.executable, "-m", spec.module, *spec.arguments],
                stdin=stdin,
                stdout=log,
                stderr=log,
                env={**spec.environment, ownership.VARIABLE: token},
                pass_fds=spec.inherited,
                start_new_session=True,
                bufsize=0,
            )
    except OSError as error:
        raise Unavailable(
            f"the {spec.role} cannot be started: {error.strerror or error}"
            + (f" ({error.filename})" if error.filename else ""),
            hint="rbee doctor",
        ) from error


@contextmanager
def _log_of(spec: ChildSpec) -> Iterator[int | None]:
    """Open the log, if there is one."""
    if spec.log_path == OUR_STREAMS:
        yield None
        return
    log = open_log(spec.log_path)
    try:
        yield log
    finally:
        os.close(log)


def signal_name(return_code: int) -> str:
    """Return the name of the signal that ended a process; empty when none did."""
    if return_code >= 0:
        return ""
    try:
        return signal.Signals(-return_code).name
    except ValueError:
        return f"signal {-return_code}"


def describe_exit(return_code: int) -> str:
    """Return how a process ended, in words."""
    name = signal_name(return_code)
    return f"killed by {name}" if name else f"exit code {return_code}"
