"""Heartbeats: takes the hives' reports."""

import time
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from ... import __version__
from ...config.settings import Settings
from ...contract.hives import HiveHeartbeat
from ...contract.ids import HiveId, NodeName
from ...contract.operations.queen import REPORT
from ...contract.receipts import Receipt
from ...contract.validation import shape_error
from ...contract.wire import decode
from ...daemon.logs.narration import Narrator
from ...daemon.messages import read_body, respond
from ...daemon.routing import Handlers
from ...errors import VersionMismatch
from ..fleet.hive_entry import HiveEntry
from ..fleet.registry import FleetRegistry
from ..hives.own_hives import OwnHives


class _AnyVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a report that every version has, so that another version can be named."""

    hive_id: HiveId
    node: NodeName
    url: str
    version: str
    sequence: int
    is_leaving: bool = False


@dataclass(slots=True, kw_only=True)
class HeartbeatApi:
    """Keeps the registry as true as the reports."""

    settings: Settings
    registry: FleetRegistry
    own_hives: OwnHives
    narrator: Narrator

    def handlers(self) -> Handlers:
        """Return what answers the operations of this room."""
        return {REPORT: self.take}

    async def take(self, request: Request) -> Response:
        """Take one report."""
        report = _read(await read_body(request, self.settings.body_limit_bytes))
        is_new = self._is_new(report)
        entry = self.registry.take_report(report, time.monotonic())
        if report.is_leaving:
            self.narrator.say("forget", f"hive {report.hive_id} says goodbye", target=report.hive_id)
            self.own_hives.discard(report.hive_id)
        if entry is not None and is_new:
            self._tell_of(entry)
        if entry is not None and entry.problem:
            raise VersionMismatch(
                entry.problem,
                hint="install the same version on both",
                details={"hive": report.version, "queen": __version__},
            )
        return respond(REPORT, Receipt(message="taken"))

    def _is_new(self, report: HiveHeartbeat) -> bool:
        known = self.registry.hive(report.hive_id)
        return known is None or not known.version

    def _tell_of(self, hive: HiveEntry) -> None:
        self.narrator.say("register", f"hive {hive.id} reports from {hive.node}", target=hive.id)
        if hive.problem:
            self.narrator.say("refuse", hive.problem, level="WARN", target=hive.id, code=VersionMismatch.code)


def _read(body: bytes) -> HiveHeartbeat:
    """Return the report; of another version only what every version has, which is enough to name it.

    Raises:
        InvalidInput: it is no report of a hive.
    """
    try:
        return decode(body, HiveHeartbeat)
    except ValueError as error:
        try:
            found = decode(body, _AnyVersion)
        except ValueError:
            found = None
        if found is None or found.version == __version__:
            raise shape_error(error) from None
    return HiveHeartbeat(
        hive_id=found.hive_id,
        node=found.node,
        url=found.url,
        token="",
        version=found.version,
        pid=0,
        sequence=found.sequence,
        workers=[],
        is_leaving=found.is_leaving,
    )
