"""Signals that come while a daemon still starts: it ends, and leaves nothing that says that it runs."""

import signal
import time

import pytest

from ..programs import Home

WITHIN_S = 30.0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize(("role", "program"), [("queen", "queen-rbee"), ("hive", "rbee-hive")])
def test_a_signal_as_soon_as_there_is_a_record_leaves_none(
    home: Home, role: str, program: str, number: signal.Signals
) -> None:
    """A record tells where a daemon is; whoever reads it may end that daemon at once."""
    daemon = home.start(program, "daemon")
    record = home.run_dir / f"{role}.json"
    give_up_at = time.monotonic() + WITHIN_S
    while not record.exists():
        assert time.monotonic() < give_up_at, f"the {role} writes no record"
    daemon.send(number)
    assert daemon.finish(WITHIN_S).code == 0
    assert not record.exists()
