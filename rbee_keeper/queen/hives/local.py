"""Starts a hive on this machine; imports no event loop, so that it can come first."""

from dataclasses import dataclass

from ...config.settings import Settings
from ...contract.ids import NodeName, new_hive_id
from ...supervisor.host.local import LocalHost
from ...supervisor.host.protocol import Program
from ...supervisor.ownership import new_token
from .own_hive import OwnHive, QueenLink


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalNode:
    """The queen's own machine; a hive for one command has a worker in reserve."""

    host: LocalHost
    is_ephemeral: bool

    @property
    def node(self) -> NodeName:
        """The name of the host."""
        return self.host.node

    @property
    def _settings(self) -> Settings:
        return self.host.settings

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
            port=0 if self.is_ephemeral else self._settings.hive_port,
            if_taken="any",
            arguments=("--standby", "llm") if self.is_ephemeral else (),
        )
        return OwnHive(id=hive_id, node=self.node, token=new_token(), daemon=self.host.start(program))

    def send_spec(self, hive: OwnHive, queen: QueenLink) -> None:
        """Tell a started hive whom it works for; from the same machine the queen's address is the same."""
        from ...contract.nodes import HiveSpec
        from ...contract.wire import encode

        spec = HiveSpec(
            hive_id=hive.id,
            node=hive.node,
            queen_url=queen.url,
            queen_token=queen.token,
            token=hive.token,
            lease_s=queen.lease_s,
            is_ephemeral=self.is_ephemeral,
        )
        hive.daemon.send_spec(encode(spec))
