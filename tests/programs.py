"""Runs rbee's real programs for one test, in folders and on ports of its own, and finds what they leave."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import psutil

from .calls import Daemon
from .waiting import eventually

_END_S = 20.0
_READ_BYTES = 65_536


def script(name: str) -> str:
    """Return the installed program of that name."""
    return str(Path(sys.executable).parent / name)


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended and what it said."""

    code: int
    out: str
    err: str
    took_s: float

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of standard output, read as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


class _Output:
    """Collects what arrives on a pipe, with the time of each piece."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.pieces: list[tuple[float, bytes]] = []
        self.is_closed = False
        self._pipe = pipe
        self.thread = threading.Thread(target=self._collect, daemon=True)
        self.thread.start()

    def _collect(self) -> None:
        while data := os.read(self._pipe.fileno(), _READ_BYTES):
            self.pieces.append((time.monotonic(), data))
        self.is_closed = True

    @property
    def data(self) -> bytes:
        return b"".join(piece for _, piece in self.pieces)


@dataclass(slots=True)
class Program:
    """One program that a test started; its output is collected while it runs."""

    process: subprocess.Popen[bytes]
    started_at: float
    out: _Output
    err: _Output

    @property
    def pid(self) -> int:
        """The process id."""
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """The program has not ended yet."""
        return self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program alone."""
        self.process.send_signal(number)

    def wait_for_output(self, text: str, *, within_s: float = 20.0) -> None:
        """Return when the text is on standard output."""
        wanted = text.encode()
        eventually(
            lambda: wanted in self.out.data or (self.out.is_closed and self._fail_early(text)),
            f"{text!r} on standard output",
            within_s=within_s,
        )

    def _fail_early(self, text: str) -> bool:
        raise AssertionError(f"no {text!r}: the program ended with {self.finish()}")

    def finish(self, within_s: float = _END_S) -> Finished:
        """Wait for the end."""
        try:
            code = self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f"pid {self.pid} {self.process.args!r} did not end within {within_s:g} s;"
                f" stdout {self.out.data[-500:]!r}, stderr {self.err.data[-500:]!r}"
            ) from None
        took_s = time.monotonic() - self.started_at
        for output in (self.out, self.err):
            output.thread.join(5.0)
        return Finished(code=code, out=self.out.data.decode(), err=self.err.data.decode(), took_s=took_s)

    def close(self) -> None:
        """Let go of the pipes."""
        for output in (self.out, self.err):
            output.thread.join(1.0)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue


