"""Writes the reference of the HTTP interfaces, from the routes and the message types."""

from dataclasses import dataclass
from typing import Any, get_args

import msgspec

from rbee_keeper.contract import embeddings, events, hives, props, routes, status, tasks, tokens, workers
from rbee_keeper.contract.errors import ErrorBody

from .reference import page, table


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One route: what is sent, what comes back, and what a caller should know."""

    method: str
    path: str
    text: str
    request: Any = None
    status: int = 200
    answer: Any = None


_HEALTH_TEXT = (
    "Tells that the daemon answers, and its version. No token is needed. `/v1/health` is the same. A caller that is"
    " about to send a token can have the daemon prove first that it knows it: `X-Rbee-Challenge` with 32 to 64"
    " hexadecimal digits is answered with `X-Rbee-Proof`, the hexadecimal HMAC-SHA256, under the token, of the text"
    " `rbee daemon proof 1`, the challenge and the value of `X-Rbee-Reached`, with a line feed between them;"
    " `X-Rbee-Reached` is the address at which the connection reached the daemon."
)
_INTRODUCTION = (
    (
        "Three kinds of daemon, each with its own interface. A client talks to the queen only. What a hive and a worker"
        " answer is written down here for those who work on rbee."
    ),
    (
        "Bodies are JSON whatever the content type says; an unknown field is an error. Every answer carries"
        " `X-Correlation-Id`, taken from the request or made. `X-Deadline` (RFC 3339, or Unix milliseconds) is the"
        " absolute time by which a task must end. An answer that is not a success holds an [error](errors.md)."
    ),
    (
        "**Tokens.** `Authorization: Bearer TOKEN`. On loopback without `api_token`, a caller without the right token"
        " is let in as *anonymous*. The right token makes the caller the *owner*, who may also name any model file and"
        " stop the queen. With `api_token` set, and on every daemon that another one started, the token is required."
    ),
)
_STREAMS = (
    "A task's events are server-sent events. Each message has an `event:` line and one line of JSON that repeats the"
    " event's name; the queen adds an `id:`. Order: `queued`, `narration`\\*, `started`, `token`\\*, `metrics`\\*, then"
    " exactly one of `end` and `error`, then `data: [DONE]`. Text is always whole UTF-8."
)

_QUEEN = (
    Exchange(method="GET", path=routes.HEALTH, text=_HEALTH_TEXT, answer=status.Health),
    Exchange(
        method="POST",
        path=routes.TASKS,
        text="Takes a task. The answer is its event stream; closing the connection cancels the task. With"
        ' `"stream": false`, or `Accept: application/json` without `text/event-stream`, the answer is 202 with the'
        " address of the events, and the task goes on by itself. `model` may be left out; the setting `default_model`"
        " stands in. The task ends at the earliest deadline that was named, else after `task_timeout_s`.",
        request=tasks.Infer,
        answer="event stream, or 202 with TaskAccepted",
    ),
    Exchange(
        method="GET",
        path=routes.TASK,
        text="Describes a task; `reasons` says why the workers that were not chosen were not.",
        answer=tasks.TaskView,
    ),
    Exchange(
        method="GET",
        path=routes.TASK_EVENTS,
        text="Streams a task's events from the one after `Last-Event-ID` on. A finished task gives its last event"
        " again. Leaving does not cancel the task.",
        answer="event stream",
    ),
    Exchange(
        method="POST",
        path=routes.TASK_CANCEL,
        text="Cancels a task. `DELETE /v2/tasks/{task_id}` is the same. Repeating it is no error.",
        status=204,
    ),
    Exchange(method="GET", path=routes.STATUS, text="Tells the whole picture at once.", answer=status.QueenStatus),
    Exchange(
        method="GET", path=routes.QUEEN_WORKERS, text="Lists the workers of all hives.", answer=status.FleetWorkerList
    ),
    Exchange(
        method="POST",
        path=routes.QUEEN_WORKER_STOP,
        text="Has one worker drained and ended.",
        request=workers.StopRequest,
        status=202,
        answer='`{"success": true, "message": "…"}`',
    ),
    Exchange(
        method="POST",
        path=routes.QUEEN_SHUTDOWN,
        text="Ends the queen with everything that it started. Only the owner may.",
        status=202,
    ),
    Exchange(
        method="POST",
        path=routes.WORKER_READY_AT_QUEEN,
        text="A hive's full report, sent after every change and every `heartbeat_s`. A report with a lower `sequence`"
        f" than the last is dropped. `{'`, `'.join((routes.HEARTBEAT, *routes.WORKER_READY_ALIASES))}` are the same."
        " A hive that this queen started reports with the queen's token; others may report from loopback.",
        request=hives.HiveHeartbeat,
        answer='`{"message": "taken"}`',
    ),
)

_HIVE = (
    Exchange(method="GET", path=routes.HEALTH, text=_HEALTH_TEXT, answer=status.Health),
    Exchange(
        method="POST",
        path=routes.SPAWN,
        text="Starts a worker on the next free port. It is loading when this returns.",
        request=workers.SpawnRequest,
        answer=workers.SpawnAnswer,
    ),
    Exchange(
        method="GET",
        path=routes.HIVE_WORKERS,
        text="Lists the workers, without their tokens.",
        answer=workers.WorkerList,
    ),
    Exchange(
        method="POST",
        path=routes.HIVE_WORKER_STOP,
        text="Drains one worker and ends it.",
        request=workers.StopRequest,
        status=202,
        answer='`{"success": true, "message": "…"}`',
    ),
    Exchange(
        method="POST",
        path=routes.WORKER_READY_AT_HIVE,
        text="A worker's callback: its port is open. The secret of its spawn is the proof; no token is needed.",
        request=workers.WorkerReady,
        answer='`{"message": "taken"}`',
    ),
    Exchange(
        method="POST",
        path=routes.WORKER_STATE_AT_HIVE,
        text="A worker's word on how its load ended, proved in the same way.",
        request=workers.WorkerReport,
        answer='`{"message": "taken"}`',
    ),
    Exchange(
        method="GET",
        path=routes.BACKENDS,
        text="Lists the known backends and whether this machine has them.",
        answer='list of `{"name": "cpu", "available": true}`',
    ),
    Exchange(
        method="GET",
        path=routes.RESOURCES,
        text="Tells memory, disk and processors of this machine.",
        answer="`ram_total_gb`, `ram_available_gb`, `disk_total_gb`, `disk_available_gb`, `processors`",
    ),
)

_WORKER = (
    Exchange(
        method="GET",
        path=routes.HEALTH,
        text="Answers at once, whatever the engine does. No token is needed. `/v1/health` is the same.",
        answer=workers.WorkerHealth,
    ),
    Exchange(
        method="GET",
        path=routes.READY,
        text="Tells whether executions are taken, and where to watch the load.",
        answer=workers.Readiness,
    ),
    Exchange(
        method="GET",
        path=routes.LOADING_PROGRESS,
        text="Streams the steps of the load; 503 when nothing is loading.",
        answer="stream of LoadingProgress",
    ),
    Exchange(
        method="POST",
        path=routes.EXECUTE,
        text=f"Runs one execution in a slot and streams its events from `started` on. `{routes.INFERENCE}` is the same."
        ' With `"stream": false` the answer is `{"text": "…", "end": {…}}`. Closing the connection frees the slot.'
        " 503 when no slot is free or the worker is not ready.",
        request=tasks.Execute,
        answer="event stream",
    ),
    Exchange(
        method="DELETE", path=routes.INFERENCE_ID, text="Ends one execution. Repeating it is no error.", status=204
    ),
    Exchange(
        method="POST",
        path=routes.CANCEL,
        text="Ends one execution.",
        request='`{"job_id": "…"}`',
        status=202,
    ),
    Exchange(
        method="GET",
        path=routes.METRICS,
        text="Tells every [metric](metrics.md) in the text form that Prometheus reads. No token is needed.",
        answer="text",
    ),
    Exchange(
        method="GET",
        path=routes.PROPS,
        text="Describes the model, the limits and the defaults, in llama-server's names; 503 until the model is"
        " loaded.",
        answer=props.Props,
    ),
    Exchange(
        method="POST",
        path=routes.TOKENIZE,
        text=f"Turns text of up to {tokens.MAX_TOKENIZE_CHARACTERS} characters into tokens; 503 until the model is"
        " loaded.",
        request=tokens.TokenizeRequest,
        answer=tokens.TokenizeAnswer,
    ),
    Exchange(
        method="POST",
        path=routes.DETOKENIZE,
        text=f"Turns up to {tokens.MAX_DETOKENIZE_TOKENS} tokens into text; 503 until the model is loaded.",
        request=tokens.DetokenizeRequest,
        answer=tokens.DetokenizeAnswer,
    ),
    Exchange(
        method="POST",
        path=routes.EMBEDDINGS,
        text="Makes a vector of length 1 of each text, in OpenAI's shape. The model's file must name a pooling of mean,"
        f" cls or last. At most {embeddings.MAX_TEXTS} texts, each no longer than the context: nothing is cut. Control"
        " tokens in a text are text. Closing the connection ends the work.",
        request=embeddings.EmbeddingRequest,
        answer=embeddings.EmbeddingList,
    ),
    Exchange(
        method="POST",
        path=routes.RERANK,
        text="Gives documents their scores for a query, the best first, in Jina's shape. The model's file must name the"
        f" pooling rank. At most {embeddings.MAX_TEXTS} documents, each together with the query no longer than the"
        f" context. `{routes.RERANK_ALIAS}` is the same.",
        request=embeddings.RerankRequest,
        answer=embeddings.RerankAnswer,
    ),
    Exchange(
        method="POST",
        path=routes.SHUTDOWN,
        text="Begins to drain; the process ends when nothing runs or the time is over. The body may be left out.",
        request=workers.ShutdownRequest,
        status=202,
    ),
)

_SAME_AS_ANOTHER = {routes.HEALTH_V1, routes.HEARTBEAT, routes.INFERENCE, routes.RERANK_ALIAS}
_EVENTS = get_args(events.Event)


def http_api_files() -> dict[str, str]:
    """Return the page by its path in the repository."""
    _require_complete()
    roots = [
        each
        for exchange in (*_QUEEN, *_HIVE, *_WORKER)
        for each in (exchange.request, exchange.answer)
        if isinstance(each, type)
    ]
    types = [*roots, tasks.TaskAccepted, workers.LoadingProgress, *_EVENTS, ErrorBody]
    _, components = msgspec.json.schema_components(types, ref_template="{name}")
    event_names = {each.__name__ for each in _EVENTS}
    parts = [*_INTRODUCTION]
    for title, port, exchanges in (("Queen", "8080", _QUEEN), ("Hive", "9200", _HIVE), ("Worker", "8001 up", _WORKER)):
        parts += [f"## {title}", f"Port {port}, on 127.0.0.1 unless told otherwise."]
        parts += [_exchange(exchange) for exchange in exchanges]
    parts += ["## Events", _STREAMS]
    parts += [_message(each.__name__, components[each.__name__]) for each in _EVENTS]
    parts.append("## Messages")
    parts += [_message(name, components[name]) for name in sorted(components) if name not in event_names]
    return {"docs/reference/http-api.md": page("HTTP interfaces", *parts)}


def _require_complete() -> None:
    """Refuse to write a page that leaves out an address of the code."""
    written = {exchange.path for exchange in (*_QUEEN, *_HIVE, *_WORKER)} | _SAME_AS_ANOTHER
    missing = [
        name
        for name, value in vars(routes).items()
        if name.isupper() and isinstance(value, str) and value not in written
    ]
    if missing:
        raise SystemExit(f"scripts/generator/http_api.py says nothing about routes.{', routes.'.join(missing)}")


def _exchange(exchange: Exchange) -> str:
    lines = [f"### {exchange.method} {exchange.path}", exchange.text]
    facts = []
    if exchange.request is not None:
        facts.append(f"Request: {_shown(exchange.request)}.")
    if exchange.answer is not None:
        facts.append(f"Answer: {'' if exchange.status == 200 else f'{exchange.status}, '}{_shown(exchange.answer)}.")
    else:
        facts.append(f"Answer: {exchange.status}, no body.")
    return "\n\n".join((*lines, " ".join(facts)))


def _shown(what: Any) -> str:
    if isinstance(what, type):
        return _link(what.__name__)
    text = str(what)
    for name in ("TaskAccepted", "LoadingProgress"):
        text = text.replace(name, _link(name))
    return text.replace("event stream", "[event stream](#events)")


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"


def _message(name: str, schema: dict[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = []
    for field, about in schema.get("properties", {}).items():
        default = "required" if field in required else f"`{msgspec.json.encode(about.get('default')).decode()}`"
        rows.append((f"`{field}`", _type(about), default))
    text = " ".join(schema.get("description", "").split())
    return "\n\n".join((f"### {name}", text, table(("field", "type", "default"), rows)))


def _type(about: dict[str, Any]) -> str:
    if "$ref" in about:
        return _link(about["$ref"])
    if "anyOf" in about:
        return " or ".join(_type(each) for each in about["anyOf"])
    if "enum" in about:
        return " or ".join(f"`{each}`" for each in about["enum"] if each is not None)
    if "const" in about:
        return f"`{about['const']}`"
    kind = about.get("type", "any")
    if kind == "array":
        return f"list of {_type(about.get('items', {}))}"
    return {"null": "nothing"}.get(kind, str(kind))
