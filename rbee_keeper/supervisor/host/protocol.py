"""What a host does for those who start daemons: start one there, and hold it until it ends.

`local.py` is the machine that this process runs on. Another kind of host, over SSH, is another pair of classes with
these two protocols, and no caller changes, because nothing here is true of children of this process only:

* No descriptor is handed over. The caller says where the daemon is to listen and never opens the socket. The local
  host opens it and lets the child inherit it; elsewhere the daemon binds there, and says where on its output. So the
  address is awaited: it is known here at once, and elsewhere when the daemon has said it, or never.
* No file system is shared. A `Program` names a role, a log and arguments. Which interpreter runs it, with which
  settings and in which folder its log and records are, is up to the host: the other machine has its own.
* No table of processes is shared. A daemon is known by what it says and by its end, which is told in words; its pid
  is one of its own machine, to be shown and never signalled. How `stop` ends it and everything below it is up to the
  host: signals here; there the end of the channel, which is the end of the lifeline, and then a kill over another.
* Bytes go down, and nothing else. The start-up spec is the first line on the daemon's standard input and the lease
  every later byte, on a pipe and on a channel alike; when it closes, the daemon ends.
* Nothing blocks an event loop, and nothing but `address` and `stop` needs one: the queen starts its first hive before
  it has imported one. A host that must connect first does so behind `start`; what goes wrong then is raised by
  `address` and reported to `call_on_exit`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from ...contract.ids import NodeName

Role = Literal["queen", "hive", "worker"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A daemon of ours, and where it is to listen.

    `bind` is an address of its own machine. Port 0 is any free one; a port that is taken is an error, or the next free
    one or any other is used.
    """

    role: Role
    log_name: str
    bind: str
    port: int
    if_taken: Literal["fail", "next", "any"] = "fail"
    arguments: Sequence[str] = ()


class HostedDaemon(Protocol):
    """A daemon from its start to its end. But for `stop`, any thread may call; nothing waits but `address` and `stop`.

    One that has ended already is no error for any method: who must know learns it by `call_on_exit`.
    """

    @property
    def pid(self) -> int:
        """Its process id on its own machine; 0 while it is not known."""
        ...

    @property
    def has_ended(self) -> bool:
        """It runs no more, or can be reached no more and ends by itself."""
        ...

    async def address(self) -> str:
        """Return the URL at which it can be called from here, once it is known; several may wait for it.

        A call may be made at once: it waits in the socket's backlog until the daemon serves.

        Raises:
            Unavailable: the daemon ended, or its host could not be reached, before it was known; `has_ended` is true
                from then on.
        """
        ...

    def send_spec(self, spec: bytes) -> None:
        """Write the start-up spec, once; it arrives whole, in front of every sign of life."""
        ...

    def renew_lease(self) -> None:
        """Give a sign of life; it is dropped when there is no room for it."""
        ...

    def call_on_exit(self, on_exit: Callable[[str], None]) -> None:
        """Have the end told once, in words, from a thread of the host's own; at once when it has ended already.

        It is told however the daemon ends, whether `stop` was called or not.
        """
        ...

    async def stop(self, grace_s: float) -> None:
        """End it with everything below it: ask, wait for the grace time, use force; calling it twice is no error.

        Returns when it has ended or nothing more can be done from here; its own lifeline and lease then end it.
        """
        ...


class Host(Protocol):
    """One machine; `node` is its name in this queen's fleet."""

    @property
    def node(self) -> NodeName:
        """The name that tasks and policy use for this machine."""
        ...

    def start(self, program: Program) -> HostedDaemon:
        """Start the program and return at once; it waits for its spec, and ends when this process does.

        Raises:
            PortInUse: the port is taken and no other may be used, as far as that is known without waiting.
            Unavailable: the program cannot be started, as far as that is known without waiting.
        """
        ...
