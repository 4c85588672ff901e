"""A proxy between a client and a server, which can lose what passes through it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Proxy:
    """Forwards connections to a server, and cuts them when told to.

    Attributes:
        port: where it listens.
        cut_replies: how many of the next replies are swallowed, and their connection closed.
        cut_requests: how many of the next requests are swallowed, and their connection closed.
        hold_replies: while set, replies wait.
        passed: how many bytes of requests and of replies have gone through since `count`.
        connections: how many have been made.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut_replies = 0
        self.cut_requests = 0
        self.let_through = threading.Event()
        self.let_through.set()
        self.passed = {"requests": 0, "replies": 0}
        self._cut_after: dict[str, int] = {}
        self.connections = 0
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def count(self, cut_after: dict[str, int] | None = None) -> None:
        """Counts from now on, and cuts a connection once, when so many bytes of "requests" or "replies" are through."""
        self.passed = {"requests": 0, "replies": 0}
        self._cut_after = cut_after or {}

    def cut_all(self) -> None:
        """Closes every connection there is."""
        for end in self._open:
            close(end)
        self._open.clear()

    def close(self) -> None:
        close(self._listener)
        self.cut_all()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            server = socket.create_connection(("127.0.0.1", self._server_port))
            self._open += (client, server)
            threading.Thread(target=self._forward, args=(client, server, "requests"), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, "replies"), daemon=True).start()

    def _forward(self, source: socket.socket, target: socket.socket, what: str) -> None:
        cut = f"cut_{what}"
        while True:
            try:
                data = source.recv(65536)
                if what == "replies":
                    self.let_through.wait()
                if data and getattr(self, cut):
                    setattr(self, cut, getattr(self, cut) - 1)
                    data = b""
                if not data:
                    break
                left = self._cut_after.get(what, len(data) + self.passed[what] + 1) - self.passed[what]
                self.passed[what] += len(data)
                if len(data) >= left:
                    self._cut_after = {}
                    target.sendall(data[:left])
                    break
                target.sendall(data)
            except OSError:
                break
        close(source)
        close(target)


def close(end: socket.socket) -> None:
    """Closes a socket, also for a thread that is waiting on it."""
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
