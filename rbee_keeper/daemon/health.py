"""Health of a daemon: that it answers, its version, and on demand the proof that it knows its token."""

from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from .. import __version__
from ..contract.operations.operation import Operation
from ..contract.status import Health
from ..transport.proof import CHALLENGE_HEADER, proof_headers
from .messages import respond


def health_response(
    operation: Operation[None, Health], request: Request, status: Literal["ok", "alive"], token: str
) -> Response:
    """Answer at once, to anybody; who sent a challenge gets the proof with it."""
    headers = proof_headers(token, request.headers.get(CHALLENGE_HEADER), request.scope.get("server"))
    return respond(operation, Health(status=status, version=__version__), headers=headers)
