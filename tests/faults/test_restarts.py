"""A server that has been started again, and one that is still loading its data."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from limpyd import StringField
from limpyd.exceptions import ServerUnreachable
from tests.support.blocks import block
from tests.support.face import Face
from tests.support.servers import BINARIES, NEWEST, Server

pytestmark = pytest.mark.each_face

DURABLE = ("--appendonly", "yes", "--appendfsync", "always")
ENTRIES = 10000  # while it loads, a server looks at its connections after every 1024 entries


class SlowlyLoading(Server):
    """A server that takes its time to load, and is not waited for."""

    def start_slowly(self) -> None:
        delay = ("--key-load-delay", "60")  # microseconds, for each entry
        where = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder]
        self.process = subprocess.Popen([self.binary, *where, *self.options, *delay], stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("name", ["sync", "async"])
async def test_a_server_that_is_still_loading(name):
    server = SlowlyLoading(BINARIES[NEWEST], *DURABLE)
    try:
        face = Face(name, server)

        class Counter(face.Model):
            database = face.database
            count = StringField(type=int)

        counter = await face.do(Counter.create(count=0))
        with server.client() as client, client.pipeline(transaction=False) as pipe:
            for number in range(ENTRIES):
                pipe.set(f"filler {number}", "x")
            pipe.execute()
        server.kill()
        await asyncio.sleep(0.1)  # so that the loss of the connection is noticed
        server.start_slowly()
        refused = 0
        for _ in range(500):
            try:
                if refused % 2:
                    async with block(face, face.database.pipeline()):
                        pending = counter.count.incr()
                    assert pending.value == 1
                else:
                    assert await face.do(counter.count.incr()) == 1
                break
            except ServerUnreachable as error:
                refused += "loading" in str(error)
                await asyncio.sleep(0.02)
        assert refused > 2
        assert await face.do(counter.count.get()) == 1
        await face.do(face.database.close())
        face.client.close()
    finally:
        server.stop()
