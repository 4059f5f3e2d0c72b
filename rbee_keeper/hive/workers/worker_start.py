"""Starts worker processes: port first, start-up spec later."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...config.settings import Settings
from ...contract.ids import WorkerId, new_worker_id
from ...supervisor.host.local import LocalDaemon, LocalHost
from ...supervisor.host.protocol import Program
from ...supervisor.worker_kind import arguments_for

if TYPE_CHECKING:
    from ...contract.workers import WorkerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """A worker process that has its port and waits for its spec."""

    worker_id: WorkerId
    kind: "WorkerKind"
    daemon: LocalDaemon


def start_unassigned(settings: Settings, kind: "WorkerKind") -> Unassigned:
    """Start a worker process on the next free port, without a spec.

    Raises:
        PortInUse: no port is free.
    """
    worker_id = new_worker_id()
    program = Program(
        role="worker",
        log_name=worker_id,
        bind=settings.hive_host,
        port=settings.worker_first_port,
        if_taken="next",
        arguments=arguments_for(kind),
    )
    return Unassigned(worker_id=worker_id, kind=kind, daemon=LocalHost(settings).start(program))
