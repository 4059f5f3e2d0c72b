"""Correlation ids: kept when safe, made when not."""

import uuid

from rbee_keeper.transport import correlation


def test_a_safe_id_is_kept() -> None:
    """The caller finds its request in our logs by it."""
    assert correlation.accept("my-request-7") == "my-request-7"


def test_a_missing_or_unsafe_id_is_replaced_by_a_uuid() -> None:
    """An unsafe one could forge log lines or headers."""
    for text in (None, "", "a b", "a\r\nx: y", "x" * 65):
        accepted = correlation.accept(text)
        assert accepted != text
        assert uuid.UUID(accepted).version == 4
