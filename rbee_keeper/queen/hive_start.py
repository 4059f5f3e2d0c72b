"""Starts the hive of this machine; imports no event loop, so that it can come first."""

from dataclasses import dataclass

from ..config.settings import Settings
from ..contract.ids import HiveId, new_hive_id
from ..errors import PortInUse
from ..supervisor.daemon_start import StartedDaemon, start_daemon
from ..supervisor.ownership import new_token
from ..transport.listener import listen


@dataclass(frozen=True, slots=True, kw_only=True)
class HiveProcess:
    """A hive that was started: its address answers as soon as it has its spec."""

    id: HiveId
    token: str
    daemon: StartedDaemon


def start_hive(settings: Settings, *, is_ephemeral: bool) -> HiveProcess:
    """Start a hive on its usual port, or on a free one when that is taken or the hive is for one command.

    Raises:
        PortInUse: no port can be bound.
    """
    try:
        listener = listen(settings.hive_host, 0 if is_ephemeral else settings.hive_port)
    except PortInUse:
        listener = listen(settings.hive_host, 0)
    hive_id = new_hive_id()
    arguments = ["--standby", "llm"] if is_ephemeral else []
    daemon = start_daemon(settings, role="hive", log_name=hive_id, listener=listener, arguments=arguments)
    return HiveProcess(id=hive_id, token=new_token(), daemon=daemon)


def send_spec(hive: HiveProcess, settings: Settings, *, queen_url: str, queen_token: str, is_ephemeral: bool) -> None:
    """Tell a started hive whom it works for; one that is gone already is noticed by its exit."""
    from ..contract.nodes import HiveSpec
    from ..contract.wire import encode

    spec = HiveSpec(
        hive_id=hive.id,
        queen_url=queen_url,
        queen_token=queen_token,
        token=hive.token,
        lease_s=settings.lease_s,
        is_ephemeral=is_ephemeral,
    )
    hive.daemon.process.send_spec(encode(spec))
