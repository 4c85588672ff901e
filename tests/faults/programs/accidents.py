"""Accidents that happen to a server while clients work, over and over; afterwards every promise is looked at.

    python -m tests.faults.programs.accidents KIND TIMES [sync | async] [server] [partitions]

Prints one line of figures as JSON, and fails if a promise was broken.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

import redis

from tests.support.clients import Crowd
from tests.support.face import Face
from tests.support.promises import Findings, declare
from tests.support.proxy import Proxy
from tests.support.replicated import SERVICE, Replicated
from tests.support.servers import BINARIES, Server, free_port

CLIENTS = 4
DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
ENDLESS = "#!lua flags=no-writes\nlocal number = 0 while true do number = number + 1 end"


class Accident:
    """Something that happens to a server, of which this is the only one.

    Attributes:
        options: with which the server is started.
        durable: whether it must still have what it confirmed.
        related: whether the models refer to each other.
        partitions: of each model.
        round: after how many accidents the promises are looked at, and a new round begins.
        pause: for how many seconds a client rests between two operations.
    """

    options: ClassVar[tuple[str, ...]] = ()
    durable = True
    related = True
    partitions = 1
    round = 10
    pause = 0.0

    def __init__(self, server_name: str) -> None:
        self._server = Server(BINARIES[server_name], *self.options)

    @property
    def server(self) -> Server:
        """The server."""
        return self._server

    @property
    def settings(self) -> dict[str, Any]:
        """Those with which limpyd connects."""
        return {"port": self._server.port}

    def strike(self) -> None:
        """It happens, and is over."""
        raise NotImplementedError

    def rest(self) -> None:
        """Waits until all is as it should be."""

    def end(self) -> None:
        """Ends the server."""
        self._server.stop()


class Restart(Accident):
    """kill -9 of a server that writes all to disk before it answers, and a restart."""

    options = DURABLE

    def strike(self) -> None:
        self.server.kill()
        self.server.start()


class Cut(Accident):
    """All connections are cut at some moment."""

    def __init__(self, server_name: str) -> None:
        super().__init__(server_name)
        self._proxy = Proxy(self._server.port)

    @property
    def settings(self) -> dict[str, Any]:
        return {"port": self._proxy.port}

    def strike(self) -> None:
        self._proxy.cut_all()

    def end(self) -> None:
        self._proxy.close()
        super().end()


class Killed(Accident):
    """CLIENT KILL of all connections."""

    def strike(self) -> None:
        with self.server.client() as client:
            client.client_kill_filter(_type="normal", skipme=True)


class Flushed(Accident):
    """SCRIPT FLUSH, several times."""

    def strike(self) -> None:
        with self.server.client() as client:
            for _ in range(20):
                client.script_flush()
                time.sleep(0.0005)


class Paused(Accident):
    """The server stands still for longer than clients wait."""

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "socket_timeout": 0.05}

    def strike(self) -> None:
        self.server.process.send_signal(signal.SIGSTOP)
        time.sleep(random.uniform(0.02, 0.15))
        self.server.process.send_signal(signal.SIGCONT)


class Full(Accident):
    """The server has no memory left."""

    options = ("--maxmemory-policy", "noeviction")

    def strike(self) -> None:
        with self.server.client() as client:
            client.config_set("maxmemory", 1)
            time.sleep(random.uniform(0.001, 0.02))
            client.config_set("maxmemory", 0)


class Busy(Accident):
    """A script of somebody else runs for ever, until it is killed."""

    options = ("--busy-reply-threshold", "1")

    def strike(self) -> None:
        endless = threading.Thread(target=self._run_endless)
        endless.start()
        time.sleep(random.uniform(0.005, 0.02))
        with self.server.client() as client:
            while endless.is_alive():
                with suppress(redis.ResponseError):  # not busy yet
                    client.script_kill()
                time.sleep(0.001)

    def _run_endless(self) -> None:
        with self.server.client() as client, suppress(redis.ResponseError):
            client.eval(ENDLESS, 0)


class Demoted(Accident):
    """The server becomes a replica, which refuses writes, and then a primary again."""

    def strike(self) -> None:
        with self.server.client() as client:
            client.replicaof("127.0.0.1", free_port())
            time.sleep(random.uniform(0.001, 0.02))
            client.replicaof("NO", "ONE")


class FailedOver(Accident):
    """Sentinel promotes a replica after a kill -9 of the primary, or with the old one alive."""

    durable = False  # replicas follow after the reply
    round = 1
    pause = 0.01  # sentinels and replicas need the processor as well
    options = DURABLE

    def __init__(self, server_name: str) -> None:
        self._replicated = Replicated(server_name, *self.options)
        self._crashes = itertools.cycle([True, False])

    @property
    def server(self) -> Server:
        return self._replicated.primary()

    @property
    def settings(self) -> dict[str, Any]:
        return {"sentinels": self._replicated.addresses, "service_name": SERVICE}

    def strike(self) -> None:
        (self._replicated.crash if next(self._crashes) else self._replicated.fail_over)()

    def rest(self) -> None:
        self._replicated.wait_until_whole()

    def end(self) -> None:
        self._replicated.stop()


class FailedOverWithCare(FailedOver):
    """The same, where a primary without a replica that follows refuses writes."""

    options = (*DURABLE, "--min-replicas-to-write", "1", "--min-replicas-max-lag", "1")


ACCIDENTS: dict[str, type[Accident]] = {
    "restart": Restart,
    "cut": Cut,
    "killed": Killed,
    "flushed": Flushed,
    "paused": Paused,
    "full": Full,
    "busy": Busy,
    "demoted": Demoted,
    "failed_over": FailedOver,
    "failed_over_with_care": FailedOverWithCare,
}


def run(accident: Accident, times: int, face_name: str) -> Findings:
    """Has an accident happen so many times, in rounds, and looks at the promises after each round."""
    findings = Findings()
    try:
        for number in range(0, times, accident.round):
            with a_round(accident, face_name, f"r{number}c") as (crowd, of_round):
                for _ in range(min(accident.round, times - number)):
                    crowd.wait_for_work()
                    time.sleep(random.uniform(0.005, 0.04))
                    accident.strike()
                crowd.wait_for_work()
                time.sleep(0.02)
            findings += of_round
    finally:
        accident.end()
    return findings


@contextmanager
def a_round(accident: Accident, face_name: str, label: str) -> Iterator[tuple[Crowd, Findings]]:
    """Clients at work on an empty database; afterwards, what came of it."""
    accident.rest()
    with accident.server.client() as client:
        client.flushall()
    face = Face(face_name, accident.server)
    face.database = face.Database(**accident.settings)
    models = declare(face.Model, face.database, related=accident.related, partitions_=accident.partitions)
    findings = Findings()
    crowd = Crowd(face, models, CLIENTS * (2 if face.is_async else 1), label, accident.pause)
    asyncio.run(crowd.open_accounts())
    accident.rest()
    crowd.start()
    try:
        yield crowd, findings
    finally:
        crowd.stop()
    for error in crowd.errors:
        raise error
    accident.rest()
    with accident.server.client() as client:
        findings += crowd.promises.judged(client, models, durable=accident.durable)
    findings += asyncio.run(checked(face))
    findings.doubled += crowd.mixed_up
    face.client.close()
    asyncio.run(crowd.close())


async def checked(face: Face) -> Findings:
    """What limpyd's own check finds: it must notice nothing either."""
    report = await face.do(face.database.check())
    found = Findings(inconsistent=sum(report.found.values()), examples=list(map(str, report))[:3])
    await face.do(face.database.close())
    return found


def main(accidents: dict[str, type[Accident]]) -> None:
    """Does what the command line asks for.

    Args:
        accidents: the kinds of accidents, by name.
    """
    kind, times, *rest = sys.argv[1:]
    face, server, partitions = (*rest, *("sync", "valkey-9.1", "1")[len(rest) :])
    start = time.perf_counter()
    accident = accidents[kind](server)
    accident.partitions = int(partitions)
    findings = run(accident, int(times), face)
    print(json.dumps({"times": int(times), **vars(findings), "seconds": round(time.perf_counter() - start, 1)}))
    sys.exit(1 if findings.broken(durable=accident.durable) else 0)


if __name__ == "__main__":
    main(ACCIDENTS)
