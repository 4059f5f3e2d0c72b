"""Heartbeats: takes the hives' reports."""

import time
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from .. import __version__
from ..config.settings import Settings
from ..contract.ids import HiveId, NodeName
from ..contract.nodes import HiveSnapshot
from ..contract.validation import shape_error
from ..contract.wire import decode
from ..daemon.app import answer, read_body
from ..daemon.narration import Narrator
from ..errors import Forbidden, VersionMismatch
from .hives.own_hives import OwnHives
from .registry import FleetRegistry, HiveEntry


class _AnyVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a report that every version has, so that another version can be named."""

    hive_id: HiveId
    node: NodeName
    url: str
    version: str
    sequence: int
    is_leaving: bool = False


@dataclass(slots=True, kw_only=True)
class Heartbeats:
    """Keeps the registry as true as the reports."""

    settings: Settings
    registry: FleetRegistry
    own_hives: OwnHives
    narrator: Narrator

    async def take(self, request: Request) -> Response:
        """Take one report."""
        if request.scope["caller"] != "owner":
            raise Forbidden("a hive reports with its queen's token", hint="set the same api_token for both")
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
        return answer({"message": "taken"})

    def _is_new(self, report: HiveSnapshot) -> bool:
        known = self.registry.hive(report.hive_id)
        return known is None or not known.version

    def _tell_of(self, hive: HiveEntry) -> None:
        self.narrator.say("register", f"hive {hive.id} reports from {hive.node}", target=hive.id)
        if hive.problem:
            self.narrator.say("refuse", hive.problem, level="WARN", target=hive.id, code=VersionMismatch.code)


def _read(body: bytes) -> HiveSnapshot:
    """Return the report; of another version only what every version has, which is enough to name it.

    Raises:
        InvalidInput: it is no report of a hive.
    """
    try:
        return decode(body, HiveSnapshot)
    except ValueError as error:
        try:
            found = decode(body, _AnyVersion)
        except ValueError:
            found = None
        if found is None or found.version == __version__:
            raise shape_error(error) from None
    return HiveSnapshot(
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
