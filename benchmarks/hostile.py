"""The worst request of each kind against one daemon each, while a normal client measures what it notices.

Each attack gets a fresh queen with the bundled model, and goes to the queen or straight to a worker that was started by
hand. A normal client asks `/health` every 20 ms and runs short tasks one after another, first alone, then during the
attack. Promised: `/health` stays under 50 ms at the 99th percentile, a task takes at most twice its usual time, nobody
else's task fails, and the daemon that is attacked grows by 50 MB at most. All of it shares
the machine, so run it where nothing else runs.
"""

import argparse
import contextlib
import http.client
import json
import multiprocessing
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from measure import BUNDLED_MODEL, PROMPT, private_environment
from promises import Figure, percentile, table
from servers import free_port

_HEALTH_EVERY_S = 0.02
_START_S = 30.0
_WARM_UP_S = 5.0
_TASK_S = 60.0
_HEALTH_LIMIT_MS = 50.0
_TASK_FACTOR = 2.0
_MEMORY_LIMIT_MB = 50.0
_IDLE_CONNECTIONS = 10_000


@dataclass(frozen=True)
class Target:
    """One daemon: where it listens and its process."""

    port: int
    pid: int

    @property
    def memory_bytes(self) -> int:
        """The memory that is resident now."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024

    def plug(self) -> socket.socket:
        """Connect."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def send(self, data: bytes, wait_s: float = 20.0) -> None:
        """Send the bytes, wait for what comes and leave."""
        with contextlib.suppress(OSError), self.plug() as plug:
            plug.settimeout(wait_s)
            plug.sendall(data)
            while plug.recv(65_536):
                pass

    def post(self, path: str, body: object) -> None:
        """Send a JSON body."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-length: {len(data)}\r\n\r\n"
        self.send(head.encode() + data)


@dataclass
class Noticed:
    """What the normal client saw."""

    health_ms: list[float] = field(default_factory=list)
    task_s: list[float] = field(default_factory=list)
    failed: int = 0


def _schema(body: dict[str, object]) -> dict[str, object]:
    """Return a form that nobody has asked for before, so that no worker can have its grammar."""
    fresh = body | {"$comment": f"{time.monotonic_ns()}"}
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": fresh}}}


def _tagged_union(alternatives: int, tags: int) -> dict[str, object]:
    names = [f"t{number}" for number in range(tags)]
    each = [
        {
            "type": "object",
            "properties": {"kind": {"enum": [f"{name}-{number}" for name in names]}},
            "required": ["kind"],
        }
        for number in range(alternatives)
    ]
    return {"anyOf": each}


def _infer(**fields: object) -> dict[str, object]:
    return {"prompt": "x", "max_tokens": 200, "stream": True, "deadline_ms": round(time.time() * 1000) + 4000} | fields


def _execute(**fields: object) -> dict[str, object]:
    return {"job_id": f"hostile-{time.monotonic_ns()}", "prompt": "x", "max_tokens": 200} | fields


def _grammar(text: str) -> dict[str, object]:
    fresh = f"{text}\n# {time.monotonic_ns()}"
    return {"response_format": {"type": "gbnf", "grammar": fresh}}


_OPTIONAL = "root ::= " + "a? " * 500 + '\na ::= "a"'
_AMBIGUOUS = "root ::= s\ns ::= [^x] s [^x] | [^x] s | [^x]"


def _many_silent(target: Target, until: float) -> None:
    plugs = []
    with contextlib.ExitStack() as stack:
        for _ in range(_IDLE_CONNECTIONS):
            with contextlib.suppress(OSError):
                plugs.append(stack.enter_context(target.plug()))
        time.sleep(max(until - time.monotonic(), 0))


def _slow(target: Target, until: float, head: bytes, drop: bytes) -> None:
    with contextlib.ExitStack() as stack:
        plugs = [stack.enter_context(target.plug()) for _ in range(500)]
        for plug in plugs:
            with contextlib.suppress(OSError):
                plug.sendall(head)
        while time.monotonic() < until:
            time.sleep(0.5)
            for plug in plugs:
                with contextlib.suppress(OSError):
                    plug.sendall(drop)


def _repeat(send: Callable[[Target], None]) -> Callable[[Target, float], None]:
    def attack(target: Target, until: float) -> None:
        while time.monotonic() < until:
            send(target)

    return attack


_HEAD = b"POST /v2/tasks HTTP/1.1\r\nhost: 127.0.0.1\r\n"
_DEEP = b'{"a":' * 5_000 + b"1" + b"}" * 5_000


@dataclass(frozen=True)
class Attack:
    """One kind of request, and the daemon that gets it; the attack repeats it until the time is over."""

    name: str
    victim: str
    run: Callable[[Target, float], None]


ATTACKS = (
    Attack("headers without end", "queen", _repeat(lambda target: target.send(_HEAD + b"x: a\r\n" * 1_000_000))),
    Attack("one header of 40 MB", "queen", _repeat(lambda target: target.send(_HEAD + b"x: " + b"a" * 40_000_000))),
    Attack("slow heads", "queen", lambda target, until: _slow(target, until, _HEAD, b"x")),
    Attack(
        "slow bodies",
        "queen",
        lambda target, until: _slow(target, until, _HEAD + b"content-length: 9999\r\n\r\n", b" "),
    ),
    Attack(
        "paths for the log",
        "queen",
        _repeat(lambda target: target.send(b"GET /" + b"-eyJ" * 15_000 + b" HTTP/1.1\r\nconnection: close\r\n\r\n")),
    ),
    Attack("deep JSON", "queen", _repeat(lambda target: target.post("/v2/tasks", _DEEP))),
    Attack(
        "a schema that is deep",
        "queen",
        _repeat(
            lambda target: target.post(
                "/v2/tasks",
                _DEEP.join(
                    (
                        b'{"prompt":"x","response_format":{"type":"json_schema","json_schema":{"name":"x","schema":',
                        b"}}}",
                    )
                ),
            )
        ),
    ),
    Attack(
        "85,000 wrong biases",
        "queen",
        _repeat(
            lambda target: target.post("/v2/tasks", _infer(logit_bias={str(number): 999 for number in range(85_000)}))
        ),
    ),
    Attack("10,000 silent connections", "queen", _many_silent),
    Attack(
        "a grammar of 500 options",
        "queen",
        _repeat(lambda target: target.post("/v2/tasks", _infer(**_grammar(_OPTIONAL)))),
    ),
    Attack(
        "an ambiguous grammar",
        "queen",
        _repeat(lambda target: target.post("/v2/tasks", _infer(**_grammar(_AMBIGUOUS)))),
    ),
    Attack(
        "a schema of 256 alternatives",
        "queen",
        _repeat(lambda target: target.post("/v2/tasks", _infer(**_schema(_tagged_union(256, 60))))),
    ),
    Attack(
        "40,000 required names",
        "queen",
        _repeat(
            lambda target: target.post(
                "/v2/tasks", _infer(**_schema({"type": "object", "required": [f"n{n}" for n in range(40_000)]}))
            )
        ),
    ),
    Attack(
        "200 bounded numbers",
        "queen",
        _repeat(
            lambda target: target.post(
                "/v2/tasks",
                _infer(
                    **_schema(
                        {
                            "type": "object",
                            "properties": {
                                f"n{n}": {"type": "integer", "minimum": -(10**15) + n, "maximum": 10**15 - n}
                                for n in range(200)
                            },
                        }
                    )
                ),
            )
        ),
    ),
    Attack(
        "template arguments of 900 kB",
        "queen",
        _repeat(
            lambda target: target.post(
                "/v2/tasks",
                {
                    "messages": [{"role": "user", "content": "x"}] * 20_000,
                    "max_tokens": 5,
                    "deadline_ms": round(time.time() * 1000) + 4000,
                },
            )
        ),
    ),
    Attack(
        "an ambiguous grammar, straight",
        "worker",
        _repeat(lambda target: target.post("/execute", _execute(**_grammar(_AMBIGUOUS)))),
    ),
    Attack(
        "a schema of 256 alternatives, straight",
        "worker",
        _repeat(lambda target: target.post("/execute", _execute(**_schema(_tagged_union(256, 60))))),
    ),
    Attack(
        "paths for the log, straight",
        "worker",
        _repeat(lambda target: target.send(b"GET /" + b"-eyJ" * 15_000 + b" HTTP/1.1\r\nconnection: close\r\n\r\n")),
    ),
    Attack(
        "paths for the log that are just allowed, straight",
        "worker",
        _repeat(lambda target: target.send(b"GET /" + b"-eyJ" * 2_000 + b" HTTP/1.1\r\nconnection: close\r\n\r\n")),
    ),
)


def _request(port: int, method: str, path: str, body: bytes | None, limit_s: float) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=limit_s)
    with contextlib.closing(connection):
        connection.request(method, path, body=body)
        answer = connection.getresponse()
        return answer.status, answer.read()


class NormalClient:
    """Asks for health and runs tasks until it is stopped; both in threads of their own."""

    def __init__(self, victim: Target, task_path: str) -> None:
        self._victim = victim
        self._task_path = task_path
        self._stop = threading.Event()
        self.noticed = Noticed()
        self._threads = [threading.Thread(target=self._ask_health), threading.Thread(target=self._run_tasks)]

    def __enter__(self) -> "NormalClient":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask_health(self) -> None:
        while not self._stop.wait(_HEALTH_EVERY_S):
            began_at = time.perf_counter()
            with contextlib.suppress(OSError, http.client.HTTPException):
                _request(self._victim.port, "GET", "/health", None, 20.0)
            self.noticed.health_ms.append((time.perf_counter() - began_at) * 1000)

    def _run_tasks(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            body: dict[str, object] = {"prompt": PROMPT, "max_tokens": 16, "temperature": 0}
            if self._task_path == "/execute":
                body["job_id"] = f"normal-{number}"
            began_at = time.perf_counter()
            try:
                status, answer = _request(
                    self._victim.port, "POST", self._task_path, json.dumps(body).encode(), _TASK_S
                )
                is_done = status == 200 and b"event: end" in answer
            except (OSError, http.client.HTTPException):
                is_done = False
            self.noticed.failed += not is_done
            self.noticed.task_s.append(time.perf_counter() - began_at)


@contextlib.contextmanager
def running(role: str, environment: dict[str, str]) -> Iterator[Target]:
    """Run a daemon by hand until the end of the block."""
    port = free_port()
    command = [sys.executable, "-m", f"rbee_keeper.{ {'queen': 'queen', 'worker': 'workers'}[role] }"]
    command += ["daemon"] if role == "queen" else ["--model", str(BUNDLED_MODEL)]
    with subprocess.Popen(
        [*command, "--port", str(port)], env=environment, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            _wait_for(port, "/health" if role == "queen" else "/v1/ready")
            yield Target(port, process.pid)
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int, path: str) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            status, body = _request(port, "GET", path, None, 5.0)
            if status == 200 and b'"ready":false' not in body:
                return
        time.sleep(0.05)
    sys.exit(f"nothing answers at port {port}")


def measured(attack: Attack, usual_s: float, during_s: float) -> list[Figure]:
    """Run one attack against a fresh daemon and return what the normal client noticed."""
    task_path = "/v2/tasks" if attack.victim == "queen" else "/execute"
    with private_environment() as environment, running(attack.victim, environment) as victim:
        with NormalClient(victim, task_path):
            time.sleep(_WARM_UP_S)
        with NormalClient(victim, task_path) as client:
            time.sleep(usual_s)
        usual, before = client.noticed, victim.memory_bytes
        until = time.monotonic() + during_s
        # a process of its own: the attack must not take the interpreter from the client that measures
        attacker = multiprocessing.get_context("fork").Process(target=attack.run, args=(victim, until), daemon=True)
        with NormalClient(victim, task_path) as client:
            attacker.start()
            highest = before
            while time.monotonic() < until:
                time.sleep(0.1)
                highest = max(highest, victim.memory_bytes)
            during = client.noticed
        attacker.join(_START_S)
        attacker.kill()
    usual_task_s = statistics.median(usual.task_s)
    return [
        Figure(
            name="/health p99",
            unit="ms",
            ours=percentile(during.health_ms, 0.99),
            peer=percentile(usual.health_ms, 0.99),
            limit=_HEALTH_LIMIT_MS,
            bound="at most",
            is_ratio=False,
        ),
        Figure(
            name="task, median",
            unit="ms",
            ours=statistics.median(during.task_s) * 1000,
            peer=usual_task_s * 1000,
            limit=_TASK_FACTOR,
            bound="at most",
        ),
        Figure(
            name="memory taken",
            unit="MB",
            ours=(highest - before) / 1e6,
            limit=_MEMORY_LIMIT_MB,
            bound="at most",
            is_ratio=False,
        ),
        Figure(name="failed tasks of others", unit="", ours=during.failed, limit=0, bound="at most", is_ratio=False),
    ]


def main() -> None:
    """Print one table for each attack; exit 1 when a promise is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="attacks whose name holds this text")
    parser.add_argument("--usual-s", type=float, default=4.0, help="seconds without the attack")
    parser.add_argument("--during-s", type=float, default=8.0, help="seconds of the attack")
    options = parser.parse_args()
    missed = 0
    for attack in ATTACKS:
        if options.only not in attack.name:
            continue
        figures = measured(attack, options.usual_s, options.during_s)
        missed += sum(not figure.is_kept for figure in figures)
        print(table(f"{attack.name} (at the {attack.victim}; peer: the same client before)", figures), flush=True)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
