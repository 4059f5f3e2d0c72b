"""A hive on its own: it answers, spawns, lists and stops workers."""

import os
import signal
import time
import uuid
from pathlib import Path
from typing import Any

import psutil
import pytest

from ..calls import Daemon, text_of
from ..programs import Home
from ..waiting import eventually


def spawn(hive: Daemon, model: str) -> str:
    """Order a worker and return its id."""
    answer = hive.call("POST", "/v1/workers/spawn", {"model_ref": model})
    assert answer.status == 200, answer.body
    worker_id = answer.json()["worker_id"]
    assert isinstance(worker_id, str)
    return worker_id


def workers(hive: Daemon) -> list[dict[str, Any]]:
    """Return the hive's list of workers."""
    found = hive.call("GET", "/v1/workers/list").json()["workers"]
    assert isinstance(found, list)
    return found


def idle_worker(hive: Daemon, model: str) -> dict[str, Any]:
    """Spawn a worker and return its entry once it is idle."""
    worker_id = spawn(hive, model)
    return (
        eventually(
            lambda: next((each for each in workers(hive) if each["id"] == worker_id and each["state"] == "idle"), None),
            f"{worker_id} is idle",
        )
        or {}
    )


def test_a_hive_answers_health_with_its_versions_and_an_empty_list(home: Home) -> None:
    """The first thing that any caller looks at (6.1)."""
    _, hive = home.hive()
    for path in ("/health", "/v1/health"):
        answer = Daemon(port=hive.port).call("GET", path)
        assert (answer.status, answer.json()["status"], answer.json()["api_version"]) == (200, "alive", "v1")
        assert answer.json()["version"]
    assert hive.call("GET", "/v1/workers/list").json() == {"workers": []}


def test_a_spawn_answers_at_once_with_loading_and_the_worker_becomes_idle(home: Home) -> None:
    """The port is open first, then the callback comes, then the load (7.3, 7.4)."""
    model = home.fake_model(load_s=1.0)
    _, hive = home.hive()
    answer = hive.call("POST", "/v1/workers/spawn", {"model_ref": model})
    assert answer.json()["state"] == "loading"
    port = int(answer.json()["url"].rpartition(":")[2])
    eventually(Daemon(port=port).answers, "the worker answers while it loads")
    seen: list[str] = []

    def is_idle() -> bool:
        state = workers(hive)[0]["state"]
        if state not in seen:
            seen.append(state)
        return state == "idle"

    eventually(is_idle, "the worker is idle")
    assert seen in (["starting", "loading", "idle"], ["loading", "idle"])


def test_an_idle_worker_is_listed_with_everything_about_it(home: Home) -> None:
    """Id, URL, model, backend, device, state, slots, pid (7.6); never its token."""
    model = home.fake_model()
    _, hive = home.hive(slots=3)
    entry = idle_worker(hive, model)
    assert uuid.UUID(entry["id"].removeprefix("worker-"))
    assert (entry["model_ref"], entry["backend"], entry["device"]) == (model, "cpu", 0)
    assert (entry["slots_total"], entry["slots_available"]) == (3, 3)
    assert "token" not in entry
    process = psutil.Process(entry["pid"])
    assert "cpu-worker-rbee" in process.cmdline()[0]
    assert int(entry["url"].rpartition(":")[2]) >= home.worker_first_port


def test_while_it_loads_a_worker_is_not_ready_and_names_where_to_watch(home: Home) -> None:
    """7.7: progress rises, then ready, then the end marker; slots are none meanwhile."""
    model = home.fake_model(load_s=2.0)
    _, hive = home.hive()
    worker_id = spawn(hive, model)
    loading = eventually(
        lambda: [each for each in workers(hive) if each["state"] == "loading"], "the worker has called back"
    )[0]
    assert (loading["id"], loading["slots_total"], loading["slots_available"]) == (worker_id, 0, 0)


