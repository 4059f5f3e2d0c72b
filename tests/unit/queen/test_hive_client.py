"""What the queen makes of whatever answers at the address of a hive."""

import pytest

from rbee_keeper.contract.errors import ErrorBody, to_wire
from rbee_keeper.contract.ids import ModelRef, WorkerId
from rbee_keeper.contract.workers import SpawnRequest
from rbee_keeper.errors import (
    ConnectionFailed,
    ConnectionTimeout,
    Forbidden,
    InvalidApiKey,
    ModelNotFound,
    NotFound,
    ProtocolError,
    RbeeError,
    WorkerNotFound,
)
from rbee_keeper.queen.fleet.hive_client import HiveClient
from rbee_keeper.transport.http_client import HttpClient

from .peers import answers, hive_entry, never_answers, peer

ORDER = SpawnRequest(model_ref=ModelRef("m"))


def client(request_s: float = 5.0) -> HiveClient:
    """Return a client."""
    return HiveClient(HttpClient(connect_s=5.0, request_s=request_s))


def body_of(error: RbeeError) -> bytes:
    """Return an error as a daemon answers it."""
    from rbee_keeper.contract.wire import encode

    return encode(ErrorBody(error=to_wire(error, source="hive")))


ODD = [
    b"{not json",
    b"[]",
    b"",
    b"<html>hello</html>",
    b'"' + b"x" * 5_000_000 + b'"',
    b'{"worker_id": 7, "url": "u", "state": "loading", "sequence": 1}',
    b'{"worker_id": "w", "url": "u", "state": "loading", "sequence": 1, "new": true}',
    b"[" * 100_000,
    b"\xff\xfe",
]


@pytest.mark.parametrize("status", [200, 500, 302])
@pytest.mark.parametrize("body", ODD, ids=range(len(ODD)))
async def test_an_answer_that_is_not_one_of_a_hive_is_an_error_that_names_the_hive(body: bytes, status: int) -> None:
    """It once ended the queen with every task; whoever reads the error must know where to look."""
    async with peer(v1__workers__spawn=answers(body, status)) as hive:
        with pytest.raises(ProtocolError) as caught:
            await client().spawn(hive_entry(hive.url), ORDER)
    assert "hive-1" in caught.value.message
    assert caught.value.details["url"] == hive.url


async def test_what_does_not_speak_http_is_an_error_that_names_the_hive() -> None:
    """Another program has the port."""

    async def shout(request: object) -> None:
        request.writer.write(b"220 mail ready\r\n\r\n")  # type: ignore[attr-defined]
        await request.writer.drain()  # type: ignore[attr-defined]

    async with peer(v1__workers__spawn=shout) as hive:
        with pytest.raises(ProtocolError, match="hive-1"):
            await client().spawn(hive_entry(hive.url), ORDER)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, InvalidApiKey("the token is not the right one")),
        (404, NotFound("there is nothing at this address")),
        (403, Forbidden("only the owner may name any file")),
    ],
)
async def test_a_program_that_does_not_know_us_is_a_hive_that_is_gone(status: int, error: RbeeError) -> None:
    """Another hive has its port; that is no word about the task's own key."""
    owned = SpawnRequest(model_ref=ModelRef("m"), owner=True)
    async with peer(v1__workers__spawn=answers(body_of(error), status)) as hive:
        with pytest.raises(ConnectionFailed):
            await client().spawn(hive_entry(hive.url), owned)
    async with peer(v1__workers__spawn=answers(b"nginx", 404)) as hive:
        with pytest.raises(ConnectionFailed):
            await client().spawn(hive_entry(hive.url), owned)


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, ModelNotFound("no such model")), (403, Forbidden("the file is outside the model folders"))],
)
async def test_a_refusal_of_the_hive_stays_what_it_is(status: int, error: RbeeError) -> None:
    """It is about the task, and the hive is well."""
    async with peer(v1__workers__spawn=answers(body_of(error), status)) as hive:
        with pytest.raises(type(error), match=error.message):
            await client().spawn(hive_entry(hive.url), ORDER)


async def test_a_worker_that_is_not_there_is_no_reason_to_forget_its_hive() -> None:
    """It ended a moment ago."""
    async with peer(v1__workers__stop=answers(body_of(WorkerNotFound("no worker of that id")), 404)) as hive:
        with pytest.raises(WorkerNotFound):
            await client().stop_worker(hive_entry(hive.url), WorkerId("w"))


async def test_a_hive_that_never_answers_is_a_timeout_that_names_it() -> None:
    """The limit of a short request holds."""
    async with peer(v1__workers__spawn=never_answers) as hive:
        with pytest.raises(ConnectionTimeout, match="hive-1"):
            await client(request_s=0.05).spawn(hive_entry(hive.url), ORDER)
