"""Servers that refuse: full, unable to save, replicas, busy. Nothing of a call is done, and its error says so."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis

from limpyd import EqualIndex, FKInstanceHashField, InstanceHashField, ListField, SetField, StringField
from limpyd.exceptions import LimpydError, ServerError, ServerUnreachable
from tests.faults.programs.accidents import ENDLESS
from tests.support.blocks import block
from tests.support.expected_indexes import state
from tests.support.face import Face
from tests.support.servers import free_port, running

pytestmark = pytest.mark.each_face


@pytest.fixture(scope="module")
def refusing():
    with running("valkey-9.1") as server:
        yield server


@contextmanager
def full(server, client):
    client.config_set("maxmemory", 1)
    try:
        yield "maxmemory"
    finally:
        client.config_set("maxmemory", 0)


@contextmanager
def unable_to_save(server, client):
    in_the_way = Path(server.folder) / "dump.rdb"
    in_the_way.unlink(missing_ok=True)
    in_the_way.mkdir()
    client.config_set("save", "3600 1")
    saved(client)
    try:
        yield "MISCONF"
    finally:
        client.config_set("save", "")
        in_the_way.rmdir()
        saved(client)


def saved(client):
    client.bgsave()
    while client.info("persistence")["rdb_bgsave_in_progress"]:
        pass


@contextmanager
def replica(server, client):
    client.replicaof("127.0.0.1", free_port())
    try:
        yield "connect to the primary"
    finally:
        client.replicaof("NO", "ONE")


@contextmanager
def replica_without_primary(server, client):
    client.config_set("replica-serve-stale-data", "no")
    client.replicaof("127.0.0.1", free_port())
    try:
        yield "connect to the primary"
    finally:
        client.replicaof("NO", "ONE")
        client.config_set("replica-serve-stale-data", "yes")


@contextmanager
def without_replicas(server, client):
    client.config_set("min-replicas-to-write", 1)
    try:
        yield "NOREPLICAS"
    finally:
        client.config_set("min-replicas-to-write", 0)


@contextmanager
def busy(server, client):
    def run():
        with server.client() as other, suppress(redis.ResponseError):
            other.eval(ENDLESS, 0)

    client.config_set("busy-reply-threshold", 1)
    endless = threading.Thread(target=run)
    endless.start()
    while True:
        try:
            client.ping()
        except redis.ResponseError:
            break
    try:
        yield "BUSY"
    finally:
        client.script_kill()
        endless.join()
        client.config_set("busy-reply-threshold", 5000)


def lowered(text):
    return text.lower()


@pytest.mark.parametrize("refusal", [full, unable_to_save, replica, replica_without_primary, without_replicas, busy])
@pytest.mark.parametrize("name", ["sync", "async"])
async def test_nothing_is_done_and_it_is_told(refusing, name, refusal):
    face = Face(name, refusing)
    face.client.flushall()

    class Owner(face.Model):
        database = face.database
        name = InstanceHashField(unique=True)

    class Thing(face.Model):
        database = face.database
        text = StringField(indexable=True)
        entry = InstanceHashField(unique=True)
        tags = SetField(indexable=True)
        queue = ListField()
        owner = FKInstanceHashField(Owner, on_delete="cascade")
        title = InstanceHashField(indexes=[EqualIndex(transform=lowered)])

    owner = await face.do(Owner.create(name="o"))
    one = await face.do(Thing.create(text="a", entry="a", tags=["a", "b"], queue=["x"], owner=owner, title="T"))
    two = await face.do(Thing.create(text="b", entry="b"))

    async def pipeline():
        async with block(face, face.database.pipeline()):
            one.text.set("q")
            two.tags.sadd("q")

    async def transaction():
        async with block(face, face.database.transaction()):
            one.text.set("q")
            two.tags.sadd("z")
            one.queue.rpush("p")

    async def watched():
        def body(transaction):
            transaction.multi()
            one.text.set("w")
            one.queue.rpush("w")

        async def body_later(transaction):
            body(transaction)

        await face.do(face.database.transaction(body_later if face.is_async else body, "some key"))

    grows = [
        lambda: Thing.create(text="n", entry="n", tags=["a"]),
        lambda: Thing.get_or_connect(entry="zz"),
        lambda: one.update(text="u", tags=["u"]),
        lambda: one.title.hset("New"),
        lambda: one.text.append("x"),
        lambda: one.queue.rpush("y"),
        lambda: Thing.bulk_create([{"entry": f"k{number}"} for number in range(5)]),
        lambda: Thing.bulk_update([("1", {"text": "t"})]),
        lambda: Thing.collection(text="a").update(text="c"),
        lambda: Thing.collection(text="a").store(),
        pipeline,
        transaction,
        watched,
    ]
    frees = [
        lambda: one.queue.blpop(timeout=0.1),
        lambda: one.text.delete(),
        lambda: Thing.collection(entry="b").delete(),
        lambda: Thing.bulk_delete(["1", "2"]),
        lambda: owner.delete(),
        lambda: Thing.clear_indexes(),
        lambda: Thing.rebuild_indexes(),
    ]
    before = state(face.client)
    with refusal(refusing, face.client) as said:
        for call in grows if refusal is full else grows + frees:
            with pytest.raises((ServerError, ServerUnreachable)) as caught:
                await face.do(call())
            assert said in str(caught.value), call
            assert ".." not in str(caught.value)
        reads = refusal not in {busy, replica_without_primary}
        if reads:
            assert await face.do(one.text.get()) == "a"
            assert await face.do(Thing.collection(tags="b", text="a").all()) == ["1"]
    assert state(face.client) == before
    for call in grows + frees[:-2]:
        with suppress(LimpydError):  # such as a reference to what is deleted
            await face.do(call())
    report = await face.do(face.database.check())
    assert not report.found
    await face.do(face.database.close())
    face.client.close()


@pytest.mark.parametrize("name", ["sync", "async"])
async def test_an_index_is_not_built_by_half(refusing, name):
    """A server that becomes full while an index is built: it counts as not built, and is built later."""
    face = Face(name, refusing)
    face.client.flushall()

    class Thing(face.Model):
        database = face.database
        entry = InstanceHashField(indexable=True)

    await face.do(Thing.bulk_create([{"entry": str(number)} for number in range(3000)]))
    await face.do(Thing.clear_indexes())

    def filled():
        with refusing.client() as client:
            while not client.exists("{thing}:eq:entry:1") and not stopped.is_set():
                pass
            client.config_set("maxmemory", 1)

    stopped = threading.Event()
    filling = threading.Thread(target=filled)
    filling.start()
    outcome = None
    try:
        await face.do(Thing.rebuild_indexes())
    except LimpydError as error:
        outcome = error
    stopped.set()
    filling.join()
    face.client.config_set("maxmemory", 0)
    if outcome is not None:
        assert "maxmemory" in str(outcome)
        await face.refused(LimpydError, lambda: Thing.collection(entry="5").all(), match="not built")
        await face.do(Thing.rebuild_indexes())
    assert len(await face.do(Thing.collection(entry="5").all())) == 1
    assert not (await face.do(face.database.check())).found
    await face.do(face.database.close())
    face.client.close()


@pytest.mark.parametrize("refusal", [replica, replica_without_primary])
@pytest.mark.parametrize("name", ["sync", "async"])
async def test_connections_to_a_replica_are_left(refusing, name, refusal):
    """The next ones find the primary, by Sentinel or behind one address."""
    face = Face(name, refusing)
    face.client.flushall()

    class Thing(face.Model):
        database = face.database
        text = StringField()

    def connections():
        mine = face.client.client_id()
        return {client["id"] for client in face.client.client_list(_type="normal")} - {str(mine)}

    async def pipeline():
        async with block(face, face.database.pipeline()):
            one.text.set("y")

    one = await face.do(Thing.create(text="x"))
    refused = [lambda: one.text.set("y"), pipeline]
    if refusal is replica_without_primary:
        refused.append(one.text.get)
    for call in refused:
        assert await face.do(one.text.get()) == "x"
        before = connections()
        with refusal(refusing, face.client) as said:
            await face.refused(LimpydError, call, match=said)
            await asyncio.sleep(0.05)
            assert not connections() & before
    await face.do(face.database.close())
    face.client.close()


@pytest.mark.parametrize("name", ["sync", "async"])
async def test_a_replica_serves_reads(refusing, name):
    """Also to a process that has not asked it anything before."""
    face = Face(name, refusing)
    face.client.flushall()

    def declare(database_):
        class Thing(face.Model):
            database = database_
            text = StringField(indexable=True)

        return Thing

    await face.do(declare(face.database).create(text="x"))
    with replica(refusing, face.client):
        database = face.Database(port=refusing.port)
        seen = declare(database)
        assert await face.do(seen.collection(text="x").values_list("text", flat=True).all()) == ["x"]
        assert await face.do((await face.do(seen.get(1))).text.get()) == "x"
        async with block(face, database.transaction()):
            text = seen.lazy_connect(1).text.get()
        assert text.value == "x"
        assert not (await face.do(database.check())).found
        await face.do(database.close())
    await face.do(face.database.close())
    face.client.close()