def test_a_worker_by_hand_serves_without_a_hive(home: Home) -> None:
    """`worker-rbee` is a program of its own (seed)."""
    model = home.models_dir / home.fake_model(tokens=["one ", "two "], ends=True, load_s=1.0)
    port = home.worker_first_port
    home.start("worker-rbee", "--model", str(model), "--port", str(port))
    worker = Daemon(port=port)
    eventually(worker.answers, "the worker answers", within_s=30)
    ready = worker.call("GET", "/v1/ready").json()
    assert (ready["ready"], ready["progress_url"]) == (False, "/v1/loading/progress")
    with worker.stream("GET", ready["progress_url"]) as stream:
        steps = [event.data for event in stream.rest()]
    percents = [step.get("percent", 0) for step in steps]
    assert percents == sorted(percents)
    assert steps[-1]["stage"] == "ready"
    assert worker.call("GET", "/v1/ready").json() == {"ready": True, "state": "idle", "model_loaded": True}
    assert worker.call("GET", "/v1/loading/progress").error["code"] == "WORKER_NOT_READY"
    for path in ("/execute", "/v1/inference"):
        with worker.stream("POST", path, {"job_id": "j", "prompt": "hi", "max_tokens": 9}) as stream:
            events = stream.rest()
        assert [event.name for event in events] == ["started", "token", "token", "end"]
        assert text_of(events) == "one two "
    health = worker.call("GET", "/health").json()
    assert (health["status"], health["state"], health["slots_available"]) == ("healthy", "idle", 4)


def test_an_execution_beyond_the_slots_waits_and_then_gets_its_answer(home: Home) -> None:
    """Only when enough of them wait is the next one refused."""
    model = home.models_dir / home.fake_model(delay_s=0.05)
    port = home.worker_first_port
    home.start("worker-rbee", "--model", str(model), "--port", str(port), "--slots", "1", "--waiting", "1")
    worker = Daemon(port=port)
    eventually(lambda: worker.answers() and worker.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
    with worker.stream("POST", "/execute", {"job_id": "a", "prompt": "hi", "max_tokens": 8}) as first:
        first.until("token")
        with worker.stream("POST", "/execute", {"job_id": "b", "prompt": "hi", "max_tokens": 2}) as second:
            refused = worker.call("POST", "/execute", {"job_id": "c", "prompt": "hi"})
            assert (refused.status, refused.error["code"]) == (503, "ALL_SLOTS_BUSY")
            assert refused.error["details"] == {"slots_total": 1, "slots_busy": 1, "waiting": 1}
            assert first.rest()[-1].name == "end"
            closing = second.rest()[-1]
            assert closing.name == "end"
            assert closing.data["queue_ms"] > 100


def test_a_worker_that_is_busy_in_every_slot_says_so_with_figures(home: Home) -> None:
    """503 ALL_SLOTS_BUSY with slots_total and slots_busy (9.2)."""
    model = home.models_dir / home.fake_model(delay_s=0.05)
    port = home.worker_first_port
    home.start("worker-rbee", "--model", str(model), "--port", str(port), "--slots", "1", "--waiting", "0")
    worker = Daemon(port=port)
    eventually(lambda: worker.answers() and worker.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
    with worker.stream("POST", "/execute", {"job_id": "a", "prompt": "hi", "max_tokens": 2000}) as stream:
        stream.until("token")
        assert worker.call("GET", "/health").json()["state"] == "busy"
        answer = worker.call("POST", "/execute", {"job_id": "b", "prompt": "hi"})
        assert (answer.status, answer.error["code"]) == (503, "ALL_SLOTS_BUSY")
        assert answer.error["details"] == {"slots_total": 1, "slots_busy": 1}
        assert answer.headers["retry-after"]
        same = worker.call("POST", "/execute", {"job_id": "a", "prompt": "hi"})
        assert same.status in (400, 503)
        for _ in range(2):
            assert worker.call("DELETE", "/v1/inference/a").status == 204
        assert stream.rest()[-1].data["stop_reason"] == "CANCELLED"
    eventually(lambda: worker.call("GET", "/health").json()["slots_available"] == 1, "the slot is free")
    assert worker.call("POST", "/cancel", {"job_id": "never"}).status == 202


def test_a_worker_collects_its_answer_for_those_who_want_no_stream(home: Home) -> None:
    """`stream: false` is for scripts that want one JSON object."""
    model = home.models_dir / home.fake_model(tokens=["a", "b"], ends=True)
    port = home.worker_first_port
    home.start("worker-rbee", "--model", str(model), "--port", str(port))
    worker = Daemon(port=port)
    eventually(lambda: worker.answers() and worker.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
    answer = worker.call("POST", "/execute", {"job_id": "j", "prompt": "hi", "stream": False})
    assert answer.status == 200
    assert answer.json()["text"] == "ab"
    assert answer.json()["end"]["stop_reason"] == "EOS"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"model_ref": "nothing"}, 404, "MODEL_NOT_FOUND"),
        ({"model_ref": "bee-tiny", "backend": "metal"}, 503, "BACKEND_UNAVAILABLE"),
        ({"model_ref": "bee-tiny", "backend": "rocm"}, 400, "INVALID_PARAMS"),
        ({"model_ref": "bee-tiny", "device": -1}, 400, "INVALID_PARAMS"),
        ({"model_ref": "hf:org/repo"}, 400, "INVALID_PARAMS"),
        ({}, 400, "INVALID_PARAMS"),
    ],
    ids=str,
)
def test_a_spawn_that_cannot_be_done_is_refused_before_anything_starts(
    home: Home, body: dict[str, object], status: int, code: str
) -> None:
    """Checks come before anything expensive (7.2)."""
    _, hive = home.hive()
    answer = hive.call("POST", "/v1/workers/spawn", body)
    assert (answer.status, answer.error["code"]) == (status, code)
    if code == "BACKEND_UNAVAILABLE":
        assert answer.error["details"]["available"][0] == "cpu"
        assert "cpu" in answer.error["hint"]
    assert home.roles()["worker"] == []


