"""What a stranger sends before anybody has looked at it: every kind has an end in bytes, in time and in number."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ..calls import Daemon
from ..programs import Home, Program
from ..waiting import eventually

TOKEN = "a-token-of-more-than-16-characters"
HEAD = b"POST /v2/tasks HTTP/1.1\r\nhost: 127.0.0.1\r\n"


@contextlib.contextmanager
def connection(daemon: Daemon, limit_s: float = 40.0) -> Iterator[socket.socket]:
    """Give a bare connection."""
    with socket.create_connection((daemon.host, daemon.port), timeout=limit_s) as plug:
        yield plug


def rest(plug: socket.socket) -> bytes:
    """Read until the daemon closes."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while part := plug.recv(65_536):
            data += part
    return data


def status_of(data: bytes) -> int:
    """Return the status of an answer."""
    return int(data.split(b" ", 2)[1])


def memory(program: Program) -> int:
    """Return the resident memory of a program."""
    return int(psutil.Process(program.pid).memory_info().rss)


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (b"GET /" + b"a" * 1_000_000, 414, "URI_TOO_LONG"),
        (HEAD + b"x: " + b"a" * 1_000_000, 431, "HEAD_TOO_LARGE"),
        (HEAD + b"x: a\r\n" * 200_000, 431, "HEAD_TOO_LARGE"),
    ],
    ids=["a line without end", "a header without end", "headers without end"],
)
def test_a_head_without_end_is_refused_and_costs_nothing(home: Home, head: bytes, status: int, code: str) -> None:
    """60 MB of headers once became 770 MB of memory, without any token."""
    program, queen = home.queen(api_token=TOKEN)
    before = memory(program)
    with connection(queen) as plug:
        with contextlib.suppress(ConnectionError):
            for _ in range(60):
                plug.sendall(head)
        data = rest(plug)
    assert memory(program) - before < 20_000_000
    if data:  # the client may find its connection reset while it is still sending
        assert status_of(data) == status
    assert queen.answers()
    assert [line["code"] for line in home.log_lines("queen") if line["action"] == "refuse"] == [code]


