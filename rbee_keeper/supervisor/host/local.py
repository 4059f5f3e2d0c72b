"""This machine as a host: a daemon is a child, on a socket that is open already.

So it can be called at once. Nothing here imports the types of the wire or an event loop: the spec can be written while
the daemon is importing its own parts, which is what makes a cold start quick.
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass

from ...config.log_file import environment_with_log
from ...config.settings import Settings, environment_for_children
from ...contract.ids import LOCAL_NODE, NodeName
from ...errors import PortInUse
from ...transport.listener import address_of_listener, listen, listen_first_free
from ..inherited_listener import arguments_for
from ..lifelines.lifeline import LIFELINE_FLAG
from ..process import ChildProcess, ChildSpec, describe_exit, start_child
from ..process_title import TITLE_ROOM
from .protocol import Program

_PACKAGES = {"queen": "queen", "hive": "hive", "worker": "workers"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDaemon:
    """A daemon that is a child of this process; `process` is for those who only ever start children."""

    url: str
    process: ChildProcess

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self.process.pid

    @property
    def has_ended(self) -> bool:
        """The child has been waited for."""
        return self.process.return_code is not None

    async def address(self) -> str:
        """Return the URL; the socket was open before the child ran."""
        return self.url

    def send_spec(self, spec: bytes) -> None:
        """Write the first line on the lifeline."""
        self.process.send_spec(spec)

    def renew_lease(self) -> None:
        """Write a later byte on the lifeline."""
        self.process.renew_lease()

    def call_on_exit(self, on_exit: Callable[[str], None]) -> None:
        """Have the end told, from the thread that waits for the child."""
        self.process.call_on_exit(lambda code: on_exit(describe_exit(code)))

    async def stop(self, grace_s: float) -> None:
        """SIGTERM, the grace time, SIGKILL to the whole tree; the lifeline closes last."""
        import asyncio

        from ..waiting import ended

        self.process.terminate()
        if not await ended(self.process, grace_s):
            await asyncio.to_thread(self.process.stop, 0.0)
        self.process.release_lifeline()


class LocalHost:
    """The machine of this process; children get the settings of this process through their environment."""

    def __init__(self, settings: Settings, node: NodeName = LOCAL_NODE) -> None:
        """Be this machine under that name."""
        self.settings = settings
        self.node = node

    def start(self, program: Program) -> LocalDaemon:
        """Open the socket and start the child with it; the socket is closed on this side.

        Raises:
            PortInUse: the port is taken and no other may be used.
            Unavailable: the program cannot be started or its log cannot be written.
        """
        with _listener_of(program) as listener:
            fd = listener.fileno()
            log_path = self.settings.logs_dir / f"{program.log_name}.log"
            process = start_child(
                ChildSpec(
                    role=program.role,
                    module=f"rbee_keeper.{_PACKAGES[program.role]}",
                    arguments=[LIFELINE_FLAG, *arguments_for(fd), *program.arguments, TITLE_ROOM],
                    environment=environment_with_log(environment_for_children(self.settings), log_path),
                    log_path=log_path,
                    run_dir=self.settings.paths.run_dir,
                    inherited=(fd,),
                )
            )
            return LocalDaemon(url=address_of_listener(listener).url, process=process)


def _listener_of(program: Program) -> socket.socket:
    if program.if_taken == "next":
        return listen_first_free(program.bind, program.port)
    try:
        return listen(program.bind, program.port)
    except PortInUse:
        if program.if_taken == "fail":
            raise
        return listen(program.bind, 0)
