"""What one client asks for is bounded, and bounded in time for the others: shown on a worker with the real engine."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from rbee_keeper.config.paths import bundled_models_dir

from ..calls import Daemon
from ..programs import Home, Program
from ..random_models import write_random_models
from ..waiting import eventually

LONG_PROMPT = "bee hive queen honey wax comb flower nectar pollen swarm " * 80
"""Tokens of a random vocabulary: about one for each two letters."""


def start(home: Home, model: Path, *options: str) -> tuple[Program, Daemon]:
    """Start a worker by hand and wait until its model is loaded."""
    port = home.worker_first_port
    program = home.start("worker-rbee", "--model", str(model), "--port", str(port), *options)
    worker = Daemon(port=port)
    eventually(lambda: worker.answers() and worker.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
    return program, worker


def busy(worker: Daemon) -> int:
    """Return the slots that are taken."""
    health = worker.call("GET", "/health").json()
    return int(health["slots_total"] - health["slots_available"])


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a model whose long prompts take seconds."""
    return write_random_models(tmp_path_factory.mktemp("models"), "small") / "small.gguf"


def test_a_client_that_leaves_frees_its_slot_inside_a_long_batch(home: Home, small_model: Path) -> None:
    """A strict prompt is one batch of seconds; it was computed to its end for nobody."""
    _, worker = start(home, small_model, "--batch-tokens", "8192", "--context", "8192", "--slots", "1")
    body = {"prompt": LONG_PROMPT, "raw": True, "max_tokens": 1, "determinism": "strict", "temperature": 0}
    began = time.monotonic()
    whole = worker.call("POST", "/execute", {"job_id": "whole", "stream": False, **body}, limit_s=120)
    whole_s = time.monotonic() - began
    assert whole.status == 200
    assert whole_s > 0.5, "the batch is too short to show anything"
    with worker.stream("POST", "/execute", {"job_id": "left", **body}, limit_s=120) as stream:
        stream.until("started")
        time.sleep(0.2)
    left_at = time.monotonic()
    eventually(lambda: busy(worker) == 0, "the slot is free", within_s=60)
    assert time.monotonic() - left_at < 0.6 * (whole_s - 0.2)
    again = worker.call("POST", "/execute", {"job_id": "again", "stream": False, **body}, limit_s=120)
    assert again.json()["text"] == whole.json()["text"]


def test_health_answers_while_a_large_schema_is_compiled(home: Home) -> None:
    """It was compiled on the event loop: 58 s without a sign of life."""
    _, worker = start(home, bundled_models_dir() / "bee-tiny.gguf")
    names = {f"name{number}": {"enum": [f"a{number}", f"b{number}", number]} for number in range(1200)}
    schema = {"type": "object", "properties": names, "required": list(names), "additionalProperties": False}
    form = {"type": "json_schema", "json_schema": {"name": "w", "schema": schema}}
    answers: list[Any] = []

    def ask() -> None:
        body = {"job_id": "a", "prompt": "hi", "response_format": form, "max_tokens": 1, "stream": False}
        answers.append(worker.call("POST", "/execute", body, limit_s=60))

    thread = threading.Thread(target=ask)
    thread.start()
    waits = []
    while thread.is_alive():
        began = time.monotonic()
        assert worker.call("GET", "/health").status == 200
        waits.append(time.monotonic() - began)
    thread.join()
    assert answers
    assert max(waits) < 1.0


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [{"role": "user", "content": ""}], "raw": True},
        {"prompt": "hi", "ignore_eos": True, "response_format": {"type": "json_object"}},
    ],
)
def test_requests_that_cannot_work_are_400(home: Home, fields: dict[str, Any]) -> None:
    """They were errors of the engine that asked to be tried again."""
    _, worker = start(home, bundled_models_dir() / "bee-tiny.gguf")
    answer = worker.call("POST", "/execute", {"job_id": "a", "stream": False, "max_tokens": 8, **fields})
    assert (answer.status, answer.error["code"]) == (400, "INVALID_PARAMS")


def test_strict_executions_that_wait_for_their_turn_say_so(home: Home) -> None:
    """Their silence was taken for a stall, and a healthy worker was stopped for it."""
    _, worker = start(home, bundled_models_dir() / "bee-tiny.gguf")
    body = {"prompt": "hi", "raw": True, "max_tokens": 400, "determinism": "strict", "ignore_eos": True}
    with worker.stream("POST", "/execute", {"job_id": "first", **body}) as first:
        first.until("started")
        with worker.stream("POST", "/execute", {"job_id": "second", **body}) as second:
            events = [next(second.events()).name]
            events += [event.name for event in second.rest()]
        first.rest()
    assert events[:2] == ["narration", "started"]
    assert events[-1] == "end"


def test_the_worker_ends_with_exit_1_when_a_file_is_no_model(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    done = home.run("worker-rbee", "--model", str(path), "--port", str(home.worker_first_port))
    assert done.code == 1
    assert "worker-rbee: " in done.err


def test_sigterm_while_a_real_model_loads_leaves_no_traceback(home: Home, small_model: Path) -> None:
    """The engine's thread goes on for a moment when the event loop is gone."""
    for delay_s in (0.05, 0.1, 0.15):
        program = home.start("worker-rbee", "--model", str(small_model), "--port", str(home.worker_first_port))
        eventually(Daemon(port=home.worker_first_port).answers, "the port is open", within_s=30)
        time.sleep(delay_s)
        program.process.terminate()
        done = program.finish()
        assert done.code == 0
        assert "Traceback" not in done.err
        assert "Exception" not in done.err
