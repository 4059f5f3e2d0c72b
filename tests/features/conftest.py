"""The steps of the feature files: each drives real processes."""

import contextlib
import http.server
import json
import shlex
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pytest_bdd import given, parsers, then, when

from ..calls import Answer, Daemon, Stream, text_of
from ..programs import Finished, Home, Program
from ..waiting import eventually


@dataclass(slots=True)
class World:
    """What one scenario has done so far."""

    home: Home
    stack: contextlib.ExitStack
    queen: Daemon | None = None
    hive: Daemon | None = None
    worker: Daemon | None = None
    worker_id: str = ""
    answer: Answer | None = None
    answers: list[Answer] = field(default_factory=list)
    stream: Stream | None = None
    task_id: str = ""
    second_task: dict[str, Any] = field(default_factory=dict)
    program: Program | None = None
    done: Finished | None = None
    elsewhere: str = ""

    def ended(self) -> Finished:
        """Return how the program ended, waiting for it if need be."""
        if self.done is None:
            assert self.program is not None
            self.done = self.program.finish(60)
        return self.done

    def the_queen(self) -> Daemon:
        """Return the queen of the scenario."""
        assert self.queen is not None
        return self.queen

    def the_hive(self) -> Daemon:
        """Return the hive of the scenario."""
        assert self.hive is not None
        return self.hive

    def the_answer(self) -> Answer:
        """Return the last answer over HTTP."""
        assert self.answer is not None
        return self.answer

    def the_stream(self) -> Stream:
        """Return the stream of the task that is being answered."""
        assert self.stream is not None
        return self.stream

    def living_workers(self) -> list[dict[str, Any]]:
        """Return the queen's workers, without those that it shows for a moment after their end."""
        found = self.the_queen().call("GET", "/v2/workers/list").json()["workers"]
        return [each for each in found if each["state"] not in ("stopped", "failed")]


@pytest.fixture
def world(home: Home) -> Iterator[World]:
    """Give the scenario its world."""
    with contextlib.ExitStack() as stack:
        yield World(home, stack)


@given(parsers.parse('a scripted model "{name}" that says "{text}"'))
def _steady(world: World, name: str, text: str) -> None:
    world.home.fake_model(name, tokens=[text], ends=True)


@given(parsers.parse('a scripted model "{name}" that says "{text}" slowly without end'))
def _endless(world: World, name: str, text: str) -> None:
    first, second = text.split(" ", 1)
    world.home.fake_model(name, tokens=[f"{first} ", second], delay_s=0.03)


@given(parsers.parse('a scripted model "{name}" that takes {seconds:d} s to load'))
def _slow(world: World, name: str, seconds: int) -> None:
    world.home.fake_model(name, load_s=seconds, ends=True)


@given(parsers.parse('a scripted model "{name}" that crashes after {count:d} tokens'))
def _crashing(world: World, name: str, count: int) -> None:
    world.home.fake_model(name, fault="crash", fault_at=count, delay_s=0.02)


@given(parsers.parse('a model file "{name}" of 4 TB'))
def _huge(world: World, name: str) -> None:
    world.home.models_dir.mkdir(parents=True, exist_ok=True)
    with (world.home.models_dir / f"{name}.gguf").open("wb") as file:
        file.truncate(2**42)


@given("a queen is running")
def _queen(world: World) -> None:
    world.queen = world.home.queen()[1]


@given(parsers.parse("a queen with {slots:d} slot is running"))
def _small_queen(world: World, slots: int) -> None:
    world.queen = world.home.queen(slots=slots)[1]


@given(parsers.parse('a queen with the token "{token}" is running elsewhere'))
def _guarded_queen(world: World, token: str) -> None:
    own = dict(world.home.environment)
    world.home.queen(as_owner=False, api_token=token)
    world.elsewhere = Daemon(port=world.home.queen_port).url
    world.home.environment = own


@given("a hive is running")
def _hive(world: World) -> None:
    world.hive = world.home.hive()[1]


@given(parsers.parse("a hive that waits {seconds:d} s for a worker is running"))
def _impatient_hive(world: World, seconds: int) -> None:
    world.hive = world.home.hive(worker_start_s=seconds, worker_load_s=seconds, stop_grace_s=0.5)[1]


@given(parsers.parse('a worker by hand with "{name}" is running'))
def _worker(world: World, name: str) -> None:
    _start_worker(world, name, 4)


@given(parsers.parse('a worker by hand with "{name}", {slots:d} slot and room for none to wait is running'))
def _small_worker(world: World, name: str, slots: int) -> None:
    _start_worker(world, name, slots)


