"""What happens when something breaks: a clear error, and the next task works."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil

from ..calls import Daemon, Event, text_of
from ..programs import Home
from ..waiting import eventually


def events_of(queen: Daemon, model: str, **fields: Any) -> list[Event]:
    """Submit a task and return all of its events."""
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, **fields}, limit_s=60) as stream:
        return stream.rest()


def test_a_crash_before_the_first_token_is_retried_on_another_worker(home: Home) -> None:
    """No text was shown yet, so nobody has to know (contract 2, 21)."""
    model = home.fake_model(delay_s=1.0)
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "max_tokens": 2}) as stream:
        eventually(
            lambda: [
                each for each in queen.call("GET", "/v2/workers/list").json()["workers"] if each["state"] == "busy"
            ],
            "the worker executes the task",
        )
        first = home.the("worker")
        first.kill()
        events = stream.rest()
    assert events[-1].name == "end", events[-1]
    assert text_of(events) == "fake token "
    assert [event for event in events if event.name == "narration" and event.data["action"] == "retry"]
    assert home.the("worker").pid != first.pid


def test_a_model_that_always_crashes_is_tried_twice_and_then_reported(home: Home) -> None:
    """A retry without an end would burn the machine."""
    model = home.fake_model(fault="crash", fault_at=0)
    _, queen = home.queen()
    events = events_of(queen, model)
    assert (events[-1].name, events[-1].data["code"]) == ("error", "WORKER_CRASHED")
    assert events[-1].data["hint"]
    assert not [event for event in events if event.name == "token"]
    spawned = [line for line in home.log_lines("hive") if line["action"] == "spawn"]
    assert len(spawned) == 2


def test_a_crash_in_the_middle_of_an_answer_is_an_error_event_and_no_text_comes_twice(home: Home) -> None:
    """What was shown cannot be taken back (contract 2, 21); the next request works (9.9, 9.12)."""
    model = home.fake_model(tokens=["a", "b", "c", "d"], fault="crash", fault_at=3, delay_s=0.1)
    fine = home.fake_model("fine", ends=True)
    _, queen = home.queen()
    events = events_of(queen, model)
    assert text_of(events) == "abc"
    assert (events[-1].name, events[-1].data["code"], events[-1].data["retriable"]) == ("error", "WORKER_CRASHED", True)
    assert "rbee logs --worker worker-" in events[-1].data["hint"]
    assert len([event for event in events if event.name in ("end", "error")]) == 1
    assert text_of(events_of(queen, fine)) == "fake token "
    eventually(
        lambda: len(queen.call("GET", "/v2/workers/list").json()["workers"]) == 1, "the dead worker is forgotten"
    )


def test_the_command_line_ends_with_1_when_the_worker_crashes(home: Home) -> None:
    """Error events were once swallowed and the exit code was 0 (contract 3)."""
    model = home.fake_model(tokens=["a", "b", "c", "d"], fault="crash", fault_at=3, delay_s=0.02)
    done = home.rbee("infer", "-m", model, "-p", "hi")
    assert (done.code, done.out) == (1, "abc")
    assert "WORKER_CRASHED" in done.err
    assert "try: " in done.err
    home.wait_until_nothing_runs(within_s=3)


def test_an_engine_that_fails_reports_its_error_and_the_worker_lives_on(home: Home) -> None:
    """One bad execution is not the end of the process."""
    model = home.fake_model(tokens=["a", "b"], fault="error", fault_at=2)
    _, queen = home.queen()
    for _ in range(2):
        events = events_of(queen, model)
        assert text_of(events) == "ab"
        assert (events[-1].data["code"], events[-1].data["src"]) == ("INFERENCE_FAILED", "worker")
    assert len([line for line in home.log_lines("hive") if line["action"] == "spawn"]) == 1


def test_a_worker_that_stalls_fails_its_task_in_time_and_is_ended(home: Home) -> None:
    """60 s without a token by default; here less. The stuck process must not stay."""
    model = home.fake_model(tokens=["a", "b"], fault="stall", fault_at=2)
    _, queen = home.queen(stall_s=1, drain_s=0.5, stop_grace_s=0.5)
    started_at = time.monotonic()
    events = events_of(queen, model)
    assert text_of(events) == "ab"
    assert (events[-1].data["code"], events[-1].name) == ("INFERENCE_FAILED", "error")
    assert "1 s" in events[-1].data["message"]
    assert time.monotonic() - started_at < 20
    eventually(lambda: not home.roles()["worker"], "the stuck worker is gone")


def test_a_model_that_cannot_be_loaded_is_an_error_with_the_reason(home: Home) -> None:
    """The person must learn what llama.cpp knew."""
    home.fake_model()
    (home.models_dir / "broken.fake.json").write_text("{not json")
    _, queen = home.queen()
    events = events_of(queen, "broken.fake.json")
    assert (events[-1].data["code"], events[-1].data["src"]) == ("MODEL_INCOMPATIBLE", "worker")
    assert "script cannot be read" in events[-1].data["message"]
    eventually(lambda: not home.roles()["worker"], "the failed worker is gone")


def test_a_worker_that_crashes_while_it_loads_is_reported_at_once(home: Home) -> None:
    """The load may take five minutes; a crash is known in milliseconds."""
    model = home.fake_model(load_s=0.5, load_fault="crash")
    _, queen = home.queen()
    started_at = time.monotonic()
    events = events_of(queen, model)
    assert events[-1].data["code"] == "WORKER_CRASHED"
    assert "SIGSEGV" in events[-1].data["message"]
    assert time.monotonic() - started_at < 20


def test_a_worker_that_crashes_while_it_loads_is_not_started_again_by_itself(home: Home) -> None:
    """Every task that waited for it ends with the reason; only a new task is a new try."""
    model = home.fake_model(load_s=2, load_fault="crash")
    _, queen = home.queen()
    with ThreadPoolExecutor(3) as clients:
        answers = list(clients.map(lambda _: events_of(queen, model), range(3)))
    assert [events[-1].data["code"] for events in answers] == ["WORKER_CRASHED"] * 3
    time.sleep(1.0)
    assert home.roles()["worker"] == []
    assert len(list(home.logs_dir.glob("*worker*.log"))) == 1


def test_a_load_that_takes_too_long_is_given_up_and_reported(home: Home) -> None:
    """Every wait has an end."""
    model = home.fake_model(load_s=60)
    _, queen = home.queen(worker_start_s=1, worker_load_s=1, stop_grace_s=0.5)
    events = events_of(queen, model)
    assert events[-1].data["code"] == "LOADING_TIMEOUT"
    eventually(lambda: not home.roles()["worker"], "the process is gone")


def test_a_failed_load_does_not_stand_in_the_way_of_the_next_try(home: Home) -> None:
    """The person repairs the file and asks again."""
    home.fake_model()
    path = home.models_dir / "repaired.fake.json"
    path.write_text("{not json")
    _, queen = home.queen()
    assert events_of(queen, path.name)[-1].name == "error"
    path.write_text('{"tokens": ["fine"], "ends": true}')
    events = events_of(queen, path.name)
    assert text_of(events) == "fine", events[-1]


def test_loading_is_told_to_whoever_waits_with_percent(home: Home) -> None:
    """The spinner names the step (issue: progress)."""
    model = home.fake_model(load_s=1.5, ends=True)
    _, queen = home.queen()
    events = events_of(queen, model)
    assert events[0].name == "queued"
    percents = [event.data["percent"] for event in events if event.name == "narration" and "percent" in event.data]
    assert percents == sorted(percents)
    assert len(percents) >= 3
    names = [event.name for event in events]
    assert names.index("started") > max(index for index, name in enumerate(names) if name == "narration")
    assert names[-1] == "end"


def test_a_worker_frozen_before_its_first_token_fails_the_task_in_time(home: Home) -> None:
    """A process that the machine stopped is as stuck as one that hangs."""
    model = home.fake_model(delay_s=0.05)
    _, queen = home.queen(stall_s=1, drain_s=0.3, stop_grace_s=0.3, request_s=1)
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "max_tokens": 2000}, limit_s=60) as stream:
        stream.until("token")
        psutil.Process(home.the("worker").pid).suspend()
        end = stream.rest()[-1]
    assert (end.name, end.data["code"]) == ("error", "INFERENCE_FAILED")
    eventually(lambda: not home.roles()["worker"], "the frozen worker is gone")


def test_a_worker_that_goes_on_with_a_cancelled_execution_is_ended_though_nobody_waits(home: Home) -> None:
    """It answers its health checks and burns a core; no other task was there to find out."""
    model = home.fake_model(tokens=["a", "b"], fault="native_call", fault_at=2)
    _, queen = home.queen(stall_s=2, drain_s=0.5, stop_grace_s=0.5)
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model}, limit_s=60) as stream:
        stream.until("token")
    eventually(lambda: not home.roles()["worker"], "the stuck worker is gone", within_s=30)
    assert [line for line in home.log_lines("queen") if line["action"] == "stall"]
