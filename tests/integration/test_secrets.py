"""A token and a prompt go only to a daemon that has proved itself, whoever listens where one would."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rbee_keeper import __version__

from ..programs import Home
from ..waiting import eventually

_TOKEN = "the-token-of-this-person-0001"
_PROMPT = "the prompt that nobody else may read"

_STRANGER = r"""
import encodings.idna, http.server, os, sys
port, version, seen, uid = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
log = open(seen, "ab", buffering=0)
class Answers(http.server.BaseHTTPRequestHandler):
    def answer(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        log.write(repr((self.command, self.path, self.headers.items(), body)).encode() + b"\n")
        data = b'{"status": "ok", "version": "%s", "api_version": "v1"}' % version.encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    do_GET = do_POST = do_DELETE = answer
    def log_message(self, *_): pass
if uid:
    os.setuid(uid)
http.server.ThreadingHTTPServer(("127.0.0.1", port), Answers).serve_forever()
"""


@contextmanager
def _stranger(home: Home, port: int, *, uid: int = 0) -> Iterator[Path]:
    """Listen on the port as a queen of this version would, and write down everything that is sent there."""
    seen = home.folder / f"seen-{port}-{time.monotonic_ns()}"
    seen.touch()
    arguments = [sys.executable, "-c", _STRANGER, str(port), __version__, str(seen), str(uid)]
    with subprocess.Popen(arguments) as process:
        try:
            eventually(lambda: _is_open(port), "the stranger listens")
            yield seen
        finally:
            process.kill()


def _is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _leaked(seen: Path, *secrets: str) -> list[str]:
    text = seen.read_text()
    return [secret for secret in secrets if secret in text]


def test_with_no_queen_running_neither_token_nor_prompt_goes_to_the_program_on_its_port(home: Home) -> None:
    """On a shared machine the first to listen there would get both, and could answer as the model."""
    home.set(api_token=_TOKEN)
    with _stranger(home, home.queen_port) as seen:
        done = home.rbee("infer", "-p", _PROMPT, "--max-tokens", "3")
        home.rbee("ps")
        home.rbee("queen", "stop")
        assert seen.read_text(), "the stranger was asked for a proof"
        assert _leaked(seen, _TOKEN, _PROMPT) == []
    assert done.code == 0, done.err
    assert done.out


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_without_a_token_no_prompt_goes_to_another_users_program(home: Home) -> None:
    """There is no token to prove, so the kernel is asked whose port it is."""
    with _stranger(home, home.queen_port, uid=65_534) as seen:
        assert home.rbee("infer", "-p", _PROMPT, "--max-tokens", "3").code == 0
        assert _leaked(seen, _PROMPT) == []


def test_whoever_takes_the_port_of_a_killed_queen_gets_nothing(home: Home) -> None:
    """Her record stays behind with her token; a hive by hand would report its own and its workers' there too."""
    hive, daemon = home.hive()
    queen, _ = home.queen()
    token = home.record("queen")["token"]
    eventually(lambda: "reports to the queen" in hive.err.data.decode(), "the hive reports")
    queen.send(signal.SIGKILL)
    queen.finish()
    with _stranger(home, home.queen_port) as seen:
        home.rbee("ps")
        home.rbee("queen", "stop")
        home.rbee("workers", "list")
        assert home.rbee("infer", "-p", _PROMPT, "--queen-url", f"http://127.0.0.1:{home.queen_port}").code != 0
        time.sleep(2.5)
        assert _leaked(seen, token, daemon.token) == []


def test_a_hive_reports_to_a_queen_that_proves_itself_and_to_no_other(home: Home) -> None:
    """Its report holds the tokens of the hive and of every worker."""
    home.set(api_token=_TOKEN)
    with _stranger(home, home.queen_port) as seen:
        hive = home.start("rbee-hive", "daemon", "--queen-url", f"http://127.0.0.1:{home.queen_port}")
        eventually(lambda: "did not prove" in hive.err.data.decode(), "the hive says why it does not report")
        assert _leaked(seen, _TOKEN) == []


def test_a_queen_of_the_same_token_is_found_at_its_usual_port_without_a_record(home: Home) -> None:
    """A queen that a service manager runs has a state folder of its own."""
    home.queen(api_token=_TOKEN)
    elsewhere = {"XDG_STATE_HOME": str(home.folder / "other")}
    done = home.rbee("queen", "status", extra=elsewhere)
    assert done.code == 0, done.err
    unknown = home.rbee("queen", "status", extra=elsewhere | {"RBEE_API_TOKEN": "another-token-of-16"})
    assert unknown.code == 1


def test_a_named_queen_that_does_not_know_the_token_is_told_apart_from_one_that_is_away(home: Home) -> None:
    """The person can correct the token."""
    with _stranger(home, home.queen_port) as seen:
        url = f"http://127.0.0.1:{home.queen_port}"
        done = home.rbee("infer", "-p", _PROMPT, "--queen-url", url, extra={"RBEE_API_TOKEN": _TOKEN})
        assert _leaked(seen, _TOKEN, _PROMPT) == []
    assert done.code == 1
    assert "INVALID_API_KEY" in done.err


@pytest.mark.parametrize("command", [["ps"], ["infer", "-p", "hi"], ["queen", "status"]])
def test_a_frozen_queen_is_named_and_no_second_set_is_started(home: Home, command: list[str]) -> None:
    """It still holds its hive and the memory of its workers."""
    queen, _ = home.queen()
    queen.send(signal.SIGSTOP)
    try:
        done = home.rbee(*command)
    finally:
        queen.send(signal.SIGCONT)
    assert done.code == 124
    assert f"the queen (pid {queen.pid}) does not answer" in done.err
    assert "rbee queen stop" in done.err


def test_queen_stop_ends_a_frozen_queen_with_everything_that_it_started(home: Home) -> None:
    """The hint of the other commands has to work."""
    queen, _ = home.queen()
    assert home.rbee("infer", "-p", "hi", "--max-tokens", "3").code == 0
    queen.send(signal.SIGSTOP)
    done = home.rbee("queen", "stop")
    assert done.code == 0, done.err
    queen.finish()
    home.wait_until_nothing_runs(within_s=10)


def test_queen_stop_ends_a_queen_of_another_version(home: Home) -> None:
    """VERSION_MISMATCH advises it, so it must not fail in the same way."""
    older = subprocess.Popen([sys.executable, "-c", _STRANGER, str(home.queen_port), "0.0.1", os.devnull, "0"])
    eventually(lambda: _is_open(home.queen_port), "it listens")
    from rbee_keeper.supervisor.process_identity import identity_of

    home.run_dir.mkdir(parents=True)
    record = {"role": "queen", "pid": older.pid, "identity": identity_of(older.pid), "token": "t"}
    (home.run_dir / "queen.json").write_text(json.dumps(record | {"url": f"http://127.0.0.1:{home.queen_port}"}))
    try:
        assert "VERSION_MISMATCH" in home.rbee("ps").err
        done = home.rbee("queen", "stop")
        assert (done.code, done.out) == (0, "the queen is stopped\n")
        assert older.wait(10) == -signal.SIGTERM
    finally:
        older.kill()
        older.wait()