def _start_worker(world: World, name: str, slots: int) -> None:
    port = world.home.worker_first_port
    path = world.home.models_dir / f"{name}.fake.json"
    world.home.start("worker-rbee", "--model", str(path), "--port", str(port), "--slots", str(slots), "--waiting", "0")
    worker = Daemon(port=port)
    eventually(worker.answers, "the worker answers", within_s=30)
    world.worker = worker


@given(parsers.parse('a queen of version "{version}" answers on the queen\'s port'))
def _old_queen(world: World, version: str) -> None:
    body = json.dumps({"status": "ok", "version": version, "api_version": "v1"}).encode()

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = world.stack.enter_context(http.server.ThreadingHTTPServer(("127.0.0.1", world.home.queen_port), Answers))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    world.stack.callback(thread.join)
    world.stack.callback(server.shutdown)


@given(parsers.parse('"{name}" has answered once'))
def _answered(world: World, name: str) -> None:
    body = {"prompt": "hi", "model": f"{name}.fake.json"}
    with world.the_queen().stream("POST", "/v2/tasks", body) as stream:
        assert stream.rest()[-1].name == "end"


@given(parsers.parse('a task on "{name}" is being answered'))
def _being_answered(world: World, name: str) -> None:
    body = {"prompt": "hi", "model": f"{name}.fake.json", "max_tokens": 2000}
    world.stream = world.stack.enter_context(world.the_queen().stream("POST", "/v2/tasks", body))
    world.task_id = world.stream.until("queued").data["task_id"]
    world.stream.until("token")


@given("that worker is answering")
def _worker_answers(world: World) -> None:
    assert world.worker is not None
    worker = world.worker
    eventually(lambda: worker.call("GET", "/v1/ready").json()["ready"], "the worker is ready")
    body = {"job_id": "first", "prompt": "hi", "max_tokens": 2000}
    world.stream = world.stack.enter_context(worker.stream("POST", "/execute", body))
    world.stream.until("token")


@when(parsers.parse("I run rbee with: {line}"))
def _run(world: World, line: str) -> None:
    arguments = shlex.split(line.replace("that-queen", world.elsewhere))
    world.done = world.home.rbee(*arguments)


@when(parsers.parse("I start rbee with: {line}"))
def _start(world: World, line: str) -> None:
    world.done = None
    world.program = world.home.start("rbee", *shlex.split(line))


@when(parsers.parse('I ask the hive for "{path}"'))
def _ask_hive(world: World, path: str) -> None:
    world.answer = world.the_hive().call("GET", path)


@when(parsers.parse('I ask the queen for "{path}"'))
def _ask_queen(world: World, path: str) -> None:
    world.answer = world.the_queen().call("GET", path)


@when(parsers.parse('I ask the worker for "{path}"'))
def _ask_worker(world: World, path: str) -> None:
    assert world.worker is not None
    world.answer = world.worker.call("GET", path)


@when(parsers.parse('I ask the hive for a worker with "{model}"'))
def _spawn(world: World, model: str) -> None:
    world.answer = world.the_hive().call("POST", "/v1/workers/spawn", {"model_ref": model})
    if world.answer.status == 200:
        world.worker_id = world.answer.json()["worker_id"]
        world.worker = Daemon(port=int(world.answer.json()["url"].rpartition(":")[2]))


@when(parsers.parse('a stranger announces that worker with the secret "{secret}"'))
def _forge(world: World, secret: str) -> None:
    body = {
        "worker_id": world.worker_id,
        "url": "http://127.0.0.1:1",
        "model_ref": "m",
        "backend": "cpu",
        "device": 0,
        "secret": secret,
    }
    world.answer = Daemon(port=world.home.hive_port).call("POST", "/v1/workers/ready", body)


@when(parsers.parse('I submit a task of {count:d} tokens on "{name}"'))
def _submit(world: World, count: int, name: str) -> None:
    body = {"prompt": "hi", "model": f"{name}.fake.json", "max_tokens": count, "stream": False}
    world.second_task = world.the_queen().call("POST", "/v2/tasks", body).json()


@when(parsers.parse('I submit a task on "{name}" with the correlation id "{correlation_id}"'))
def _submit_with_id(world: World, name: str, correlation_id: str) -> None:
    headers = {"x-correlation-id": correlation_id}
    body = {"prompt": "hi", "model": f"{name}.fake.json"}
    with world.the_queen().stream("POST", "/v2/tasks", body, headers=headers) as stream:
        assert stream.answer.getheader("x-correlation-id") == correlation_id
        assert stream.rest()[-1].name == "end"


