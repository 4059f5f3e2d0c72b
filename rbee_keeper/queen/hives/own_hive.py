"""A hive of this queen's own, and what a node is to the queen that starts one there.

Imports no event loop: the first hive is started before there is one.
"""

from dataclasses import dataclass
from typing import Protocol

from ...contract.ids import HiveId, NodeName
from ...supervisor.host.protocol import HostedDaemon


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnHive:
    """A hive that was started: it waits for its spec. `token` is what the queen presents to it."""

    id: HiveId
    node: NodeName
    token: str
    daemon: HostedDaemon


@dataclass(frozen=True, slots=True, kw_only=True)
class QueenLink:
    """What ties a hive to this queen: where it reports, with what, and how long it lives without a sign of life."""

    url: str
    token: str
    lease_s: float


class HiveNode(Protocol):
    """One node where this queen can start a hive; one class for each kind of host."""

    @property
    def node(self) -> NodeName:
        """Its name."""
        ...

    def start(self) -> OwnHive:
        """Start a hive and return at once; it waits for its spec.

        Raises:
            PortInUse: no port can be bound.
            Unavailable: the program cannot be started.
        """
        ...

    def send_spec(self, hive: OwnHive, queen: QueenLink) -> None:
        """Tell a hive that was started here whom it works for, by the address that the queen has as seen from there."""
        ...
