"""Random damage to HTTP requests at the three daemons: nothing dies, nothing is answered with a defect."""

import contextlib
import random
import socket
import time
from collections.abc import Iterator

from ..calls import Daemon
from ..programs import Home, free_port
from ..waiting import eventually

BUDGET_S = 12.0
SEED = 20_261_124
BODIES = [
    b'{"prompt": "hi", "max_tokens": 2}',
    b'{"job_id": "j", "prompt": "hi", "max_tokens": 2}',
    b'{"worker_id": "worker-x"}',
    b'{"model_ref": "file:/no.gguf", "backend": "cpu", "device": 0}',
    b'{"hive_id":"hive-1","node":"n","url":"http://127.0.0.1:1","token":"t","version":"0","pid":1,"sequence":1}',
]
TARGETS = [
    (b"GET", b"/health"),
    (b"GET", b"/v2/status"),
    (b"POST", b"/v2/tasks"),
    (b"GET", b"/v2/tasks/task-1/events"),
    (b"DELETE", b"/v2/tasks/task-1"),
    (b"POST", b"/v2/workers/shutdown"),
    (b"POST", b"/v2/hives/heartbeat"),
    (b"POST", b"/v1/workers/spawn"),
    (b"POST", b"/v1/workers/ready"),
    (b"POST", b"/execute"),
    (b"POST", b"/tokenize"),
    (b"POST", b"/v1/embeddings"),
    (b"POST", b"/cancel"),
    (b"GET", b"/props"),
]
HEADERS = [
    b"x-deadline: 9" + b"9" * 400,
    b"x-deadline: 2026-13-45T99:99:99Z",
    b"x-correlation-id: \xff\x1b[2J",
    b"last-event-id: -1",
    b"last-event-id: " + b"9" * 50,
    b"authorization: Bearer",
    b"authorization: Bearer x\r\nauthorization: Bearer y",
    b"accept: application/json",
    b"expect: 100-continue",
    b"connection: upgrade\r\nupgrade: websocket",
    b"transfer-encoding: chunked",
    b"content-length: -1",
    b"content-length: 99999999999999999999999",
    b"host: [::1",
    b"host:",
    b"origin: null",
    b" folded: x",
]
PIECES = [
    b"\x00",
    b"\r\n",
    b"\r\n\r\n",
    b"%ff",
    b"%00",
    b"\xf0\x9f",
    b"[" * 2_000,
    b"1" + b"0" * 400,
    b'"\\ud800"',
    b"../",
]


def request(dice: random.Random, token: str) -> bytes:
    """Return a request that is right but for a few random damages."""
    method, path = dice.choice(TARGETS)
    body = dice.choice(BODIES) if method == b"POST" else b""
    lines = [b"%s %s HTTP/1.1" % (method, path), b"host: 127.0.0.1", b"connection: close"]
    if dice.random() < 0.8:
        lines.append(b"authorization: Bearer " + token.encode())
    lines += dice.sample(HEADERS, dice.choice((0, 0, 1, 2)))
    for _ in range(dice.choice((0, 1, 1, 2))):
        at = dice.randrange(len(body) + 1)
        body = body[:at] + dice.choice(PIECES) + body[at + dice.randrange(3) :]
    if body:
        lines.append(b"content-length: %d" % len(body))
    data = b"\r\n".join(lines) + b"\r\n\r\n" + body
    for _ in range(dice.choice((0, 0, 0, 1, 3))):
        at = dice.randrange(len(data))
        data = (
            data[:at]
            + dice.choice((dice.choice(PIECES), bytes([dice.randrange(256)])))
            + data[at + dice.randrange(2) :]
        )
    return data


@contextlib.contextmanager
def connected(daemon: Daemon) -> Iterator[socket.socket]:
    """Give a connection that does not wait for long."""
    with socket.create_connection((daemon.host, daemon.port), timeout=5) as plug:
        plug.settimeout(0.3)
        yield plug


def answer_to(daemon: Daemon, data: bytes) -> bytes:
    """Send the bytes and return what comes within a moment; half a request has no answer."""
    answer = b""
    with connected(daemon) as plug, contextlib.suppress(OSError):
        plug.sendall(data)
        while len(answer) < 65_536 and (part := plug.recv(65_536)):
            answer += part
    return answer


def test_no_damaged_request_ends_a_daemon_or_looks_like_a_defect(home: Home) -> None:
    """The seed is fixed: whoever changes the edge of the daemons meets the same requests again."""
    model = home.fake_model(ends=True, tokens=["x"])
    _, hive = home.hive()
    _, queen = home.queen()
    worker = Daemon(port=free_port())
    home.start("worker-rbee", "--model", str(home.models_dir / model), "--port", str(worker.port))
    eventually(worker.answers, "the worker answers", within_s=30.0)
    living = {process.pid for processes in home.roles().values() for process in processes}
    dice, end, sent = random.Random(SEED), time.monotonic() + BUDGET_S, 0
    while time.monotonic() < end:
        for daemon in (queen, hive, worker):
            data = request(dice, daemon.token)
            answer = answer_to(daemon, data)
            assert b" 500 " not in answer[:20], (data, answer)
            sent += 1
    for daemon in (queen, hive, worker):
        eventually(daemon.answers, "the daemon answers")
    assert living <= {process.pid for processes in home.roles().values() for process in processes}
    assert sent > 50
    assert "Traceback" not in home.all_logs()
