"""The other commands: queen, ps, workers, logs, doctor, version, and wrong command lines."""

import http.server
import json
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rbee_keeper import __version__

from ..programs import Home, free_port, script
from ..waiting import eventually


@contextmanager
def stranger(port: int, body: bytes) -> Iterator[None]:
    """Answer every request on the port with this body."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["infer"],
        ["queen"],
        ["queen", "start"],
        ["queen", "stop"],
        ["queen", "status"],
        ["ps"],
        ["workers"],
        ["workers", "list"],
        ["workers", "stop"],
        ["logs"],
        ["doctor"],
        ["version"],
    ],
    ids=lambda command: " ".join(command) or "rbee",
)
def test_every_command_explains_itself(home: Home, command: list[str]) -> None:
    """And starts nothing while it does."""
    done = home.rbee(*command, "-h" if command else "--help")
    assert (done.code, done.err) == (0, "")
    assert "Usage: " in done.out
    assert not home.run_dir.exists()


def test_help_lists_whole_sentences_under_headings(home: Home) -> None:
    """A sentence that ends in dots is one more thing to look up; a pipe gets neither colours nor boxes."""
    done = home.rbee("--help")
    words = " ".join(done.out.split())
    assert "Check this machine and say what to do about each thing that is wrong." in words
    assert [line for line in done.out.splitlines() if line in ("Run:", "Look:", "Daemons:", "Tools:")] == [
        "Run:",
        "Look:",
        "Daemons:",
        "Tools:",
    ]
    assert done.out.isascii()
    assert "..." not in done.out.partition("Options:")[2]
    assert "\x1b" not in done.out


def test_rbee_alone_says_what_to_type_first_and_whether_a_queen_runs(home: Home) -> None:
    """The first thing a person types is the name; it starts nothing and is no mistake."""
    done = home.rbee()
    assert (done.code, done.err) == (0, "")
    assert "No queen is running" in done.out
    assert [line.strip().split("  ")[0] for line in done.out.splitlines() if line.startswith("  rbee")] == [
        'rbee infer -p "How do I add a node?"',
        "rbee queen start",
        "rbee --help",
    ]
    assert not home.run_dir.exists()
    _, queen = home.queen()
    assert f"A queen runs at {queen.url} with 0 workers." in home.rbee().out


def test_rbee_alone_says_what_is_wrong_with_the_settings_and_is_still_no_failure(home: Home) -> None:
    """It is asked for help, and helps."""
    done = home.rbee(extra={"RBEE_QUEEN_PORT": "none"})
    assert done.code == 0
    assert "queen_port" in done.out
    assert "rbee infer -p" in done.out


@pytest.mark.parametrize("program", ["queen-rbee", "rbee-hive", "worker-rbee", "rbee-keeper"])
def test_every_program_explains_itself(home: Home, program: str) -> None:
    """They can be started by hand."""
    done = home.run(program, "--help")
    assert done.code == 0
    assert "usage: " in done.out.lower()


@pytest.mark.parametrize(
    "command",
    [
        ["nonsense"],
        ["infer", "--nonsense"],
        ["infer", "-p"],
        ["infer", "-p", "x", "--max-tokens", "many"],
        ["infer", "-p", "x", "--seed", "abc"],
        ["infer", "-p", "x", "extra-word"],
        ["queen", "start", "--port", "80"],
        ["queen", "start", "--port", "70000"],
        ["workers", "stop"],
        ["logs", "--lines", "-1"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_exit_code_2_and_names_the_mistake(home: Home, command: list[str]) -> None:
    """Told apart from a failure; nothing stays running."""
    done = home.rbee(*command)
    assert (done.code, done.out) == (2, "")
    assert "Error: " in done.err or "Usage: " in done.err
    home.wait_until_nothing_runs(within_s=5)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (["--max-tokens", "0"], "max_tokens"),
        (["--max-tokens", "2049"], "max_tokens"),
        (["--temperature", "2.5"], "temperature"),
        (["--temperature", "nan"], "temperature"),
        (["--top-k", "-1"], "top_k"),
        (["--top-p", "1.5"], "top_p"),
        (["--min-p", "-0.5"], "min_p"),
        (["--repetition-penalty", "9"], "repetition_penalty"),
        (["--seed", "-1"], "seed"),
        (["--stop", ""], "stop"),
        (["--stop", "a", "--stop", "b", "--stop", "c", "--stop", "d", "--stop", "e"], "stop"),
        (["--node", "a_b"], "node"),
        (["--backend", "rocm"], "backend"),
        (["--device", "-1"], "device"),
        (["--system", "bell\x07"], "system"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_a_value_beyond_its_limits_is_named_and_nothing_is_contacted(
    home: Home, options: list[str], field: str
) -> None:
    """10.6: an unknown backend lists the three; E1."""
    done = home.rbee("infer", "-p", "hi", *options)
    assert (done.code, done.out) == (2, "")
    assert field in done.err
    assert "INVALID_PARAMS" in done.err
    if field == "backend":
        assert "cpu, cuda, metal" in done.err
    home.wait_until_nothing_runs(within_s=5)


@pytest.mark.parametrize("option", ["-p", "--system", "--stop", "--model", "--node", "--backend"])
def test_arguments_that_are_not_text_are_refused_in_words(home: Home, option: str) -> None:
    """File names in old encodings end up on command lines."""
    command = [script("rbee").encode(), b"infer", *([] if option == "-p" else [b"-p", b"hi"]), option.encode(), b"\xff"]
    done = subprocess.run(
        command,
        env=home.environment,
        cwd=home.folder,
        capture_output=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 2
    assert b"INVALID_PARAMS" in done.stderr
    assert b"defect" not in done.stderr
    home.wait_until_nothing_runs(within_s=5)


def test_a_queen_that_stays_is_started_shown_and_stopped(home: Home) -> None:
    """rbee queen start; status; ps; stop: the day of a persistent queen."""
    started = home.rbee("queen", "start")
    assert started.code == 0, started.err
    assert str(home.queen_port) in started.out
    again = home.rbee("queen", "start")
    assert again.code == 1
    assert "ALREADY_RUNNING" in again.err
    status = home.rbee("queen", "status")
    assert (status.code, f":{home.queen_port}" in status.out) == (0, True)
    answered = home.rbee("infer", "-p", "hi", "--max-tokens", "3")
    assert answered.code == 0, answered.err
    listed = home.rbee("ps")
    assert re.search(r"worker-\S+ +localhost +idle +bee-tiny +cpu", listed.out), listed.out
    as_json = json.loads(home.rbee("ps", "--json").out)
    assert [each["model_ref"] for each in as_json["workers"]] == ["bee-tiny"]
    assert json.loads(home.rbee("queen", "status", "--json").out)["tasks_done"] == 1
    stopped = home.rbee("queen", "stop")
    assert (stopped.code, stopped.out) == (0, "the queen is stopped\n"), stopped.err
    home.wait_until_nothing_runs(within_s=5)
    assert home.rbee("queen", "status").code == 1


def test_a_queen_outlives_the_terminal_that_started_it(home: Home) -> None:
    """It has a session of its own."""
    assert home.rbee("queen", "start").code == 0
    queen = home.the("queen")
    assert os.getsid(queen.pid) == queen.pid
    assert home.rbee("queen", "stop", "--json").code == 0
    home.wait_until_nothing_runs(within_s=5)


def test_a_queen_on_another_port_is_found_by_the_next_command(home: Home) -> None:
    """By the record of the daemon, not by guessing."""
    port = free_port()
    assert home.rbee("queen", "start", "--port", str(port)).code == 0
    status = home.rbee("queen", "status")
    assert f":{port}" in status.out
    assert home.rbee("queen", "stop").code == 0


def test_a_taken_port_is_named_when_the_queen_is_started(home: Home) -> None:
    """Exit code 1, and the option that chooses another."""
    with socket.create_server(("127.0.0.1", home.queen_port)):
        done = home.rbee("queen", "start", within_s=60)
    assert done.code == 1
    assert str(home.queen_port) in done.err


@pytest.mark.parametrize("command", [["queen", "stop"], ["queen", "status"], ["workers", "stop", "x"]])
def test_without_a_queen_commands_that_need_one_say_how_to_start_it(home: Home, command: list[str]) -> None:
    """They must not start one."""
    done = home.rbee(*command)
    assert done.code == 1
    assert "rbee queen start" in done.err
    home.wait_until_nothing_runs(within_s=3)


@pytest.mark.parametrize("command", [["ps"], ["workers", "list"]])
def test_a_list_of_workers_without_a_queen_is_no_error(home: Home, command: list[str]) -> None:
    """Nothing runs, and that is an answer."""
    done = home.rbee(*command)
    assert (done.code, done.out) == (0, "")
    assert "no queen is running" in done.err
    assert json.loads(home.rbee(*command, "--json").out) == {"workers": []}


def test_a_worker_is_listed_and_stopped_by_the_beginning_of_its_id(home: Home) -> None:
    """Nobody types a UUID."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    assert home.rbee("infer", "-m", model, "-p", "hi").code == 0
    listed = home.rbee("workers", "list", "--json")
    (worker,) = json.loads(listed.out)["workers"]
    assert home.rbee("workers", "stop", "worker-").code == 2
    done = home.rbee("workers", "stop", worker["worker_id"].removeprefix("worker-")[:8])
    assert (done.code, worker["worker_id"] in done.out) == (0, True), done.err
    eventually(lambda: not home.roles()["worker"], "the process is gone")
    assert home.rbee("workers", "stop", "worker-ffffffff-none").code == 1
    refused = home.rbee("workers", "stop", "a;b")
    assert (refused.code, "letters, digits and dashes" in refused.err) == (2, True)
    assert queen.answers()