@when("the first task is cancelled")
def _cancel_first(world: World) -> None:
    assert world.the_queen().call("DELETE", f"/v2/tasks/{world.task_id}").status == 204


@when("I cancel that task twice")
def _cancel_twice(world: World) -> None:
    world.answers = [world.the_queen().call("DELETE", f"/v2/tasks/{world.task_id}") for _ in range(2)]


@when("I send that worker another execution")
def _second_execution(world: World) -> None:
    assert world.worker is not None
    world.answer = world.worker.call("POST", "/execute", {"job_id": "second", "prompt": "hi"})


@when(parsers.parse("the {role} is killed"))
def _kill(world: World, role: str) -> None:
    world.home.the(role).kill()


@when(parsers.parse("it receives {name}"))
def _signal(world: World, name: str) -> None:
    assert world.program is not None
    world.program.send(signal.Signals[name])


@then(parsers.parse("the answer is {status:d}"))
def _status(world: World, status: int) -> None:
    assert world.the_answer().status == status


@then(parsers.parse("the answer is {status:d} with the code {code}"))
def _status_and_code(world: World, status: int, code: str) -> None:
    assert (world.the_answer().status, world.the_answer().error["code"]) == (status, code)


@then(parsers.parse('the answer is {status:d} with the state "{state}"'))
def _status_and_state(world: World, status: int, state: str) -> None:
    assert (world.the_answer().status, world.the_answer().json()["state"]) == (status, state)


@then(parsers.parse("the answer is exactly {text}"))
def _exactly(world: World, text: str) -> None:
    assert world.the_answer().json() == json.loads(text)


@then("the answer names a status, a version and an API version")
def _versions(world: World) -> None:
    assert set(world.the_answer().json()) == {"status", "version", "api_version"}
    assert all(world.the_answer().json().values())


@then(parsers.parse('the answer lists "{name}" as available'))
def _available(world: World, name: str) -> None:
    assert {"name": name, "available": True} in world.the_answer().json()


@then("the answer has figures for memory and disk")
def _figures(world: World) -> None:
    found = world.the_answer().json()
    for name in ("ram_total_gb", "ram_available_gb", "disk_total_gb", "disk_available_gb"):
        assert found[name] > 0


@then(parsers.parse("the error has figures for {one} and {other}"))
def _error_figures(world: World, one: str, other: str) -> None:
    details = world.the_answer().error["details"]
    assert {one, other} <= set(details)
    assert all(isinstance(details[name], int) for name in (one, other))


@then(parsers.parse('the hint suggests "{one}" and "{two}" and "{three}"'))
def _suggestions(world: World, one: str, two: str, three: str) -> None:
    for suggestion in (one, two, three):
        assert suggestion in world.the_answer().error["hint"]


@then(parsers.parse("the answer lists {hives:d} hive and {workers:d} worker"))
def _fleet(world: World, hives: int, workers: int) -> None:
    found = world.the_answer().json()
    assert (len(found["hives"]), len(found["workers"])) == (hives, workers)


@then("no worker process was started")
def _no_worker(world: World) -> None:
    assert world.home.roles()["worker"] == []


@then("no worker process is left")
def _no_worker_left(world: World) -> None:
    eventually(lambda: not world.home.roles()["worker"], "no worker process is left", within_s=5)


@then(parsers.parse("there is exactly {count:d} worker process"))
def _workers(world: World, count: int) -> None:
    assert len(world.home.roles()["worker"]) == count


@then("that task is queued")
def _queued(world: World) -> None:
    view = world.the_queen().call("GET", f"/v2/tasks/{world.second_task['task_id']}").json()
    assert view["status"] == "queued"


@then(parsers.parse('that task answers "{text}"'))
def _task_answers(world: World, text: str) -> None:
    with world.the_queen().stream("GET", world.second_task["events_url"]) as stream:
        assert text_of(stream.rest()) == text


@then("the worker's port answers before it is idle")
def _port_first(world: World) -> None:
    assert world.worker is not None
    worker = world.worker
    eventually(worker.answers, "the worker answers")
    assert worker.call("GET", "/health").json()["state"] in ("starting", "loading")


