"""The queen's own hives, on a host that is slow to say where a hive answers, as one behind a connection is."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from rbee_keeper.contract.ids import HiveId, NodeName
from rbee_keeper.daemon.chores import Chores
from rbee_keeper.errors import NodeNotFound, Unavailable
from rbee_keeper.queen.fleet.registry import FleetRegistry
from rbee_keeper.queen.hives.own_hive import OwnHive, QueenLink
from rbee_keeper.queen.hives.own_hives import OwnHives

from ..peers import Heard

FAR, NEAR = NodeName("far"), NodeName("near")


@dataclass
class FarDaemon:
    """A daemon on another machine: no pid here, and its address comes when the test gives it."""

    pid: int = 0
    has_ended: bool = False
    is_stopped: bool = False
    renewals: int = 0
    said: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    on_exit: list[Callable[[str], None]] = field(default_factory=list)

    async def address(self) -> str:
        """Wait until it has said where it answers."""
        return await asyncio.shield(self.said)

    def send_spec(self, spec: bytes) -> None:
        """Never called: the node of this test has no spec to send."""

    def renew_lease(self) -> None:
        """Count the signs of life."""
        self.renewals += 1

    def call_on_exit(self, on_exit: Callable[[str], None]) -> None:
        """Tell when the test says so."""
        self.on_exit.append(on_exit)

    async def stop(self, grace_s: float) -> None:
        """End at once."""
        self.is_stopped = True
        self.end("exit code 0")

    def end(self, how: str) -> None:
        """Be gone."""
        self.has_ended = True
        for tell in self.on_exit:
            tell(how)


@dataclass
class FarNode:
    """A node whose hives are held by the test."""

    node: NodeName
    started: list[OwnHive] = field(default_factory=list)
    daemons: list[FarDaemon] = field(default_factory=list)
    told: list[tuple[HiveId, QueenLink]] = field(default_factory=list)

    def start(self) -> OwnHive:
        """Start one more."""
        daemon = FarDaemon()
        hive = OwnHive(id=HiveId(f"{self.node}-{len(self.started) + 1}"), node=self.node, token="t", daemon=daemon)
        self.started.append(hive)
        self.daemons.append(daemon)
        return hive

    def send_spec(self, hive: OwnHive, queen: QueenLink) -> None:
        """Note who was told whom it works for."""
        self.told.append((hive.id, queen))


@dataclass
class World:
    """A queen's registry and hives."""

    hives: OwnHives
    registry: FleetRegistry
    far: FarNode
    near: FarNode
    heard: Heard

    def known(self) -> list[str]:
        """Return the hives that policy sees."""
        return [str(hive.id) for hive in self.registry.hives()]


@asynccontextmanager
async def world() -> AsyncIterator[World]:
    """Give a queen with two nodes whose chores end with the test."""
    async with asyncio.TaskGroup() as tasks:
        heard, far, near = Heard(), FarNode(FAR), FarNode(NEAR)
        registry = FleetRegistry((NEAR, FAR))
        hives = OwnHives(
            nodes=(near, far),
            queen=QueenLink(url="http://queen", token="q", lease_s=0.2),
            registry=registry,
            narrator=heard,
            chores=Chores(tasks, heard),
            grace_s=1.0,
            is_queen_ending=lambda: False,
        )
        yield World(hives, registry, far, near, heard)


async def test_all_who_need_a_hive_of_a_node_wait_for_one_start() -> None:
    """A machine behind a slow connection must not get a hive for every task that waits."""
    async with world() as queen, asyncio.timeout(10):
        waiting = [asyncio.ensure_future(queen.hives.ensure(FAR)) for _ in range(3)]
        await asyncio.sleep(0)
        assert (len(queen.far.started), queen.known()) == (1, []), "policy may not use what has no address"
        queen.far.daemons[0].said.set_result("http://far:9200")
        await asyncio.gather(*waiting)
        entry = queen.registry.hive(HiveId("far-1"))
        assert entry is not None
        assert (entry.node, entry.url, entry.is_ours) == (FAR, "http://far:9200", True)
        assert queen.far.told == [("far-1", queen.hives.queen)], "the spec goes down before the address is known"
        assert queen.near.started == []


async def test_a_host_that_cannot_be_reached_is_an_error_for_all_who_wait_and_the_next_try_starts_anew() -> None:
    """A task must end with the reason, not wait for a machine that is off."""
    async with world() as queen, asyncio.timeout(10):
        waiting = [asyncio.ensure_future(queen.hives.ensure(FAR)) for _ in range(2)]
        await asyncio.sleep(0)
        queen.far.daemons[0].said.set_exception(Unavailable("no route to far"))
        queen.far.daemons[0].end("the connection was refused")
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(each) for each in found] == [Unavailable, Unavailable]
        assert queen.known() == []
        again = asyncio.ensure_future(queen.hives.ensure(FAR))
        await asyncio.sleep(0)
        queen.far.daemons[1].said.set_result("http://far:9200")
        await again
        assert queen.known() == ["far-2"]


async def test_a_hive_that_is_given_up_before_it_has_an_address_is_never_used() -> None:
    """It is being ended; a worker spawned there would be lost at once."""
    async with world() as queen, asyncio.timeout(10):
        waiting = asyncio.ensure_future(queen.hives.ensure(FAR))
        await asyncio.sleep(0)
        queen.hives.discard(HiveId("far-1"))
        queen.far.daemons[0].said.set_result("http://far:9200")
        await waiting
        await queen.hives.stop()
        assert queen.known() == []
        assert queen.far.daemons[0].is_stopped


async def test_a_hive_that_ends_is_forgotten_and_started_again_when_it_is_needed() -> None:
    """Its end is told from a thread of the host, like that of a child."""
    async with world() as queen, asyncio.timeout(10):
        for daemon_number, node in enumerate((FAR, FAR)):
            waiting = asyncio.ensure_future(queen.hives.ensure(node))
            await asyncio.sleep(0)
            queen.far.daemons[daemon_number].said.set_result("http://far:9200")
            await waiting
            assert queen.known() == [f"far-{daemon_number + 1}"]
            await asyncio.to_thread(queen.far.daemons[daemon_number].end, "killed by SIGKILL")
            await asyncio.sleep(0.01)
            assert queen.known() == []
        assert [line["human"] for line in queen.heard.of("exit")] == ["the hive on far ended: killed by SIGKILL"] * 2


async def test_every_hive_gets_signs_of_life_and_all_end_with_the_queen() -> None:
    """One node more must not be one lease less."""
    async with world() as queen, asyncio.timeout(20):
        for node in (queen.far, queen.near):
            waiting = asyncio.ensure_future(queen.hives.ensure(node.node))
            await asyncio.sleep(0)
            node.daemons[0].said.set_result(f"http://{node.node}:9200")
            await waiting
        renewing = asyncio.ensure_future(queen.hives.renew_leases())
        while min(node.daemons[0].renewals for node in (queen.far, queen.near)) < 2:
            await asyncio.sleep(0.01)
        renewing.cancel()
        await queen.hives.stop()
        assert queen.far.daemons[0].is_stopped
        assert queen.near.daemons[0].is_stopped


async def test_a_node_that_the_queen_does_not_know_is_an_error() -> None:
    """A policy may name any."""
    async with world() as queen:
        with pytest.raises(NodeNotFound):
            await queen.hives.ensure(NodeName("elsewhere"))
