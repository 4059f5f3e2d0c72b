"""Reports to the queen: the whole picture, after every change and from time to time."""

import asyncio
import os

from .. import __version__
from ..contract import routes
from ..contract.ids import HiveId, NodeName
from ..contract.nodes import HiveSnapshot
from ..contract.wire import encode
from ..daemon.narration import Narrator
from ..errors import RbeeError
from ..transport.http_client import HttpClient
from .worker_registry import WorkerRegistry

_RETRY_S = 1.0


class Heartbeat:
    """Sends snapshots; a newer one replaces one that could not be sent."""

    def __init__(
        self,
        *,
        hive_id: HiveId,
        node: NodeName,
        own_url: str,
        own_token: str,
        queen_url: str,
        queen_token: str,
        registry: WorkerRegistry,
        client: HttpClient,
        narrator: Narrator,
    ) -> None:
        """Report to that queen."""
        self._identity = (hive_id, node, own_url, own_token)
        self._queen_url = queen_url
        self._queen_token = queen_token
        self._registry = registry
        self._client = client
        self._narrator = narrator
        self._changed = asyncio.Event()
        self._sequence = 0
        self._is_connected = False

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
            try:
                async with asyncio.timeout(interval_s if is_sent else _RETRY_S):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _send(self) -> bool:
        hive_id, node, url, token = self._identity
        self._sequence += 1
        snapshot = HiveSnapshot(
            hive_id=hive_id,
            node=node,
            url=url,
            token=token,
            version=__version__,
            pid=os.getpid(),
            sequence=self._sequence,
            workers=[record.view() for record in self._registry.all()],
        )
        try:
            answer = await self._client.request(
                "POST", self._queen_url, routes.WORKER_READY_AT_QUEEN, body=encode(snapshot), token=self._queen_token
            )
        except RbeeError as error:
            self._note(is_connected=False, why=error.message)
            return False
        is_taken = answer.status < 300
        self._note(is_connected=is_taken, why=f"the queen answered {answer.status}")
        return is_taken

    def _note(self, *, is_connected: bool, why: str) -> None:
        """Narrate only when it changed."""
        if is_connected != self._is_connected:
            self._is_connected = is_connected
            text = "reports to the queen" if is_connected else f"the queen does not take reports: {why}"
            self._narrator.say("heartbeat", text, level="INFO" if is_connected else "WARN")