def test_a_model_that_does_not_fit_the_memory_is_refused_with_both_figures(home: Home) -> None:
    """INSUFFICIENT_RAM with required, available and suggestions (7.1); the file is sparse, nothing is read."""
    home.models_dir.mkdir(parents=True)
    with (home.models_dir / "huge.gguf").open("wb") as file:
        file.truncate(2**42)
    _, hive = home.hive()
    answer = hive.call("POST", "/v1/workers/spawn", {"model_ref": "huge"})
    assert (answer.status, answer.error["code"]) == (507, "INSUFFICIENT_RAM")
    details = answer.error["details"]
    assert details["required_mb"] == pytest.approx(2**42 * 1.2 / 1e6, rel=0.001)
    assert 0 <= details["available_mb"] < details["required_mb"]
    assert "smaller model" in answer.error["hint"]


def test_backends_and_resources_are_told(home: Home) -> None:
    """6.4."""
    _, hive = home.hive()
    assert {"name": "cpu", "available": True} in hive.call("GET", "/v1/backends").json()
    resources = hive.call("GET", "/v1/resources").json()
    assert resources["ram_total_gb"] >= resources["ram_available_gb"] > 0


def test_the_pid_of_a_worker_is_known_from_the_spawn_and_its_output_has_its_own_log(home: Home) -> None:
    """7.9."""
    model = home.fake_model(load_s=1.0)
    _, hive = home.hive()
    worker_id = spawn(hive, model)
    pid = workers(hive)[0]["pid"]
    assert psutil.pid_exists(pid)
    log = home.logs_dir / f"{worker_id}.log"
    eventually(lambda: log.is_file() and '"load"' in log.read_text(), "the worker's log says that it loaded")
    assert workers(hive)[0]["pid"] == pid


def test_a_worker_can_be_stopped_and_the_hive_stays(home: Home) -> None:
    """8.1, 8.6: every trace of it is dropped."""
    model = home.fake_model()
    _, hive = home.hive()
    entry = idle_worker(hive, model)
    answer = hive.call("POST", "/v1/workers/stop", {"worker_id": entry["id"]})
    assert answer.status == 202
    eventually(lambda: not workers(hive), "the list is empty")
    eventually(lambda: not home.roles()["worker"], "the process is gone")
    assert hive.answers()
    assert hive.call("POST", "/v1/workers/stop", {"worker_id": "worker-none"}).status == 404
    assert hive.call("POST", "/v1/workers/stop", {"worker_id": "a;b"}).status == 400


def test_a_worker_that_dies_is_noticed_at_once_and_the_hive_stays(home: Home) -> None:
    """A health check would take half a minute; the kernel tells in milliseconds (8.1)."""
    model = home.fake_model()
    _, hive = home.hive(health_check_s=300)
    entry = idle_worker(hive, model)
    psutil.Process(entry["pid"]).kill()
    eventually(lambda: not workers(hive), "the worker is off the list", within_s=5)
    (line,) = eventually(
        lambda: [line for line in home.log_lines("hive") if line["action"] == "exit"], "the exit is logged"
    )
    assert "SIGKILL" in line["human"]
    assert (line["pid"], line["target"]) == (entry["pid"], entry["id"])
    assert hive.answers()