@pytest.mark.parametrize(
    "url", ["nonsense", "http://", "https://127.0.0.1:1", "ftp://x", "http://127.0.0.1:99999", "http://[::1"]
)
def test_a_queen_address_that_is_none_is_refused_in_words(home: Home, url: str) -> None:
    """Never with a traceback."""
    done = home.rbee("infer", "-p", "hi", "--queen-url", url)
    assert done.code == 2
    assert "defect" not in done.err
    assert "Traceback" not in done.err
    assert "try: " in done.err
    home.wait_until_nothing_runs(within_s=3)


def test_a_named_queen_that_does_not_answer_is_an_error_and_none_is_started(home: Home) -> None:
    """Whoever names a queen wants that one."""
    done = home.rbee("infer", "-p", "hi", "--queen-url", f"http://127.0.0.1:{home.queen_port}")
    assert done.code == 1
    assert "CONNECTION_FAILED" in done.err
    home.wait_until_nothing_runs(within_s=3)


def test_another_program_on_the_queens_port_is_not_taken_for_a_queen(home: Home) -> None:
    """8080 is popular; an ephemeral run goes on without it."""
    with stranger(home.queen_port, b"<html>"):
        done = home.rbee("infer", "-p", "hi", "--max-tokens", "3")
        named = home.rbee("infer", "-p", "hi", "--queen-url", f"http://127.0.0.1:{home.queen_port}")
    assert done.code == 0, done.err
    assert (named.code, "PROTOCOL_ERROR" in named.err) == (1, True)


