"""This machine as a host: daemons that can be called at once, and end when they are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from rbee_keeper.config.paths import Paths
from rbee_keeper.config.settings import Settings
from rbee_keeper.contract.hives import HiveSpec
from rbee_keeper.contract.ids import HiveId, NodeName
from rbee_keeper.contract.wire import encode
from rbee_keeper.errors import PortInUse
from rbee_keeper.supervisor.host.local import LocalHost
from rbee_keeper.supervisor.host.protocol import Host, HostedDaemon, Program
from rbee_keeper.transport.address import address_of
from rbee_keeper.transport.http_client import HttpClient
from rbee_keeper.transport.listener import address_of_listener, listen

SPEC = HiveSpec(
    hive_id=HiveId("hive-1"),
    node=NodeName("near"),
    queen_url="http://127.0.0.1:1",
    queen_token="q",
    token="t",
    lease_s=30.0,
    is_ephemeral=True,
)


def host_in(folder: Path, node: str = "near") -> Host:
    """Return this machine under a name, with folders of the test's own."""
    paths = Paths(config_dir=folder / "config", data_dir=folder / "data", state_dir=folder / "state")
    return LocalHost(Settings(paths=paths), NodeName(node))


def hive_at(port: int, if_taken: Literal["fail", "next", "any"] = "fail") -> Program:
    """Return a hive that listens there."""
    return Program(role="hive", log_name="hive-1", bind="127.0.0.1", port=port, if_taken=if_taken)


@asynccontextmanager
async def started(host: Host, program: Program) -> AsyncIterator[HostedDaemon]:
    """Start a daemon that is ended with the test."""
    daemon = host.start(program)
    try:
        yield daemon
    finally:
        await daemon.stop(0.0)


async def test_a_daemon_can_be_called_before_it_has_its_spec_and_ends_in_its_grace(tmp_path: Path) -> None:
    """What a queen does with a hive, by the protocol alone."""
    ends: list[str] = []
    client = HttpClient(connect_s=5.0, request_s=30.0)
    async with started(host_in(tmp_path), hive_at(0)) as daemon:
        daemon.call_on_exit(ends.append)
        calling = asyncio.ensure_future(client.request("GET", await daemon.address(), "/health"))
        daemon.send_spec(encode(SPEC))
        daemon.renew_lease()
        assert (await calling).status == 200
        assert not daemon.has_ended
        await daemon.stop(20.0)
        assert daemon.has_ended
        assert ends == ["exit code 0"]
        await daemon.stop(20.0)
    client.close()


async def test_a_daemon_that_waits_for_its_spec_is_ended_by_force_when_it_does_not_listen(tmp_path: Path) -> None:
    """One that hangs in its imports has no handler for a signal yet, or for ever."""
    ends: list[str] = []
    async with started(host_in(tmp_path), hive_at(0)) as daemon:
        await daemon.stop(0.0)
        daemon.call_on_exit(ends.append)
        assert ends in (["killed by SIGKILL"], ["killed by SIGTERM"])


@pytest.mark.parametrize("if_taken", ["next", "any"])
async def test_a_taken_port_is_an_error_or_another_one_as_the_program_says(
    tmp_path: Path, if_taken: Literal["next", "any"]
) -> None:
    """A hive takes any other, a worker the next one, a queen that was told a port must have it."""
    with listen("127.0.0.1", 0) as taken:
        port = address_of_listener(taken).port
        with pytest.raises(PortInUse):
            host_in(tmp_path).start(hive_at(port))
        async with started(host_in(tmp_path), hive_at(port, if_taken)) as daemon:
            found = address_of(await daemon.address()).port
            assert found != port
            assert if_taken == "any" or port < found < port + 100