@pytest.mark.parametrize(("length", "status"), [(8_000, 404), (9_000, 414)])
def test_an_address_has_eight_thousand_bytes(home: Home, length: int, status: int) -> None:
    """Nothing that rbee serves has a longer one, and every reader of it would pay for the rest."""
    _, queen = home.queen()
    with connection(queen) as plug:
        plug.sendall(b"GET /" + b"a" * length + b" HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
        assert status_of(rest(plug)) == status


@pytest.mark.parametrize("fields", [98, 150], ids=str)
def test_a_head_has_a_hundred_fields(home: Home, fields: int) -> None:
    """The answer is one that a program can read."""
    _, queen = home.queen()
    lines = b"".join(b"x-%d: 1\r\n" % number for number in range(fields))
    with connection(queen) as plug:
        plug.sendall(b"GET /health HTTP/1.1\r\nconnection: close\r\n" + lines + b"\r\n")
        data = rest(plug)
    expected = 200 if fields < 100 else 431
    assert status_of(data) == expected
    if expected == 431:
        error = json.loads(data.partition(b"\r\n\r\n")[2])["error"]
        assert (error["code"], error["src"]) == ("HEAD_TOO_LARGE", "queen")
        assert error["correlation_id"].encode() in data.partition(b"\r\n\r\n")[0]


def test_clients_that_stop_in_the_middle_are_let_go(home: Home) -> None:
    """Nothing sent, half a line, half a header, a byte a second, half a body: each was kept for ever."""
    _, queen = home.queen()
    with contextlib.ExitStack() as stack:
        silent, line, header, slow, body = (stack.enter_context(connection(queen, 60.0)) for _ in range(5))
        line.sendall(b"GET /hea")
        header.sendall(HEAD + b"x: ")
        body.sendall(HEAD + b"content-length: 100\r\n\r\n{")
        answer, began_at = b"", time.monotonic()
        slow.settimeout(1.0)
        slow.sendall(HEAD)
        while not answer and time.monotonic() - began_at < 40:
            slow.sendall(b"x")
            with contextlib.suppress(TimeoutError):
                answer = slow.recv(65_536)
        assert status_of(answer) == 408
        assert rest(silent) == b""
        assert [status_of(rest(each)) for each in (line, header, body)] == [408, 408, 408]


def test_after_a_body_that_is_too_large_the_connection_closes(home: Home) -> None:
    """200 MB were read to the end, to be thrown away."""
    _, queen = home.queen()
    sent = 0
    with connection(queen) as plug:
        plug.sendall(HEAD + b"content-length: 200000000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while sent < 200_000_000:
                sent += plug.send(b" " * 65_536)
        data = rest(plug)
    assert sent < 60_000_000
    assert not data or status_of(data) == 413


@pytest.mark.parametrize("chunked", [False, True], ids=["announced", "in parts"])
def test_a_client_that_sends_a_little_too_much_can_read_why(home: Home, chunked: bool) -> None:
    """A connection that is reset while the client sends would take its answer away."""
    _, queen = home.queen()
    body = b" " * 2_000_000
    headers = b"transfer-encoding: chunked\r\n\r\n" if chunked else b"content-length: 2000000\r\n\r\n"
    with connection(queen) as plug:
        plug.sendall(HEAD + headers + (b"%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n" if chunked else body))
        data = rest(plug)
    assert status_of(data) == 413
    assert b"connection: close" in data


def test_many_silent_connections_leave_room_for_everybody_else(home: Home) -> None:
    """A daemon with few descriptors answered nobody, and its parent took it for dead."""
    _, queen = home.queen(connections_limit=50)
    with contextlib.ExitStack() as stack:
        plugs = [stack.enter_context(connection(queen)) for _ in range(300)]
        for _ in range(5):
            assert queen.call("GET", "/health").status == 200
            assert queen.call("GET", "/v2/status").status == 200
        assert plugs


def test_a_worker_takes_no_more_connections_than_the_setting_says(home: Home) -> None:
    """Whatever was set, it took 2,000."""
    model = home.fake_model()
    _, queen = home.queen(connections_limit=16)
    assert queen.call("POST", "/v2/tasks", {"prompt": "hi", "model": model, "max_tokens": 3}).status == 200
    address = queen.call("GET", "/v2/status").json()["workers"][0]["url"]
    worker = Daemon(port=int(address.rpartition(":")[2]))
    with contextlib.ExitStack() as stack:
        plugs = [stack.enter_context(connection(worker, 5.0)) for _ in range(40)]
        assert plugs[0].recv(1) == b"", "the one that waited longest had to go"


def test_health_is_answered_when_every_place_is_taken(home: Home) -> None:
    """Who watches a daemon must be able to tell busy from dead."""
    model = home.fake_model(delay_s=0.2)
    _, queen = home.queen(connections_limit=16)
    with contextlib.ExitStack() as stack:
        for _ in range(16):
            body = {"prompt": "hi", "model": model, "max_tokens": 2000}
            stack.enter_context(queen.stream("POST", "/v2/tasks", body))
        assert queen.call("GET", "/health").status == 200
        refused = queen.call("GET", "/v2/status")
        assert (refused.status, refused.error["code"]) == (503, "SERVICE_UNAVAILABLE")
    eventually(lambda: queen.call("GET", "/v2/status").status == 200, "there is room again")


def test_long_refused_paths_hold_nobody_up_and_fill_no_log(home: Home) -> None:
    """Twelve of these once took the event loop for 47 s, longer than the lease of the hive."""
    _, queen = home.queen(api_token=TOKEN)
    path = "/" + "-eyJ" * 2_000
    began_at = time.monotonic()
    for _ in range(12):
        assert Daemon(port=queen.port).call("GET", path).status == 401
    assert time.monotonic() - began_at < 5
    for _ in range(500):
        assert Daemon(port=queen.port).call("GET", path).status == 401
    assert len(home.all_logs()) < 200_000


@pytest.mark.parametrize(
    "body",
    [b"[" * 50_000, b'{"prompt":' * 5_000, b'{"prompt": "x", "messages": ' + b"[" * 900 + b"]" * 900 + b"}"],
    ids=["arrays", "objects", "in a field"],
)
def test_a_body_that_is_nested_too_deeply_is_the_callers_mistake(home: Home, body: bytes) -> None:
    """Not a defect, and not a page of traceback."""
    _, queen = home.queen()
    answer = queen.call("POST", "/v2/tasks", body)
    assert (answer.status, answer.error["code"]) == (400, "INVALID_PARAMS")
    schema = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    form = b'{"prompt":"x","response_format":{"type":"json_schema","json_schema":{"schema":' + schema + b"}}}"
    answer = queen.call("POST", "/v2/tasks", form)
    assert (answer.status, answer.error["code"]) == (400, "INVALID_PARAMS")
    assert "Traceback" not in home.all_logs()


@pytest.mark.parametrize("deadline", ["1" + "0" * 400, "-1" + "0" * 400, "-1"], ids=["far", "long ago", "negative"])
def test_a_deadline_that_is_no_time_is_the_callers_mistake(home: Home, deadline: str) -> None:
    """A number without a limit does not fit the arithmetic."""
    _, queen = home.queen()
    answer = queen.call("POST", "/v2/tasks", f'{{"prompt": "x", "deadline_ms": {deadline}}}'.encode())
    assert (answer.status, answer.error["code"]) == (400, "INVALID_PARAMS")
    assert answer.error["param"] == "deadline_ms"
    headers = {"x-deadline": deadline}
    assert queen.call("POST", "/v2/tasks", {"prompt": "x"}, headers=headers).status == 400


def test_a_long_list_of_mistakes_is_answered_shortly(home: Home) -> None:
    """1 MB of wrong numbers was answered with 12 MB."""
    _, queen = home.queen()
    biases = {str(number): 1000 for number in range(60_000)}
    answer = queen.call("POST", "/v2/tasks", {"prompt": "x", "logit_bias": biases, "stop": [""] * 1000})
    assert answer.status == 400
    assert len(answer.body) < 10_000


def test_an_unknown_field_is_named_with_its_place_and_cannot_act(home: Home) -> None:
    """A terminal shows the message; the name in it is the caller's."""
    _, queen = home.queen()
    body = {"prompt": "x", "t\x1b]52;c;\u202e" + "y" * 5000: 1}
    error = queen.call("POST", "/v2/tasks", body).error
    assert error["message"].isprintable()
    assert len(error["message"]) < 300
    assert error["message"].startswith('the body has an unknown field "t\\u001b]52;c;\\u202ey')
    body = {"prompt": "x", "response_format": {"type": "text", "colour": 1}}
    assert queen.call("POST", "/v2/tasks", body).error["param"] == "response_format.colour"


def test_a_client_that_leaves_in_the_middle_of_its_body_is_one_line_in_the_log(home: Home) -> None:
    """It was 6 kB of traceback each time."""
    _, queen = home.queen()
    with connection(queen) as plug:
        plug.sendall(HEAD + b"x-correlation-id: gone-1\r\ncontent-length: 100\r\n\r\n{")
    lines = eventually(
        lambda: [line for line in home.log_lines("queen") if line.get("correlation_id") == "gone-1"], "the line"
    )
    assert [line["action"] for line in lines] == ["leave"]
    assert "Traceback" not in home.all_logs()


def test_a_daemon_opens_as_many_files_as_it_may(home: Home) -> None:
    """The usual soft limit is 1,024, the hard one a million."""
    import resource

    program, _ = home.queen()
    limits = Path(f"/proc/{program.pid}/limits").read_text()
    soft, hard = next(line.split()[3:5] for line in limits.splitlines() if line.startswith("Max open files"))
    assert soft == hard == str(resource.getrlimit(resource.RLIMIT_NOFILE)[1])
