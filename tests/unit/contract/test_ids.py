"""Ids: their rules, and that nobody can guess them."""

import pytest

from rbee_keeper.contract import ids


@pytest.mark.parametrize("text", ["worker-1", "A", "a" * 64, ids.new_worker_id()])
def test_letters_digits_and_dashes_name_a_worker(text: str) -> None:
    """What the daemons themselves hand out must be accepted when it comes back."""
    assert ids.is_worker_id(text)


@pytest.mark.parametrize("text", ["", "a" * 65, "a_b", "a;b", "a|b", "a b", "a\n", "ä", "../a", "a\x00"])
def test_anything_else_does_not_name_a_worker(text: str) -> None:
    """Worker ids become file names and log lines."""
    assert not ids.is_worker_id(text)


@pytest.mark.parametrize("text", ["localhost", "mac-mini.lan", "a", "10.0.0.1", "a" * 253])
def test_dns_safe_names_name_a_node(text: str) -> None:
    """Node names are what people already call their machines."""
    assert ids.is_node_name(text)


@pytest.mark.parametrize("text", ["", "-a", "a-", ".a", "a.", "a_b", "a b", "a/b", "a\n", "a" * 254, "ü"])
def test_other_texts_name_no_node(text: str) -> None:
    """Node names become parts of commands and addresses."""
    assert not ids.is_node_name(text)


def test_fresh_ids_are_long_distinct_and_of_their_own_kind() -> None:
    """An id that can be guessed lets one client cancel another's task."""
    makers = (ids.new_task_id, ids.new_worker_id, ids.new_hive_id, ids.new_correlation_id)
    for maker in makers:
        assert len({maker() for _ in range(100)}) == 100
    assert ids.new_task_id().startswith("task-")
    assert len(ids.new_task_id()) >= 32 + 5
    assert ids.is_correlation_id(ids.new_correlation_id())


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [("abc-123", True), ("a" * 64, True), ("a" * 65, False), ("", False), ("a b", False), ("a\r\nx: y", False)],
)
def test_a_callers_correlation_id_is_kept_only_in_the_safe_form(text: str, is_kept: bool) -> None:
    """It is written into logs and answer headers, where a line end would forge one."""
    assert ids.is_correlation_id(text) is is_kept
