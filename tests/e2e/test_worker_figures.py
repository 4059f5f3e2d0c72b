"""A worker by hand: its metrics add up, its tokens are the model's, and it says what it is."""

import contextlib
import json
import statistics
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from rbee_keeper.config.paths import bundled_models_dir

from ..calls import Daemon, text_of
from ..programs import Home
from ..waiting import eventually

MODEL = bundled_models_dir() / "bee-tiny.gguf"
SLOTS = 4
WAITING = 2


def start(home: Home, model: str = str(MODEL), *options: str) -> Daemon:
    """Start a worker by hand and return it when its model is loaded."""
    port = home.worker_first_port
    home.start("worker-rbee", "--model", model, "--port", str(port), "--slots", str(SLOTS), *options)
    worker = Daemon(port=port)
    eventually(lambda: worker.answers() and worker.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
    return worker


@pytest.fixture
def worker(home: Home) -> Daemon:
    """Give a worker with the bundled model."""
    return start(home)


@pytest.fixture(scope="module")
def shared_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Give one worker to all tests that cannot change it."""
    home = Home(tmp_path_factory.mktemp("world"))
    yield start(home)
    assert home.end() == []


def figures(worker: Daemon) -> dict[str, float]:
    """Return every sample of a scrape by its name, with its label's value in brackets."""
    answer = worker.call("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {
        sample.name + "".join(f"[{value}]" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.body.decode())
        for sample in family.samples
    }


def execution(job_id: str, **fields: Any) -> dict[str, Any]:
    """Return the body of a greedy execution that does not end before its time."""
    return {
        "job_id": job_id,
        "prompt": "Once upon a time",
        "raw": True,
        "temperature": 0,
        "ignore_eos": True,
        "max_tokens": 20,
        **fields,
    }


def grown(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    """Return what changed."""
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def test_the_metrics_of_some_executions_add_up(worker: Daemon) -> None:
    """What the ends of the streams say and what the scrape says is the same."""
    before = figures(worker)
    assert (before["worker_slots"], before["worker_slots_busy"], before["queue_depth"]) == (SLOTS, 0, 0)
    assert before["worker_vram_bytes"] == worker.call("GET", "/health").json()["vram_bytes"]
    ends = []
    for index in range(3):
        with worker.stream("POST", "/execute", execution(f"job-{index}")) as stream:
            ends.append(stream.rest()[-1].data)
    with worker.stream("POST", "/execute", execution("left", prompt="The bee", max_tokens=900)) as stream:
        stream.until("token")
    eventually(lambda: figures(worker)["worker_requests_total[cancelled]"] == 1, "the cancel is counted")
    assert worker.call("POST", "/execute", execution("bad", max_tokens=0)).status == 400
    late = worker.call("POST", "/execute", execution("late"), headers={"x-deadline": "2001-01-01T00:00:00Z"})
    assert late.status == 504
    after = figures(worker)
    more = grown(before, after)
    assert (more["worker_requests_total[completed]"], more["worker_requests_total[refused]"]) == (3, 2)
    assert "worker_requests_total[failed]" not in more
    assert all(end["tokens_out"] == 20 for end in ends)
    cancelled_tokens = more["worker_tokens_generated_total"] - 60
    assert 1 <= cancelled_tokens < 900
    assert more["worker_engine_tokens_generated_total"] == more["worker_tokens_generated_total"]
    prompt_tokens = sum(end["usage"]["prompt_tokens"] for end in ends)
    assert more["worker_tokens_in_total"] > prompt_tokens
    computed, cached = more["worker_engine_prompt_tokens_total"], more.get("worker_tokens_cached_total", 0)
    assert computed + cached == more["worker_tokens_in_total"]
    for name in ("worker_inference_duration_ms", "worker_queue_seconds", "latency_first_token_ms", "latency_decode_ms"):
        assert more[f"{name}_count"] == 4, name
    assert more["latency_first_token_ms_sum"] > sum(end["ttft_ms"] for end in ends)
    assert (
        more["worker_inference_duration_ms_sum"]
        >= more["latency_first_token_ms_sum"] + more["latency_decode_ms_sum"] - 1
    )
    assert more["worker_inter_token_seconds_count"] == more["worker_tokens_generated_total"] - 4
    assert more["worker_batches_total"] >= 3 * 20
    assert 0 < after["kv_cache_usage_ratio"] < 1


def test_the_time_of_the_engine_is_told_apart(worker: Daemon) -> None:
    """The parts are no more than the time that went by, and the model has the largest."""
    started_at, before = time.monotonic(), figures(worker)
    with worker.stream("POST", "/execute", execution("long", max_tokens=300)) as stream:
        stream.rest()
    more = grown(before, figures(worker))
    parts = {part: more[f"worker_engine_seconds_total[{part}]"] for part in ("decode", "sampling", "other")}
    assert all(seconds > 0 for seconds in parts.values())
    assert sum(parts.values()) <= time.monotonic() - started_at
    assert parts["decode"] > parts["sampling"]
    rate = figures(worker)["worker_engine_tokens_per_second"]
    assert rate == pytest.approx(300 / sum(parts.values()), rel=0.02)


def test_a_worker_that_is_full_is_scraped_meanwhile_and_counts_whom_it_refuses(home: Home) -> None:
    """A scrape in the middle of four answers costs milliseconds, and says who runs and who waits."""
    worker = start(home, str(MODEL), "--waiting", str(WAITING))
    figures(worker)
    with contextlib.ExitStack() as stack:
        for index in range(SLOTS + WAITING):
            body = execution(f"long-{index}", max_tokens=950)
            stream = stack.enter_context(worker.stream("POST", "/execute", body))
            if index < SLOTS:
                stream.until("token")
        refused = worker.call("POST", "/execute", execution("one-more"))
        assert (refused.status, refused.error["code"]) == (503, "ALL_SLOTS_BUSY")
        took = []
        for _ in range(10):
            started_at = time.monotonic()
            during = figures(worker)
            took.append(time.monotonic() - started_at)
            assert (during["worker_slots_busy"], during["queue_depth"]) == (SLOTS, WAITING)
        assert during["worker_requests_total[refused]"] == 1
    assert statistics.median(took) < 0.05, took
    eventually(lambda: figures(worker)["worker_requests_total[cancelled]"] == SLOTS + WAITING, "the cancels")
    after = figures(worker)
    assert (after["worker_slots_busy"], after["queue_depth"]) == (0, 0)
    assert after["worker_queue_seconds_count"] == SLOTS + WAITING


def test_the_first_scrape_does_not_hold_up_health(worker: Daemon) -> None:
    """It imports a library; health is asked meanwhile, and must not wait for that."""
    took: list[float] = []
    scrape = threading.Thread(target=figures, args=(worker,))
    scrape.start()
    while scrape.is_alive():
        started_at = time.monotonic()
        assert worker.call("GET", "/health").status == 200
        took.append(time.monotonic() - started_at)
    assert took
    assert statistics.median(took) < 0.05, took


def test_deadlines_and_failures_are_told_apart(home: Home) -> None:
    """A scripted engine that fails, and one answer that comes too late."""
    home.fake_model("broken", delay_s=0.01, fault="error", fault_at=40)
    worker = start(home, str(home.models_dir / "broken.fake.json"))
    late = {"x-deadline": str(round((time.time() + 0.15) * 1000))}
    with worker.stream("POST", "/execute", execution("late", max_tokens=2000), headers=late) as stream:
        assert stream.rest()[-1].data["code"] == "REQUEST_TIMEOUT"
    with worker.stream("POST", "/execute", execution("broken", max_tokens=2000)) as stream:
        assert stream.rest()[-1].data["code"] == "INFERENCE_FAILED"
    with worker.stream("POST", "/execute", execution("short", max_tokens=5)) as stream:
        assert len(text_of(stream.rest()).split()) == 5
    found = figures(worker)
    outcomes = {name: found[f"worker_requests_total[{name}]"] for name in ("timeout", "failed", "completed", "refused")}
    assert outcomes == {"timeout": 1, "failed": 1, "completed": 1, "refused": 0}
    assert found["worker_inference_duration_ms_count"] == 3
    assert worker.call("POST", "/tokenize", {"content": "a"}).status == 400
    assert worker.call("GET", "/props").json()["chat_template"] == ""


def test_text_goes_to_tokens_and_back(worker: Daemon) -> None:
    """Whatever a person writes is what the model reads."""

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
    @example(text="")
    @example(text="蜂 🐝 naïve Straße\n\n\tภาษาไทย e\u0301 👩‍👩‍👧")
    @example(text="a\x00b\x1b[31m")
    @example(text="  two spaces  at each end  ")
    @example(text="word " * 3_000)
    def check(text: str) -> None:
        answer = worker.call("POST", "/tokenize", {"content": text, "parse_special": False, "with_pieces": True})
        assert answer.status == 200, answer.body
        pieces = answer.json()["tokens"]
        data = b"".join(
            each["piece"].encode() if isinstance(each["piece"], str) else bytes(each["piece"]) for each in pieces
        )
        tokens = [each["id"] for each in pieces]
        plain = worker.call("POST", "/tokenize", {"content": text, "parse_special": False}).json()
        assert plain == {"tokens": tokens}
        back = worker.call("POST", "/detokenize", {"tokens": tokens}).json()
        assert back == {"content": text}
        assert data.decode() == text

    check()


def test_control_tokens_are_read_as_such_unless_told_otherwise(worker: Daemon) -> None:
    """The count of a chat depends on it; `add_special` asks for what a prompt begins with."""
    end_of_turn = worker.call("GET", "/props").json()["eos_token"]
    assert end_of_turn
    parsed = worker.call("POST", "/tokenize", {"content": end_of_turn}).json()["tokens"]
    spelled = worker.call("POST", "/tokenize", {"content": end_of_turn, "parse_special": False}).json()["tokens"]
    assert len(parsed) == 1
    assert len(spelled) > 1
    assert worker.call("POST", "/detokenize", {"tokens": parsed}).json() == {"content": end_of_turn}
    bare = worker.call("POST", "/tokenize", {"content": "bee"}).json()["tokens"]
    whole = worker.call("POST", "/tokenize", {"content": "bee", "add_special": True}).json()["tokens"]
    assert whole[-len(bare) :] == bare
    with worker.stream("POST", "/execute", execution("count", prompt="bee", max_tokens=1)) as stream:
        assert stream.rest()[-1].data["usage"]["prompt_tokens"] == len(whole)


@pytest.mark.parametrize("path", ["/tokenize", "/detokenize"])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"content": 1}',
        b'{"content": ["secret-value"]}',
        b'{"content": "\\ud800"}',
        b'{"content": "a", "secret-value": 1}',
        b'{"content": "a", "with_pieces": "secret-value"}',
        b'{"tokens": "secret-value"}',
        b'{"tokens": [-1]}',
        b'{"tokens": [99999999]}',
        b'{"tokens": [123456789012345678901234567890]}',
        b'{"tokens": [1.5]}',
        b'{"tokens": [true]}',
        b'{"tokens": [null]}',
        b'{"tokens": [[1]]}',
        json.dumps({"content": "a" * 500_001}).encode(),
        json.dumps({"tokens": [1] * 131_073}).encode(),
    ],
    ids=lambda body: body[:40].decode(),
)
def test_nonsense_is_refused_with_a_hint(shared_worker: Daemon, path: str, body: bytes) -> None:
    """No value is repeated; the name of a field that is not known is."""
    answer = shared_worker.call("POST", path, body)
    assert answer.status == 400, answer.body
    assert answer.error["code"] == "INVALID_PARAMS"
    assert answer.error["hint"]
    assert b"secret-value" not in answer.body or b'"secret-value":' in body


