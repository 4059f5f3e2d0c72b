"""Filling in: the text between a prompt and a suffix, for models that know how."""

from pathlib import Path
from typing import Any

import pytest

from rbee_keeper.config.paths import bundled_models_dir

from ..calls import Daemon
from ..programs import Home
from ..random_models import write_random_models
from ..waiting import eventually


@pytest.fixture(scope="module")
def infill_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a model with the tokens for prefix, suffix and middle."""
    return write_random_models(tmp_path_factory.mktemp("models"), "infill") / "infill.gguf"


def worker(home: Home, model: Path) -> Daemon:
    """Start a worker by hand and wait until its model is loaded."""
    port = home.worker_first_port
    home.start("worker-rbee", "--model", str(model), "--port", str(port))
    daemon = Daemon(port=port)
    eventually(lambda: daemon.answers() and daemon.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
    return daemon


def execute(daemon: Daemon, job_id: str, **fields: Any) -> Any:
    """Return the answer in one piece."""
    body = {"job_id": job_id, "stream": False, "temperature": 0, "max_tokens": 6, "ignore_eos": True, **fields}
    return daemon.call("POST", "/execute", body)


def test_prefix_and_suffix_stand_between_the_three_tokens_that_the_model_knows(home: Home, infill_model: Path) -> None:
    """Both texts are read, and the answer depends on both."""
    daemon = worker(home, infill_model)

    def tokens(text: str) -> int:
        return len(daemon.call("POST", "/tokenize", {"content": text, "parse_special": False}).json()["tokens"])

    answer = execute(daemon, "a", prompt="def add(a, b):", suffix="return total").json()
    assert answer["end"]["tokens_out"] == 6
    around = answer["end"]["usage"]["prompt_tokens"] - tokens("def add(a, b):") - tokens("return total")
    assert around in (3, 4)  # with or without a begin token
    other = execute(daemon, "b", prompt="def add(a, b):", suffix="raise Nothing").json()
    assert other["text"] != answer["text"]


def test_a_model_without_these_tokens_says_so(home: Home) -> None:
    daemon = worker(home, bundled_models_dir() / "bee-tiny.gguf")
    answer = execute(daemon, "a", prompt="def add(a, b):", suffix="return total")
    assert (answer.status, answer.error["code"]) == (400, "INVALID_PARAMS")
    assert "fill in" in answer.error["message"]
