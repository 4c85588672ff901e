"""Data that redis-limpyd 2.1.2 wrote becomes that of limpyd's own layout."""

import json
import random
import time

import pytest

from limpyd import (
    GeoField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    TextRangeIndex,
)
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import InvalidValue
from limpyd.testing import assert_requests
from tests.limpyd2.programs.declared import declare
from tests.support.forks import Forked, run
from tests.support.limpyd2.peers import limpyd2
from tests.support.limpyd2.random_orders import call, random_order
from tests.support.servers import running


@pytest.fixture(scope="module")
def server():
    with running("valkey-9.1") as server:
        yield server


@pytest.fixture
def client(server):
    with server.client() as client:
        client.flushall()
        yield client


def values_of(models):
    """All that objects hold, and what some filters find."""
    person = models["Person"]
    held = {each["pk"]: each for each in person.collection().values()}
    found = [
        sorted(person.collection(**filters))
        for filters in (
            {"name": "a"},
            {"age__gte": 0},
            {"bio__lower__gte": "a"},
            {"bio__first": "a"},
            {"born__year": 2015},
            {"tags": "a"},
            {"words__gte": "a"},
            {"headers__from": "a"},
            {"sizes__to__gte": 0},
            {"seen__hour__gte": 1},
        )
    ]
    return held, found


def without_odd_numbers(person):
    """limpyd 2 keeps what is no number as 0; limpyd's own index refuses it."""
    for one in person.collection().instances():
        one.sizes.delete()
        if one.weight.get() == "no number":
            one.weight.delete()
        for field in (one.age, one.badge):
            if field.hget() == "no number":
                field.hdel()


def test_what_limpyd_2_wrote_is_all_there(server, client):
    with limpyd2(server.port) as old:
        pks = []
        for number in range(150):
            answer = old.answer(**(order := random_order(random.Random(number), pks, number)))
            if order["do"] == "create":
                pks.append(answer["reply"])
        owner = old(do="create", model="Owner", values={"name": "o"})
        book = old(do="create", model="Book", values={"isbn": "a b", "owner": owner, "lender": owner})
        old(**call(book, "readers", "sadd", owner, model="Book"))
    kept_by_limpyd_2 = declare(RedisDatabase(port=server.port, layout="limpyd2"))
    without_odd_numbers(kept_by_limpyd_2["Person"])
    before = values_of(kept_by_limpyd_2)
    assert len(before[0]) > 5
    database = RedisDatabase(port=server.port)
    models = declare(database)
    told = []
    for name, model in models.items():
        moved = model.migrate_from_limpyd2(progress=lambda done, whole: told.append((done, whole)))
        assert (moved.conflicts, moved.kept) == ([], []), name
    assert told[-1][0] == told[-1][1]
    assert values_of(models) == before
    assert models["Owner"](owner).books().primary_keys() is not None
    assert list(models["Owner"](owner).books()) == list(models["Owner"](owner).read()) == [book]
    assert database.check().ok
    assert all(key.startswith(b"{") for key in client.keys("*"))
    assert models["Person"](name="new").pk.get() not in pks


def legacy(database_, **fields):
    return type("Thing", (RedisModel,), {"database": database_, "namespace": "n", **fields})


def test_types_and_indexes_may_be_others_afterwards(server, client):
    old = legacy(
        RedisDatabase(port=server.port, layout="limpyd2"),
        age=InstanceHashField(indexable=True),
        name=StringField(unique=True),
        tags=SetField(indexes=[TextRangeIndex]),
    )
    for number in range(30):
        thing = old(age=str(number), name=f"n{number}", tags=[f"t{number}"])
        thing.age.hset(str(number))
    odd = old(age="many", name="odd")
    new = legacy(
        RedisDatabase(port=server.port),
        age=InstanceHashField(type=int, indexes=[NumberRangeIndex]),
        name=StringField(unique=True),
        tags=SetField(indexable=True),
        place=GeoField(),
    )
    moved = new.migrate_from_limpyd2()
    assert moved.objects == 30
    assert [(conflict.pk, type(conflict.error)) for conflict in moved.conflicts] == [(odd.pk.get(), InvalidValue)]
    assert odd.age.hget() == "many"
    assert list(old.collection(name="odd")) == [odd.pk.get()]
    odd.age.hset("99")
    assert new.migrate_from_limpyd2() == (1, [], [])
    assert new.collection(age__gte=20).count() == 11
    assert new.check().ok
    assert all(key.startswith(b"{") for key in client.keys("*"))


