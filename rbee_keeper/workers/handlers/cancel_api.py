"""Cancel at the worker: ends one execution, whatever it computes."""

from starlette.requests import Request
from starlette.responses import Response

from ...contract.ids import TaskId
from ...contract.operations.worker import CANCEL, CANCEL_EXECUTION
from ...daemon.messages import read_message, respond_empty
from ...daemon.routing import Handlers
from ...errors import InvalidInput
from ..executions.preparation import Preparations
from ..executions.slots import Slots


class CancelApi:
    """Answers `DELETE /v1/inference/{id}` and `POST /cancel`."""

    def __init__(self, slots: Slots, preparations: Preparations, body_limit_bytes: int) -> None:
        """End what is in these slots, or being prepared for them."""
        self._slots = slots
        self._preparations = preparations
        self._body_limit_bytes = body_limit_bytes

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {CANCEL_EXECUTION: self.cancel, CANCEL: self.cancel_by_body}

    async def cancel(self, request: Request) -> Response:
        """End one execution; repeating it is no error."""
        self._cancel(TaskId(request.path_params["job_id"]))
        return respond_empty(CANCEL_EXECUTION)

    async def cancel_by_body(self, request: Request) -> Response:
        """End the execution that the body names."""
        wanted = await read_message(request, CANCEL, self._body_limit_bytes)
        if not wanted.job_id:
            raise InvalidInput("job_id must not be empty")
        self._cancel(wanted.job_id)
        return respond_empty(CANCEL)

    def _cancel(self, job_id: TaskId) -> None:
        self._preparations.cancel(job_id)
        self._slots.cancel_by_id(job_id)
