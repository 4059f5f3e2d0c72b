"""Deadlines: one moment, however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.errors import InvalidInput
from rbee_keeper.transport import deadline


@given(st.integers(min_value=0, max_value=4_000_000_000_000))
def test_a_deadline_survives_every_hop_to_the_millisecond(milliseconds: int) -> None:
    """Each hop writes it again; a drifting deadline is no deadline."""
    moment = milliseconds / 1000
    assert deadline.from_header(deadline.to_header(moment)) == pytest.approx(moment, abs=0.0011)
    assert deadline.from_header(str(milliseconds)) == pytest.approx(moment)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.000Z",
        "2026-01-31T13:00:00+01:00",
        "1769860800000",
        "2026-01-31T12:00:00",
    ],
)
def test_every_spelling_of_a_moment_is_the_same_moment(text: str) -> None:
    """Callers write RFC 3339, with any zone, or Unix milliseconds; without a zone it is UTC."""
    assert deadline.from_header(text) == 1769860800


@pytest.mark.parametrize("text", ["", "soon", "-5", "12.5", "2026-13-01T00:00:00Z", "9" * 400, "9" * 5000])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """A deadline that cannot be read must not be dropped in silence."""
    with pytest.raises(InvalidInput):
        deadline.from_header(text)


def test_the_earliest_deadline_wins() -> None:
    """Two headers may carry one; nobody's limit is extended by another's."""
    assert deadline.earliest(None, 3.0, 2.0, None) == 2.0
    assert deadline.earliest(None, None) is None
    assert deadline.earliest() is None


def test_both_header_names_are_accepted() -> None:
    """Both stand in the contract."""
    assert set(deadline.ACCEPTED_HEADERS) == {"x-deadline", "x-request-deadline"}
    assert deadline.HEADER in deadline.ACCEPTED_HEADERS
