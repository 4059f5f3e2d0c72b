"""One task followed over as many connections as it takes: which call is next, and whether there is one.

Pure: bytes, errors and moments go in; calls, events and waits come out. Each face of the client moves the bytes.
"""

from typing import Any

from ..contract.ids import TaskId
from ..errors import ConnectionFailed, ConnectionTimeout, RbeeError
from . import calls
from .calls import Call
from .event_reader import EventReader, Received
from .patience import Attempts, Patience, is_loss, may_repeat

SILENCE_S = 35.0
"""Three of the comment lines that a queen with nothing to say sends every 10 s, and a margin."""
RESUME_S = 30.0
"""For so long a lost connection to a task that was submitted before is made again."""
_DEADLINE_MARGIN_S = 2.0


class TaskStream:
    """The events of a task, from its submission or from one event on.

    A connection that is lost is made again for `resume_s`, which is how long the task waits for a reader; who has no
    patience to ask again has none to come back. Moments are `time.monotonic` seconds.
    """

    def __init__(
        self,
        *,
        patience: Patience,
        resume_s: float,
        give_up_at: float | None,
        submission: Call[Any] | None = None,
        task_id: TaskId | None = None,
        after_id: int = 0,
    ) -> None:
        """Begin with the submission, or with a task that was submitted before."""
        self.give_up_at = give_up_at
        self._submission = submission
        self._patience = patience
        self._resume_s = resume_s
        self._reader = EventReader(task_id, after_id)
        is_safe = submission is None or submission.is_safe
        self._attempts = Attempts(patience, is_safe=is_safe, give_up_at=give_up_at)
        self._losses = 0
        self._lost_at: float | None = None

    @classmethod
    def submitted(
        cls, submission: Call[Any], *, timeout_s: float | None, resume_s: float, patience: Patience, now: float
    ) -> "TaskStream":
        """Follow a task from its submission on; the queen ends it after `timeout_s`."""
        give_up_at = None if timeout_s is None else now + timeout_s + _DEADLINE_MARGIN_S
        return cls(submission=submission, patience=patience, resume_s=resume_s, give_up_at=give_up_at)

    @classmethod
    def followed(cls, task_id: TaskId, *, after_id: int, patience: Patience) -> "TaskStream":
        """Follow a task that was submitted before."""
        return cls(task_id=task_id, after_id=after_id, patience=patience, resume_s=RESUME_S, give_up_at=None)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to read."""
        return self._reader.is_over

    @property
    def left_task(self) -> TaskId | None:
        """The task that has to be cancelled by name when its reader leaves: the queen would wait for him."""
        is_ours = self._submission is not None and self._resume_s > 0
        return self._reader.task_id if is_ours and not self._reader.has_ended else None

    def read_limit_s(self, now: float) -> float:
        """Return how long the next bytes may take."""
        return SILENCE_S if self.give_up_at is None else max(min(SILENCE_S, self.give_up_at - now), 0.001)

    def next_call(self) -> Call[Any]:
        """Return what to send on the next connection."""
        self._reader.begin_response()
        if self._reader.task_id is not None:
            return calls.events(self._reader.task_id, self._reader.last_id)
        assert self._submission is not None
        return self._submission

    def feed(self, data: bytes) -> list[Received]:
        """Return the events that are now complete."""
        received = self._reader.feed(data)
        if received:
            self._losses, self._lost_at = 0, None
        return received

    def require_end(self) -> None:
        """Refuse a response that ended before the task did.

        Raises:
            ConnectionFailed: the closing event is missing.
        """
        if not self._reader.has_ended:
            raise ConnectionFailed("the stream ended without its closing event", hint="rbee logs")
        self._reader.is_over = True

    def wait_s_after(self, error: RbeeError, now: float) -> float | None:
        """Return how long to wait before the next connection, None to give up and raise the error."""
        if self._reader.has_ended and is_loss(error):
            self._reader.is_over = True
            return 0.0
        if self._reader.task_id is None or not self._patience.repeats:
            return self._attempts.wait_s_after(error, now)
        return self._wait_s_to_resume(error, now)

    def _wait_s_to_resume(self, error: RbeeError, now: float) -> float | None:
        self._lost_at = now if self._lost_at is None else self._lost_at
        self._losses += 1
        is_silence = isinstance(error, ConnectionTimeout) and not error.source
        wait_s = self._patience.wait_s(self._losses)
        give_up_at = min(self._lost_at + self._resume_s, self.give_up_at or float("inf"))
        if now + wait_s >= give_up_at or not (is_silence or may_repeat(error, is_safe=True)):
            return None
        return wait_s
