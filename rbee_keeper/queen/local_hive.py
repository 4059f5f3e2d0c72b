"""The hive of this machine, started by the queen as its child and ended with it."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from ..config.settings import Settings, environment_for_children
from ..contract.ids import LOCAL_NODE, HiveId, new_hive_id
from ..contract.nodes import HiveOrder
from ..contract.wire import encode
from ..errors import PortInUse
from ..supervisor.lifeline import LIFELINE_FLAG
from ..supervisor.process import ChildProcess, ChildSpec, describe_exit, start_child
from ..supervisor.waiting import ended
from ..transport.listener import address_of_listener, listen

_MODULE = "rbee_keeper.hive"
_RENEWALS_PER_LEASE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class HiveProcess:
    """A hive that was started: its address answers as soon as it has imported its parts."""

    id: HiveId
    url: str
    token: str
    process: ChildProcess


def start_hive(settings: Settings, *, queen_url: str, queen_token: str, is_ephemeral: bool) -> HiveProcess:
    """Start a hive whose port is open before it runs; the usual port, or a free one when that is taken.

    Raises:
        PortInUse: no port can be bound.
    """
    hive_id, token = new_hive_id(), secrets.token_urlsafe(24)
    order = HiveOrder(
        hive_id=hive_id,
        queen_url=queen_url,
        queen_token=queen_token,
        token=token,
        lease_s=settings.lease_s,
        standby="llm" if is_ephemeral else None,
        is_ephemeral=is_ephemeral,
    )
    try:
        listener = listen(settings.hive_host, 0 if is_ephemeral else settings.hive_port)
    except PortInUse:
        listener = listen(settings.hive_host, 0)
    with listener:
        fd = listener.fileno()
        process = start_child(
            ChildSpec(
                role="hive",
                module=_MODULE,
                arguments=[LIFELINE_FLAG, "--listen-fd", str(fd)],
                environment=environment_for_children(settings),
                log_path=settings.paths.logs_dir / f"{hive_id}.log",
                run_dir=settings.paths.run_dir,
                order=encode(order),
                inherited=(fd,),
            )
        )
        return HiveProcess(id=hive_id, url=address_of_listener(listener).url, token=token, process=process)


class LocalHive:
    """Owns the child; starts it again when it is needed after it ended."""

    def __init__(
        self,
        start: Callable[[], HiveProcess],
        on_started: Callable[[HiveProcess], None],
        on_ended: Callable[[HiveProcess, str], None],
        lease_s: float,
    ) -> None:
        """Report starts and ends to the event loop that runs now."""
        self._loop = asyncio.get_running_loop()
        self._start = start
        self._on_started = on_started
        self._on_ended = on_ended
        self._lease_s = lease_s
        self._hive: HiveProcess | None = None

    @property
    def node(self) -> str:
        """The name of this machine's node."""
        return LOCAL_NODE

    def adopt(self, hive: HiveProcess) -> None:
        """Take over a hive that was started before the event loop ran."""
        self._hive = hive
        self._on_started(hive)
        hive.process.call_on_exit(lambda code: self._report_exit(hive, code))

    def ensure(self) -> None:
        """Start the hive when it does not run.

        Raises:
            PortInUse: no port can be bound.
        """
        if self._hive is None or self._hive.process.return_code is not None:
            self.adopt(self._start())

    async def renew_leases(self) -> None:
        """Give the hive a sign of life until cancelled."""
        while True:
            await asyncio.sleep(self._lease_s / _RENEWALS_PER_LEASE)
            if self._hive is not None:
                self._hive.process.renew_lease()

    async def stop(self, grace_s: float) -> None:
        """End the hive with its workers."""
        if self._hive is None:
            return
        process = self._hive.process
        process.terminate()
        if not await ended(process, grace_s):
            await asyncio.to_thread(process.stop, 0.0)

    def _report_exit(self, hive: HiveProcess, code: int) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._on_ended, hive, describe_exit(code))
