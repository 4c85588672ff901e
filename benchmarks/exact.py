"""How many round trips and commands an operation takes: both exact."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import redis

from benchmarks.rounds import FIRST_CALLS, Side, workers

TIMES = 10


class Cost(NamedTuple):
    """What one call takes.

    Attributes:
        round_trips: how often the client waited for the server.
        commands: the commands that the server ran, those within scripts included.
    """

    round_trips: float
    commands: float


class Counter:
    """Passes on what a client and its server say, and counts how often the client speaks after the server did."""

    def __init__(self, port: int) -> None:
        self._server = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.turns = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Takes no further connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server))
            spoke = [server]
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=(source, target, client, spoke), daemon=True).start()

    def _pass_on(
        self, source: socket.socket, target: socket.socket, client: socket.socket, spoke: list[socket.socket]
    ) -> None:
        while data := _received(source):
            if source is client and spoke[0] is not client:
                self.turns += 1
            spoke[0] = source
            target.sendall(data)
        target.close()


def _received(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except OSError:
        return b""


def costs(side: Side, scene: str, port: int, size: int) -> Iterator[tuple[str, Cost]]:
    """What each operation of a side takes, on an empty server. Only for sides that do one thing at a time."""
    with (
        redis.Redis(port=port) as client,
        counted(port) as counter,
        workers([side], scene, counter.port, size) as ready,
    ):
        (worker,) = ready
        for line in worker.operations:
            worker.seconds(line, FIRST_CALLS)
            worker.ask(prepare=line, calls=TIMES)
            turns, ran = counter.turns, _commands(client)
            worker.ask(time=line, calls=TIMES, tasks=1)
            yield line, Cost((counter.turns - turns) / TIMES, (_commands(client) - ran - 1) / TIMES)


def _commands(client: redis.Redis) -> int:
    """How many commands the server ran so far, this question not included."""
    return sum(int(facts["calls"]) for facts in client.info("commandstats").values())


@contextmanager
def counted(port: int) -> Iterator[Counter]:
    """A counter before a server."""
    counter = Counter(port)
    try:
        yield counter
    finally:
        counter.close()
