"""HTTP as bytes: requests that cannot be forged, answers that arrive in any pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rbee_keeper.errors import InvalidInput, ProtocolError
from rbee_keeper.transport.address import Address, address_of
from rbee_keeper.transport.http_wire import AnswerReader, request_bytes


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1", 8080),
        ("http://queen.lan", "queen.lan", 80),
        ("http://[::1]:9200", "::1", 9200),
        ("http://localhost:8080/", "localhost", 8080),
    ],
)
def test_an_address_is_read_from_a_url(url: str, host: str, port: int) -> None:
    """Every spelling that a person may type."""
    assert address_of(url) == Address(host=host, port=port)


@pytest.mark.parametrize(
    "url", ["", "queen", "localhost:8080", "ftp://a:1", "https://a:1", "http://", "http://:80", "://", "http://a:99999"]
)
def test_what_is_no_http_address_is_refused(url: str) -> None:
    """A typing error must be named, not tried."""
    with pytest.raises(InvalidInput, match="not the address"):
        address_of(url)


@pytest.mark.parametrize(
    ("address", "url"), [(Address(host="a", port=1), "http://a:1"), (Address(host="::1", port=1), "http://[::1]:1")]
)
def test_an_address_is_written_as_a_url(address: Address, url: str) -> None:
    """IPv6 addresses need brackets, or their last part is read as a port."""
    assert address.url == url
    assert address_of(url) == address


@pytest.mark.parametrize("value", ["a\r\nx: y", "a\nb", "a\rb", "\u20ac", "\xfc", "\ud800"], ids=ascii)
def test_a_header_cannot_smuggle_another(value: str) -> None:
    """Values that come from callers are passed on in headers."""
    with pytest.raises(InvalidInput, match="x-correlation-id"):
        request_bytes("GET", "/", "h", {"x-correlation-id": value}, b"")


def test_a_request_says_how_long_its_body_is() -> None:
    """A server waits for ever for a body of unknown length."""
    assert b"content-length: 3\r\n" in request_bytes("POST", "/x", "h:1", {}, b"abc")
    assert b"content-length: 0\r\n" in request_bytes("POST", "/x", "h:1", {}, b"")
    assert b"content-length" not in request_bytes("GET", "/x", "h:1", {}, b"")
    assert request_bytes("GET", "/x", "h:1", {"a": "b"}, b"") == b"GET /x HTTP/1.1\r\nhost: h:1\r\na: b\r\n\r\n"


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Name: Value\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"


@given(st.sampled_from([(PLAIN, 200), (CHUNKED, 503)]), st.lists(st.integers(min_value=1, max_value=20), max_size=40))
def test_an_answer_is_read_the_same_however_it_is_cut(answer: tuple[bytes, int], sizes: list[int]) -> None:
    """The network decides where reads end."""
    data, status = answer
    reader = AnswerReader()
    body = b""
    for size in [*sizes, len(data)]:
        piece, data = data[:size], data[size:]
        if piece:
            reader.feed(piece)
            body += reader.take()
    assert reader.is_complete
    assert (reader.status, body) == (status, b"hello")


def test_header_names_are_in_lower_case() -> None:
    """HTTP does not care about their case, lookups do."""
    reader = AnswerReader()
    reader.feed(PLAIN)
    assert reader.headers["x-name"] == "Value"
    assert reader.can_reuse


def test_a_connection_that_the_server_closes_is_not_reused() -> None:
    """A request on such a connection would be lost."""
    reader = AnswerReader()
    reader.feed(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert reader.is_complete
    assert not reader.can_reuse


def test_what_is_not_http_is_a_protocol_error() -> None:
    """Some other program may listen on the port."""
    with pytest.raises(ProtocolError):
        AnswerReader().feed(b"SSH-2.0-OpenSSH_9.6\r\n")
