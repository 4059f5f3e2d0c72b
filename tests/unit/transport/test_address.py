"""Addresses of daemons: read at the door, so that nothing behind it meets one that cannot be."""

import pytest

from rbee_keeper.errors import InvalidInput
from rbee_keeper.transport.address import address_of


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1", 8080),
        ("http://localhost", "localhost", 80),
        ("http://[::1]:8080", "::1", 8080),
        ("http://my_box.local.:8080", "my_box.local.", 8080),
        ("http://b\u00fccher.example:1", "xn--bcher-kva.example", 1),
    ],
)
def test_an_address_is_read(url: str, host: str, port: int) -> None:
    """Names, numbers of both kinds, and names of other alphabets."""
    address = address_of(url)
    assert (address.host, address.port) == (host, port)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "queen:8080",
        "https://queen",
        "http://",
        "http://queen..local:8080",
        "http://.queen",
        "http://que en",
        "http://queen\x1b[2J",
        "http://-queen",
        "http://" + "a" * 64,
        "http://queen:99999",
        "http://queen:x",
        "http://[::1",
        "http://\ud800",
    ],
    ids=ascii,
)
def test_what_is_no_address_is_the_callers_mistake(url: str) -> None:
    """The resolver answers some of these with an error that is no OSError."""
    with pytest.raises(InvalidInput):
        address_of(url)


def test_a_password_in_an_address_is_refused_and_not_shown() -> None:
    """It would be shown wherever the address is."""
    with pytest.raises(InvalidInput) as caught:
        address_of("http://me:hunter2@127.0.0.1:8080")
    assert "hunter2" not in str(caught.value)
