"""Requests for what a model is for: given to its handlers once it is loaded, and refused otherwise."""

from collections.abc import Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from ...contract.operations.operation import AnyOperation
from ...contract.workers import Capability
from ...daemon.messages import read_body
from ...daemon.routing import Handlers
from ...errors import InvalidInput, RbeeError
from ..executions.slots import Slots
from ..loader import LoadedModel

_PURPOSES: dict[Capability, str] = {
    "text": "this model writes text",
    "embedding": "this model makes embeddings",
    "rerank": "this model ranks documents",
    "image-gen": "this model makes images",
}
_LACKS: dict[Capability, str] = {
    "text": "it does not write text",
    "embedding": "it has no pooling for embeddings",
    "rerank": "it cannot rank",
    "image-gen": "it makes no images",
}
_HINTS: dict[Capability, str] = {
    "text": "use a model that writes text",
    "embedding": "use a model whose file names a pooling of mean, cls or last",
    "rerank": "use a model whose file names the pooling rank",
    "image-gen": "use a model that makes images",
}


class ModelRequestsApi:
    """Answers the operations of one kind of worker: all are bound at its start, whatever the model will be for."""

    def __init__(self, slots: Slots, serves: Mapping[AnyOperation, Capability], body_limit_bytes: int) -> None:
        """Refuse everything until a model is there."""
        self._slots = slots
        self._serves = serves
        self._body_limit_bytes = body_limit_bytes
        self._model: LoadedModel | None = None
        self._loaded: Handlers = {}

    def open(self, model: LoadedModel, handlers: Handlers) -> None:
        """Give requests to these handlers from now on."""
        self._model = model
        self._loaded = handlers

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {operation: partial(self._handle, operation) for operation in self._serves}

    async def _handle(self, operation: AnyOperation, request: Request) -> Response:
        wanted = self._serves[operation]
        model = self._model
        if model is not None and model.info.capability == wanted:
            return await self._loaded[operation](request)
        await read_body(request, self._body_limit_bytes)
        self._slots.recorder.refuse()
        self._slots.require_loaded()
        assert model is not None
        raise other_capability(model.info.capability, wanted)


def other_capability(has: Capability, wanted: Capability) -> RbeeError:
    """Return the error for a model that is asked for what it is not for."""
    reason = _LACKS[wanted]
    if has == "rerank" and wanted == "embedding":
        reason = "its vectors hold scores only"
    details = {"capability": has, "wanted": wanted}
    return InvalidInput(f"{_PURPOSES[has]}; {reason}", hint=_HINTS[wanted], details=details)
