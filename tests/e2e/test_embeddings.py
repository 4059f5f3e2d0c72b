"""Embeddings and rankings: right vectors in the right order, and clear words when a model is for something else."""

import base64
import contextlib
import http.client
import json
import math
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rbee_keeper.config.paths import bundled_models_dir

from ..calls import Daemon
from ..programs import Home, Program
from ..random_models import write_random_models
from ..waiting import eventually

WIDTH = 128
CONTEXT = 512
NEAR = 1e-3
"""Neighbours in a batch change the order of sums, and rounding to 8 bits may then take another step."""
WORDS = ["bee", "hive", "honey", "queen", "the", "a", "of", "river", "tree", "keeper", "worker", "flower"]
TEXTS = [" ".join(WORDS[(number * step) % len(WORDS)] for step in range(1 + number % 40)) for number in range(100)]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a model of each kind."""
    return write_random_models(tmp_path_factory.mktemp("models"), "embedding", "reranker")


def worker(home: Home, model: Path, *flags: str) -> tuple[Program, Daemon]:
    """Start a worker by hand and wait until it is ready."""
    port = home.worker_first_port
    program = home.start("worker-rbee", "--model", str(model), "--port", str(port), *flags)
    daemon = Daemon(port=port)
    eventually(lambda: daemon.answers() and daemon.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
    return program, daemon


@pytest.fixture
def embedder(home: Home, models: Path) -> Daemon:
    """Give a worker with the model for embeddings."""
    return worker(home, models / "embedding.gguf")[1]


def embed(daemon: Daemon, texts: Any, **fields: Any) -> dict[str, Any]:
    """Return the answer for these texts."""
    answer = daemon.call("POST", "/v1/embeddings", {"input": texts, **fields}, limit_s=60)
    assert answer.status == 200, answer.body
    found = answer.json()
    assert isinstance(found, dict)
    return found


def vectors(daemon: Daemon, texts: Any, **fields: Any) -> list[list[float]]:
    """Return the vectors of these texts."""
    return [item["embedding"] for item in embed(daemon, texts, **fields)["data"]]


def distance(left: Sequence[float], right: Sequence[float]) -> float:
    """Return the largest difference of any number."""
    return max(abs(one - two) for one, two in zip(left, right, strict=True))


def refusal(daemon: Daemon, path: str, body: Any) -> dict[str, Any]:
    """Return the error of a request that is refused."""
    answer = daemon.call("POST", path, body)
    assert answer.status == 400, answer.body
    error = answer.json()["error"]
    assert isinstance(error, dict)
    return error


def test_the_answer_has_openais_shape_and_vectors_of_length_one(embedder: Daemon) -> None:
    """Clients compare vectors by their product, which is right only for normalised ones."""
    answer = embed(embedder, ["The bee", "a"], model="any", user="someone")
    assert answer["object"] == "list"
    assert answer["model"] == "any"
    assert answer["usage"]["prompt_tokens"] == answer["usage"]["total_tokens"] > 4
    for index, item in enumerate(answer["data"]):
        assert (item["object"], item["index"], len(item["embedding"])) == ("embedding", index, WIDTH)
        assert math.isclose(math.hypot(*item["embedding"]), 1, abs_tol=1e-5)
    assert embed(embedder, "The bee")["model"] == "embedding"
    assert embedder.call("GET", "/v1/health").json()["capability"] == "embedding"


def test_a_hundred_texts_keep_their_order_and_are_as_alone(embedder: Daemon) -> None:
    """Several share a batch; none may get another's vector."""
    together = vectors(embedder, TEXTS)
    assert len(together) == len(TEXTS)
    for number in range(0, len(TEXTS), 7):
        alone = vectors(embedder, TEXTS[number])[0]
        assert distance(alone, together[number]) <= 2 * NEAR
        nearest = min(range(len(TEXTS)), key=lambda other: distance(alone, together[other]))
        assert TEXTS[nearest] == TEXTS[number]


def test_base64_holds_the_very_same_numbers(embedder: Daemon) -> None:
    """OpenAI's own client asks for it by default."""
    numbers = vectors(embedder, "The bee")[0]
    coded = embed(embedder, "The bee", encoding_format="base64")["data"][0]["embedding"]
    assert list(struct.unpack(f"<{WIDTH}f", base64.b64decode(coded))) == numbers


def test_fewer_dimensions_are_the_first_numbers_normalised_anew(embedder: Daemon) -> None:
    """More than the model has are refused with its number."""
    whole, short = vectors(embedder, "The bee")[0], vectors(embedder, "The bee", dimensions=16)[0]
    length = math.hypot(*whole[:16])
    assert distance([number / length for number in whole[:16]], short) < 1e-6
    error = refusal(embedder, "/v1/embeddings", {"input": "a", "dimensions": WIDTH + 1})
    assert error["details"]["dimensions"] == WIDTH
    assert refusal(embedder, "/v1/embeddings", {"input": "a", "dimensions": 0})["code"] == "INVALID_PARAMS"


def test_tokens_may_take_the_place_of_text(embedder: Daemon) -> None:
    """One list of tokens is one text; tokens that the model has not are refused."""
    assert len(vectors(embedder, [5, 6, 7])) == 1
    assert distance(vectors(embedder, [[5, 6, 7], [8]])[0], vectors(embedder, [5, 6, 7])[0]) <= 2 * NEAR
    assert refusal(embedder, "/v1/embeddings", {"input": [5, 999_999]})["code"] == "INVALID_PARAMS"
    assert refusal(embedder, "/v1/embeddings", {"input": [5, -1]})["code"] == "INVALID_PARAMS"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (["a", "", "b"], "input[1]"),
        ("", "input[0]"),
        ([], "input"),
        (["a", 1], "input"),
        (["a"] * 2049, "input"),
    ],
    ids=["one is empty", "empty", "none", "mixed", "too many"],
)
def test_what_cannot_be_embedded_is_named_by_its_place(embedder: Daemon, given: Any, field: str) -> None:
    """Among a thousand texts the place is all that helps."""
    error = refusal(embedder, "/v1/embeddings", {"input": given})
    assert error["details"]["fields"][0]["field"] == field


