"""Reads from the replicas of a cluster: the node that is asked, what no replica is asked, and replicas that fail."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from functools import partial

import pytest

from limpyd import InstanceHashField, ListField, RedisDatabase, RedisModel, SetField, VersionField
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.drivers.cluster import replicas as replica_settings
from limpyd.exceptions import DeclarationError, DoesNotExist, ServerUnreachable
from tests.support.clusters import cluster_of
from tests.support.node_counts import counted
from tests.support.servers import OLDEST

COUNT = 24
on_one_server = pytest.mark.parametrize("replicated", ["valkey-9.1"], indirect=True)


def declared(database, base):
    return type(
        "Reader",
        (base,),
        {
            "database": database,
            "namespace": "replicas",
            "partitions": 8,
            "email": InstanceHashField(unique=True),
            "city": InstanceHashField(indexable=True),
            "age": InstanceHashField(type=int, indexable=True),
            "tags": SetField(indexable=True),
            "jobs": ListField(),
            "version": VersionField(),
            "__module__": __name__,
        },
    )


@pytest.fixture
def database(replicated):
    replicated.wait_until_replicas_are_named()
    database = RedisDatabase(nodes=replicated.addresses, read_from="replica", socket_timeout=1)
    yield database
    database.close()


@pytest.fixture
def model(database, replicated):
    """A model, whose objects are known to all replicas."""
    model = declared(database, RedisModel)
    for number in range(COUNT):
        model(email=f"e{number}", city=f"c{number % 3}", age=number, tags=["x"])
    assert model.collection(city="c1").count() == COUNT // 3
    in_step(replicated)
    return model


def in_step(cluster):
    """Waits until all replicas have what their primaries have."""
    for node in cluster.primaries():
        node.call("WAIT", len(cluster.replicas(node)), 2000)


def by_role(cluster, found):
    """The numbers of commands that primaries and replicas ran."""
    primaries = cluster.primaries()
    return (
        sum(sum(each.values()) for node, each in found.items() if node in primaries),
        sum(sum(each.values()) for node, each in found.items() if node not in primaries),
    )


READS = {
    "hget": lambda model, one: one.age.hget(),
    "hmget": lambda model, one: one.hmget("age", "city"),
    "smembers": lambda model, one: one.tags.smembers(),
    "lrange": lambda model, one: one.jobs.lrange(0, -1),
    "exists": lambda model, one: model.exists(pk=one.pk.get()),
    "get": lambda model, one: model.get(one.pk.get()),
    "a lazy read": lambda model, one: model.lazy_connect(one.pk.get()).age.hget(),
    "count": lambda model, one: model.collection(city="c1").count(),
    "a range": lambda model, one: model.collection(age__gte=3).instances()[:],
    "a page": lambda model, one: model.collection(city="c1").sort(by="-age").values("age")[:5],
    "a page by cursor": lambda model, one: model.collection(city="c1").sort(by="age").page(5),
    "explain": lambda model, one: model.collection(city="c1", age__gte=3).explain(),
}


@on_one_server
def test_reads_go_to_replicas(replicated, database, model):
    one = model.get(email="e1")
    for name, read in READS.items():
        with counted(replicated.nodes) as found:
            read(model, one)
        at_primaries, at_replicas = by_role(replicated, found)
        assert (at_primaries, at_replicas > 0) == (0, True), name


@pytest.mark.parametrize("replicated", ["redis-8.2", OLDEST], indirect=True)
def test_reads_go_to_replicas_on_other_servers(replicated, database, model):
    with counted(replicated.nodes) as found:
        ages = [one.age.hget() for one in model.collection(city="c1").sort(by="age").instances()]
    assert ages == [*range(1, COUNT, 3)]
    at_primaries, at_replicas = by_role(replicated, found)
    assert at_primaries == 0
    assert at_replicas > 0


def pipelined(database, *calls):
    with database.pipeline():
        for call in calls:
            call()


def decided(database, one):
    """A transaction that reads first."""

    def func(transaction):
        age = one.age.hget() + len(one.tags.smembers())
        transaction.multi()
        one.age.hset(age)

    database.transaction(func, one.age)


EXACT = {
    "create": lambda database, model, one: model(email="new"),
    "hset": lambda database, model, one: one.city.hset("c9"),
    "a unique value": lambda database, model, one: one.email.hset("other"),
    "get_or_connect": lambda database, model, one: model.get_or_connect(pk=one.pk.get()),
    "if_version": lambda database, model, one: one.update(age=3, if_version=1),
    "update of a collection": lambda database, model, one: model.collection(city="c1").update(age=50),
    "delete of a collection": lambda database, model, one: model.collection(city="c2").delete(),
    "delete": lambda database, model, one: one.delete(),
    "a pipeline that writes": lambda database, model, one: pipelined(
        database, lambda: one.age.hset(7), lambda: one.age.hget()
    ),
    "a transaction": lambda database, model, one: database.transaction(lambda _: one.age.hset(8)),
    "a transaction that watches": lambda database, model, one: decided(database, one),
    "iterate": lambda database, model, one: [*model.collection().iterate(chunk=5)],
    "sscan": lambda database, model, one: [*one.tags.sscan()],
    "check": lambda database, model, one: model.check(),
    "a sum": lambda database, model, one: model.collection(city="c1").sum("age"),
    "lpop": lambda database, model, one: one.jobs.lpop(),
}


@on_one_server
def test_what_must_be_exact_is_never_asked_of_replicas(replicated, database, model):
    for number, (name, call) in enumerate(EXACT.items()):
        one = model(email=f"exact {number}", age=1, tags=["y"])
        in_step(replicated)
        with counted(replicated.nodes) as found:
            call(database, model, one)
        replicas = set(replicated.nodes) - set(replicated.primaries())
        run = {command for node in replicas for command in found[node]}
        assert not run & NEVER_BY_REPLICATION, (name, run)


NEVER_BY_REPLICATION = {
    *("hget", "hmget", "smembers", "sismember", "smismember", "scard", "zrange", "zcount", "lrange", "evalsha"),
    *("eval", "sscan", "zscan", "hscan", "scan", "exists", "type", "hgetall"),
}
"""Commands that a replica runs only for its own clients: its primary sends it what was written."""


class TestAsync:
    @on_one_server
    def test_reads_and_what_must_be_exact(self, replicated, model):
        async def main():
            database = AsyncRedisDatabase(nodes=replicated.addresses, read_from="replica")
            again = declared(database, AsyncRedisModel)
            one = await again.get(email="e1")
            await again.collection(city="c1").count()
            with counted(replicated.nodes) as found:
                ages = await asyncio.gather(*(one.age.hget() for _ in range(30)))
                assert await again.collection(city="c1").count() == COUNT // 3
                assert len(await again.collection(age__gte=0).sort(by="age").values("age")[:5]) == 5
                assert await one.hmget("age") == [1]
            assert set(ages) == {1}
            at_primaries, at_replicas = by_role(replicated, found)
            assert at_primaries == 0
            assert at_replicas >= 30

            async def decide(transaction):
                age = await one.age.hget()
                transaction.multi()
                await one.age.hset(age + 1)

            with counted(replicated.replicas()) as found:
                await database.transaction(decide, one.age)
                await again.collection(city="c1").update(age=5)
                async with database.pipeline():
                    await one.age.hset(7)
                    age = one.age.hget()
                assert await age == 7
                assert [each async for each in again.collection().iterate()]
            assert not {command for each in found.values() for command in each} & NEVER_BY_REPLICATION
            await database.close()

        asyncio.run(main())

    @on_one_server
    def test_a_replica_that_is_killed(self, replicated, model):
        async def main():
            database = AsyncRedisDatabase(nodes=replicated.addresses, read_from="replica")
            again = declared(database, AsyncRedisModel)
            objects = [each async for each in again.collection(city="c1").instances()]
            for dead in replicated.replicas():
                dead.kill()
            assert sorted([await one.age.hget() for one in objects]) == [*range(1, COUNT, 3)]
            assert await again.collection(city="c1").count() == COUNT // 3
            await database.close()

        asyncio.run(main())


@contextmanager
def behind(cluster):
    """All replicas keep the data of now, and get no more of it."""
    replicas = cluster.replicas()
    for node in replicas:
        node.call("CONFIG", "SET", "masterauth", "wrong")
        node.call("CLIENT", "KILL", "TYPE", "master")
    try:
        yield
    finally:
        for node in replicas:
            node.call("CONFIG", "SET", "masterauth", "")


@on_one_server
class TestReplicasThatAreBehind:
    def test_reads_are_of_a_moment_ago(self, replicated, database, model):
        one = model.get(email="e1")
        with behind(replicated):
            one.age.hset(100)
            new = model(email="new", city="c1")
            assert one.age.hget() == 1
            assert model.collection(city="c1").count() == COUNT // 3
            with pytest.raises(DoesNotExist):
                model.get(new.pk.get())
            assert new.city.hget() is None
            with database.pipeline():
                one.jobs.rpush("a")
                age = one.age.hget()
            assert age.value == 100

    def test_a_watching_transaction_reads_what_is_there_now(self, replicated, database, model):
        one = model.get(email="e1")
        with behind(replicated):
            one.age.hset(100)
            decided(database, one)
        in_step(replicated)
        assert one.age.hget() == 101

    def test_an_index_that_a_replica_does_not_know_is_read_from_the_primary(self, replicated, database):
        with behind(replicated):
            model = declared(database, RedisModel)
            for number in range(COUNT):
                model(email=f"e{number}", city="c", age=number)
            assert model.collection(city="c").count() == COUNT
            assert len(model.collection(age__gte=3).sort(by="age").values("email")[:30]) == COUNT - 3

    def test_a_rebuilt_index(self, replicated, database):
        body = {"database": database, "partitions": 4, "city": InstanceHashField(indexable=True)}
        model = type("Rebuilt", (RedisModel,), {**body, "__module__": __name__})
        for _ in range(COUNT):
            model(city="c")
        model.clear_indexes()
        in_step(replicated)
        with behind(replicated):
            model.rebuild_indexes()
            assert model.collection(city="c").count() == COUNT


def serves(replica, one):
    """Returns whether a replica serves a read."""
    with counted([replica]) as found:
        assert one.age.hget() == 1
    return found[replica]["hget"]


class TestReplicasThatFail:
    @on_one_server
    def test_killed_ones(self, replicated, database, model):
        objects = model.collection(city="c1").instances()[:]
        for dead in replicated.replicas():
            dead.kill()
        assert sorted(one.age.hget() for one in objects) == [*range(1, COUNT, 3)]
        assert model.collection(city="c1").count() == COUNT // 3
        with database.pipeline():
            ages = [one.age.hget() for one in objects]
        assert sorted(age.value for age in ages) == [*range(1, COUNT, 3)]

    @on_one_server
    def test_one_that_says_nothing_is_asked_once(self, replicated, database, model):
        one = model.get(email="e1")
        silent = replicated.replicas(replicated.owner(model._schema.keys.partition(one._pk_bytes).slot))[0]
        silent.pause()
        seen = []
        with database.on_request(seen.append):
            assert [one.age.hget() for _ in range(5)] == [1] * 5
        silent.resume()
        reads = [event for event in seen if event.operations and event.operations[0].name == "hget"]
        assert [event.retry for event in reads] == [None, "reconnect", *[None] * 4]

    @on_one_server
    def test_those_that_come_back_serve_again(self, replicated, database, model, monkeypatch):
        monkeypatch.setattr(replica_settings, "AVOIDED", 0.05)
        monkeypatch.setattr(replica_settings, "LEARNED_AGAIN", 0.1)
        one = model.get(email="e1")
        replica = replicated.replicas(replicated.owner(model._schema.keys.partition(one._pk_bytes).slot))[0]
        replica.kill()
        assert one.age.hget() == 1
        replica.start()
        replicated.wait_until_settled()

        replicated.wait(partial(serves, replica, one), "the replica serves reads again")

    def test_ordered_failovers(self, replicated, database, model, monkeypatch):
        monkeypatch.setattr(replica_settings, "AVOIDED", 0.05)
        monkeypatch.setattr(replica_settings, "LEARNED_AGAIN", 0.1)
        one = model.get(email="e1")
        slot = model._schema.keys.partition(one._pk_bytes).slot
        for number in range(2 if replicated.name.startswith("valkey") else 1):
            replicated.fail_over(replicated.replicas(replicated.owner(slot))[0])
            assert [one.age.hget() for _ in range(5)] == [1] * 5
            one.city.hset(f"moved {number}")
            in_step(replicated)
            assert one.city.hget() == f"moved {number}"
            served = partial(serves, replicated.replicas(replicated.owner(slot))[0], one)
            replicated.wait(served, "the new replica serves reads")

    @on_one_server
    def test_forgotten_scripts(self, replicated, database, model):
        query = model.collection(city="c1", age__gte=3).sort(by="age")
        expected = query.values_list("age", flat=True)[:]
        for node in replicated.replicas():
            node.forget_scripts()
        with counted(replicated.primaries()) as found:
            assert query.values_list("age", flat=True)[:] == expected
        assert sum(map(sum, (each.values() for each in found.values()))) == 0


@pytest.mark.parametrize("replicated", ["valkey-9.1", "valkey-8.1"], indirect=True)
def test_slots_that_are_moved_by_keys(replicated, database, model):
    """Only Valkey's replicas know that their primary is moving a slot."""
    one = model.get(email="e1")
    slot = model._schema.keys.partition(one._pk_bytes).slot
    source = replicated.owner(slot)
    target = replicated.another(source)
    move = replicated.move(slot, target)
    while move.left():
        move.step(2)
        in_step(replicated)
        assert one.age.hget() == 1
        assert one.tags.smembers() == {"x"}
    move.finish([replicated.another(source, target)])
    assert model.collection(city="c1").count() == COUNT // 3
    assert one.age.hget() == 1


