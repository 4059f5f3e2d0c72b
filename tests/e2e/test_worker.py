"""The text worker over HTTP, as the queen and other clients use it: forms of answers, caches, ends."""

import json
import statistics
import threading
import time
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from rbee_keeper.config.paths import bundled_models_dir

from ..calls import Daemon
from ..programs import Home
from ..waiting import eventually

STORY = "Once upon a time there was a bee who lived in a small hive near the river. " * 12
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}, "days": {"type": "integer", "maximum": 9}},
            "required": ["city", "days"],
        },
    },
}


@pytest.fixture
def worker(home: Home) -> Iterator[Daemon]:
    """Give a worker by hand with the bundled model."""
    port = home.worker_first_port
    model = bundled_models_dir() / "bee-tiny.gguf"
    home.start("worker-rbee", "--model", str(model), "--port", str(port), "--slots", "4")
    daemon = Daemon(port=port)
    eventually(lambda: daemon.answers() and daemon.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
    yield daemon


def execute(worker: Daemon, job_id: str, **fields: Any) -> Any:
    """Return the answer in one piece."""
    body = {"job_id": job_id, "stream": False, "temperature": 0, "max_tokens": 24, **fields}
    return worker.call("POST", "/execute", body)


def data_of(worker: Daemon, **fields: Any) -> list[str]:
    """Return the data of every message of a streamed answer."""
    body = {"temperature": 0, "max_tokens": 24, **fields}
    answer = worker.call("POST", "/execute", body)
    return [line[6:] for line in answer.body.decode().splitlines() if line.startswith("data: ")]


def busy(worker: Daemon) -> int:
    """Return the slots that are taken."""
    health = worker.call("GET", "/health").json()
    return int(health["slots_total"] - health["slots_available"])


def test_a_prompt_too_long_for_the_context_is_400_with_both_numbers(worker: Daemon) -> None:
    """Before the stream begins, and never cut in silence."""
    answer = execute(worker, "a", prompt=STORY * 4, max_tokens=700, stream=True)
    assert (answer.status, answer.error["code"]) == (400, "CONTEXT_LENGTH_EXCEEDED")
    assert answer.error["details"]["max_tokens"] == 700
    assert answer.error["details"]["prompt_tokens"] + 700 > answer.error["details"]["context_tokens"] == 1024
    assert answer.error["hint"]


def test_chat_chunks_are_those_of_openai(worker: Daemon) -> None:
    messages = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "How do I add a node?"}]
    fields = {"dialect": "chat", "model": "bee", "include_usage": True, "messages": messages}
    *chunks, mark = data_of(worker, job_id="a", **fields)
    assert mark == "[DONE]"
    read = [ChatCompletionChunk.model_validate_json(chunk, strict=True) for chunk in chunks]
    assert read[0].choices[0].delta.role == "assistant"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in read if chunk.choices)
    assert read[-2].choices[0].finish_reason in ("stop", "length")
    assert read[-1].choices == []
    assert read[-1].usage is not None
    whole = ChatCompletion.model_validate_json(execute(worker, "b", **fields).body, strict=True)
    assert whole.choices[0].message.content == text
    assert whole.usage is not None
    assert whole.usage.completion_tokens == read[-1].usage.completion_tokens
    assert whole.usage.prompt_tokens_details is not None
    assert whole.usage.prompt_tokens_details.cached_tokens == whole.usage.prompt_tokens - 1


def test_completion_chunks_are_those_of_openai(worker: Daemon) -> None:
    fields = {"dialect": "completion", "model": "bee", "prompt": "Once upon a time", "raw": True, "n": 2}
    *chunks, _ = data_of(worker, job_id="a", **fields)
    choices = [choice for chunk in chunks for choice in json.loads(chunk)["choices"]]
    texts = ["".join(choice["text"] for choice in choices if choice["index"] == index) for index in (0, 1)]
    assert texts[0] == texts[1] != ""
    whole = Completion.model_validate_json(execute(worker, "b", **fields, logprobs=2).body, strict=True)
    assert [choice.text for choice in whole.choices] == texts
    logprobs = whole.choices[0].logprobs
    assert logprobs is not None
    assert logprobs.tokens is not None
    assert "".join(logprobs.tokens) == texts[0]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "weather"}}])
