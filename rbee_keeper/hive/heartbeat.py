"""Reports to the queen: the whole picture, after every change and from time to time."""

import asyncio
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from .. import __version__
from ..contract.errors import read_error
from ..contract.hives import HiveHeartbeat
from ..contract.ids import HiveId, NodeName
from ..contract.operations.queen import HEALTH, REPORT
from ..contract.wire import encode
from ..daemon.logs.narration import Narrator
from ..errors import RbeeError
from ..transport.http_client import Answer, HttpClient
from ..transport.proof import Challenge
from .workers.worker_registry import WorkerRegistry

_RETRY_S = 1.0
_LOOK_FOR_QUEEN_S = 1.0
_TELL_AGAIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueenAddress:
    """Where the queen is, and what proves to it that this hive belongs to the same person.

    `is_parent` says that this hive is its child and ends with it.
    """

    url: str
    token: str
    is_parent: bool = False


class Heartbeat:
    """Sends snapshots; a newer one replaces one that could not be sent."""

    def __init__(
        self,
        *,
        hive_id: HiveId,
        node: NodeName,
        own_url: str,
        own_token: str,
        find_queen: Callable[[], QueenAddress | None],
        registry: WorkerRegistry,
        client: HttpClient,
        narrator: Narrator,
    ) -> None:
        """Look for the queen at each report, since it may start after this hive."""
        self._identity = (hive_id, node, own_url, own_token)
        self._find_queen = find_queen
        self._queen: QueenAddress | None = None
        self._registry = registry
        self._client = client
        self._narrator = narrator
        self._changed = asyncio.Event()
        self._sequence = 0
        self._is_connected: bool | None = None
        self._tell_again_at = 0.0

    @property
    def sequence(self) -> int:
        """The number of the newest report that was put together."""
        return self._sequence

    def changed(self) -> None:
        """Send a report now."""
        self._changed.set()

    async def run(self, interval_s: float) -> None:
        """Report until cancelled."""
        while True:
            self._changed.clear()
            is_sent = await self._send()
            await self._wait(interval_s if is_sent else _RETRY_S)

    async def _wait(self, interval_s: float) -> None:
        """Return after the interval, after a change, or when there is another queen to report to."""
        end = asyncio.get_running_loop().time() + interval_s
        while (remaining := end - asyncio.get_running_loop().time()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(remaining, _LOOK_FOR_QUEEN_S)):
                    await self._changed.wait()
                    return
            if self._find_queen() != self._queen:
                return

    async def say_goodbye(self) -> None:
        """Tell the queen that this hive ends, so that it need not find out."""
        await self._send(is_leaving=True)

    async def _send(self, *, is_leaving: bool = False) -> bool:
        queen = self._queen = self._find_queen()
        if queen is None:
            return False
        try:
            await self._require_proof(queen)
        except RbeeError as error:
            self._note(is_connected=False, why=error.message)
            return False
        hive_id, node, url, token = self._identity
        self._sequence += 1
        snapshot = HiveHeartbeat(
            hive_id=hive_id,
            node=node,
            url=url,
            token=token,
            version=__version__,
            pid=os.getpid(),
            sequence=self._sequence,
            workers=[record.view() for record in self._registry.all()],
            is_leaving=is_leaving,
        )
        try:
            answer = await self._client.request(*REPORT.at(queen.url), body=encode(snapshot), token=queen.token)
        except RbeeError as error:
            self._note(is_connected=False, why=error.message)
            return False
        is_taken = answer.status < 300
        self._note(is_connected=is_taken, why="" if is_taken else _why_refused(answer))
        return is_taken

    async def _require_proof(self, queen: QueenAddress) -> None:
        """Have a queen that this hive does not hang from prove that it knows the token, before each report to it.

        A report holds the tokens of this hive and of its workers. A queen that started this hive needs no proof: its
        end is the hive's, so nobody else can be at its address while the hive reports.
        """
        if queen.is_parent:
            return
        challenge = Challenge()
        answer = await self._client.request(*HEALTH.at(queen.url), headers=challenge.headers)
        challenge.require_met(queen.token, answer.headers, url=queen.url, reached=None)

    def _note(self, *, is_connected: bool, why: str) -> None:
        """Narrate a change, and again every minute that the queen cannot be reached."""
        now = time.monotonic()
        if is_connected == self._is_connected and (is_connected or now < self._tell_again_at):
            return
        self._is_connected = is_connected
        self._tell_again_at = now + _TELL_AGAIN_S
        if is_connected:
            self._narrator.say("heartbeat", "reports to the queen")
            return
        url = "" if self._queen is None else self._queen.url
        self._narrator.say("heartbeat", f"the queen at {url} does not take reports: {why}", level="WARN", url=url)


def _why_refused(answer: Answer) -> str:
    error = read_error(answer.body)
    if error is None:
        return f"it answered {answer.status}, and not as a queen does"
    return f"it answered {answer.status} {error.code}: {error.message}" + (f" ({error.hint})" if error.hint else "")
