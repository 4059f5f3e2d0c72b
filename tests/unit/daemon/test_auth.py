"""Who calls: the whole table of headers and rules."""

import pytest

from rbee_keeper.daemon.auth import Access, check, fingerprint
from rbee_keeper.daemon.principal import ANONYMOUS, OWNER
from rbee_keeper.errors import InvalidApiKey, MissingApiKey, RbeeError

TOKEN = "sixteen-characters-and-more"
STRICT = Access(token=TOKEN, is_required=True)
OPEN = Access(token=TOKEN, is_required=False)

WRONG = [
    "Bearer wrong",
    f"Bearer  {TOKEN}",
    f"Bearer {TOKEN} ",
    f"bearer {TOKEN}",
    f"BEARER {TOKEN}",
    TOKEN,
    f"Basic {TOKEN}",
    "Bearer",
    "Bearer ",
    "",
    f"Bearer {TOKEN[:-1]}",
    f"Bearer {TOKEN}x",
    "Bearer " + "x" * 10_000,
    "Bearer ümläut",
    "Bearer \udcff",
]


def test_the_right_token_is_the_owner() -> None:
    """Whether a token is required or not."""
    assert check(STRICT, f"Bearer {TOKEN}") is OWNER
    assert check(OPEN, f"Bearer {TOKEN}") is OWNER


def test_no_header_is_missing_where_one_is_required() -> None:
    """Told apart from a wrong one: the caller has to do something else (12.1)."""
    with pytest.raises(MissingApiKey) as caught:
        check(STRICT, None)
    assert caught.value.hint


@pytest.mark.parametrize("header", WRONG, ids=lambda header: header[:20].encode("ascii", "replace").decode())
def test_anything_but_the_exact_token_is_invalid(header: str) -> None:
    """Two spaces, another scheme, a prefix: none of them is the token."""
    with pytest.raises(InvalidApiKey):
        check(STRICT, header)


@pytest.mark.parametrize(
    "header", [None, *WRONG], ids=lambda header: str(header)[:20].encode("ascii", "replace").decode()
)
def test_on_loopback_others_are_let_in_but_never_as_the_owner(header: str | None) -> None:
    """OpenAI clients always send some key; only the real one may stop the queen."""
    assert check(OPEN, header) is ANONYMOUS


@pytest.mark.parametrize("header", ["Bearer ", "Bearer", "Bearer x", None])
def test_an_empty_token_never_makes_an_owner(header: str | None) -> None:
    """An empty token that switches checks off was once a critical finding."""
    assert check(Access(token="", is_required=False), header) is ANONYMOUS
    with pytest.raises(RbeeError):
        check(Access(token="", is_required=True), header)


def test_a_fingerprint_tells_tokens_apart_without_telling_them() -> None:
    """Six hex digits are enough for a log (12.4)."""
    assert fingerprint(TOKEN) == fingerprint(TOKEN)
    assert fingerprint(TOKEN) != fingerprint(TOKEN + "x")
    assert len(fingerprint(TOKEN)) == len("token:") + 6
    assert TOKEN[:6] not in fingerprint(TOKEN)