def test_replicas_are_drawn_evenly():
    with cluster_of("valkey-9.1", primaries=1, replicas=2) as cluster:
        cluster.wait_until_replicas_are_named()
        database = RedisDatabase(nodes=cluster.addresses, read_from="replica")
        one = declared(database, RedisModel)(email="e", age=1)
        in_step(cluster)
        with counted(cluster.replicas()) as found:
            assert {one.age.hget() for _ in range(200)} == {1}
            with database.pipeline():
                ages = [one.age.hget() for _ in range(10)]
        assert {age.value for age in ages} == {1}
        first, second = (each["hget"] for each in found.values())
        assert first + second == 210
        assert min(first, second) > 60
        database.close()


class TestSettings:
    def test_another_word(self):
        with pytest.raises(DeclarationError, match=r"read_from= takes 'primary' or 'replica'.*not 'nearest'"):
            RedisDatabase(nodes=[("127.0.0.1", 1)], read_from="nearest")

    def test_sentinel(self):
        with pytest.raises(DeclarationError, match="needs a cluster"):
            RedisDatabase(sentinels=[("127.0.0.1", 1)], service_name="main", read_from="replica")

    def test_an_embedded_server(self):
        with pytest.raises(DeclarationError, match="needs a cluster"):
            RedisDatabase.embedded(read_from="replica")

    def test_a_single_server(self, one_server):
        database = RedisDatabase(port=one_server.port, read_from="replica")
        with pytest.raises(DeclarationError, match="needs a cluster"):
            database.connect()
        database.close()

    def test_a_single_server_async(self, one_server):
        async def main():
            database = AsyncRedisDatabase(port=one_server.port, read_from="replica")
            with pytest.raises(DeclarationError, match="needs a cluster"):
                await database.connect()
            await database.close()

        asyncio.run(main())

    @on_one_server
    def test_an_account_that_may_not(self, replicated, model):
        for node in replicated.nodes:
            node.call("ACL", "SETUSER", "limited", "on", ">secret", "~*", "+@all", "-readonly")
        limited = {"username": "limited", "password": "secret"}
        database = RedisDatabase(nodes=replicated.addresses, read_from="replica", **limited)
        with pytest.raises(ServerUnreachable, match=r"(?i)no permissions.*needs this permission: \+readonly"):
            declared(database, RedisModel).get("1")
        database.close()
