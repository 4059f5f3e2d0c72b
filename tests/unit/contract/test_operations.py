"""The table of operations: what every daemon does, said once."""

import inspect
from types import ModuleType
from typing import Any, get_args, get_origin

import pytest

from rbee_keeper.contract.events import Event
from rbee_keeper.contract.operations import hive, queen, worker
from rbee_keeper.contract.operations.operation import RIGHTS, AnyOperation, Method, Operation, Right
from rbee_keeper.contract.wire import Message
from rbee_keeper.contract.workers import LoadingProgress

TABLES = [queen, hive, worker]
ALL = [
    pytest.param(each, id=f"{table.__name__.rpartition('.')[2]}:{each.name}")
    for table in TABLES
    for each in table.OPERATIONS
]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__.rpartition(".")[2])
def test_the_table_of_a_daemon_has_every_constant_of_its_file_under_its_name(table: ModuleType) -> None:
    """An operation that is not in the table is neither served nor documented."""
    constants = {name: each for name, each in vars(table).items() if isinstance(each, Operation)}
    assert tuple(constants.values()) == table.OPERATIONS
    assert [name.lower() for name in constants] == [each.name for each in table.OPERATIONS]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__.rpartition(".")[2])
def test_no_two_operations_of_a_daemon_share_an_address(table: ModuleType) -> None:
    """The one that comes first in the list would hide the other."""
    addresses = [address for each in table.OPERATIONS for address in each.addresses]
    assert len(addresses) == len(set(addresses))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__.rpartition(".")[2])
def test_what_is_open_has_its_paths_for_itself(table: ModuleType) -> None:
    """Nobody is asked for a token at an open path, whatever the method."""
    open_paths = {path for each in table.OPERATIONS if each.right == "open" for _, path in each.addresses}
    others = {path for each in table.OPERATIONS if each.right != "open" for _, path in each.addresses}
    assert open_paths.isdisjoint(others)


@pytest.mark.parametrize("operation", ALL)
def test_an_operation_says_what_a_caller_must_know(operation: AnyOperation) -> None:
    """Servers, clients, access and the reference read nothing else."""
    assert operation.about.endswith(".")
    assert operation.right in RIGHTS
    assert operation.refusal.message
    assert operation.refusal.hint
    assert operation.statuses
    assert all(200 <= status < 300 for status in operation.statuses)
    for method, path in operation.addresses:
        assert method in get_args(Method)
        assert path.startswith("/")


@pytest.mark.parametrize("operation", ALL)
def test_messages_are_types_of_the_contract(operation: AnyOperation) -> None:
    """What is not a closed type can be misspelt in silence."""
    assert operation.request is None or _is_message(operation.request)
    assert operation.response in (None, str) or _is_message(operation.response)
    assert operation.stream in (None, Event, LoadingProgress)
    kinds = [each for each in (operation.stream, operation.response) if each is not None]
    assert len(kinds) == len(operation.statuses) or (kinds == [] and operation.statuses in ((202,), (204,)))
    assert operation.request is not None or not operation.takes_empty
    assert operation.method != "GET" or operation.request is None
    assert operation.method == "POST" or operation.is_idempotent


def _is_message(kind: Any) -> bool:
    if get_origin(kind) is list:
        return all(map(_is_message, get_args(kind)))
    return inspect.isclass(kind) and issubclass(kind, Message)


def test_names_in_a_path_are_filled_in() -> None:
    """A client that writes the path itself would go on calling the old one."""
    assert queen.TASK_EVENTS.path_of(task_id="task-1") == "/v2/tasks/task-1/events"
    assert queen.GET_TASK.at("http://127.0.0.1:1", task_id="t") == ("GET", "http://127.0.0.1:1", "/v2/tasks/t")
    with pytest.raises(KeyError):
        queen.GET_TASK.path_of()


def test_every_right_says_what_it_is_to() -> None:
    """The reference prints the table of rights."""
    assert set(RIGHTS) == set(get_args(Right))
