"""A proxy that cuts connections in the middle of an event stream, as a lost network does."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

_READ_BYTES = 65_536
_FRAME_END = b"\n\n"


class CuttingProxy:
    """Forwards to a port; `events_before_cut` says for each connection how many events pass, None for all of them."""

    def __init__(self, target_port: int, events_before_cut: Callable[[int], int | None]) -> None:
        """Listen on a free port."""
        self._target_port = target_port
        self._events_before_cut = events_before_cut
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._lock = threading.Lock()
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                number, self.connections = self.connections, self.connections + 1
            threading.Thread(target=self._serve, args=(client, self._events_before_cut(number)), daemon=True).start()

    def _serve(self, client: socket.socket, limit: int | None) -> None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._target_port)) as server, client:
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
            seen = b""
            while data := server.recv(_READ_BYTES):
                seen += data
                end = _end_of(seen, limit)
                if end is not None:
                    # half of the next line goes through as well: the cut is never where a reader would like it
                    client.sendall(data[: max(len(data) - len(seen) + end + 7, 0)])
                    with self._lock:
                        self.cuts += 1
                    for each in (client, server):
                        each.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(_READ_BYTES):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)


def _end_of(seen: bytes, limit: int | None) -> int | None:
    """Return where so many events of an HTTP answer end, None when there are not so many yet."""
    if limit is None:
        return None
    end = seen.find(b"\r\n\r\n")
    if end < 0:
        return None
    end += 4
    for _ in range(limit):
        end = seen.find(_FRAME_END, end)
        if end < 0:
            return None
        end += len(_FRAME_END)
    return end


@contextlib.contextmanager
def cutting(target_port: int, events_before_cut: Callable[[int], int | None]) -> Iterator[CuttingProxy]:
    """Give a proxy."""
    proxy = CuttingProxy(target_port, events_before_cut)
    try:
        yield proxy
    finally:
        proxy.close()
