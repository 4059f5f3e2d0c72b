"""Who may do what: tokens, owners, and addresses that others can reach."""

import hashlib
import http.client
import json
import socket

import pytest

from ..calls import Daemon, text_of
from ..hive_reports import report
from ..programs import Home
from ..waiting import eventually

TOKEN = "a-token-of-more-than-16-characters"


@pytest.mark.parametrize("role", ["queen", "hive"])
def test_without_the_token_every_address_but_health_is_401(home: Home, role: str) -> None:
    """12.1, 12.2: all methods and routes, also those that do not exist."""
    home.set(api_token=TOKEN)
    _, daemon = home.queen() if role == "queen" else home.hive()
    stranger = Daemon(port=daemon.port)
    assert stranger.call("GET", "/health").status == stranger.call("GET", "/v1/health").status == 200
    for method, path in [
        ("GET", "/v2/status"),
        ("POST", "/v2/tasks"),
        ("DELETE", "/v2/tasks/x"),
        ("GET", "/v1/workers/list"),
        ("POST", "/v1/workers/spawn"),
        ("POST", "/v2/hives/heartbeat"),
        ("POST", "/v2/shutdown"),
        ("GET", "/nothing"),
    ]:
        answer = stranger.call(method, path)
        assert (answer.status, answer.error["code"], answer.error["src"]) == (401, "MISSING_API_KEY", role), path
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.error["correlation_id"] == answer.headers["x-correlation-id"]
        assert TOKEN not in answer.body.decode()


@pytest.mark.parametrize(
    "header", ["Bearer wrong", f"Bearer  {TOKEN}", TOKEN, f"bearer {TOKEN}", "Basic dXNlcjpwYXNz", "Bearer"]
)
def test_a_wrong_token_is_401_and_told_apart_from_a_missing_one(home: Home, header: str) -> None:
    """12.1."""
    _, queen = home.queen(api_token=TOKEN)
    answer = Daemon(port=queen.port).call("GET", "/v2/status", headers={"authorization": header})
    assert (answer.status, answer.error["code"]) == (401, "INVALID_API_KEY")
    refused = eventually(
        lambda: [line for line in home.log_lines("queen") if line["action"] == "refuse"], "the refusal is logged"
    )
    assert [(line["level"], line["code"]) for line in refused] == [("WARN", "INVALID_API_KEY")]


@pytest.mark.parametrize("role", ["queen", "hive"])
def test_two_tokens_are_refused_even_when_the_first_is_right(home: Home, role: str) -> None:
    """A proxy may look at the one and a daemon at the other."""
    home.set(api_token=TOKEN)
    _, daemon = home.queen() if role == "queen" else home.hive()
    connection = http.client.HTTPConnection("127.0.0.1", daemon.port, timeout=20)
    connection.putrequest("GET", "/v2/status")
    connection.putheader("authorization", f"Bearer {TOKEN}")
    connection.putheader("authorization", "Bearer other-token-of-somebody")
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (401, "INVALID_API_KEY")
    connection.close()


def test_a_refused_token_leaves_its_fingerprint_and_the_id_of_its_request(home: Home) -> None:
    """Whoever looks for the program with the old token must find it; the token itself is in no log."""
    _, queen = home.queen(api_token=TOKEN)
    wrong = "an-old-token-of-somebody"
    headers = {"authorization": f"Bearer {wrong}", "x-correlation-id": "find-me"}
    assert Daemon(port=queen.port).call("GET", "/v2/status", headers=headers).status == 401
    lines = eventually(
        lambda: [line for line in home.log_lines("queen") if line.get("correlation_id") == "find-me"], "the line"
    )
    assert [line["fingerprint"] for line in lines] == [hashlib.sha256(wrong.encode()).hexdigest()[:6]]
    assert wrong not in home.all_logs()


@pytest.mark.parametrize("program", [("queen-rbee", "daemon"), ("rbee-hive", "daemon")], ids=str)
@pytest.mark.parametrize("token", [" " * 40, "short", "letters, and blanks", "\u00fc" * 20, "a-token-with\na-line-end"])
def test_no_daemon_opens_itself_to_others_behind_a_token_that_is_none(
    home: Home, program: tuple[str, str], token: str
) -> None:
    """Forty blanks were enough once."""
    done = home.run(*program, "--host", "0.0.0.0", extra={"RBEE_API_TOKEN": token})
    assert done.code in (1, 2)
    assert "token" in done.err
    assert "Traceback" not in done.err
    assert token.strip() == "" or token not in done.err


