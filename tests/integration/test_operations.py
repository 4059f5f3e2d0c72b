"""Every operation of the table is served by a real daemon, and answers what the table says."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from rbee_keeper.contract.operations import hive as hive_table
from rbee_keeper.contract.operations import queen as queen_table
from rbee_keeper.contract.operations import worker as worker_table
from rbee_keeper.contract.operations.operation import AnyOperation

from ..calls import Answer, Daemon
from ..hive_reports import report
from ..programs import Home
from ..waiting import eventually

TABLES = {"queen": queen_table, "hive": hive_table, "worker": worker_table}


@dataclass(slots=True)
class Fleet:
    """One daemon of each kind, started by a person; `asked` are the operations that have answered as they should."""

    daemons: dict[str, Daemon]
    asked: list[AnyOperation] = field(default_factory=list)

    def ask(self, role: str, operation: AnyOperation, body: Any = None, **names: str) -> Answer:
        """Call an operation by its row, and hold the answer against it."""
        answer = self.daemons[role].call(operation.method, operation.path_of(**names), body)
        assert answer.status in operation.statuses, (operation.name, answer.status, answer.body)
        if answer.status == 204 or (operation.response is None and operation.stream is None):
            assert answer.body == b""
        elif answer.headers["content-type"].startswith("application/json") and operation.response is not None:
            operation.read(answer.body)
        self.asked.append(operation)
        return answer


@pytest.fixture
def fleet(home: Home) -> Fleet:
    """Give the three daemons; the worker has a model that answers at once."""
    model = home.models_dir / home.fake_model(tokens=["hello"], ends=True)
    _, queen = home.queen()
    _, hive = home.hive()
    home.start("worker-rbee", "--model", str(model), "--port", str(home.worker_first_port))
    worker = Daemon(port=home.worker_first_port)
    eventually(worker.answers, "the worker answers", within_s=30)
    eventually(lambda: worker.call("GET", "/v1/ready").json()["ready"], "the model is loaded", within_s=30)
    return Fleet({"queen": queen, "hive": hive, "worker": worker})


def test_every_daemon_serves_the_addresses_of_its_table_and_no_other(fleet: Fleet) -> None:
    """The hive once called a route that the worker never had (contract 2, 5)."""
    paths = {role: {path for each in table.OPERATIONS for _, path in each.addresses} for role, table in TABLES.items()}
    for path in set().union(*paths.values()):
        filled = re.sub(r"{\w+}", "none", path)
        for role, daemon in fleet.daemons.items():
            # no address takes this method: one that is served says 405, any other 404
            assert daemon.call("PATCH", filled).status == (405 if path in paths[role] else 404), (role, path)


def test_tasks_and_the_fleet_answer_what_the_table_says(fleet: Fleet, home: Home) -> None:
    """A type in the table that is not the one on the wire breaks every client that reads by it."""
    model = home.fake_model("again", tokens=["hello"], ends=True)
    accepted = fleet.ask("queen", queen_table.SUBMIT_TASK, {"prompt": "hi", "model": model, "stream": False}).json()
    fleet.ask("queen", queen_table.TASK_EVENTS, task_id=accepted["task_id"])
    assert fleet.ask("queen", queen_table.GET_TASK, task_id=accepted["task_id"]).json()["status"] == "done"
    fleet.ask("queen", queen_table.CANCEL_TASK, task_id=accepted["task_id"])
    fleet.ask("queen", queen_table.HEALTH)
    fleet.ask("queen", queen_table.STATUS)
    workers = fleet.ask("queen", queen_table.LIST_WORKERS).json()["workers"]
    fleet.ask("queen", queen_table.STOP_WORKER, {"worker_id": workers[0]["worker_id"]})
    fleet.ask("queen", queen_table.REPORT, report())
    fleet.ask("queen", queen_table.SHUTDOWN)
    assert set(fleet.asked) == set(queen_table.OPERATIONS)


def test_a_hive_answers_what_the_table_says(fleet: Fleet, home: Home) -> None:
    """The queen and the commands of the hive read its answers by the table."""
    model = home.fake_model("again", tokens=["hello"], ends=True)
    fleet.ask("hive", hive_table.HEALTH)
    fleet.ask("hive", hive_table.LIST_BACKENDS)
    fleet.ask("hive", hive_table.RESOURCES)
    spawned = fleet.ask("hive", hive_table.SPAWN_WORKER, {"model_ref": model}).json()
    fleet.ask("hive", hive_table.LIST_WORKERS)
    fleet.ask("hive", hive_table.STOP_WORKER, {"worker_id": spawned["worker_id"]})
    callbacks = {hive_table.WORKER_READY, hive_table.WORKER_STATE}  # the worker that was spawned has called both
    assert set(fleet.asked) | callbacks == set(hive_table.OPERATIONS)


def test_a_worker_answers_what_the_table_says(fleet: Fleet) -> None:
    """The hive watches its workers by these answers."""
    fleet.ask("worker", worker_table.HEALTH)
    fleet.ask("worker", worker_table.READY)
    fleet.ask("worker", worker_table.PROPS)
    fleet.ask("worker", worker_table.METRICS)
    fleet.ask("worker", worker_table.EXECUTE, {"job_id": "j", "prompt": "hi"})
    fleet.ask("worker", worker_table.CANCEL_EXECUTION, job_id="j")
    fleet.ask("worker", worker_table.CANCEL, {"job_id": "j"})
    # a scripted model has no vocabulary and makes no vectors: their handlers say so
    refused = {
        worker_table.TOKENIZE: ({"content": "hello"}, "INVALID_PARAMS"),
        worker_table.DETOKENIZE: ({"tokens": [1]}, "INVALID_PARAMS"),
        worker_table.EMBED: ({"input": "a"}, "INVALID_PARAMS"),
        worker_table.RERANK: ({"query": "a", "documents": ["b"]}, "INVALID_PARAMS"),
        worker_table.LOADING_PROGRESS: (None, "WORKER_NOT_READY"),
    }
    for operation, (body, code) in refused.items():
        assert fleet.daemons["worker"].call(*operation.address, body).error["code"] == code
    fleet.ask("worker", worker_table.SHUTDOWN)
    assert {*fleet.asked, *refused} == set(worker_table.OPERATIONS)


@pytest.mark.parametrize("role", ["queen", "hive"])
def test_a_caller_without_the_token_is_refused_what_needs_more_than_anonymous_has(home: Home, role: str) -> None:
    """403 and not 401: the caller is let in, and this is not for it."""
    _, owner = home.queen() if role == "queen" else home.hive()
    stranger = Daemon(port=owner.port)
    for operation in TABLES[role].OPERATIONS:
        answer = stranger.call("PATCH" if operation.right == "open" else operation.method, operation.path)
        if operation.right in ("report", "administer"):
            assert (answer.status, answer.error["message"]) == (403, operation.refusal.message)
        else:
            assert answer.status not in (401, 403), operation.name
