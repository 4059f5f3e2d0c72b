"""A daemon proves that it knows a token, and nobody learns the token by asking for it."""

import pytest

from rbee_keeper.errors import InvalidApiKey
from rbee_keeper.transport.address import Address
from rbee_keeper.transport.proof import Challenge, proof_headers

_HERE = Address(host="127.0.0.1", port=8080)
_TOKEN = "a token of this person"


def test_who_knows_the_token_is_believed_and_the_answer_does_not_hold_it() -> None:
    """The token itself goes out only afterwards."""
    challenge = Challenge()
    headers = proof_headers(_TOKEN, challenge.digits, ("127.0.0.1", 8080))
    assert challenge.is_met(_TOKEN, headers, _HERE)
    assert _TOKEN not in repr(headers)


def test_a_wrong_token_an_old_answer_and_no_answer_are_not_believed() -> None:
    """Each is what a stranger on the port could send."""
    challenge = Challenge()
    wrong = proof_headers("another", challenge.digits, ("127.0.0.1", 8080))
    old = proof_headers(_TOKEN, Challenge().digits, ("127.0.0.1", 8080))
    for headers in (wrong, old, {}):
        assert not challenge.is_met(_TOKEN, headers, _HERE)
        with pytest.raises(InvalidApiKey):
            challenge.require_met(_TOKEN, headers, url=_HERE.url, reached=_HERE)


def test_a_stranger_who_passes_the_challenge_on_to_the_real_daemon_is_not_believed() -> None:
    """The proof holds the address where the real daemon was reached."""
    challenge = Challenge()
    of_the_real_one = proof_headers(_TOKEN, challenge.digits, ("127.0.0.1", 41234))
    assert not challenge.is_met(_TOKEN, of_the_real_one, _HERE)
    lied = of_the_real_one | {
        "x-rbee-reached": proof_headers("x", challenge.digits, ("127.0.0.1", 8080))["x-rbee-reached"]
    }
    assert not challenge.is_met(_TOKEN, lied, _HERE)


def test_at_an_address_that_a_person_named_a_tunnel_is_allowed() -> None:
    """`ssh -L` reaches a queen at another address than it knows of itself."""
    challenge = Challenge()
    assert challenge.is_met(_TOKEN, proof_headers(_TOKEN, challenge.digits, ("10.0.0.5", 8080)), None)


def test_one_address_has_one_spelling() -> None:
    """A dual-stack socket names an IPv4 peer in IPv6."""
    challenge = Challenge()
    assert challenge.is_met(_TOKEN, proof_headers(_TOKEN, challenge.digits, ("::ffff:127.0.0.1", 8080)), _HERE)


@pytest.mark.parametrize("challenge", [None, "", "short", "Z" * 48, "a" * 65, "a" * 10_000])
def test_what_is_no_challenge_gets_no_proof(challenge: str | None) -> None:
    """The daemon computes codes of its own form only."""
    assert proof_headers(_TOKEN, challenge, ("127.0.0.1", 8080)) == {}


def test_without_a_token_there_is_no_proof() -> None:
    """An empty key would prove itself to everybody."""
    challenge = Challenge()
    assert proof_headers("", challenge.digits, ("127.0.0.1", 8080)) == {}
    assert not challenge.is_met("", {}, _HERE)
