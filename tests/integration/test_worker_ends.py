"""How a worker's process ends: what it lets finish, what it says, and its exit code."""

import signal
import threading
import time

import pytest

from ..calls import Daemon, text_of
from ..programs import Home, Program
from ..waiting import eventually


def worker_by_hand(home: Home, model: str, *options: str) -> tuple[Program, Daemon]:
    """Start a worker by hand with a scripted model."""
    path = str(home.models_dir / model)
    program = home.start("worker-rbee", "--model", path, "--port", str(home.worker_first_port), *options)
    return program, Daemon(port=home.worker_first_port)


def ready_worker(home: Home, model: str, *options: str) -> tuple[Program, Daemon]:
    """Start a worker by hand and wait until its model is loaded."""
    program, worker = worker_by_hand(home, model, *options)
    eventually(lambda: worker.answers() and worker.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
    return program, worker


def test_sigterm_lets_an_answer_come_to_its_end(home: Home) -> None:
    """It cut the stream of everybody who was being served."""
    program, worker = ready_worker(home, home.fake_model(delay_s=0.05))
    with worker.stream("POST", "/execute", {"job_id": "a", "prompt": "hi", "max_tokens": 40}) as stream:
        stream.until("token")
        program.send(signal.SIGTERM)
        refused = eventually(
            lambda: next(
                (each for each in [worker.call("POST", "/execute", _request("b"))] if each.status != 200), None
            ),
            "new executions are refused",
        )
        assert refused.error["code"] == "WORKER_NOT_READY"
        closing = stream.rest()[-1]
    assert (closing.name, closing.data["tokens_out"]) == ("end", 40)
    assert program.finish().code == 0


def _request(job_id: str) -> dict[str, object]:
    return {"job_id": job_id, "prompt": "hi", "max_tokens": 1, "stream": False}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_and_a_hang_up_end_a_worker_at_once_with_a_word_to_its_clients(
    home: Home, number: signal.Signals
) -> None:
    program, worker = ready_worker(home, home.fake_model(delay_s=0.05))
    with worker.stream("POST", "/execute", {"job_id": "a", "prompt": "hi", "max_tokens": 2000}) as stream:
        stream.until("token")
        program.send(number)
        closing = stream.rest()[-1]
    assert (closing.name, closing.data["code"]) == ("error", "WORKER_FAILED")
    assert program.finish().code == 0


def test_a_second_signal_ends_the_wait_for_those_who_run(home: Home) -> None:
    program, worker = ready_worker(home, home.fake_model(delay_s=0.05))
    with worker.stream("POST", "/execute", {"job_id": "a", "prompt": "hi", "max_tokens": 2000}) as stream:
        stream.until("token")
        program.send(signal.SIGTERM)
        eventually(lambda: worker.call("GET", "/health").json()["state"] == "draining", "it drains")
        program.send(signal.SIGTERM)
        assert stream.rest()[-1].name == "error"
    assert program.finish().code == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_the_model_loads_leaves_no_traceback(home: Home, number: signal.Signals) -> None:
    """It is an end that somebody wanted."""
    program, worker = worker_by_hand(home, home.fake_model(load_s=3.0))
    eventually(worker.answers, "the port is open", within_s=30)
    program.send(number)
    done = program.finish()
    assert done.code == 0
    assert "Traceback" not in done.err
    assert "Exception" not in done.err


def test_a_model_that_cannot_be_loaded_is_exit_1_with_the_reason(home: Home) -> None:
    """A script that starts workers could not tell."""
    program, _ = worker_by_hand(home, home.fake_model(load_fault="error"))
    done = program.finish()
    assert done.code == 1
    assert "worker-rbee: the script asked for an error" in done.err


@pytest.mark.parametrize(
    ("options", "word"), [(("--port", "80"), "--port"), (("--port", "70000"), "--port"), (("--gpu", "5"), "--gpu")]
)
def test_options_that_make_no_sense_are_refused(home: Home, options: tuple[str, ...], word: str) -> None:
    model = str(home.models_dir / home.fake_model())
    done = home.run("worker-rbee", "--model", model, *options)
    assert done.code == 2
    assert word in done.err


FORM = {"type": "json_object"}


def test_a_grammar_that_holds_the_engine_ends_its_own_task_and_no_other(home: Home) -> None:
    """Those who have seen nothing yet are done elsewhere, those in the middle are told that they may try again."""
    model = home.fake_model(delay_s=0.1, fault="stuck_grammar", fault_at=8)
    _, queen = home.queen(grammar_step_s=1.0, slots=2)
    events: dict[str, list] = {}

    def run(name: str, **fields: object) -> None:
        body = {"prompt": "hi", "model": model, **fields}
        with queen.stream("POST", "/v2/tasks", body, limit_s=60) as stream:
            events[name] = stream.rest()

    threads = {
        name: threading.Thread(target=run, args=(name,), kwargs=fields)
        for name, fields in {
            "guilty": {"response_format": FORM, "max_tokens": 30},
            "running": {"max_tokens": 600},
            "waiting": {"max_tokens": 3},
        }.items()
    }
    for thread in threads.values():
        thread.start()
        time.sleep(0.2)
    for thread in threads.values():
        thread.join(60)
    guilty, running = events["guilty"][-1], events["running"][-1]
    assert (guilty.name, guilty.data["code"], guilty.data.get("retriable", False)) == (
        "error",
        "INFERENCE_FAILED",
        False,
    )
    assert "grammar" in guilty.data["message"]
    assert (running.name, running.data["code"], running.data["retriable"]) == ("error", "WORKER_CRASHED", True)
    assert events["waiting"][-1].name == "end", events["waiting"]
    assert text_of(events["waiting"]) == "fake token fake "
    task_id = events["guilty"][0].data["task_id"]
    stuck = [line for line in home.log_lines("worker") if line["action"] == "stuck"]
    assert [line["target"] for line in stuck] == [task_id]


def test_the_limit_of_a_body_is_the_same_at_every_hop(home: Home) -> None:
    """It ended in 413 one hop later."""
    model = home.fake_model(ends=True)
    _, queen = home.queen(body_limit_bytes=3_000_000)
    messages = [{"role": "user", "content": "hi " * 600_000}]
    with queen.stream("POST", "/v2/tasks", {"messages": messages, "model": model}, limit_s=60) as stream:
        assert stream.rest()[-1].name == "end"


def test_a_deadline_that_has_passed_is_an_http_status(home: Home) -> None:
    """Known before anything streams."""
    _, worker = ready_worker(home, home.fake_model())
    answer = worker.call("POST", "/execute", _request("a") | {"stream": True}, headers={"x-deadline": "1000"})
    assert (answer.status, answer.error["code"]) == (504, "REQUEST_TIMEOUT")
