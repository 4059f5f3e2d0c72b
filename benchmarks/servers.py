"""Starts the servers that are compared, each as a process of its own, and reads what the system knows of them."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import private_environment
from peers import llama_server, python_server, quiet_environment

_START_S = 180.0
_END_S = 10.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What every server gets alike: the file, the threads, the slots, the context of one slot in tokens."""

    model: Path
    threads: int
    slots: int
    context: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server; `kind` says in which dialect it is asked, `model` which model where that is a choice."""

    kind: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path
    model: str = ""

    @property
    def peak_memory_bytes(self) -> int:
        """The most memory that was resident at any time, the mapped file included."""
        return self._status_kib("VmHWM") * 1024

    @property
    def memory_bytes(self) -> int:
        """The memory that is resident now."""
        return self._status_kib("VmRSS") * 1024

    @property
    def cpu_s(self) -> float:
        """The processor time used so far by the server and the processes that it started."""
        return sum(map(_cpu_s, _family(self.process.pid)))

    def _status_kib(self, name: str) -> int:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def _family(pid: int) -> Iterator[int]:
    """Yield the process and all below it; any thread may have started a child."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in children.read_text().split():
                yield from _family(int(child))


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextlib.contextmanager
def rbee_worker(room: Room) -> Iterator[Server]:
    """Run rbee's worker of this interpreter's installation, as a person starts it by hand."""
    command = [sys.executable, "-m", "rbee_keeper.workers", "--model", str(room.model), "--slots", str(room.slots)]
    command += ["--context", str(room.context), "--threads", str(room.threads)]
    with _running("rbee", command, "/v1/ready") as server:
        yield server


@contextlib.contextmanager
def rbee_queen(room: Room) -> Iterator[Server]:
    """Run rbee's queen, which starts a hive and a worker with the first task."""
    with private_environment() as private:
        hive, worker = free_port(), free_port()
        settings = {
            "RBEE_MODEL_ROOTS": str(room.model.parent),
            "RBEE_SLOTS": str(room.slots),
            "RBEE_CONTEXT_TOKENS": str(room.context),
            "RBEE_THREADS": str(room.threads),
            "RBEE_HIVE_PORT": str(hive),
            "RBEE_WORKER_FIRST_PORT": str(worker),
        }
        command = [sys.executable, "-m", "rbee_keeper.queen", "daemon"]
        environment = {**quiet_environment(), **private, **settings}
        with _running("rbee-queen", command, "/health", environment, str(room.model)) as server:
            yield server


@contextlib.contextmanager
def llama_cpp_server(room: Room, *options: str) -> Iterator[Server]:
    """Run llama.cpp's own server with its defaults, but for what both servers are given alike."""
    command = [str(llama_server()), "--model", str(room.model), "--parallel", str(room.slots), "--host", "127.0.0.1"]
    command += ["--ctx-size", str(room.context * room.slots), "--threads", str(room.threads), *options]
    with _running("llama-server", command, "/health") as server:
        yield server


@contextlib.contextmanager
def llama_cpp_python_server(room: Room) -> Iterator[Server]:
    """Run llama-cpp-python's own server, told to finish a request before it takes the next."""
    command = [str(python_server()), "-m", "llama_cpp.server", "--model", str(room.model), "--host", "127.0.0.1"]
    command += ["--n_ctx", str(room.context), "--n_threads", str(room.threads)]
    command += ["--n_threads_batch", str(room.threads), "--interrupt_requests", "false"]
    with _running("llama-cpp-python", command, "/v1/models") as server:
        yield server


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert isinstance(port, int)
        return port


@contextlib.contextmanager
def _running(
    kind: str, command: Sequence[str], ready_path: str, environment: Mapping[str, str] | None = None, model: str = ""
) -> Iterator[Server]:
    port = free_port()
    with (
        tempfile.NamedTemporaryFile(prefix=f"{kind}-", suffix=".log") as log,
        subprocess.Popen(
            [*command, "--port", str(port)],
            env=dict(environment or quiet_environment()),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        server = Server(kind=kind, port=port, process=process, log=Path(log.name), model=model)
        try:
            _wait_until_ready(server, ready_path)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_until_ready(server: Server, path: str) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and server.process.poll() is None:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=5) as answer,
        ):
            body = answer.read()
            if answer.status == 200 and b'"ready":false' not in body:
                return
        time.sleep(0.05)
    sys.exit(f"{server.kind} did not start:\n{server.log.read_text(errors='replace')[-3000:]}")
