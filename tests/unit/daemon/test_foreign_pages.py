"""A web page that happens to be open in a browser cannot use a queen on loopback."""

import pytest

from rbee_keeper.daemon.auth import Access, check
from rbee_keeper.daemon.principal import ANONYMOUS, OWNER
from rbee_keeper.errors import Forbidden

OPEN = Access(token="owner-token-of-this-run", is_required=False)


@pytest.mark.parametrize("origin", ["https://evil.example", "http://evil.example:8080", "null", "http://[", "file://"])
def test_a_page_of_another_site_is_refused(origin: str) -> None:
    """A page may post to loopback without asking: it could cost time, or report as a hive and take tasks."""
    with pytest.raises(Forbidden):
        check(OPEN, None, origin)


@pytest.mark.parametrize("origin", [None, "http://localhost:3000", "http://127.0.0.1:8080", "http://[::1]:8080"])
def test_programs_and_pages_of_this_machine_are_let_in(origin: str | None) -> None:
    """Command lines send no origin, and a page that this machine serves is the person's own."""
    assert check(OPEN, None, origin) is ANONYMOUS


def test_the_token_is_enough_from_any_page() -> None:
    """Whoever has the token is the owner, wherever the page came from."""
    assert check(OPEN, "Bearer owner-token-of-this-run", "https://dashboard.example") is OWNER
