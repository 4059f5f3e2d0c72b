"""Operations and handlers: each is bound to the other, and nobody passes without the right."""

from types import ModuleType
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from rbee_keeper.contract.operations import hive, queen, worker
from rbee_keeper.contract.operations.operation import RIGHTS, AnyOperation
from rbee_keeper.daemon.app import AppSpec, build_app
from rbee_keeper.daemon.auth import Access
from rbee_keeper.daemon.logs.narration import Narrator
from rbee_keeper.daemon.principal import ANONYMOUS, OWNER, Principal
from rbee_keeper.daemon.routing import Handlers, guarded, routes_of
from rbee_keeper.errors import Forbidden

TOKEN = "a-token-of-more-than-16-characters"
DAEMONS = {"queen": queen, "hive": hive, "worker": worker}
ALL = [
    pytest.param(name, each, id=f"{name}:{each.name}") for name, table in DAEMONS.items() for each in table.OPERATIONS
]


async def handled(request: Request) -> Response:
    """Answer with a status that nothing else has."""
    return Response(status_code=299)


def rooms_of(table: ModuleType) -> list[Handlers]:
    """Return a handler for each operation, in two rooms."""
    half = len(table.OPERATIONS) // 2
    return [dict.fromkeys(part, handled) for part in (table.OPERATIONS[:half], table.OPERATIONS[half:])]


async def status_of(name: str, method: str, path: str, *, token: str = "", is_required: bool = True) -> int:
    """Ask a daemon in memory for the status of an answer to an empty request."""
    spec = AppSpec(
        source=name,
        operations=DAEMONS[name].OPERATIONS,
        rooms=rooms_of(DAEMONS[name]),
        access=Access(token=TOKEN, is_required=is_required),
        narrator=Narrator("test"),
    )
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "root_path": "",
    }
    await build_app(spec)(scope, receive, send)
    return int(sent[0]["status"])


@pytest.mark.parametrize(("name", "operation"), ALL)
async def test_every_address_leads_to_its_handler(name: str, operation: AnyOperation) -> None:
    """Aliases too: old hives and foreign clients call them."""
    for method, path in operation.addresses:
        assert await status_of(name, method, path.format(task_id="t", job_id="t"), token=TOKEN) == 299


@pytest.mark.parametrize(("name", "operation"), ALL)
async def test_without_the_token_only_what_is_open_is_reached(name: str, operation: AnyOperation) -> None:
    """A new operation must be closed unless its row says otherwise."""
    for method, path in operation.addresses:
        expected = 299 if operation.right == "open" else 401
        assert await status_of(name, method, path) == expected
        assert await status_of(name, method, path, token="not-the-right-token-at-all") == expected


@pytest.mark.parametrize(("name", "operation"), ALL)
async def test_on_loopback_an_anonymous_caller_reaches_what_it_has_the_right_to(
    name: str, operation: AnyOperation
) -> None:
    """The row decides, not the handler."""
    for method, path in operation.addresses:
        expected = 299 if ANONYMOUS.may(operation.right) else 403
        assert await status_of(name, method, path, is_required=False) == expected


@pytest.mark.parametrize(("name", "operation"), ALL)
async def test_all_rights_but_the_one_are_not_enough(name: str, operation: AnyOperation) -> None:
    """Rights do not imply each other, so that a key can have any set of them."""
    rights = frozenset(RIGHTS) - {operation.right}
    principal = Principal(id="key-1", subject="key-1", rights=rights)
    request = Request({"type": "http", "headers": [], "principal": principal})
    with pytest.raises(Forbidden) as caught:
        await guarded(operation, handled)(request)
    assert (caught.value.message, caught.value.hint) == (operation.refusal.message, operation.refusal.hint)
    request = Request({"type": "http", "headers": [], "principal": OWNER})
    assert (await guarded(operation, handled)(request)).status_code == 299


async def test_what_is_no_address_is_as_hidden_as_the_rest() -> None:
    """A stranger learns nothing about which addresses there are; a caller with the token does."""
    assert await status_of("queen", "GET", "/nothing") == 401
    assert await status_of("queen", "GET", "/nothing", token=TOKEN) == 404
    assert await status_of("queen", "PUT", "/v2/tasks") == 401
    assert await status_of("queen", "PUT", "/v2/tasks", token=TOKEN) == 405
    assert await status_of("queen", "POST", "/health") == 405


@pytest.mark.parametrize("table", DAEMONS.values(), ids=DAEMONS)
def test_a_daemon_does_not_start_with_an_operation_that_nothing_answers(table: ModuleType) -> None:
    """It would be a 404 that somebody finds months later."""
    missing = table.OPERATIONS[-1]
    rooms = [{each: handled for each in table.OPERATIONS if each is not missing}]
    with pytest.raises(ValueError, match=f"without a handler: {missing.name}"):
        routes_of(table.OPERATIONS, rooms)


def test_a_daemon_does_not_start_with_the_operation_of_another_one() -> None:
    """Nobody could call it there."""
    rooms = [*rooms_of(queen), {hive.SPAWN_WORKER: handled}]
    with pytest.raises(ValueError, match="of another daemon: spawn_worker"):
        routes_of(queen.OPERATIONS, rooms)


def test_a_daemon_does_not_start_when_two_rooms_answer_one_operation() -> None:
    """The order of the rooms would decide who does."""
    rooms = [*rooms_of(queen), {queen.STATUS: handled}]
    with pytest.raises(ValueError, match="with two handlers: status"):
        routes_of(queen.OPERATIONS, rooms)
