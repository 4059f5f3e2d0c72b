"""Requests for a model: refused until it is there, and always when it is for something else."""

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from rbee_keeper.contract.operations.operation import AnyOperation
from rbee_keeper.contract.operations.worker import EMBED, EXECUTE
from rbee_keeper.contract.workers import Capability
from rbee_keeper.errors import InvalidInput, RbeeError, WorkerNotReady
from rbee_keeper.workers.engine_thread import EngineThread
from rbee_keeper.workers.executions.slots import Slots
from rbee_keeper.workers.fake.engine import FakeEngine
from rbee_keeper.workers.fake.loader import FakeLoader, fake_model
from rbee_keeper.workers.fake.script import FakeScript
from rbee_keeper.workers.handlers.model_requests_api import ModelRequestsApi
from rbee_keeper.workers.metrics.recorder import Recorder

SERVES: dict[AnyOperation, Capability] = {EXECUTE: "text", EMBED: "embedding"}


class Bench:
    """The routes of a worker, without its sockets."""

    def __init__(self) -> None:
        self.slots = Slots(recorder=Recorder())
        self.requests = ModelRequestsApi(self.slots, SERVES, body_limit_bytes=1000)

    def load(self) -> None:
        """Open for a model that writes text."""

        async def says_hello(_: Request) -> Response:
            return PlainTextResponse("hello")

        model = fake_model(FakeEngine(FakeScript(), slots=4), slots=4)
        self.requests.open(model, {EXECUTE: says_hello})
        self.slots.move("loading")
        self.slots.open(EngineThread(FakeLoader(), self.slots.receive, lambda _: None), 4, 0)

    async def ask(self, operation: AnyOperation) -> tuple[int, str]:
        """Ask for an operation and return status and body."""
        sent: list[Message] = []
        caught: list[RbeeError] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        async def on_error(_: Request, error: Any) -> Response:
            caught.append(error)
            return PlainTextResponse("refused", status_code=400)

        routes = [
            Route(path, handler, methods=[method])
            for each, handler in self.requests.handlers().items()
            for method, path in each.addresses
        ]
        app = Starlette(routes=routes, exception_handlers={RbeeError: on_error})
        await app(
            {"type": "http", "method": "POST", "path": operation.path, "headers": [], "query_string": b""},
            receive,
            send,
        )
        if caught:
            raise caught[0]
        return sent[0]["status"], sent[1]["body"].decode()


@pytest.fixture
async def bench() -> Bench:
    return Bench()


async def test_nothing_is_served_before_the_model_is_there(bench: Bench) -> None:
    """Every operation of the kind says so, whatever the model will be for: nobody knows it yet."""
    for operation in SERVES:
        with pytest.raises(WorkerNotReady):
            await bench.ask(operation)
    assert bench.slots.recorder.outcomes["refused"] == 2


async def test_what_the_model_is_for_goes_to_its_handler(bench: Bench) -> None:
    bench.load()
    assert await bench.ask(EXECUTE) == (200, "hello")


async def test_what_the_model_is_not_for_is_refused_with_what_it_is_for(bench: Bench) -> None:
    """There is no handler for it: no engine has to refuse what it never heard of."""
    bench.load()
    with pytest.raises(InvalidInput) as caught:
        await bench.ask(EMBED)
    assert caught.value.message == "this model writes text; it has no pooling for embeddings"
    assert caught.value.details == {"capability": "text", "wanted": "embedding"}
    assert bench.slots.recorder.outcomes["refused"] == 1