def test_logs_show_what_the_daemons_wrote_after_they_are_gone(home: Home) -> None:
    """The first place to look after a failure."""
    assert home.rbee("infer", "-p", "hi", "--max-tokens", "3").code == 0
    done = home.rbee("logs")
    assert done.code == 0
    for kind in ("queen", "hive", "worker"):
        assert f"==> {kind}-" in done.out
    assert re.search(
        r"^\d\d:\d\d:\d\d\.\d{3} INFO  queen-rbee: task done", home.rbee("logs", "queen").out, re.MULTILINE
    )
    lines = home.rbee("logs", "queen", "--json").out.splitlines()
    assert "infer" in [json.loads(line)["action"] for line in lines]
    assert home.rbee("logs", "-n", "1", "queen").out.count("\n") == 2
    assert home.rbee("logs", "--worker", "none").code == 1
    assert home.rbee("logs", "nobody").code == 2


def test_without_logs_there_is_a_hint(home: Home) -> None:
    """A fresh machine has none."""
    done = home.rbee("logs")
    assert done.code == 1
    assert "rbee infer" in done.err


def test_logs_are_followed_until_ctrl_c(home: Home) -> None:
    """10.5: exit code 130."""
    home.logs_dir.mkdir(parents=True)
    log = home.logs_dir / "queen-1.log"
    log.write_text("first\n")
    follower = home.start("rbee", "logs", "queen", "--follow")
    follower.wait_for_output("first")
    with log.open("a") as file:
        file.write("second\n")
    follower.wait_for_output("second")
    follower.send(signal.SIGINT)
    assert follower.finish(10).code == 130