def test_sigterm_ends_every_worker_in_time_and_exits_0(home: Home) -> None:
    """8.4, 8.7: the progress is logged as k/n, and a worker that answers in time is never killed (8.8)."""
    model = home.fake_model()
    program, hive = home.hive()
    for _ in range(2):
        idle_worker(hive, model)
    program.send(signal.SIGTERM)
    assert program.finish().code == 0
    home.wait_until_nothing_runs(within_s=5)
    said = [line["human"] for line in home.log_lines("hive") if line["action"] == "shutdown"]
    assert said == ["stopped 1/2 workers", "stopped 2/2 workers", "all workers are stopped"]
    assert not [line for line in home.log_lines("hive") if line["action"] == "kill"]
    assert not (home.run_dir / "hive.json").exists()


def test_a_worker_that_refuses_to_die_is_killed_after_the_grace_time_and_that_is_logged(home: Home) -> None:
    """8.8: worker, pid, reason, signal, time."""
    model = home.fake_model(ignores_signals=True)
    program, hive = home.hive(cascade_grace_s=0.5)
    entry = idle_worker(hive, model)
    eventually(lambda: _ignores_sigterm(entry["pid"]), "the worker is deaf")
    started_at = time.monotonic()
    program.send(signal.SIGTERM)
    assert program.finish().code == 0
    assert time.monotonic() - started_at < 10
    home.wait_until_nothing_runs(within_s=5)
    (kill,) = eventually(
        lambda: [line for line in home.log_lines("hive") if line["action"] == "kill"], "the kill is logged"
    )
    assert (kill["pid"], kill["target"], kill["signal"]) == (entry["pid"], entry["id"], "SIGKILL")
    assert "0.5 s" in kill["human"]


