"""Tells the hive that the port is open, and later how the load ended."""

import asyncio

from ..contract.errors import to_wire
from ..contract.operations.hive import WORKER_READY, WORKER_STATE
from ..contract.operations.operation import Operation, RequestT
from ..contract.receipts import Receipt
from ..contract.wire import encode
from ..contract.workers import Capability, LaunchSpec, WorkerReady, WorkerReport, WorkerState
from ..daemon.logs.narration import Narrator
from ..errors import RbeeError
from ..transport.http_client import HttpClient

_WAITS_S = (0.2, 0.4, 1.0)


class ReadyCallback:
    """Speaks to the hive that started this worker; without a callback address it does nothing."""

    def __init__(self, spec: LaunchSpec, url: str, client: HttpClient, narrator: Narrator) -> None:
        """Announce under this worker's own URL."""
        self._spec = spec
        self._url = url
        self._client = client
        self._narrator = narrator

    async def port_is_open(self) -> None:
        """Announce the worker with the secret of its spawn."""
        spec = self._spec
        await self._call(
            WORKER_READY,
            WorkerReady(
                worker_id=spec.worker_id,
                url=self._url,
                model_ref=spec.model_ref,
                backend=spec.backend,
                device=spec.device,
                secret=spec.secret,
            ),
        )

    async def state_is(
        self,
        state: WorkerState,
        slots_total: int,
        *,
        capability: Capability = "text",
        error: RbeeError | None = None,
    ) -> None:
        """Report how the load ended."""
        await self._call(
            WORKER_STATE,
            WorkerReport(
                worker_id=self._spec.worker_id,
                secret=self._spec.secret,
                state=state,
                slots_total=slots_total,
                capability=capability,
                error=None if error is None else to_wire(error, source="worker"),
            ),
        )

    async def _call(self, operation: Operation[RequestT, Receipt], message: RequestT) -> None:
        if not self._spec.callback_url:
            return
        for wait_s in (*_WAITS_S, None):
            try:
                answer = await self._client.request(*operation.at(self._spec.callback_url), body=encode(message))
            except RbeeError as error:
                self._narrator.say("call_back", f"the hive cannot be reached: {error.message}", level="WARN")
            else:
                if answer.status >= 300:
                    self._narrator.say(
                        "call_back", f"the hive answered {answer.status}", level="ERROR", path=operation.path
                    )
                return
            if wait_s is not None:
                await asyncio.sleep(wait_s)