def test_expiries_are_kept_and_leftovers_are_told(server, client):
    old = legacy(RedisDatabase(port=server.port, layout="limpyd2"), text=StringField(), items=ListField())
    thing = old(text="x", items=["a", "b"])
    thing.text.expire(1000)
    client.set("n:thing:gone:text", "half an object")
    client.sadd("n:thing:text:stale", "7")
    new = legacy(RedisDatabase(port=server.port), text=StringField(), items=ListField())
    moved = new.migrate_from_limpyd2()
    assert moved == (1, [], ["n:thing:gone:text"])
    assert 900 < new(thing.pk.get()).text.ttl() <= 1000
    assert new(thing.pk.get()).items.lrange(0, -1) == ["a", "b"]
    assert client.exists("n:thing:text:stale") == 0


def test_its_requests_are_counted(server, client):
    old = legacy(RedisDatabase(port=server.port, layout="limpyd2"), text=StringField(indexable=True))
    new = legacy(RedisDatabase(port=server.port), text=StringField(indexable=True))
    with assert_requests(2):  # a step that finds nobody, and a look at what is left of the keys
        new.migrate_from_limpyd2()
    old.bulk_create({"text": str(number)} for number in range(1000))
    with assert_requests(at_most=40):  # steps of about 100 objects, a second pass, and about 500 keys at a time
        assert new.migrate_from_limpyd2().objects == 1000


async def test_the_async_face(server, client):
    old = legacy(RedisDatabase(port=server.port, layout="limpyd2"), text=StringField(indexable=True))
    old(text="x")
    database = AsyncRedisDatabase(port=server.port)
    new = type(
        "Thing", (AsyncRedisModel,), {"database": database, "namespace": "n", "text": StringField(indexable=True)}
    )
    assert (await new.migrate_from_limpyd2()).objects == 1
    assert await new.collection(text="x").all() == ["1"]
    await database.close()


def test_a_model_of_that_layout_is_not_migrated(server, client):
    old = legacy(RedisDatabase(port=server.port, layout="limpyd2"), text=StringField())
    for operation in (old.migrate_from_limpyd2, lambda: old.rename_from("x:y"), lambda: old.rename_field("a", "text")):
        with pytest.raises(InvalidValue, match="layout"):
            operation()


PROGRAM = """
from limpyd import *
database = RedisDatabase(port={port})
class Thing(RedisModel):
    database = database
    namespace = "n"
    name = InstanceHashField(indexable=True)
    number = StringField(unique=True)
    tags = SetField(indexable=True)
"""


def test_killed_at_any_moment_it_goes_on(server, client, tmp_path):
    fields = {
        "name": InstanceHashField(indexable=True),
        "number": StringField(unique=True),
        "tags": SetField(indexable=True),
    }
    old = legacy(RedisDatabase(port=server.port, layout="limpyd2"), **fields)
    old.bulk_create(
        {"name": f"n{number % 7}", "number": str(number), "tags": ["a", str(number)]} for number in range(1200)
    )
    (tmp_path / "things.py").write_text(PROGRAM.format(port=server.port))
    command = ["-m", "limpyd", "migrate", "things:Thing", "--json"]
    kills = 0
    for _ in range(20):
        process = Forked(*command, cwd=tmp_path)
        while process.poll() is None and client.scard("{n:thing}:pks") <= 200 * (kills + 1):
            time.sleep(0.005)
        ended = process.poll() is not None
        process.kill()
        process.communicate()
        if ended:
            break
        kills += 1
    assert kills >= 3
    process = run(*command, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert json.loads(process.stdout)["migrated"][0]["conflicts"] == []
    new = legacy(RedisDatabase(port=server.port), **fields)
    assert new.collection().count() == 1200
    assert sorted(new.collection().values_list("number", flat=True), key=int) == [str(number) for number in range(1200)]
    assert new.check().ok
    assert all(key.startswith(b"{") for key in client.keys("*"))
