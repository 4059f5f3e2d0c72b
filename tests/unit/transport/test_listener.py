"""Listeners: who has a port keeps it, and the next one takes the next."""

import socket

import pytest

from rbee_keeper.errors import InvalidInput, PortInUse
from rbee_keeper.supervisor.inherited_listener import inherited_listener
from rbee_keeper.transport.listener import (
    address_of_listener,
    is_loopback,
    listen,
    listen_first_free,
    require_token_off_loopback,
)


def test_a_taken_port_is_an_error_that_names_it() -> None:
    """Two daemons on one port would share its requests by chance."""
    with listen("127.0.0.1", 0) as first:
        port = address_of_listener(first).port
        with pytest.raises(PortInUse, match=f"port {port} .* in use"):
            listen("127.0.0.1", port)


def test_the_next_free_port_is_taken() -> None:
    """Workers find ports by trying, never by counting."""
    with listen("127.0.0.1", 0) as first:
        port = address_of_listener(first).port
        with listen_first_free("127.0.0.1", port) as second:
            assert address_of_listener(second).port > port


def test_many_at_once_never_get_the_same_port() -> None:
    """Eight hives may spawn at the same moment."""
    first_port = 40_000
    listeners = [listen_first_free("127.0.0.1", first_port) for _ in range(8)]
    ports = [address_of_listener(each).port for each in listeners]
    for each in listeners:
        each.close()
    assert len(set(ports)) == 8


def test_a_listener_accepts_before_its_program_runs() -> None:
    """The caller may connect at once; the daemon answers when it has imported its parts."""
    with listen("127.0.0.1", 0) as listener:
        address = address_of_listener(listener)
        with socket.create_connection((address.host, address.port), timeout=2):
            again = inherited_listener(["--listen-fd", str(listener.detach())])
            connection, _ = again.accept()
            connection.close()
            again.close()


@pytest.mark.parametrize(
    ("host", "port", "why"),
    [
        ("203.0.113.1", 0, "not an address of this machine"),
        ("127.0.0.1", 99_999, "cannot be bound"),
        ("no.such.host.invalid", 0, "not a host that this machine can find"),
        ("no..such.host", 0, "not a host that this machine can find"),
        ("no\x1b[2Jhost", 0, r"no\\u001b\[2Jhost is not a host"),
    ],
)
def test_an_address_that_cannot_be_bound_is_the_callers_mistake_and_says_why(host: str, port: int, why: str) -> None:
    """Not a traceback, and not a port that another program has: choosing another one would not help."""
    with pytest.raises(InvalidInput, match=why):
        listen(host, port)


@pytest.mark.parametrize("token", ["", " " * 40, "a b c d e f g h i j k", "fifteen-letters", "ü" * 20, "x" * 15 + "\n"])
def test_an_address_that_others_can_reach_needs_a_real_token(token: str) -> None:
    """Forty blanks are no secret, and what does not fit into a header can never be presented."""
    with pytest.raises(InvalidInput):
        require_token_off_loopback("0.0.0.0", token)
    require_token_off_loopback("127.0.0.1", token)
    require_token_off_loopback("0.0.0.0", "sixteen-letters!")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.2", False),
        ("example.com", False),
        ("", False),
    ],
)
def test_only_addresses_of_this_machine_count_as_loopback(host: str, expected: bool) -> None:
    """Everything else needs a token."""
    assert is_loopback(host) is expected