def test_the_doctor_finds_a_fresh_machine_healthy(home: Home) -> None:
    """Every check is named."""
    done = home.rbee("doctor")
    assert done.code == 0, done.out
    findings = json.loads(home.rbee("doctor", "--json").out)
    assert all(finding["is_good"] for finding in findings)
    assert {finding["name"] for finding in findings} >= {"python", "settings", "engine", "models", "folders", "queen"}


@pytest.mark.parametrize("what", ["settings", "port", "model", "folder"])
def test_the_doctor_says_what_is_wrong_and_what_to_type(home: Home, what: str) -> None:
    """Exit code 1 and a hint for each."""
    listener = None
    if what == "settings":
        home.set(slots="many")
    elif what == "port":
        listener = socket.create_server(("127.0.0.1", home.queen_port))
    elif what == "model":
        home.set(default_model="absent")
    else:
        (home.folder / "state" / "rbee").write_text("a file in the way")
    done = home.rbee("doctor", within_s=60)
    if listener is not None:
        listener.close()
    assert done.code == 1, done.out
    failed = done.out.partition("FAIL")[2]
    assert "try: " in failed
    assert "Traceback" not in done.err


def test_the_doctor_names_a_hive_that_no_queen_hears_of(home: Home) -> None:
    """With a wrong token it waits for ever, and so does every task."""
    home.queen()
    home.hive(queen_url=f"http://127.0.0.1:{free_port()}")
    done = home.rbee("doctor", extra={"RBEE_QUEEN_URL": ""})
    assert done.code == 1
    assert "does not report to the queen" in done.out


def test_the_version_is_the_same_everywhere(home: Home) -> None:
    """Program, package and daemon."""
    done = home.rbee("version")
    assert done.code == 0
    assert f"rbee {__version__}" in done.out
    assert "llama-cpp-python" in done.out
    assert json.loads(home.rbee("version", "--json").out)["rbee"] == __version__
    _, queen = home.queen()
    assert queen.call("GET", "/health").json()["version"] == __version__


def test_a_wrong_settings_file_stops_every_command_with_its_line(home: Home) -> None:
    """18.3: field, expected type, E1."""
    file = home.folder / "config" / "rbee" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('slots = "four"\n')
    for command in (["infer", "-p", "hi"], ["ps"], ["queen", "start"]):
        done = home.rbee(*command)
        assert done.code == 1
        assert "slots must be a whole number" in done.err
        assert str(file) in done.err
    for program in ("queen-rbee", "rbee-hive"):
        done = home.run(program, "daemon")
        assert done.code == 1
        assert "slots must be a whole number" in done.err


def test_state_that_cannot_be_written_is_an_error_in_words(home: Home) -> None:
    """A full or read-only disk."""
    (home.folder / "state" / "rbee").write_text("a file in the way")
    done = home.rbee("infer", "-p", "hi")
    assert done.code == 1
    assert "Traceback" not in done.err
    home.wait_until_nothing_runs(within_s=3)
    assert Path(home.folder / "state" / "rbee").is_file()


def test_a_queen_of_another_version_is_told_apart(home: Home) -> None:
    """VERSION_MISMATCH with both versions and what to do (6.3)."""
    with stranger(home.queen_port, b'{"status": "ok", "version": "0.0.1", "api_version": "v1"}'):
        done = home.rbee("infer", "-p", "hi")
    assert done.code == 1
    assert "VERSION_MISMATCH" in done.err
    assert "0.0.1" in done.err
    assert "rbee queen stop" in done.err


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_command_works_with_standard_streams_closed(home: Home, closed: str) -> None:
    """Some starters close them; a socket that took the number of standard input was lost in the first child."""
    command = ["sh", "-c", f'exec "$0" "$@" {closed}', script("rbee"), "infer", "-p", "hi", "--max-tokens", "5"]
    done = subprocess.run(
        command,
        env=home.environment,
        cwd=home.folder,
        capture_output=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    assert bool(done.stdout) == (">&-" not in closed.replace("2>&-", ""))