def test_a_tool_that_must_be_called_is_called_with_valid_arguments(worker: Daemon, choice: Any) -> None:
    """The bundled model knows nothing of tools; the grammar sees to it."""
    messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
    fields = {"messages": messages, "tools": [WEATHER], "tool_choice": choice, "max_tokens": 200}
    answer = execute(worker, "a", dialect="chat", parallel_tool_calls=False, **fields)
    read = ChatCompletion.model_validate_json(answer.body, strict=True)
    assert read.choices[0].finish_reason == "tool_calls"
    calls = read.choices[0].message.tool_calls
    assert calls is not None
    assert [call.type for call in calls] == ["function"]
    function = json.loads(answer.body)["choices"][0]["message"]["tool_calls"][0]["function"]
    assert function["name"] == "weather"
    jsonschema.validate(json.loads(function["arguments"]), WEATHER["function"]["parameters"])  # type: ignore[index]


def test_an_answer_fits_its_json_schema_or_says_that_it_was_cut(worker: Daemon) -> None:
    schema = WEATHER["function"]["parameters"]  # type: ignore[index]
    form = {"type": "json_schema", "json_schema": {"name": "w", "schema": schema}}
    for seed in range(5):
        fields = {"prompt": "Weather?", "response_format": form, "temperature": 1.5, "seed": seed, "max_tokens": 200}
        answer = execute(worker, f"{seed}", **fields).json()
        assert answer["end"]["stop_reason"] == "EOS"
        jsonschema.validate(json.loads(answer["text"]), schema)
    cut = execute(worker, "cut", prompt="Weather?", response_format=form, max_tokens=3).json()
    assert cut["end"]["stop_reason"] == "MAX_TOKENS"


def test_a_schema_with_an_unsupported_keyword_is_400_and_names_it(worker: Daemon) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "w", "schema": {"not": {"type": "string"}}}}
    answer = execute(worker, "a", prompt="hi", response_format=form)
    assert answer.status == 400
    assert "not" in answer.error["message"]


def test_a_client_that_leaves_frees_its_slot_also_while_the_prompt_is_computed(worker: Daemon) -> None:
    for name, prompt in (("answer", "Once upon a time"), ("prompt", (STORY * 4)[:2500])):
        body = {"job_id": name, "prompt": prompt, "raw": True, "max_tokens": 300, "ignore_eos": True}
        with worker.stream("POST", "/execute", body) as stream:
            stream.until("started" if name == "prompt" else "token")
            assert busy(worker) == 1
        eventually(lambda: busy(worker) == 0, "the slot is free", within_s=5)


def test_a_deadline_ends_what_runs_and_what_waits(worker: Daemon) -> None:
    """More executions than slots: each of them ends at its deadline."""
    names = [f"{index}" for index in range(6)]
    ended: dict[str, Any] = {}
    deadline = str(round((time.time() + 0.6) * 1000))

    def run(name: str) -> None:
        body = {"job_id": name, "prompt": "Once upon a time", "raw": True, "max_tokens": 2000, "ignore_eos": True}
        body["max_tokens"] = 900
        body["n"] = 4
        with worker.stream("POST", "/execute", body, headers={"x-deadline": deadline}) as stream:
            ended[name] = stream.rest()[-1]

    threads = [threading.Thread(target=run, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert {each.name for each in ended.values()} <= {"error", "end"}
    late = [each for each in ended.values() if each.name == "error"]
    assert late
    assert {each.data["code"] for each in late} == {"REQUEST_TIMEOUT"}
    eventually(lambda: busy(worker) == 0, "every slot is free", within_s=5)


def test_drain_lets_what_runs_come_to_its_end(worker: Daemon) -> None:
    body = {"job_id": "a", "prompt": "Once upon a time", "raw": True, "max_tokens": 400, "ignore_eos": True}
    with worker.stream("POST", "/execute", body) as stream:
        stream.until("token")
        assert worker.call("POST", "/v1/admin/shutdown", {"graceful": True, "timeout_seconds": 20}).status == 202
        refused = execute(worker, "b", prompt="hi")
        assert (refused.status, refused.error["code"]) == (503, "WORKER_NOT_READY")
        closing = stream.rest()[-1]
    assert closing.name == "end"
    assert closing.data["tokens_out"] == 400
    eventually(lambda: not worker.answers(), "the worker has ended", within_s=10)


def test_health_answers_at_once_while_sixteen_streams_want_the_engine(worker: Daemon) -> None:
    """Four run, twelve wait."""
    stop = threading.Event()

    def generate(index: int) -> None:
        count = 0
        while not stop.is_set():
            count += 1
            execute(worker, f"{index}-{count}", prompt=f"{index} bees", raw=True, max_tokens=60, ignore_eos=True)

    threads = [threading.Thread(target=generate, args=(index,)) for index in range(16)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: busy(worker) == 4, "every slot is taken", within_s=10)
        times = []
        for _ in range(40):
            started_at = time.monotonic()
            assert worker.call("GET", "/health").status == 200
            times.append(time.monotonic() - started_at)
        assert statistics.median(times) < 0.05
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
