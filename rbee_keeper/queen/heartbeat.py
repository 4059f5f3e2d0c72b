"""Heartbeats: takes the hives' reports and forgets hives that fell silent."""

import asyncio
import time
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ..config.settings import Settings
from ..contract.nodes import HiveSnapshot
from ..daemon.app import answer, read_message
from ..daemon.narration import Narrator
from ..errors import Forbidden
from .registry import FleetRegistry

_CHECKS_PER_STALE_TIME = 4


@dataclass(slots=True, kw_only=True)
class Heartbeats:
    """Keeps the registry as true as the reports."""

    settings: Settings
    registry: FleetRegistry
    narrator: Narrator

    async def take(self, request: Request) -> Response:
        """Take one report."""
        report = await read_message(request, HiveSnapshot, self.settings.body_limit_bytes)
        known = self.registry.hive(report.hive_id)
        if request.scope["caller"] != "owner":
            raise Forbidden("a hive reports with its queen's token", hint="set the same api_token for both")
        if known is None:
            self.narrator.say("register", f"hive {report.hive_id} reports from {report.node}", target=report.hive_id)
        self.registry.take_report(report, time.time())
        return answer({"message": "taken"})

    async def drop_silent(self) -> None:
        """Forget silent hives until cancelled."""
        while True:
            await asyncio.sleep(self.settings.hive_stale_s / _CHECKS_PER_STALE_TIME)
            for hive_id in self.registry.drop_silent(time.time(), self.settings.hive_stale_s):
                self.narrator.say("forget", f"hive {hive_id} fell silent", level="WARN", target=hive_id)
