"""What OpenAI's answers have in common: ends, token counts and errors."""

from dataclasses import dataclass
from typing import Any, Literal

from ..contract.events import Failed, StopReason, Usage
from ..contract.wire import encode
from ..daemon.error_response import status_of
from ..transport import sse

FinishReason = Literal["stop", "length", "tool_calls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerHead:
    """What stands in every object of one answer, and how many answers there are."""

    id: str
    created: int
    model: str
    choices: int = 1
    include_usage: bool = False

    def fields(self, kind: str) -> dict[str, Any]:
        """Return the fields of an object of this kind."""
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def data_frame(message: object) -> bytes:
    """Return an object as one SSE message without a name, as OpenAI's clients expect."""
    return b"data: " + encode(message) + sse.FRAME_END


def finish_reason(reason: StopReason, *, has_calls: bool) -> FinishReason:
    """Return why an answer ended in OpenAI's words."""
    if reason == "MAX_TOKENS":
        return "length"
    return "tool_calls" if has_calls else "stop"


def usage_object(usage: Usage) -> dict[str, Any]:
    """Return the token counts."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def error_object(failed: Failed) -> dict[str, Any]:
    """Return an error."""
    fields = failed.details.get("fields") or [{}]
    kind = "invalid_request_error" if status_of(failed.code) < 500 else "server_error"
    error = {
        "message": failed.message,
        "type": kind,
        "param": fields[0].get("field"),
        "code": failed.code.lower(),
    }
    return {"error": error}


def error_frames(failed: Failed) -> bytes:
    """Return an error as the last message of a stream."""
    return data_frame(error_object(failed)) + sse.DONE
