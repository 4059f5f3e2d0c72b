"""Every error rbee can raise, as one tree of code, message and hint.

RbeeError                     INTERNAL_ERROR
├── InvalidInput              INVALID_PARAMS
│   ├── ContextTooLong        CONTEXT_LENGTH_EXCEEDED
│   ├── BodyTooLarge          BODY_TOO_LARGE
│   ├── HeadTooLarge          HEAD_TOO_LARGE
│   ├── AddressTooLong        URI_TOO_LONG
│   └── RequestTooSlow        REQUEST_TOO_SLOW
├── ConfigInvalid             CONFIG_INVALID
├── MissingApiKey             MISSING_API_KEY
├── InvalidApiKey             INVALID_API_KEY
├── Forbidden                 FORBIDDEN
├── NotFound                  NOT_FOUND
│   ├── MethodNotAllowed      METHOD_NOT_ALLOWED
│   ├── ModelNotFound         MODEL_NOT_FOUND
│   ├── NodeNotFound          NODE_NOT_FOUND
│   ├── TaskNotFound          TASK_NOT_FOUND
│   ├── EventsExpired         EVENTS_EXPIRED
│   └── WorkerNotFound        WORKER_NOT_FOUND
├── AlreadyRunning            ALREADY_RUNNING
├── PortInUse                 PORT_IN_USE
├── Unavailable               SERVICE_UNAVAILABLE
│   ├── ConnectionFailed      CONNECTION_FAILED
│   ├── AllSlotsBusy          ALL_SLOTS_BUSY
│   ├── WorkerNotReady        WORKER_NOT_READY
│   └── BackendUnavailable    BACKEND_UNAVAILABLE
├── QueueFull                 QUEUE_FULL
├── TooManyWorkers            TOO_MANY_WORKERS
├── InsufficientRam           INSUFFICIENT_RAM
├── InsufficientVram          INSUFFICIENT_VRAM
├── ModelIncompatible         MODEL_INCOMPATIBLE
├── VersionMismatch           VERSION_MISMATCH
├── RequestTimeout            REQUEST_TIMEOUT
│   ├── ConnectionTimeout     CONNECTION_TIMEOUT
│   └── LoadingTimeout        LOADING_TIMEOUT
├── RequestCanceled           REQUEST_CANCELED
├── WorkerFailed              WORKER_FAILED
│   ├── WorkerCrashed         WORKER_CRASHED
│   └── InferenceFailed       INFERENCE_FAILED
└── ProtocolError             PROTOCOL_ERROR
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class RbeeError(Exception):
    """What went wrong, in words for a person, with the next command to type.

    Attributes:
        code: stable UPPER_SNAKE name that programs may compare.
        message: what happened.
        hint: what to do next; may be empty.
        details: the figures behind the message, JSON types only.
        is_retriable: the same request may succeed later.
        source: the hop that failed (`keeper`, `queen`, `hive`, `worker`); empty until a hop claims it.
        correlation_id: the id under which every hop's log names the request; empty where there was none.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    is_retriable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        details: Mapping[str, Any] | None = None,
        source: str = "",
        correlation_id: str = "",
    ) -> None:
        """Keep the parts apart, so that each surface shows them in its own way."""
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: dict[str, Any] = dict(details or {})
        self.source = source
        self.correlation_id = correlation_id


class InvalidInput(RbeeError):
    """A request or an argument breaks a rule; `details["fields"]` lists which."""

    code = "INVALID_PARAMS"


class ContextTooLong(InvalidInput):
    """The prompt with the tokens asked for does not fit the model's context."""

    code = "CONTEXT_LENGTH_EXCEEDED"


class BodyTooLarge(InvalidInput):
    """A request body is larger than the limit."""

    code = "BODY_TOO_LARGE"


class HeadTooLarge(InvalidInput):
    """The request line with its headers is larger than the limit."""

    code = "HEAD_TOO_LARGE"


class AddressTooLong(InvalidInput):
    """The address in the request line is longer than any that this daemon has."""

    code = "URI_TOO_LONG"


class RequestTooSlow(InvalidInput):
    """A request did not arrive in time."""

    code = "REQUEST_TOO_SLOW"
    is_retriable = True


class ConfigInvalid(RbeeError):
    """A settings file, an environment variable or a flag has a wrong value."""

    code = "CONFIG_INVALID"


