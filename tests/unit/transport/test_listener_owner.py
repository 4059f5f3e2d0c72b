"""Who listens on a port, asked of the kernel."""

import os
import signal
import socket
import sys

import pytest

from rbee_keeper.transport.address import Address
from rbee_keeper.transport.listener import listen
from rbee_keeper.transport.listener_owner import is_ours

from ...programs import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")


@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"])
def test_a_port_of_this_user_is_ours(bound: str) -> None:
    """Without a token this is all there is to go by."""
    with listen(bound, 0) as listener:
        assert is_ours(Address(host="127.0.0.1", port=listener.getsockname()[1]))


def test_a_port_where_nobody_listens_is_not_ours() -> None:
    """Nothing goes there."""
    assert not is_ours(Address(host="127.0.0.1", port=free_port()))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_a_port_of_another_user_is_not_ours() -> None:
    """Whoever listens at the queen's port first would get prompts otherwise."""
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65_534)
        listener = socket.create_server(("127.0.0.1", 0))
        os.write(told, str(listener.getsockname()[1]).encode())
        while True:
            signal.pause()
    port = int(os.read(ready, 10))
    try:
        assert not is_ours(Address(host="127.0.0.1", port=port))
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
        os.close(ready)
        os.close(told)
