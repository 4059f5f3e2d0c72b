"""The watchdog of an engine: notices that the grammar of one client holds it for good.

A call of the engine's library cannot be stopped from outside, and every execution waits for it. The call lets other
threads run, so that this one sees it.
"""

import os
import threading
import time
from collections.abc import Callable

from ..contract.ids import TaskId
from .grammar_work import GrammarWork

_LOOKS = 10
_LONGEST_LOOK_S = 1.0
_END_S = 5.0
"""An event loop that has not ended the process by then is stuck as well."""


class Watchdog:
    """Looks at the work of one engine; `on_stuck` is called once, from the watchdog's thread.

    Time counts by looks: a process that was stopped and goes on has not used up its time meanwhile.
    """

    def __init__(self, work: GrammarWork, *, limit_s: float, on_stuck: Callable[[TaskId], None]) -> None:
        """Take a piece of work for stuck that does not end within `limit_s`."""
        self._work = work
        self._limit_s = limit_s
        self._on_stuck = on_stuck

    def start(self) -> None:
        """Look from now on."""
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _watch(self) -> None:
        self._on_stuck(self._wait_for_stuck())
        time.sleep(_END_S)
        os._exit(1)

    def _wait_for_stuck(self) -> TaskId:
        every_s = min(self._limit_s / _LOOKS, _LONGEST_LOOK_S)
        seen, held_s = 0, 0.0
        while True:
            time.sleep(every_s)
            count, job_id = self._work.count, self._work.job_id
            held_s = held_s + every_s if job_id is not None and count == seen else 0.0
            seen = count
            if job_id is not None and held_s >= self._limit_s:
                return job_id
