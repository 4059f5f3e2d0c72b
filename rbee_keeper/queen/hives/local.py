"""Starts a hive on this machine; imports no event loop, so that it can come first."""

from ...contract.ids import new_hive_id
from ...supervisor.host.local import LocalHost
from ...supervisor.host.protocol import Program
from ...supervisor.orphans.ownership import new_token
from .own_hive import OwnHive, QueenLink


class LocalNode:
    """The queen's own machine; a hive for one command has a worker in reserve."""

    def __init__(self, host: LocalHost, *, is_ephemeral: bool) -> None:
        """Start hives on that host."""
        self.node = host.node
        self._host = host
        self._settings = host.settings
        self._is_ephemeral = is_ephemeral

    def start(self) -> OwnHive:
        """Start a hive on its usual port, or on a free one when that is taken or the hive is for one command.

        Raises:
            PortInUse: no port can be bound.
            Unavailable: the program cannot be started.
        """
        hive_id = new_hive_id()
        program = Program(
            role="hive",
            log_name=hive_id,
            bind=self._settings.hive_host,
            port=0 if self._is_ephemeral else self._settings.hive_port,
            if_taken="any",
            arguments=("--standby", "llm") if self._is_ephemeral else (),
        )
        return OwnHive(id=hive_id, node=self.node, token=new_token(), daemon=self._host.start(program))

    def send_spec(self, hive: OwnHive, queen: QueenLink) -> None:
        """Tell a started hive whom it works for; from the same machine the queen's address is the same."""
        from ...contract.hives import HiveSpec
        from ...contract.wire import encode

        spec = HiveSpec(
            hive_id=hive.id,
            node=hive.node,
            queen_url=queen.url,
            queen_token=queen.token,
            token=hive.token,
            lease_s=queen.lease_s,
            is_ephemeral=self._is_ephemeral,
        )
        hive.daemon.send_spec(encode(spec))
