"""The one who knows which hives are this queen's own: starts them when they are needed, ends them with the queen."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ...contract.ids import LOCAL_NODE, HiveId, NodeName
from ...daemon.chores import Chores
from ...daemon.logs.narration import Narrator
from ...errors import NodeNotFound
from ...supervisor.lifelines.lease import keep_lease
from ..fleet.hive_entry import HiveEntry
from ..fleet.registry import FleetRegistry
from .own_hive import HiveNode, OwnHive, QueenLink


@dataclass(slots=True, kw_only=True)
class OwnHives:
    """At most one hive for each node. Used from the event loop that runs when it is made."""

    nodes: Sequence[HiveNode]
    queen: QueenLink
    registry: FleetRegistry
    narrator: Narrator
    chores: Chores
    grace_s: float
    is_queen_ending: Callable[[], bool]
    _running: dict[NodeName, OwnHive] = field(init=False, default_factory=dict)
    _ending: set[asyncio.Task[None]] = field(init=False, default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(init=False, default_factory=asyncio.get_running_loop)

    async def ensure(self, node: NodeName) -> None:
        """Return when a hive of ours runs there and the registry knows it; those who ask meanwhile wait for the same.

        Raises:
            NodeNotFound: this queen starts no hives there.
            PortInUse: no port can be bound.
            Unavailable: the hive cannot be started.
        """
        hive = self._running.get(node)
        if hive is None or hive.daemon.has_ended:
            await self.adopt(self._node(node).start())
        else:
            await self._register(hive)

    async def adopt(self, hive: OwnHive) -> None:
        """Take over a hive that was just started, here or before the event loop ran."""
        self._running[hive.node] = hive
        self._node(hive.node).send_spec(hive, self.queen)
        hive.daemon.call_on_exit(lambda how: self._report_exit(hive, how))
        await self._register(hive)

    def discard(self, hive_id: HiveId) -> None:
        """Give up a hive if it is ours: it is ended with its tree, and `ensure` starts another."""
        hive = next((each for each in self._running.values() if each.id == hive_id), None)
        if hive is None:
            return
        del self._running[hive.node]
        ending = self.chores.once(f"end {hive_id}", hive.daemon.stop(self.grace_s))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def renew_leases(self) -> None:
        """Give every hive a sign of life until cancelled."""
        await keep_lease(self._renew, self.queen.lease_s)

    async def stop(self) -> None:
        """End every hive with its workers at the same time, and wait for those that are still ending."""
        for hive in tuple(self._running.values()):
            self.discard(hive.id)
        await asyncio.gather(*self._ending)

    def _node(self, name: NodeName) -> HiveNode:
        found = next((each for each in self.nodes if each.node == name), None)
        if found is None:
            raise NodeNotFound(f"this queen starts no hives on {name}", hint="rbee ps")
        return found

    async def _register(self, hive: OwnHive) -> None:
        """Let policy use the hive, once its address is known, unless it was given up meanwhile."""
        url = await hive.daemon.address()
        if self._running.get(hive.node) is not hive or self.registry.hive(hive.id) is not None:
            return
        entry = HiveEntry(
            id=hive.id, node=hive.node, url=url, token=hive.token, is_ours=True, heard_at=time.monotonic()
        )
        self.registry.add_hive(entry)
        self.narrator.say("spawn", f"{_name(hive)} is started", target=hive.id, pid=hive.daemon.pid)

    def _renew(self) -> None:
        """Runs in a thread; the copy is made in one step of the interpreter."""
        for hive in tuple(self._running.values()):
            hive.daemon.renew_lease()

    def _report_exit(self, hive: OwnHive, how: str) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_ended, hive, how)

    def _on_ended(self, hive: OwnHive, how: str) -> None:
        is_expected = self.is_queen_ending()
        self.narrator.say(
            "exit", f"{_name(hive)} ended: {how}", level="INFO" if is_expected else "ERROR", target=hive.id
        )
        self.registry.drop_hive(hive.id, has_ended=True)


def _name(hive: OwnHive) -> str:
    return "the local hive" if hive.node == LOCAL_NODE else f"the hive on {hive.node}"
