"""Workers: how they are ordered, announced and described."""

from typing import Literal

from .errors import ErrorInfo
from .ids import ModelRef, WorkerId
from .inference.engine_options import EngineOptions
from .wire import Message

Backend = Literal["cpu", "cuda", "metal"]
BACKENDS: tuple[Backend, ...] = ("cpu", "cuda", "metal")
WorkerKind = str
"""What a worker can load, by the name in the table of `workers/modalities.py`."""

WorkerState = Literal["starting", "loading", "idle", "busy", "draining", "stopped", "failed", "stale"]
Capability = Literal["text", "embedding", "rerank", "image-gen"]
LoadingStage = Literal["loading_to_vram", "ready", "error"]


def kind_of_file(name: str, *, accept_scripted: bool) -> WorkerKind:
    """Return the kind of worker that loads a file of this name: a script for tests ends in `.KIND.json`."""
    parts = name.split(".")
    if accept_scripted and len(parts) > 2 and parts[-1] == "json":
        return parts[-2]
    return "llm"


class SpawnRequest(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Ask a hive for a worker: `POST /v1/workers/spawn`.

    `owner` marks a caller that proved to be the person who runs the daemons; only then may the reference
    name a file outside the model folders. On the CPU, `device` is 0.
    """

    model_ref: ModelRef
    backend: Backend = "cpu"
    device: int = 0
    owner: bool = False


class SpawnAnswer(Message, frozen=True, kw_only=True, omit_defaults=True):
    """The worker that the hive is starting, or has already when the reference is another name of its file.

    `sequence` is that of the hive's last report before this worker: reports up to it do not know the worker yet.
    `model_file` is the hive's one name for the file, as in `WorkerView`.
    """

    worker_id: WorkerId
    url: str
    state: WorkerState
    sequence: int
    model_file: str = ""


class StopRequest(Message, frozen=True, kw_only=True):
    """Ask for the end of a worker: `POST /v1/workers/stop` of a hive, `POST /v2/workers/shutdown` of a queen."""

    worker_id: str


class LaunchSpec(Message, frozen=True, kw_only=True, omit_defaults=True):
    """The first line on a worker's lifeline: everything it must know, secrets included.

    `token` is what callers of this worker must present, `secret` what the worker itself presents in its
    ready callback. Sizes: `context_tokens` per slot, 0 takes the model's own; `waiting` executions may wait beside
    those that have a slot. Times: a step under a client's grammar that takes `grammar_step_s` ends the worker,
    `last_grace_s` is what is left to it once its parent is gone.
    """

    worker_id: WorkerId
    model_ref: ModelRef
    model_path: str
    backend: Backend = "cpu"
    device: int = 0
    callback_url: str = ""
    secret: str = ""
    token: str = ""
    slots: int = 4
    context_tokens: int = 0
    threads: int = 0
    waiting: int = 32
    engine: EngineOptions = EngineOptions()
    stall_s: float = 60.0
    drain_s: float = 30.0
    grammar_step_s: float = 10.0
    body_limit_bytes: int = 1_048_576
    connections_limit: int = 2_000
    connect_s: float = 5.0
    request_s: float = 10.0
    last_grace_s: float = 0.3


class WorkerReady(Message, frozen=True, kw_only=True):
    """A worker's port is open: `POST /v1/workers/ready` to its hive."""

    worker_id: WorkerId
    url: str
    model_ref: ModelRef
    backend: Backend
    device: int
    secret: str


class WorkerReport(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A worker's model is loaded, or could not be: `POST /v1/workers/state` to its hive.

    `capability` is what the loaded model is for.
    """

    worker_id: WorkerId
    secret: str
    state: WorkerState
    slots_total: int = 0
    capability: Capability = "text"
    error: ErrorInfo | None = None


class WorkerView(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A worker as its hive sees it; `token` travels to the queen only.

    `model_file` is the file's path without links: the same for every name that a file has on that machine. Only the
    owner is shown it. `is_in_model_folders` tells whether callers who are not the owner may name that file.
    """

    id: WorkerId
    url: str
    model_ref: ModelRef
    backend: Backend
    device: int
    state: WorkerState
    slots_total: int
    slots_available: int
    pid: int
    last_activity: float
    capability: Capability = "text"
    error: ErrorInfo | None = None
    token: str = ""
    model_file: str = ""
    is_in_model_folders: bool = True


class WorkerList(Message, frozen=True, kw_only=True):
    """The answer of `GET /v1/workers/list`."""

    workers: list[WorkerView]


class LoadingProgress(Message, frozen=True, kw_only=True, tag_field="event", tag="loading", omit_defaults=True):
    """One message of `GET /v1/loading/progress`; `vram_mb` counts model bytes placed so far."""

    stage: LoadingStage
    layers_loaded: int = 0
    layers_total: int = 0
    vram_mb: float = 0.0
    percent: float = 0.0
    code: str = ""
    message: str = ""
    hint: str = ""


class WorkerHealth(Message, frozen=True, kw_only=True):
    """The answer of a worker's `GET /health`; `capability` is what the model is for, once it is loaded."""

    status: Literal["healthy", "unhealthy"]
    version: str
    state: WorkerState
    vram_bytes: int
    slots_total: int
    slots_available: int
    last_activity: float
    capability: Capability | None = None


class Readiness(Message, frozen=True, kw_only=True, omit_defaults=True):
    """The answer of a worker's `GET /v1/ready`."""

    ready: bool
    state: WorkerState
    model_loaded: bool = False
    progress_url: str | None = None


class ShutdownRequest(Message, frozen=True, kw_only=True):
    """The body of `POST /v1/admin/shutdown`."""

    graceful: bool = True
    timeout_seconds: float = 30.0