@pytest.mark.parametrize(
    "url", ["http://queen..local:8080", "http://me:hunter2@127.0.0.1:1", "http://no.such.host.invalid:1"], ids=str
)
def test_an_address_of_a_queen_that_cannot_be_is_refused_in_words(home: Home, url: str) -> None:
    """Not a traceback, and a password in it stays unseen."""
    done = home.rbee("ps", extra={"RBEE_QUEEN_URL": url})
    assert "Traceback" not in done.err + done.out
    assert "defect" not in done.err
    assert "hunter2" not in done.err + done.out + home.all_logs()


def test_the_right_token_works_through_the_whole_chain(home: Home) -> None:
    """12.2, 12.5, 12.7: the queen passes on what each peer needs."""
    model = home.fake_model(tokens=["open"], ends=True)
    _, queen = home.queen(as_owner=False, api_token=TOKEN)
    with Daemon(port=queen.port, token=TOKEN).stream("POST", "/v2/tasks", {"prompt": "hi", "model": model}) as stream:
        assert text_of(stream.rest()) == "open"
    done = home.rbee("infer", "-m", model, "-p", "hi")
    assert (done.code, done.out) == (0, "open"), done.err


def test_the_workers_and_the_hive_of_a_queen_accept_nobody_but_it(home: Home) -> None:
    """Unauthenticated worker execute was a critical finding (contract 3)."""
    model = home.fake_model(ends=True)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model}) as stream:
        stream.rest()
    status = queen.call("GET", "/v2/status").json()
    worker = Daemon(port=int(status["workers"][0]["url"].rpartition(":")[2]))
    hive = Daemon(port=int(status["hives"][0]["url"].rpartition(":")[2]))
    body = {"job_id": "j", "prompt": "hi"}
    assert worker.call("GET", "/health").status == 200
    assert worker.call("POST", "/execute", body).error["code"] == "MISSING_API_KEY"
    assert worker.call("POST", "/v1/admin/shutdown").status == 401
    assert hive.call("POST", "/v1/workers/spawn", {"model_ref": model}).status == 401
    assert hive.call("GET", "/v1/workers/list").status == 401
    guess = Daemon(port=worker.port, token=queen.token)
    assert guess.call("POST", "/execute", body).error["code"] == "INVALID_API_KEY", "every hop has a token of its own"


def test_on_loopback_without_a_token_anybody_may_ask_and_only_the_owner_may_stop(home: Home) -> None:
    """12.3; a web page must not be able to end the queen."""
    model = home.fake_model(ends=True)
    program, owner = home.queen()
    stranger = Daemon(port=owner.port, token="some-key-that-a-client-always-sends")
    with stranger.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model}) as stream:
        assert stream.rest()[-1].name == "end"
    for anyone in (stranger, Daemon(port=owner.port)):
        answer = anyone.call("POST", "/v2/shutdown")
        assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")
    assert program.is_running
    assert owner.call("POST", "/v2/shutdown").status == 202
    assert program.finish().code == 0


def test_only_the_owner_may_name_a_file_outside_the_model_folders(home: Home) -> None:
    """11.2; the answer does not tell whether the file exists."""
    home.fake_model()
    outside = home.folder / "outside.fake.json"
    outside.write_text('{"tokens": ["mine"], "ends": true}')
    _, owner = home.queen()
    body = {"prompt": "hi", "model": f"file:{outside}"}
    for path in (outside, home.folder / "missing.fake.json"):
        answer = Daemon(port=owner.port).call("POST", "/v2/tasks", {**body, "model": f"file:{path}"})
        assert b"FORBIDDEN" in answer.body
        assert str(home.folder) not in answer.body.decode()
    with owner.stream("POST", "/v2/tasks", body) as stream:
        assert text_of(stream.rest()) == "mine"


def test_a_folder_in_model_roots_is_open_to_all_callers(home: Home) -> None:
    """The setting says so."""
    home.fake_model()
    shared = home.folder / "shared"
    shared.mkdir()
    (shared / "m.fake.json").write_text('{"tokens": ["shared"], "ends": true}')
    _, queen = home.queen(as_owner=False, model_roots=shared)
    for name in ("m.fake.json", f"file:{shared}/m.fake.json"):
        with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": name}) as stream:
            assert text_of(stream.rest()) == "shared"


@pytest.mark.parametrize("program", ["queen-rbee", "rbee-hive"])
@pytest.mark.parametrize("token", ["", "short"])
def test_an_address_that_others_can_reach_needs_a_real_token(home: Home, program: str, token: str) -> None:
    """The daemon refuses to start (contract 1.10)."""
    if token:
        home.set(api_token=token)
    done = home.run(program, "daemon", "--host", "0.0.0.0")
    assert done.code == 2
    assert "token of at least 16 characters" in done.err
    assert "api_token" in done.err


