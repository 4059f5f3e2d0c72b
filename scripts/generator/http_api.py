"""Writes the reference of the HTTP interfaces, from the tables of operations and the message types."""

from typing import Any, get_args, get_origin

import msgspec

from rbee_keeper.contract import events, workers
from rbee_keeper.contract.errors import ErrorBody
from rbee_keeper.contract.operations import hive, queen, worker
from rbee_keeper.contract.operations.operation import RIGHTS, AnyOperation
from rbee_keeper.daemon.error_response import status_of
from rbee_keeper.daemon.principal import ANONYMOUS

from .reference import page, table

DAEMONS = (
    ("Queen", "8080", queen.OPERATIONS),
    ("Hive", "9200", hive.OPERATIONS),
    ("Worker", "8001 up", worker.OPERATIONS),
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
    "**Rights.** Each operation needs one right; who has not got it is answered 403. The owner has all of them.",
)
_STREAMS = (
    "A task's events are server-sent events. Each message has an `event:` line and one line of JSON that repeats the"
    f" event's name; the queen adds an `id:`. Order: `queued`, `narration`\\*, `started`, then any number of"
    f" {', '.join(f'`{name}`' for name in events.names_of(events.Output | events.Metrics))}, then exactly one of"
    f" {' and '.join(f'`{name}`' for name in events.names_of(events.Closing))}, then `data: {events.END_OF_STREAM}`."
    " Text is always whole UTF-8."
)
_EVENTS = get_args(events.Event)


def http_api_files() -> dict[str, str]:
    """Return the page by its path in the repository."""
    operations = [operation for _, _, each in DAEMONS for operation in each]
    roots = [part for each in operations for part in (each.request, each.response) if part not in (None, str)]
    _, components = msgspec.json.schema_components(
        [*roots, workers.LoadingProgress, *_EVENTS, ErrorBody], ref_template="{name}"
    )
    event_names = {each.__name__ for each in _EVENTS}
    parts = [*_INTRODUCTION, table(("right", "to", "anonymous has it"), _rights())]
    for title, port, daemon in DAEMONS:
        parts += [f"## {title}", f"Port {port}, on 127.0.0.1 unless told otherwise."]
        parts += [_operation(each) for each in daemon]
    parts += ["## Events", _STREAMS]
    parts += [_message(each.__name__, components[each.__name__]) for each in _EVENTS]
    parts.append("## Messages")
    parts += [_message(name, components[name]) for name in sorted(components) if name not in event_names]
    return {"docs/reference/http-api.md": page("HTTP interfaces", *parts)}


def _rights() -> list[tuple[str, ...]]:
    return [(f"`{right}`", use, "yes" if ANONYMOUS.may(right) else "") for right, use in RIGHTS.items()]


def _operation(operation: AnyOperation) -> str:
    lines = [f"### {operation.method} {operation.path}", operation.about]
    facts = [f"Right: `{operation.right}`."]
    if operation.request is not None:
        facts.append(f"Request: {_shown(operation.request)}{', or no body' if operation.takes_empty else ''}.")
    facts.append(f"Answer: {_answer(operation)}.")
    if not operation.is_idempotent:
        facts.append("Asking twice does it twice.")
    if operation.aliases:
        facts.append(f"The same: {', '.join(f'`{method} {path}`' for method, path in operation.aliases)}.")
    if operation.refusals:
        facts.append(f"Refused with {', '.join(f'{status_of(code)} `{code}`' for code in operation.refusals)}, too.")
    headers = table(("header", "what it does"), [(f"`{each.name}`", each.about) for each in operation.headers])
    return "\n\n".join((*lines, " ".join(facts), *([headers] if operation.headers else [])))


def _answer(operation: AnyOperation) -> str:
    kinds = []
    if operation.stream is events.Event:
        kinds.append("[event stream](#events)")
    elif operation.stream is not None:
        kinds.append(f"stream of {_shown(operation.stream)}")
    if operation.response is not None:
        kinds.append(_shown(operation.response))
    if not kinds:
        return f"{operation.statuses[0]}, no body"
    by_status = zip(operation.statuses, kinds, strict=True)
    return ", or ".join(kind if status == 200 else f"{status} with {kind}" for status, kind in by_status)


def _shown(what: Any) -> str:
    if what is str:
        return "text"
    if get_origin(what) is list:
        return f"list of {_shown(*get_args(what))}"
    return _link(what.__name__)


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
