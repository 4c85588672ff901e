"""Cuts the conversation of each operation after each byte of what is sent and of what is replied.

    python -m tests.faults.programs.cut_bytes [STEP] [sync | async]

A STEP of 7 cuts after every seventh byte. Prints one line of figures as JSON, and fails if a promise was broken. What
is cut begins with the handshake of a new connection. On the async face others talk on the same line meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from tests.faults.programs.accidents import checked
from tests.support.clients import SHARED, Client
from tests.support.face import Face
from tests.support.promises import Findings, Promises, declare
from tests.support.proxy import Proxy
from tests.support.servers import Server, running

WORKS = (
    *("incr", "push", "tag", "create", "update", "delete", "cascade"),
    *("bulk", "piped", "together", "watched", "read"),
)
NEIGHBOURS = 3


class Conversation:
    """A client that does one kind of work through a proxy, with neighbours on its line."""

    def __init__(self, face: Face, models: tuple[Any, Any], kind: str, proxy: Proxy, promises: Promises) -> None:
        self._face = face
        self._client = Client(face, models, kind, promises.note)
        self._neighbours = [Client(face, models, f"{kind}{n}", promises.note) for n in range(NEIGHBOURS)]
        self._work = getattr(Client, f"do_{kind}")
        self._proxy = proxy
        self._said = 0
        self.kind = kind

    @property
    def mixed_up(self) -> int:
        """How many reads gave what is another's."""
        return sum(client.mixed_up for client in (self._client, *self._neighbours))

    async def prepare(self) -> None:
        """Creates the accounts, and has the server know all scripts."""
        for client in (self._client, *self._neighbours):
            await client.open_account()
        await self.once(None)

    async def once(self, cut_after: dict[str, int] | None) -> None:
        """From a new connection to the last reply, cut somewhere."""
        await self._face.do(self._face.database.close())
        self._proxy.count(cut_after)
        self._said += 1
        token = f"{self.kind}-{self._said:06}"
        if self._face.is_async:
            await asyncio.gather(
                self._work(self._client, token),
                *(self._neighbour(client, f"{client._name}-{self._said:06}") for client in self._neighbours),
            )
        else:
            await self._work(self._client, token)

    async def _neighbour(self, client: Client, token: str) -> None:
        await client.do_incr(token)
        await client.do_read(token)

    async def lengths(self) -> dict[str, int]:
        """How many bytes are sent, and replied, if nothing is cut."""
        await self.once(None)
        return dict(self._proxy.passed)


async def cut_everywhere(face: Face, proxy: Proxy, kind: str, step: int) -> tuple[int, Findings]:
    """How often it was cut, and what came of it."""
    face.client.flushall()
    face.database = face.Database(port=proxy.port)
    models = declare(face.Model, face.database)
    promises = Promises()
    talk = Conversation(face, models, kind, proxy, promises)
    await Client(face, models, SHARED, promises.note).open_account()
    await talk.prepare()
    cuts = 0
    for what, length in (await talk.lengths()).items():
        for after in range(0, length + 1, step):
            await talk.once({what: after})
            cuts += 1
    proxy.count()
    await asyncio.sleep(0.05)  # what was sent whole may be done a little later
    findings = promises.judged(face.client, models)
    findings.doubled += talk.mixed_up
    findings += await checked(face)
    proxy.cut_all()
    return cuts, findings


def run(server: Server, face_name: str, step: int, works: tuple[str, ...] = WORKS) -> Iterator[tuple[int, Findings]]:
    """For each kind of work how often it was cut, and what came of it."""
    proxy = Proxy(server.port)
    face = Face(face_name, server)
    for kind in works:
        yield asyncio.run(cut_everywhere(face, proxy, kind, step))
    face.client.close()
    proxy.close()


def main() -> None:
    step, face = (*sys.argv[1:], *("1", "sync")[len(sys.argv) - 1 :])
    begun = time.perf_counter()
    cuts, total = 0, Findings()
    with running("valkey-9.1") as server:
        for some, findings in run(server, face, int(step)):
            cuts += some
            total += findings
    print(json.dumps({"times": cuts, **vars(total), "seconds": round(time.perf_counter() - begun, 1)}))
    sys.exit(1 if total.broken() else 0)


if __name__ == "__main__":
    main()