def test_with_a_token_it_may_be_reached_from_other_machines(home: Home) -> None:
    """And then every caller needs it, those on this machine included."""
    home.set(api_token=TOKEN)
    home.start("queen-rbee", "daemon", "--host", "0.0.0.0")
    queen = Daemon(port=home.queen_port)
    eventually(queen.answers, "the queen answers", within_s=30)
    assert queen.call("GET", "/v2/status").status == 401
    assert Daemon(port=home.queen_port, token=TOKEN).call("GET", "/v2/status").status == 200


def test_a_queen_on_the_ipv6_loopback_works(home: Home) -> None:
    """Some machines have nothing else."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    model = home.fake_model(ends=True)
    home.start("queen-rbee", "daemon", "--host", "::1")
    queen = Daemon(port=home.queen_port, host="::1")
    eventually(queen.answers, "the queen answers", within_s=30)
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model}) as stream:
        assert stream.rest()[-1].name == "end"
    done = home.rbee("infer", "-m", model, "-p", "hi")
    assert (done.code, done.out) == (0, "fake token "), done.err


def test_a_stranger_cannot_make_the_queen_send_requests(home: Home) -> None:
    """Server-side request forgery through registered endpoints (contract 3): only the person's own hives report."""
    _, owner = home.queen()
    stranger = Daemon(port=owner.port)
    for url in ("http://192.0.2.1:80", "http://127.0.0.1:1", "file:///etc/passwd"):
        assert stranger.call("POST", "/v2/hives/heartbeat", report(url=url)).status == 403
    assert owner.call("GET", "/v2/status").json()["hives"] == []
    assert owner.call("POST", "/v2/hives/heartbeat", report()).status == 200
    assert [each["hive_id"] for each in owner.call("GET", "/v2/status").json()["hives"]] == ["hive-1"]


def test_a_stranger_cannot_speak_for_the_queens_own_hive(home: Home) -> None:
    """It could take over every prompt."""
    model = home.fake_model(ends=True)
    _, owner = home.queen()
    with owner.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model}) as stream:
        stream.rest()
    status = owner.call("GET", "/v2/status").json()
    forged = report(hive_id=status["hives"][0]["hive_id"], sequence=10_000)
    answer = Daemon(port=owner.port).call("POST", "/v1/orchestrator/worker-ready", forged)
    assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")
    assert owner.call("GET", "/v2/status").json()["workers"]


def test_files_that_hold_tokens_are_readable_by_their_owner_alone(home: Home) -> None:
    """Mode 0600, and the folder 0700."""
    home.queen()
    home.hive()
    for role in ("queen", "hive"):
        home.record(role)
    assert {path.name: path.stat().st_mode & 0o077 for path in home.run_dir.iterdir()} == {
        "queen.json": 0,
        "hive.json": 0,
    }


def test_no_secret_stands_in_a_command_line_or_environment(home: Home) -> None:
    """Other users of the machine can read both; secrets travel on the lifeline."""
    model = home.fake_model(delay_s=0.03)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "max_tokens": 2000}) as stream:
        stream.until("token")
        for process in [*home.roles()["hive"], *home.roles()["worker"]]:
            assert queen.token not in " ".join(process.cmdline())
            assert queen.token not in str(process.environ())


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://evil.example:8080"},
        {"origin": "http://localhost.evil.example"},
        {"origin": "http://127.0.0.1.evil.example"},
        {"origin": "null"},
        {"host": "evil.example"},
        {"host": "evil.example:8080"},
    ],
    ids=str,
)
def test_a_web_page_of_another_site_is_refused_without_the_token(home: Home, headers: dict[str, str]) -> None:
    """Any page that the person visits can send requests to loopback; a name may be made to lead here (rebinding)."""
    model = home.fake_model(ends=True)
    _, owner = home.queen()
    body = {"prompt": "hi", "model": model}
    answer = Daemon(port=owner.port).call("POST", "/v2/tasks", body, headers=headers)
    assert (answer.status, answer.error["code"]) == (403, "FORBIDDEN")
    assert Daemon(port=owner.port).call("GET", "/v2/status", headers=headers).status == 403
    assert owner.call("GET", "/v2/status", headers=headers).status == 200
    assert home.roles()["worker"] == []


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:8080", "https://[::1]:8443"])
def test_a_web_page_of_this_machine_is_let_in(home: Home, origin: str) -> None:
    """The person's own tools."""
    _, owner = home.queen()
    assert Daemon(port=owner.port).call("GET", "/v2/status", headers={"origin": origin}).status == 200
