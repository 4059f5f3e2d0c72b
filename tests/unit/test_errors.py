"""Errors: the tree, its codes, and the tables that must know every one of them."""

import inspect
import re

import pytest

from rbee_keeper import errors
from rbee_keeper.commands.terminal.diagnostics import EXIT_MEANINGS, ExitCode, exit_code_of
from rbee_keeper.daemon.error_response import STATUS_BY_CODE
from rbee_keeper.errors import RbeeError, error_classes

CLASSES = [value for value in vars(errors).values() if inspect.isclass(value) and issubclass(value, RbeeError)]


@pytest.mark.parametrize("error_class", CLASSES, ids=lambda each: each.__name__)
def test_every_error_has_a_code_of_its_own_that_the_tree_lists(error_class: type[RbeeError]) -> None:
    """Programs compare codes; two errors with one code could not be told apart."""
    assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", error_class.code)
    assert error_classes()[error_class.code] is error_class


@pytest.mark.parametrize("error_class", CLASSES, ids=lambda each: each.__name__)
def test_the_drawing_of_the_tree_shows_every_class_with_its_code(error_class: type[RbeeError]) -> None:
    """The drawing is where a reader learns what can happen, so it must be the truth."""
    assert errors.__doc__ is not None
    assert re.search(rf"\b{error_class.__name__}\s+{error_class.code}$", errors.__doc__, re.MULTILINE)


def test_every_code_has_an_http_status_and_no_status_is_for_a_code_that_does_not_exist() -> None:
    """A code without a status would turn an error answer into a crash of the error handler."""
    assert set(STATUS_BY_CODE) == set(error_classes())


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("INVALID_PARAMS", 400),
        ("MISSING_API_KEY", 401),
        ("INVALID_API_KEY", 401),
        ("FORBIDDEN", 403),
        ("MODEL_NOT_FOUND", 404),
        ("METHOD_NOT_ALLOWED", 405),
        ("BODY_TOO_LARGE", 413),
        ("QUEUE_FULL", 429),
        ("REQUEST_CANCELED", 499),
        ("INTERNAL_ERROR", 500),
        ("ALL_SLOTS_BUSY", 503),
        ("REQUEST_TIMEOUT", 504),
        ("INSUFFICIENT_RAM", 507),
        ("INSUFFICIENT_VRAM", 507),
    ],
)
def test_statuses_follow_the_contract(code: str, status: int) -> None:
    """Clients written against the contract decide by status."""
    assert STATUS_BY_CODE[code] == status


def test_every_exit_code_has_a_meaning_that_no_other_has() -> None:
    """Scripts branch on exit codes; the manual prints this table."""
    assert set(EXIT_MEANINGS) == set(ExitCode)
    assert len(set(EXIT_MEANINGS.values())) == len(ExitCode)


@pytest.mark.parametrize("error_class", CLASSES, ids=lambda each: each.__name__)
def test_an_error_ends_the_command_with_1_unless_time_ran_out_or_the_command_was_wrong(
    error_class: type[RbeeError],
) -> None:
    """`timeout` taught every shell user that 124 means time ran out, and 2 is a wrong command line everywhere."""
    special = {"REQUEST_TIMEOUT": 124, "CONNECTION_TIMEOUT": 124, "INVALID_PARAMS": 2}
    assert exit_code_of(error_class("x")) == special.get(error_class.code, 1)


def test_what_can_be_tried_again_says_so() -> None:
    """A caller that retries a hopeless request wastes time, one that gives up on a busy worker loses work."""
    retriable = {error_class.code for error_class in CLASSES if error_class.is_retriable}
    assert {"ALL_SLOTS_BUSY", "WORKER_NOT_READY", "QUEUE_FULL", "WORKER_CRASHED", "CONNECTION_FAILED"} <= retriable
    assert retriable.isdisjoint({"INVALID_PARAMS", "MODEL_NOT_FOUND", "BACKEND_UNAVAILABLE", "INSUFFICIENT_RAM"})


def test_an_error_keeps_its_parts_apart() -> None:
    """Each surface shows message, hint and figures in its own way."""
    error = errors.InsufficientRam("too big", hint="buy more", details={"required_mb": 1}, source="hive")
    assert (error.message, error.hint, error.details, error.source) == (
        "too big",
        "buy more",
        {"required_mb": 1},
        "hive",
    )
    assert str(error) == "too big"
