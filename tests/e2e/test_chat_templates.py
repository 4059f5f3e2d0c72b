"""Chat templates that mean harm, in a worker as people run it: one chat fails, everything else goes on."""

import statistics
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rbee_keeper.config.paths import bundled_models_dir

from ..calls import Daemon
from ..gguf_files import text
from ..programs import Home
from ..waiting import eventually

KEY = text("tokenizer.chat_template") + b"\x08\x00\x00\x00"
PLAIN = "{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}"
NESTS = (
    "{% set n = namespace(x=[1], y=[1]) %}{% for i in range(40) %}{% set n.x = [n.x, n.x, n.x] %}"
    "{% set n.y = [n.y, n.y, n.y] %}{% endfor %}"
)
BOMBS = {
    "an endless comparison": NESTS + "{{ n.x == n.y }}",
    "slices that are kept": (
        "{% set s = 'a' * 1000000 %}{% set n = namespace(k=[]) %}{% for i in range(9999) %}"
        "{% set n.k = n.k + [s[i:]] %}{% endfor %}"
    ),
}


def model_with(template: str) -> bytes:
    """Return the bundled model with another template; a comment keeps the weights at a place that fits."""
    data = (bundled_models_dir() / "bee-tiny.gguf").read_bytes()
    before, _, rest = data.partition(KEY)
    length = int.from_bytes(rest[:8], "little")
    missing = (length - len(template.encode()) - 4) % 32
    return before + KEY + text(f"{template}{{#{' ' * missing}#}}") + rest[8 + length :]


Start = Callable[[str], Daemon]


@pytest.fixture
def worker_with(home: Home, tmp_path: Path) -> Start:
    """Give a function that starts a worker whose model has this template."""

    def start(template: str) -> Daemon:
        path = tmp_path / "m.gguf"
        path.write_bytes(model_with(template))
        home.start("worker-rbee", "--model", str(path), "--port", str(home.worker_first_port), "--slots", "2")
        daemon = Daemon(port=home.worker_first_port)
        eventually(lambda: daemon.answers() and daemon.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
        return daemon

    return start


def execute(worker: Daemon, job_id: str, prompt: str, **fields: Any) -> Any:
    """Return the answer in one piece."""
    body = {"job_id": job_id, "prompt": prompt, "stream": False, "max_tokens": 4, **fields}
    return worker.call("POST", "/execute", body)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_in_a_template_costs_its_own_chat_and_nothing_else(worker_with: Start, bomb: str) -> None:
    """It held the interpreter: no request was answered until the process was killed."""
    worker = worker_with(f"{{% if 'bomb' in messages[-1].content %}}{BOMBS[bomb]}{{% endif %}}" + PLAIN)
    answers: list[Any] = []
    chats = [threading.Thread(target=lambda i=i: answers.append(execute(worker, f"b{i}", "bomb"))) for i in range(2)]  # type: ignore[misc]
    for chat in chats:
        chat.start()
    times = []
    while any(chat.is_alive() for chat in chats):
        began = time.monotonic()
        assert worker.call("GET", "/health").status == 200
        times.append(time.monotonic() - began)
        assert execute(worker, f"raw{len(times)}", "Once upon a time", raw=True).status == 200
    assert {answer.error["code"] for answer in answers} <= {"MODEL_INCOMPATIBLE", "ALL_SLOTS_BUSY"}
    assert "chat template" in answers[0].error["message"]
    assert statistics.median(times) < 0.2
    assert max(times) < 3
    assert execute(worker, "next", "hi").status == 200


def test_a_template_that_is_no_jinja_refuses_chats_and_leaves_plain_prompts(worker_with: Start) -> None:
    """The weights are as good as ever."""
    worker = worker_with("{% for %}")
    refused = execute(worker, "a", "hi")
    assert (refused.status, refused.error["code"]) == (400, "MODEL_INCOMPATIBLE")
    assert "--raw" in refused.error["hint"]
    assert execute(worker, "b", "hi", raw=True).status == 200


def test_a_worker_that_is_killed_takes_its_renderer_along(home: Home, worker_with: Start) -> None:
    """In the middle of a native call, too."""
    bomb = BOMBS["an endless comparison"]
    worker = worker_with(f"{{% if 'bomb' in messages[-1].content %}}{bomb}{{% endif %}}" + PLAIN)

    def ask() -> None:
        with pytest.raises(OSError):
            execute(worker, "a", "bomb")

    threading.Thread(target=ask, daemon=True).start()
    eventually(lambda: home.the("template").cpu_times().user > 0.5, "it renders")
    home.the("worker").kill()
    home.wait_until_nothing_runs(within_s=3.0)
