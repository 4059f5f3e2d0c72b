"""A queen with hives of its own on two nodes: tasks go where they are pinned, and nothing outlives the queen.

Both nodes are this machine under two names; the queen cannot tell, since all it knows of a node is its host.
"""

import signal
from typing import Any

import pytest

from ..calls import Daemon, text_of
from ..programs import Home, Program
from ..waiting import eventually

NODES = ("near", "far")
QUEEN = f"""
from rbee_keeper.config.settings import load_settings
from rbee_keeper.contract.ids import NodeName
from rbee_keeper.contract.queens import QueenSpec
from rbee_keeper.queen.app import QueenSetup
from rbee_keeper.queen.cli import run_queen
from rbee_keeper.queen.hives.local import LocalNode
from rbee_keeper.supervisor.host.local import LocalHost
from rbee_keeper.transport.listener import listen

settings = load_settings()
hosts = [LocalHost(settings, NodeName(name)) for name in {NODES!r}]
run_queen(
    QueenSetup(
        settings=settings,
        spec=QueenSpec(token="a-token-of-the-test"),
        listener=listen("127.0.0.1", settings.queen_port),
        lifeline=None,
        nodes=[LocalNode(host, is_ephemeral=False) for host in hosts],
        hive=None,
    )
)
"""


def queen_of_two_nodes(home: Home) -> tuple[Program, Daemon]:
    """Start the queen and return it once it answers."""
    program = home.start("python", "-c", QUEEN)
    queen = Daemon(port=home.queen_port, token="a-token-of-the-test")
    eventually(lambda: queen.answers() or not program.is_running, "the queen answers", within_s=30.0)
    assert program.is_running, program.finish()
    return program, queen


def answered_on(home: Home, queen: Daemon, model: str, node: str) -> str:
    """Have a task done on that node and return what it answers."""
    with queen.stream("POST", "/v2/tasks", {"prompt": "hi", "model": model, "node": node}) as stream:
        events = stream.rest()
    assert events[-1].name == "end", (events[-1], home.all_logs())
    return text_of(events)


def hives_of(queen: Daemon) -> dict[str, dict[str, Any]]:
    """Return the queen's hives by node."""
    return {each["node"]: each for each in queen.call("GET", "/v2/status").json()["hives"]}


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_tasks_go_to_the_hive_of_their_node_and_both_hives_end_with_the_queen(home: Home, end: signal.Signals) -> None:
    """A second machine is a second host and nothing else: whoever starts, uses and ends hives asks for a node only."""
    model = home.fake_model(ends=True)
    program, queen = queen_of_two_nodes(home)
    for node in NODES:
        assert answered_on(home, queen, model, node) == "fake token "
    workers = queen.call("GET", "/v2/workers/list").json()["workers"]
    assert sorted(each["node"] for each in workers) == sorted(NODES)
    assert len({each["hive_id"] for each in workers}) == 2
    assert {node: hive["is_ours"] for node, hive in hives_of(queen).items()} == dict.fromkeys(NODES, True)

    assert answered_on(home, queen, model, "far") == "fake token "
    assert len(queen.call("GET", "/v2/workers/list").json()["workers"]) == 2, "a worker of that node was there"

    program.send(end)
    program.finish()
    home.wait_until_nothing_runs(within_s=10.0)


def test_a_node_where_the_queen_starts_no_hives_is_refused(home: Home) -> None:
    """A pinned target is never silently replaced; the usual name of this machine is not one of this queen's."""
    model = home.fake_model(ends=True)
    _, queen = queen_of_two_nodes(home)
    answer = queen.call("POST", "/v2/tasks", {"prompt": "hi", "model": model, "node": "localhost"})
    assert (answer.status, answer.error["code"]) == (404, "NODE_NOT_FOUND")
    assert not home.roles()["hive"]


def test_a_hive_that_is_killed_is_started_again_on_its_own_node(home: Home) -> None:
    """The other node's hive has nothing to do with it."""
    model = home.fake_model(ends=True)
    _, queen = queen_of_two_nodes(home)
    for node in NODES:
        answered_on(home, queen, model, node)
    hives = hives_of(queen)
    port = hives["far"]["url"].rpartition(":")[2]
    next(each for each in home.roles()["hive"] if f"--port {port}" in " ".join(each.cmdline())).kill()
    eventually(lambda: "far" not in hives_of(queen), "the queen knows that the hive is gone")
    assert answered_on(home, queen, model, "far") == "fake token "
    again = hives_of(queen)
    assert again["near"]["hive_id"] == hives["near"]["hive_id"]
    assert again["far"]["hive_id"] != hives["far"]["hive_id"]