@dataclass(slots=True)
class Home:
    """The world of one test: folders, ports, environment, and the programs started in it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    queen_port: int = field(default_factory=free_port)
    hive_port: int = field(default_factory=free_port)
    worker_first_port: int = field(default_factory=free_port)
    programs: list[Program] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Fill the environment; nothing of the caller's but the search path gets in."""
        for name in ("home", "state", "config", "data"):
            (self.folder / name).mkdir()
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(self.folder / "home"),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_DATA_HOME": str(self.folder / "data"),
            "RBEE_QUEEN_PORT": str(self.queen_port),
            "RBEE_HIVE_PORT": str(self.hive_port),
            "RBEE_WORKER_FIRST_PORT": str(self.worker_first_port),
        }

    @property
    def models_dir(self) -> Path:
        """The folder of this world's model files."""
        return self.folder / "data" / "rbee" / "models"

    @property
    def logs_dir(self) -> Path:
        """The folder of the daemons' logs."""
        return self.folder / "state" / "rbee" / "logs"

    @property
    def run_dir(self) -> Path:
        """The folder of records about live processes."""
        return self.folder / "state" / "rbee" / "run"

    def set(self, **settings: object) -> None:
        """Set settings through the environment, for programs started from now on."""
        self.environment |= {f"RBEE_{name.upper()}": str(value) for name, value in settings.items()}

    def fake_model(self, name: str = "steady", **script_fields: Any) -> str:
        """Write a scripted model and return the name to ask for."""
        self.set(fake_workers=1)
        self.models_dir.mkdir(parents=True, exist_ok=True)
        reference = f"{name}.fake.json"
        (self.models_dir / reference).write_text(json.dumps(script_fields))
        return reference

    def start(
        self,
        *command: str,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        extra: Mapping[str, str] | None = None,
        new_session: bool = False,
    ) -> Program:
        """Start an installed program."""
        process = subprocess.Popen(
            [script(command[0]), *command[1:]],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self.environment, **(extra or {})},
            cwd=self.folder,
            start_new_session=new_session,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        program = Program(process, time.monotonic(), _Output(process.stdout), _Output(process.stderr))
        self.programs.append(program)
        return program

    def run(
        self,
        *command: str,
        text: str | bytes | None = None,
        extra: Mapping[str, str] | None = None,
        within_s: float = 60.0,
    ) -> Finished:
        """Run an installed program to its end; `text` is piped into it."""
        program = self.start(*command, stdin=subprocess.DEVNULL if text is None else subprocess.PIPE, extra=extra)
        if text is not None:
            assert program.process.stdin is not None
            data = text.encode() if isinstance(text, str) else text
            try:
                program.process.stdin.write(data)
                program.process.stdin.close()
            except BrokenPipeError:
                pass
        return program.finish(within_s)

    def rbee(self, *arguments: str, **options: Any) -> Finished:
        """Run the command line to its end."""
        return self.run("rbee", *arguments, **options)

    def record(self, role: str) -> dict[str, Any]:
        """Return what a running daemon wrote about itself, once it has."""
        path = self.run_dir / f"{role}.json"
        eventually(path.is_file, f"the record of the {role}")
        found = json.loads(path.read_text())
        assert isinstance(found, dict)
        return found

    def queen(self, *, as_owner: bool = True, **settings: object) -> tuple[Program, Daemon]:
        """Start a queen by hand and return it with its address once it answers."""
        self.set(**settings)
        program = self.start("queen-rbee", "daemon")
        return program, self._address("queen", self.queen_port, program, as_owner=as_owner)

    def hive(self, *, as_owner: bool = True, **settings: object) -> tuple[Program, Daemon]:
        """Start a hive by hand and return it with its address once it answers."""
        self.set(**settings)
        program = self.start("rbee-hive", "daemon")
        return program, self._address("hive", self.hive_port, program, as_owner=as_owner)

    def _address(self, role: str, port: int, program: Program, *, as_owner: bool) -> Daemon:
        daemon = Daemon(port=port)

        def answers() -> bool:
            assert program.is_running, program.finish()
            return daemon.answers()

        eventually(answers, f"the {role} answers", within_s=30.0)
        return Daemon(port=port, token=self.record(role)["token"] if as_owner else "")

    def processes(self) -> list[psutil.Process]:
        """Return every living process that was started in this world, by its folder or its environment."""
        mark = str(self.folder)
        found = []
        for process in psutil.process_iter():
            if process.pid == os.getpid():
                continue
            try:
                is_ours = process.cwd() == mark or process.environ().get("XDG_STATE_HOME", "").startswith(mark)
                if is_ours and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def roles(self) -> dict[str, list[psutil.Process]]:
        """Return the living processes by role: `keeper`, `queen`, `hive`, `worker`, `template`, `other`."""
        names = ("keeper", "queen", "hive", "worker", "template", "other")
        found: dict[str, list[psutil.Process]] = {name: [] for name in names}
        for process in self.processes():
            try:
                found[_role_of(" ".join(process.cmdline()))].append(process)
            except psutil.NoSuchProcess:
                continue
        return found

    def the(self, role: str) -> psutil.Process:
        """Return the one living process of that role, once it is there."""
        return eventually(lambda: self.roles()[role], f"a {role} process")[0]

    def wait_until_nothing_runs(self, within_s: float) -> None:
        """Fail unless every process of this world is gone in time."""
        eventually(lambda: not self.processes(), f"no process left of {self.describe()}", within_s=within_s)

    def describe(self) -> list[str]:
        """Return the living processes in words."""
        found = []
        for process in self.processes():
            try:
                found.append(f"{process.pid} {process.status()} {' '.join(process.cmdline())[:120]}")
            except psutil.NoSuchProcess:
                continue
        return found

    def log_lines(self, actor: str = "") -> list[dict[str, Any]]:
        """Return the narration of `queen`, `hive` or `worker` processes, of all of them when left out."""
        texts = [path.read_text(errors="replace") for path in sorted(self.logs_dir.rglob("*.log"))]
        texts += [program.err.data.decode(errors="replace") for program in self.programs]
        lines = [json.loads(line) for text in texts for line in text.splitlines() if line.startswith("{")]
        return [line for line in lines if actor in line["actor"]]

    def all_logs(self) -> str:
        """Return everything that any process of this world wrote to a log."""
        parts = [
            f"==> {path.name}\n{path.read_text(errors='replace')}" for path in sorted(self.logs_dir.rglob("*.log"))
        ]
        parts += [
            f"==> {program.process.args!r}\n{program.err.data.decode(errors='replace')}" for program in self.programs
        ]
        return "\n".join(parts)

    def end(self) -> list[str]:
        """End the programs that the test started and return what is left of everything that they started."""
        for program in self.programs:
            if program.is_running:
                program.send(signal.SIGCONT)
                program.send(signal.SIGTERM)
        for program in self.programs:
            _wait(program, lambda program=program: program.process.kill())  # type: ignore[misc]
        left = self._left()
        for process in self.processes():
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        for program in self.programs:
            program.close()
        return left

    def _left(self) -> list[str]:
        try:
            self.wait_until_nothing_runs(within_s=8.0)
        except AssertionError:
            return self.describe()
        return []


def _wait(program: Program, on_late: Callable[[], None]) -> None:
    try:
        program.process.wait(_END_S)
    except subprocess.TimeoutExpired:
        on_late()
        program.process.wait(_END_S)


def _role_of(command: str) -> str:
    for role, marks in {
        "template": ("chat-template-rbee", "template_renderer"),
        "worker": ("worker-rbee", "rbee_keeper.workers"),
        "hive": ("rbee-hive", "rbee_keeper.hive"),
        "queen": ("queen-rbee", "rbee_keeper.queen"),
        "keeper": ("bin/rbee ", "bin/rbee-keeper "),
    }.items():
        if any(mark in f"{command} " for mark in marks):
            return role
    return "other"