class MissingApiKey(RbeeError):
    """A request carries no token where one is needed."""

    code = "MISSING_API_KEY"


class InvalidApiKey(RbeeError):
    """A request carries a token that is not the right one."""

    code = "INVALID_API_KEY"


class Forbidden(RbeeError):
    """The caller is known and not allowed to do this."""

    code = "FORBIDDEN"


class NotFound(RbeeError):
    """The named thing does not exist."""

    code = "NOT_FOUND"


class MethodNotAllowed(NotFound):
    """The address exists, with other methods."""

    code = "METHOD_NOT_ALLOWED"


class ModelNotFound(NotFound):
    """No model of that name, or no file at that path."""

    code = "MODEL_NOT_FOUND"


class NodeNotFound(NotFound):
    """No machine of that name is known."""

    code = "NODE_NOT_FOUND"


class TaskNotFound(NotFound):
    """No task of that id is known."""

    code = "TASK_NOT_FOUND"


class EventsExpired(NotFound):
    """The events that were asked for are not kept any more."""

    code = "EVENTS_EXPIRED"


class WorkerNotFound(NotFound):
    """No worker of that id is known."""

    code = "WORKER_NOT_FOUND"


class AlreadyRunning(RbeeError):
    """A daemon of this kind is running already."""

    code = "ALREADY_RUNNING"


class PortInUse(RbeeError):
    """Another program listens on the wanted port."""

    code = "PORT_IN_USE"


class Unavailable(RbeeError):
    """The service cannot take this now."""

    code = "SERVICE_UNAVAILABLE"
    is_retriable = True


class ConnectionFailed(Unavailable):
    """Nothing answers at the address, or the connection broke."""

    code = "CONNECTION_FAILED"


class AllSlotsBusy(Unavailable):
    """Every slot of the worker is taken."""

    code = "ALL_SLOTS_BUSY"


class WorkerNotReady(Unavailable):
    """The worker has not loaded its model, or is draining."""

    code = "WORKER_NOT_READY"


class BackendUnavailable(Unavailable):
    """The machine has no such backend."""

    code = "BACKEND_UNAVAILABLE"
    is_retriable = False


class QueueFull(RbeeError):
    """The queue holds as many tasks as it may."""

    code = "QUEUE_FULL"
    is_retriable = True


class TooManyWorkers(RbeeError):
    """The hive runs as many workers as it may."""

    code = "TOO_MANY_WORKERS"
    is_retriable = True


class InsufficientRam(RbeeError):
    """The model does not fit the memory that is free."""

    code = "INSUFFICIENT_RAM"


class InsufficientVram(RbeeError):
    """The model does not fit the memory of the device, and no part of it may be elsewhere."""

    code = "INSUFFICIENT_VRAM"


class ModelIncompatible(RbeeError):
    """The file is not a model that the engine can load."""

    code = "MODEL_INCOMPATIBLE"


class VersionMismatch(RbeeError):
    """Two programs of different versions met."""

    code = "VERSION_MISMATCH"


class RequestTimeout(RbeeError):
    """The task's deadline passed."""

    code = "REQUEST_TIMEOUT"
    is_retriable = True


class ConnectionTimeout(RequestTimeout):
    """A peer did not answer in time."""

    code = "CONNECTION_TIMEOUT"


class LoadingTimeout(RequestTimeout):
    """A worker did not load its model in time."""

    code = "LOADING_TIMEOUT"


class RequestCanceled(RbeeError):
    """The task was cancelled before it ended."""

    code = "REQUEST_CANCELED"


class WorkerFailed(RbeeError):
    """A worker could not do its work."""

    code = "WORKER_FAILED"
    is_retriable = True


class WorkerCrashed(WorkerFailed):
    """A worker's process ended while it was needed."""

    code = "WORKER_CRASHED"


class InferenceFailed(WorkerFailed):
    """The engine failed in the middle of an execution."""

    code = "INFERENCE_FAILED"


class ProtocolError(RbeeError):
    """A peer sent something that the contract does not allow."""

    code = "PROTOCOL_ERROR"


def error_classes() -> dict[str, type[RbeeError]]:
    """Return every class of the tree by its code."""
    found: dict[str, type[RbeeError]] = {}
    pending: list[type[RbeeError]] = [RbeeError]
    while pending:
        error_class = pending.pop()
        found[error_class.code] = error_class
        pending.extend(error_class.__subclasses__())
    return found