def test_a_text_longer_than_the_context_is_refused_with_both_numbers(embedder: Daemon) -> None:
    """Never cut in silence; one that just fits is taken."""
    error = refusal(embedder, "/v1/embeddings", {"input": ["a", "bee " * 2000]})
    assert error["code"] == "CONTEXT_LENGTH_EXCEEDED"
    assert error["details"]["index"] == 1
    assert error["details"]["prompt_tokens"] > error["details"]["context_tokens"] == CONTEXT
    assert len(vectors(embedder, [[7] * CONTEXT, [7]])) == 2


def test_a_client_that_leaves_frees_the_slot_and_others_are_served_meanwhile(home: Home, models: Path) -> None:
    """Many long texts are computed batch by batch."""
    _, daemon = worker(home, models / "embedding.gguf", "--threads", "1")
    body = json.dumps({"input": [[7 + number % 50] * 500 for number in range(500)]}).encode()
    leaving = http.client.HTTPConnection("127.0.0.1", daemon.port)
    leaving.request("POST", "/v1/embeddings", body=body)
    eventually(lambda: daemon.call("GET", "/health").json()["slots_available"] == 3, "one slot is taken")
    assert len(vectors(daemon, "meanwhile")) == 1
    assert daemon.call("GET", "/health").json()["slots_available"] == 3, "it ended before the other could be served"
    leaving.close()
    eventually(lambda: daemon.call("GET", "/health").json()["slots_available"] == 4, "the slot is free", within_s=2)


def test_a_deadline_ends_the_work(embedder: Daemon) -> None:
    """A batch takes milliseconds, a thousand long texts do not."""
    body = {"input": [[7 + number % 50] * 500 for number in range(500)]}
    until = str(round((time.time() + 0.3) * 1000))
    answer = embedder.call("POST", "/v1/embeddings", body, headers={"x-deadline": until}, limit_s=30)
    assert (answer.status, answer.json()["error"]["code"]) == (504, "REQUEST_TIMEOUT")


def test_a_worker_that_is_stopped_ends_at_once_in_the_middle_of_texts(home: Home, models: Path) -> None:
    """Without a drain; the client gets an error, or its connection ends."""
    program, daemon = worker(home, models / "embedding.gguf", "--threads", "1")
    body = json.dumps({"input": [[7 + number % 50] * 500 for number in range(500)]}).encode()
    waiting = http.client.HTTPConnection("127.0.0.1", daemon.port)
    waiting.request("POST", "/v1/embeddings", body=body)
    eventually(lambda: daemon.call("GET", "/health").json()["slots_available"] == 3, "one slot is taken")
    daemon.call("POST", "/v1/admin/shutdown", {"graceful": False})
    assert program.finish(within_s=5).code == 0
    with contextlib.suppress(OSError, http.client.HTTPException):
        assert waiting.getresponse().status >= 500
    waiting.close()


def test_models_refuse_what_they_are_not_for(home: Home, models: Path) -> None:
    """With words that name what the model does instead, and what to use."""
    generate = {"job_id": "a", "prompt": "b"}
    rank = {"query": "a", "documents": ["b"]}
    expected = {
        bundled_models_dir() / "bee-tiny.gguf": (("/v1/embeddings", {"input": "a"}), ("/v1/rerank", rank)),
        models / "embedding.gguf": (("/execute", generate), ("/v1/rerank", rank)),
        models / "reranker.gguf": (("/execute", generate), ("/v1/embeddings", {"input": "a"})),
    }
    for model, requests in expected.items():
        program, daemon = worker(home, model)
        for path, body in requests:
            error = refusal(daemon, path, body)
            assert error["code"] == "INVALID_PARAMS"
            assert error["message"].startswith("this model ")
            assert error["hint"]
        daemon.call("POST", "/v1/admin/shutdown", {"graceful": False})
        program.finish()


def test_documents_come_back_by_their_score(home: Home, models: Path) -> None:
    """Each with its place in the request; the best of them only when that is asked for."""
    _, daemon = worker(home, models / "reranker.gguf")
    documents = [*TEXTS[1:9], {"text": "an object with a text"}]
    request = {"query": "what is a bee?", "documents": documents, "model": "any"}
    answer = daemon.call("POST", "/v1/rerank", request).json()
    scores = [each["relevance_score"] for each in answer["results"]]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) > 5, "all documents have the same score, so this test would prove nothing"
    assert sorted(each["index"] for each in answer["results"]) == list(range(9))
    assert answer["model"] == "any"
    assert answer["usage"]["total_tokens"] > 50
    best = daemon.call("POST", "/rerank", {**request, "top_n": 2, "return_documents": True}).json()["results"]
    assert [each["index"] for each in best] == [each["index"] for each in answer["results"][:2]]
    for each in best:
        given = documents[each["index"]]
        assert each["document"] == (given if isinstance(given, dict) else {"text": given})
    assert refusal(daemon, "/v1/rerank", {"query": "", "documents": ["a"]})["param"] == "query"
    assert refusal(daemon, "/v1/rerank", {"query": "a", "documents": []})["param"] == "documents"
    long = refusal(daemon, "/v1/rerank", {"query": "a", "documents": ["bee " * 2000]})
    assert long["code"] == "CONTEXT_LENGTH_EXCEEDED"
