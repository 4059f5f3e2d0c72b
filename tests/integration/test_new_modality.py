"""A modality from outside the package: a folder and one line make a worker that hive and clients can use."""

import base64
import json
import zlib
from pathlib import Path

import pytest

import tests.echo_image

from ..calls import Daemon
from ..programs import Home
from ..waiting import eventually

FOLDER = Path(tests.echo_image.__file__).parent
PATH = "/v1/images/generations"


@pytest.fixture
def painter(home: Home) -> Home:
    """Give a world whose programs know the modality, with a model of it."""
    home.fake_model()
    (home.models_dir / "painter.echo-image.json").write_text(json.dumps({"step_s": 0.01}))
    home.environment["PYTHONPATH"] = f"{FOLDER / 'registered'}:{FOLDER.parents[1]}"
    return home


@pytest.fixture
def worker(painter: Home) -> Daemon:
    """Give a worker by hand."""
    port = painter.worker_first_port
    painter.start("worker-rbee", "--model", str(painter.models_dir / "painter.echo-image.json"), "--port", str(port))
    daemon = Daemon(port=port)
    eventually(lambda: daemon.answers() and daemon.call("GET", "/v1/ready").json()["ready"], "ready", within_s=30)
    return daemon


def pixels_of(png: bytes) -> bytes:
    """Return the pixels of a grey image, without the filter byte of each row."""
    width = int.from_bytes(png[16:20], "big")
    begin = png.index(b"IDAT") + 4
    data = zlib.decompress(png[begin : begin + int.from_bytes(png[begin - 8 : begin - 4], "big")])
    return b"".join(data[at + 1 : at + 1 + width] for at in range(0, len(data), width + 1))


def test_an_image_comes_back_with_what_was_asked_for(worker: Daemon) -> None:
    """Through the worker's own slots, thread, stream and metrics, none of which knows of images."""
    answer = worker.call("POST", PATH, {"prompt": "a bee on a flower"})
    assert answer.status == 200, answer.body
    (image,) = answer.json()["data"]
    assert pixels_of(base64.b64decode(image["b64_json"])).rstrip(b"\0") == b"a bee on a flower"
    assert worker.call("GET", "/health").json()["capability"] == "image-gen"
    metrics = worker.call("GET", "/metrics").body.decode()
    assert 'worker_requests_total{outcome="completed"} 1.0' in metrics
    assert "worker_batches_total 5.0" in metrics


def test_what_cannot_be_painted_is_refused_as_every_wrong_request_is(worker: Daemon) -> None:
    answer = worker.call("POST", PATH, {"prompt": ""})
    assert (answer.status, answer.error["code"]) == (400, "INVALID_PARAMS")
    assert worker.call("POST", PATH, {"prompt": 1}).status == 400
    assert worker.call("GET", PATH).status == 405
    assert worker.call("POST", "/tokenize", {"content": "bee"}).error["message"] == "this model has no tokens"
    assert worker.call("POST", "/execute", {"job_id": "a", "prompt": "bee"}).status == 404


def test_a_hive_starts_such_a_worker_and_reports_what_it_is_for(painter: Home) -> None:
    """The queen routes by what the hive reports."""
    _, hive = painter.hive()
    answer = hive.call("POST", "/v1/workers/spawn", {"model_ref": "painter.echo-image.json"})
    assert answer.status == 200, answer.body

    def report() -> dict[str, object] | None:
        (entry,) = hive.call("GET", "/v1/workers/list").json()["workers"]
        return entry if entry["state"] == "idle" else None

    entry = eventually(report, "the worker is idle", within_s=30) or {}
    assert entry["capability"] == "image-gen"
    assert painter.the("worker").cmdline()[0].startswith("image-cpu-worker-rbee")
