"""Starts worker processes: port first, order later."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..config.settings import Settings
from ..contract.ids import WorkerId, new_worker_id
from ..supervisor.daemon_start import StartedDaemon, start_daemon, worker_kind_arguments
from ..transport.listener import listen_first_free

if TYPE_CHECKING:
    from ..contract.workers import WorkerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """A worker process that has its port and waits for its order."""

    worker_id: WorkerId
    kind: "WorkerKind"
    daemon: StartedDaemon


def start_unassigned(settings: Settings, kind: "WorkerKind") -> Unassigned:
    """Start a worker process on the next free port, without an order.

    Raises:
        PortInUse: no port is free.
    """
    worker_id = new_worker_id()
    daemon = start_daemon(
        settings,
        role="worker",
        log_name=worker_id,
        listener=listen_first_free(settings.hive_host, settings.worker_first_port),
        arguments=worker_kind_arguments(kind),
    )
    return Unassigned(worker_id=worker_id, kind=kind, daemon=daemon)
