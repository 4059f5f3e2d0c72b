"""Cancel at the worker: ends one execution, whatever it computes."""

from starlette.requests import Request
from starlette.responses import Response

from ...contract.ids import TaskId
from ...daemon.app import read_message
from ...errors import InvalidInput
from ..executions.preparation import Preparations
from ..executions.slots import Slots


class CancelHandler:
    """Answers `DELETE /v1/inference/{id}` and `POST /cancel`."""

    def __init__(self, slots: Slots, preparations: Preparations, body_limit_bytes: int) -> None:
        """End what is in these slots, or being prepared for them."""
        self._slots = slots
        self._preparations = preparations
        self._body_limit_bytes = body_limit_bytes

    async def cancel(self, request: Request) -> Response:
        """End one execution; repeating it is no error."""
        self._cancel(TaskId(request.path_params["job_id"]))
        return Response(status_code=204)

    async def cancel_by_body(self, request: Request) -> Response:
        """End the execution that the body names."""
        body = await read_message(request, dict[str, str], self._body_limit_bytes)
        if not body.get("job_id"):
            raise InvalidInput("job_id must not be empty")
        self._cancel(TaskId(body["job_id"]))
        return Response(status_code=202)

    def _cancel(self, job_id: TaskId) -> None:
        self._preparations.cancel(job_id)
        self._slots.cancel_by_id(job_id)
