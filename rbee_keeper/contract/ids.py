"""Names of things: one distinct type per kind of id, and their rules."""

import os
import re
from typing import NewType

TaskId = NewType("TaskId", str)
WorkerId = NewType("WorkerId", str)
HiveId = NewType("HiveId", str)
NodeName = NewType("NodeName", str)
ModelRef = NewType("ModelRef", str)
CorrelationId = NewType("CorrelationId", str)

LOCAL_NODE = NodeName("localhost")

_WORKER_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_CORRELATION_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_NODE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def new_task_id() -> TaskId:
    """Return an id that cannot be guessed."""
    return TaskId(f"task-{os.urandom(16).hex()}")


def new_worker_id() -> WorkerId:
    """Return an id that cannot be guessed."""
    return WorkerId(f"worker-{_uuid4()}")


def new_hive_id() -> HiveId:
    """Return an id that cannot be guessed."""
    return HiveId(f"hive-{os.urandom(6).hex()}")


def new_correlation_id() -> CorrelationId:
    """Return a fresh id that ties one request's traces together."""
    return CorrelationId(_uuid4())


def _uuid4() -> str:
    """Return a random UUID; the standard module would cost every start more than it does."""
    digits = bytearray(os.urandom(16))
    digits[6] = digits[6] & 0x0F | 0x40
    digits[8] = digits[8] & 0x3F | 0x80
    text = digits.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def is_worker_id(text: str) -> bool:
    """Tell whether the text may name a worker: letters, digits, dash."""
    return _WORKER_ID.fullmatch(text) is not None


def is_correlation_id(text: str) -> bool:
    """Tell whether a caller's correlation id may be kept."""
    return _CORRELATION_ID.fullmatch(text) is not None


def is_node_name(text: str) -> bool:
    """Tell whether the text is DNS-safe."""
    return _NODE_NAME.fullmatch(text) is not None