def _ignores_sigterm(pid: int) -> bool:
    """Read from the kernel whether the process ignores SIGTERM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("SigIgn:"):
            return bool(int(line.split()[1], 16) & (1 << (signal.SIGTERM - 1)))
    return False


def test_a_worker_that_never_gets_loaded_is_given_up(home: Home) -> None:
    """Start limits (7.8): killed, removed, logged."""
    model = home.fake_model(load_s=60)
    _, hive = home.hive(worker_start_s=1, worker_load_s=1, stop_grace_s=0.5)
    spawn(hive, model)
    eventually(lambda: not workers(hive), "the worker is given up", within_s=20)
    eventually(lambda: not home.roles()["worker"], "the process is gone")
    assert [line for line in home.log_lines("hive") if line["action"] == "give_up"]


def test_a_worker_that_stops_answering_health_checks_is_removed_after_three(home: Home) -> None:
    """8.2, 8.5: the process is there and the port is dead, and the log says so."""
    model = home.fake_model()
    _, hive = home.hive(health_check_s=0.3, health_limit_s=0.3, stop_grace_s=0.3)
    entry = idle_worker(hive, model)
    psutil.Process(entry["pid"]).suspend()
    eventually(lambda: not workers(hive), "the worker is removed", within_s=15)
    eventually(lambda: not home.roles()["worker"], "the process is gone")
    missed = [line for line in home.log_lines("hive") if line["action"] == "check"]
    assert len(missed) >= 3
    assert "its process is there" in missed[0]["human"]


def test_an_idle_worker_is_stopped_and_the_hive_stays(home: Home) -> None:
    """8.3."""
    model = home.fake_model()
    _, hive = home.hive(idle_s=1, idle_check_s=0.2)
    idle_worker(hive, model)
    eventually(lambda: not workers(hive), "the idle worker is stopped", within_s=15)
    eventually(lambda: not home.roles()["worker"], "the process is gone")
    assert hive.answers()
    assert [line for line in home.log_lines("hive") if line["action"] == "idle"]


@pytest.mark.parametrize("path", ["/v1/workers/ready", "/v1/workers/state"])
def test_nobody_can_announce_a_worker_without_the_secret_of_its_spawn(home: Home, path: str) -> None:
    """Anyone could once send a ready callback (contract 3)."""
    model = home.fake_model(load_s=60)
    _, hive = home.hive()
    worker_id = spawn(hive, model)
    body: dict[str, object] = {"worker_id": worker_id, "secret": "guessed"}
    if path.endswith("ready"):
        body |= {"url": "http://127.0.0.1:1", "model_ref": model, "backend": "cpu", "device": 0}
    else:
        body |= {"state": "idle", "slots_total": 9}
    stranger = Daemon(port=hive.port)
    assert stranger.call("POST", path, body).error["code"] == "FORBIDDEN"
    assert stranger.call("POST", path, {**body, "secret": ""}).status == 400
    assert stranger.call("POST", path, {**body, "worker_id": "worker-none"}).status == 404
    assert workers(hive)[0]["state"] in ("starting", "loading")
    assert workers(hive)[0]["slots_total"] == 0


def test_workers_take_the_next_free_port_and_never_share_one(home: Home) -> None:
    """A counter of workers once gave two the same port (contract 3)."""
    model = home.fake_model()
    _, hive = home.hive()
    entries = [idle_worker(hive, model) for _ in range(3)]
    ports = [int(entry["url"].rpartition(":")[2]) for entry in entries]
    assert len(set(ports)) == 3
    assert all(port >= home.worker_first_port for port in ports)


def test_the_command_line_of_a_hive_spawns_lists_and_stops(home: Home) -> None:
    """`rbee-hive worker spawn cpu --model X`, by hand (seed)."""
    model = home.fake_model()
    home.hive()
    spawned = home.run("rbee-hive", "worker", "spawn", "cpu", "--model", model)
    assert spawned.code == 0, spawned.err
    worker_id, url, state = spawned.out.split()
    assert state == "loading"
    assert url.startswith("http://127.0.0.1:")
    eventually(lambda: f"{worker_id} idle {model}" in home.run("rbee-hive", "worker", "list").out, "it is idle")
    assert home.run("rbee-hive", "status").code == 0
    stopped = home.run("rbee-hive", "worker", "stop", worker_id)
    assert (stopped.code, "being stopped" in stopped.out) == (0, True)
    eventually(lambda: not home.roles()["worker"], "the process is gone")


def test_the_command_line_of_a_hive_says_what_to_do_when_there_is_none(home: Home) -> None:
    """Exit code 1 and the command that starts one."""
    done = home.run("rbee-hive", "worker", "list")
    assert done.code == 1
    assert "rbee-hive daemon" in done.err
    detected = home.run("rbee-hive", "detect")
    assert detected.code == 0
    assert '"cpu"' in detected.out.splitlines()[0]


def test_a_worker_is_stopped_by_a_beginning_of_its_id_that_only_it_has(home: Home) -> None:
    """`worker-` once stopped the only worker, whichever that was; two of them must not be guessed among."""
    model = home.fake_model()
    _, hive = home.hive()
    first, second = idle_worker(hive, model)["id"], idle_worker(hive, model)["id"]
    vague = home.run("rbee-hive", "worker", "stop", "worker-")
    assert (vague.code, "2 workers" in vague.err) == (1, True)
    assert home.run("rbee-hive", "worker", "stop", "nothing").code == 1
    length = next(length for length in range(8, 60) if first[:length] != second[:length])
    assert home.run("rbee-hive", "worker", "stop", first[:length]).out == f"{first} is being stopped\n"
    eventually(lambda: [each["id"] for each in workers(hive)] == [second], "the other one stays")


@pytest.mark.parametrize(
    "arguments",
    [
        ["worker", "spawn", "cpu", "--model", "m", "--device", "x"],
        ["worker", "spawn", "gpu", "--model", "m"],
        ["daemon", "--port", "80"],
        ["daemon", "--queen-url", "ftp://user:hunter2@there"],
        ["nothing"],
    ],
)
def test_wrong_usage_of_a_hives_command_line_is_2_and_shows_no_password(home: Home, arguments: list[str]) -> None:
    """Scripts tell a mistake of theirs from a failure by it."""
    done = home.run("rbee-hive", *arguments)
    assert done.code == 2
    assert "hunter2" not in done.err
    assert "Traceback" not in done.err


def test_a_device_that_the_backend_has_not_is_refused_with_what_it_has(home: Home) -> None:
    """Each number was a worker of its own on the same processors."""
    model = home.fake_model()
    _, hive = home.hive()
    answer = hive.call("POST", "/v1/workers/spawn", {"model_ref": model, "device": 5})
    assert (answer.status, answer.error["message"]) == (400, "device must be 0 on cpu")
    assert answer.error["details"]["fields"][0]["field"] == "device"
    assert workers(hive) == []


def test_another_name_of_a_file_brings_the_worker_that_has_it(home: Home) -> None:
    """Sixty names of one model were sixty processes."""
    model = home.fake_model()
    (home.models_dir / "alias.fake.json").symlink_to(model)
    _, hive = home.hive()
    first = spawn(hive, model)
    answers = [
        hive.call("POST", "/v1/workers/spawn", {"model_ref": name}).json()
        for name in (f"./{model}", "alias.fake.json", f"file:{home.models_dir}/{model}")
    ]
    assert {each["worker_id"] for each in answers} == {first}
    assert {each["model_file"] for each in answers} == {str(home.models_dir / model)}
    assert spawn(hive, model) != first, "who says the same name twice wants two"
    assert len(workers(hive)) == 2


def test_a_hive_starts_no_more_workers_than_its_limit_and_a_quarter_for_others(home: Home) -> None:
    """No number of requests takes the whole machine."""
    names = [home.fake_model(f"m{number}") for number in range(6)]
    _, hive = home.hive(workers_limit=4)
    assert hive.call("POST", "/v1/workers/spawn", {"model_ref": names[0]}).status == 200
    refused = hive.call("POST", "/v1/workers/spawn", {"model_ref": names[1]})
    assert (refused.status, refused.error["code"]) == (503, "TOO_MANY_WORKERS")
    assert "not its owner" in refused.error["message"]
    for name in names[1:4]:
        assert hive.call("POST", "/v1/workers/spawn", {"model_ref": name, "owner": True}).status == 200
    refused = hive.call("POST", "/v1/workers/spawn", {"model_ref": names[4], "owner": True})
    assert (refused.status, refused.error["details"]) == (503, {"workers": 4, "limit": 4})
    assert "workers_limit" in refused.error["hint"]
    assert len(workers(hive)) == 4


def test_only_the_owner_is_shown_where_a_workers_file_lies(home: Home, tmp_path: Path) -> None:
    """A path tells names of people and projects."""
    home.fake_model()
    outside = tmp_path / "private" / "x.fake.json"
    outside.parent.mkdir()
    outside.write_text("{}")
    _, hive = home.hive()
    request = {"model_ref": f"file:{outside}", "owner": True}
    assert hive.call("POST", "/v1/workers/spawn", request).status == 200
    (seen,) = workers(hive)
    assert (seen["model_file"], seen["is_in_model_folders"]) == (str(outside), False)
    (public,) = workers(Daemon(port=hive.port))
    assert "private" not in str(public)


def test_spawning_and_stopping_workers_leaves_no_descriptor_open(home: Home) -> None:
    """A hive runs for months; each worker once left a pipe, and a connection or two."""
    model = home.fake_model()
    program, hive = home.hive()
    process = psutil.Process(program.pid)

    def round_trip() -> None:
        worker = idle_worker(hive, model)
        psutil.Process(worker["pid"]).kill()
        eventually(lambda: not workers(hive), "its end is known")

    round_trip()
    before = process.num_fds()
    for _ in range(10):
        round_trip()
    eventually(lambda: process.num_fds() <= before + 1, f"as many descriptors as before: {before}")


def test_a_worker_that_crashes_says_how_in_the_report_to_the_queen(home: Home) -> None:
    """The signal and the last line are what anybody asks first."""
    model = home.fake_model()
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "max_tokens": 2000}) as stream:
        stream.until("token")
        os.kill(home.the("worker").pid, signal.SIGABRT)
        closing = stream.rest()[-1]
    assert closing.data["code"] == "WORKER_CRASHED"


@pytest.mark.parametrize("case", ["nobody there", "wrong token"])
def test_a_hive_that_cannot_reach_its_queen_says_so_once_with_the_reason(home: Home, case: str) -> None:
    """It tried for ever and said nothing: the queen simply had no hive."""
    if case == "wrong token":
        home.queen(api_token="a" * 32)
        home.set(api_token="b" * 32)
    home.hive(queen_url=f"http://127.0.0.1:{home.queen_port}")

    def said() -> list[str]:
        return [line["human"] for line in home.log_lines("hive") if line["action"] == "heartbeat"]

    eventually(said, "the hive says that it cannot report")
    time.sleep(2.5)
    assert len(said()) == 1
    assert f"127.0.0.1:{home.queen_port}" in said()[0]
    assert ("INVALID_API_KEY" in said()[0]) is (case == "wrong token")


def test_state_and_logs_can_be_read_by_their_owner_only(home: Home) -> None:
    """Logs hold ids of tasks, and an id was all that was needed to read another person's answer."""
    model = home.fake_model()
    home.logs_dir.mkdir(parents=True, mode=0o755)
    state = home.logs_dir.parent
    state.chmod(0o755)
    old = home.logs_dir / "queen-old.log"
    old.touch(mode=0o644)
    _, hive = home.hive()
    idle_worker(hive, model)
    assert state.stat().st_mode & 0o077 == 0
    logs = list(home.logs_dir.glob("worker-*.log"))
    assert logs
    eventually(lambda: all(log.stat().st_mode & 0o077 == 0 for log in [*logs, old]), "logs are closed to others")