def test_a_body_without_end_is_not_read(worker: Daemon) -> None:
    """The bound holds before anything is decoded; the longest text that is allowed has its answer in time."""
    huge = json.dumps({"content": "a" * 2_000_000}).encode()
    assert worker.call("POST", "/tokenize", huge).status == 413
    for text in ("a" * 500_000, " " * 500_000, "é" * 150_000):
        tokens = worker.call("POST", "/tokenize", {"content": text}).json()["tokens"]
        assert tokens
        first = worker.call("POST", "/detokenize", {"tokens": tokens[:131_072]}).json()["content"]
        assert text.startswith(first.rstrip("\ufffd"))


def test_a_worker_says_what_it_is(worker: Daemon) -> None:
    """In llama-server's names, and without a folder of this machine."""
    answer = worker.call("GET", "/props")
    props = answer.json()
    assert props["model_path"] == MODEL.name
    assert str(MODEL.parent).encode() not in answer.body
    assert (props["total_slots"], props["default_generation_settings"]["n_ctx"]) == (SLOTS, props["context_tokens"])
    assert props["context_tokens"] > 0
    assert "messages" in props["chat_template"]
    assert props["eos_token"] in [each["piece"] for each in props["end_tokens"]]
    assert props["modalities"] == {"vision": False, "audio": False}
    assert props["build_info"].startswith("llama-cpp-python ")
    assert "CPU" in props["system_info"]
    params = props["default_generation_settings"]["params"]
    assert (params["temperature"], params["top_k"], params["seed"]) == (1.0, 40, None)


def test_only_health_and_metrics_are_open(home: Home) -> None:
    """A worker under a hive wants its token for everything that tells about its model."""
    _, queen = home.queen()
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "max_tokens": 2}) as stream:
        stream.rest()
    address = queen.call("GET", "/v2/status").json()["workers"][0]["url"]
    stranger = Daemon(port=int(address.rpartition(":")[2]))
    assert figures(stranger)["worker_requests_total[completed]"] == 1
    assert stranger.call("GET", "/props").status == 401
    assert stranger.call("POST", "/tokenize", {"content": "a"}).status == 401
    assert stranger.call("POST", "/detokenize", {"tokens": [1]}).status == 401
    assert queen.call("GET", "/metrics").status == 404