@then(parsers.parse('the hive lists the worker as "{before}" and then as "{after}"'))
def _listed(world: World, before: str, after: str) -> None:
    seen: list[str] = []

    def is_there() -> bool:
        (entry,) = world.the_hive().call("GET", "/v1/workers/list").json()["workers"]
        if entry["state"] not in seen:
            seen.append(entry["state"])
        return bool(entry["state"] == after)

    eventually(is_there, f"the worker is {after}")
    assert [state for state in seen if state != "starting"] in ([before, after], [after])


@then("its entry has id, url, model_ref, backend, device, state, slots_total, slots_available and pid")
def _entry(world: World) -> None:
    (entry,) = world.the_hive().call("GET", "/v1/workers/list").json()["workers"]
    names = ("id", "url", "model_ref", "backend", "device", "state", "slots_total", "slots_available", "pid")
    assert all(entry[name] not in (None, "") for name in names)
    assert entry["id"] == world.worker_id


@then("the answer says that it is not ready and where to watch")
def _not_ready(world: World) -> None:
    found = world.the_answer().json()
    assert (found["ready"], found["progress_url"]) == (False, "/v1/loading/progress")


@then(parsers.parse('the progress rises to "{stage}" and ends with the end marker'))
def _progress(world: World, stage: str) -> None:
    assert world.worker is not None
    with world.worker.stream("GET", "/v1/loading/progress") as stream:
        steps = [event.data for event in stream.rest()]
    percents = [step.get("percent", 0) for step in steps]
    assert percents == sorted(percents)
    assert steps[-1]["stage"] == stage
    assert any(step.get("layers_total") for step in steps)


@then(parsers.parse('the worker is gone and the hive has logged "{action}"'))
def _given_up(world: World, action: str) -> None:
    eventually(lambda: not world.home.roles()["worker"], "the worker is gone", within_s=20)
    assert [line for line in world.home.log_lines("hive") if line["action"] == action]


@then("there is a log file named after the worker")
def _log_file(world: World) -> None:
    eventually((world.home.logs_dir / f"{world.worker_id}.log").is_file, "the worker's log file")


@then("the pid that the hive lists is the worker's process")
def _pid(world: World) -> None:
    (entry,) = world.the_hive().call("GET", "/v1/workers/list").json()["workers"]
    assert entry["pid"] == world.home.the("worker").pid


@then("both answers are 204")
def _both_204(world: World) -> None:
    assert [answer.status for answer in world.answers] == [204, 204]


@then(parsers.parse("the stream ends with the error {code}"))
def _stream_error(world: World, code: str) -> None:
    closing = world.the_stream().rest()[-1]
    assert (closing.name, closing.data["code"]) == ("error", code)


@then("every slot is free")
def _slots_free(world: World) -> None:
    eventually(
        lambda: all(each["slots_available"] == each["slots_total"] for each in world.living_workers()),
        "every slot is free",
        within_s=5,
    )


@then("the queen lists no living worker")
def _no_living(world: World) -> None:
    eventually(lambda: not world.living_workers(), "the queen lists no living worker", within_s=5)


@then("the queen lists an idle worker")
def _idle_worker(world: World) -> None:
    eventually(lambda: [each["state"] for each in world.living_workers()] == ["idle"], "the queen lists an idle worker")


@then("the queen still answers")
def _queen_answers(world: World) -> None:
    assert world.the_queen().answers()


@then(parsers.parse('the queen\'s log has a finished task with the correlation id "{correlation_id}"'))
def _correlated(world: World, correlation_id: str) -> None:
    found = eventually(
        lambda: [
            line
            for line in world.home.log_lines("queen")
            if line.get("correlation_id") == correlation_id and line["action"] == "infer"
        ],
        "the queen's log names the correlation id",
    )
    assert found[-1]["human"] == "task done"


@then(parsers.parse("it ends with {code:d}"))
def _code(world: World, code: int) -> None:
    assert world.ended().code == code, world.ended().err


@then(parsers.parse('it says "{text}"'))
def _says(world: World, text: str) -> None:
    assert text in world.ended().err


@then("it names the next command to type")
def _hint(world: World) -> None:
    assert "  try: " in world.ended().err


@then("there is an answer")
def _answer(world: World) -> None:
    assert world.ended().out.strip()


@then(parsers.parse('the output names "{text}"'))
def _output(world: World, text: str) -> None:
    assert text in world.ended().out


@then(parsers.parse('"{text}" appears while it still runs'))
def _appears(world: World, text: str) -> None:
    assert world.program is not None
    world.program.wait_for_output(text)
    assert world.program.is_running


@then("nothing is left running")
def _nothing(world: World) -> None:
    world.ended()
    world.home.wait_until_nothing_runs(within_s=5)
