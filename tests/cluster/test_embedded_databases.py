"""Databases on a private cluster: both faces, forked children, and a primary that is killed."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
import redis

from limpyd import RedisDatabase, RedisModel, fields
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import DeclarationError


def town(database, base=RedisModel, count=8):
    """Models under several names, so on several nodes."""
    body = {"database": database, "age": fields.InstanceHashField(type=int, indexable=True), "__module__": __name__}
    return [type(f"Person{number}", (base,), dict(body)) for number in range(count)]


@pytest.fixture(scope="module")
def database():
    database = RedisDatabase.embedded(nodes=3, replicas=1)
    yield database
    database.close()


def test_models_are_on_its_nodes(database):
    for model in town(database):
        assert model(age=1).age.hincrby(1) == 2
        assert model.collection(age=2).count() == 1
    client = database.connection
    sizes = [client.dbsize(target_nodes=node) for node in client.get_primaries()]
    assert len(sizes) == 3
    assert all(sizes)
    assert str(database) == "<RedisDatabase at embedded cluster of 3 primaries and 3 replicas>"


def test_the_other_face_is_reached_by_its_settings(database):
    model = town(database, count=1)[0]
    model(age=77)
    other = AsyncRedisDatabase(**database.connection_settings)
    (same,) = town(other, AsyncRedisModel, count=1)

    async def count():
        found = await same.collection(age=77).count()
        await other.close()
        return found

    assert asyncio.run(count()) == 1


def test_forked_children_share_it(database):
    person = town(database, count=1)[0](age=1)
    child = os.fork()
    if not child:
        person.age.hincrby(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert person.age.hget() == 2


def test_a_killed_primary_is_replaced_by_its_replica():
    database = RedisDatabase.embedded(nodes=3, replicas=1)
    model = town(database, count=1)[0]
    person = model(age=1)
    client = database.connection
    primary = client.get_node_from_key(f"{{{model._schema.keys.name}}}:pks")
    with redis.Redis(port=primary.port, password=client.get_connection_kwargs()["password"]) as node:
        node.wait(1, 5000)
        os.kill(node.info("server")["process_id"], signal.SIGKILL)
    assert person.age.hget() == 1
    assert person.age.hincrby(1) == 2
    assert model.check().ok
    database.close()


def test_after_a_close_it_is_a_new_one():
    database = RedisDatabase.embedded(nodes=1)
    model = town(database, count=1)[0]
    model(age=1)
    database.close()
    assert model.collection().count() == 0
    database.close()


def test_async():
    async def main():
        database = AsyncRedisDatabase.embedded(nodes=2)
        people = await asyncio.gather(*(model.create(age=1) for model in town(database, AsyncRedisModel)))
        assert await asyncio.gather(*(person.age.hincrby(1) for person in people)) == [2] * 8
        await database.connection.set("key", 1)
        await database.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"path": "data", "nodes": 3}, "keeps no data between runs; leave out nodes= or the path 'data'"),
        ({"replicas": 1}, "replicas=1 needs a cluster; pass nodes= as well"),
        ({"nodes": 0}, "takes nodes=, the number of its primaries, at least 1"),
    ],
)
def test_what_is_no_cluster_is_refused(arguments, message):
    with pytest.raises(DeclarationError, match=message):
        RedisDatabase.embedded(**arguments)
