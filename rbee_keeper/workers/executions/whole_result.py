"""Has something computed as one execution among the others, for an answer that is given in one piece."""

import time
from typing import Generic, TypeVar, cast

from starlette.requests import Request

from ...contract.events import End, Failed
from ...contract.failure import error_of
from ...contract.ids import new_task_id
from ...errors import RbeeError, RequestCanceled
from ...transport import deadline
from ..engine import Prepared
from ..loader import LoadedModel, Serving
from .stream import Stream

_PREPARE_APART_FROM_BYTES = 4_000
"""A longer request is prepared in a thread, so that other requests need not wait for it."""

ResultT = TypeVar("ResultT", bound=Prepared)


class WholeResults(Generic[ResultT]):
    """Computes in the slots of one worker; an engine leaves its results in what was prepared."""

    def __init__(self, model: LoadedModel, serving: Serving) -> None:
        """Serve from these slots with this model."""
        self._slots = serving.slots
        self._preparations = serving.preparations
        self._prepare = model.prepare
        self.model_name = model.info.model_name

    async def of(self, request: Request, wanted: object, *, body_bytes: int) -> ResultT:
        """Return the request with its results; a client who leaves before frees the slot.

        Raises:
            RbeeError: there is no room, the model cannot do it, or the execution failed.
        """
        received_at = time.perf_counter()
        try:
            prepared, stream = await self._begin(request, wanted, received_at, body_bytes)
        except RbeeError:
            self._slots.recorder.refuse()
            raise
        closing = (await stream.collect(request, on_disconnect=lambda: self._slots.cancel(stream)))[-1]
        if isinstance(closing, Failed):
            raise error_of(closing)
        if isinstance(closing, End) and closing.stop_reason == "CANCELLED":
            raise RequestCanceled("the execution was cancelled")
        return cast("ResultT", prepared)

    async def _begin(
        self, request: Request, wanted: object, received_at: float, body_bytes: int
    ) -> tuple[Prepared, Stream]:
        until = deadline.of_headers(request.headers)
        job_id = new_task_id()
        self._slots.require_room(job_id, until)
        if body_bytes < _PREPARE_APART_FROM_BYTES:
            prepared = self._prepare(wanted, job_id)
        else:
            prepared = await self._preparations.of(
                request, job_id, lambda is_cancelled: self._prepare(wanted, job_id, is_cancelled), until
            )
        return prepared, self._slots.submit(prepared, received_at=received_at, deadline=until)
