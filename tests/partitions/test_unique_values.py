"""Values that are unique over several partitions."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from types import SimpleNamespace

import pytest

from limpyd import EqualIndex, EqualIndexWith, InstanceHashField, PKField, SetField, StringField
from limpyd.exceptions import NotInPipeline, UniquenessError
from tests.support.blocks import block
from tests.support.claim_writers import World


@pytest.fixture
async def models(any_face):
    database_of_face = any_face.Database(port=any_face.server.port, partitions=4)

    class Claiming(any_face.Model):
        database = database_of_face
        email = InstanceHashField(unique=True, type=str)
        other = InstanceHashField(indexable=True)

    class Account(any_face.Model):
        database = database_of_face
        name = PKField()
        email = StringField(unique=True)
        number = InstanceHashField(type=int, unique=True)
        codes = SetField(unique=True)
        city = InstanceHashField(
            indexable=True, indexes=[EqualIndexWith(other_fields=["street"], unique=True), EqualIndex]
        )
        street = InstanceHashField(indexable=True)

    yield SimpleNamespace(Claiming=Claiming, Account=Account, database=database_of_face)
    await any_face.do(database_of_face.close())


@pytest.fixture
async def accounts(any_face, models):
    return [
        await any_face.do(
            models.Account.create(
                name=f"n{number}",
                email=f"e{number}",
                number=number,
                codes=[f"c{number}"],
                city="here",
                street=str(number),
            )
        )
        for number in range(12)
    ]


WRITES = {
    "create": lambda one, taken: one.create(name="new", email=f"e{taken}"),
    "create with a number": lambda one, taken: one.create(name="new", number=taken),
    "create with members": lambda one, taken: one.create(name="new", codes=["free", f"c{taken}"]),
    "create with values of several fields": lambda one, taken: one.create(name="new", city="here", street=str(taken)),
    "set": lambda one, taken: one.lazy_connect("n0").email.set(f"e{taken}"),
    "hset": lambda one, taken: one.lazy_connect("n0").number.hset(taken),
    "hincrby": lambda one, taken: one.lazy_connect("n0").number.hincrby(taken),
    "hmset": lambda one, taken: one.lazy_connect("n0").hmset(number=taken),
    "update": lambda one, taken: one.lazy_connect("n0").update(email="free", number=taken),
    "update of a part of several fields": lambda one, taken: one.lazy_connect("n0").street.hset(str(taken)),
    "sadd": lambda one, taken: one.lazy_connect("n0").codes.sadd("free", f"c{taken}"),
    "update of a collection": lambda one, taken: one.collection(pk="n0").update(email=f"e{taken}"),
}


@pytest.mark.parametrize("write", WRITES)
async def test_a_value_of_another_object_is_refused(any_face, models, accounts, write):
    before = sorted(any_face.client.scan_iter(count=1000))
    for taken in range(1, 12):  # in each partition, and kept by each
        error = await any_face.refused(UniquenessError, partial(WRITES[write], models.Account, taken))
        assert error.owner == f"n{taken}"
    after = any_face.client.scan_iter(count=1000)
    assert {key for key in after if re.search(b"}:(claim:|clock$|barred$)", key) is None} <= set(before)
    assert (await any_face.do(models.Account.check())).ok


async def test_what_is_given_up_is_free_for_others(any_face, models, accounts):
    first, second, third, *_ = accounts
    await any_face.do(first.email.set("another"))
    await any_face.do(second.email.set("e0"))
    await any_face.do(third.delete())
    await any_face.do(first.update(number=2, codes=["c2"]))
    await any_face.do(second.codes.srem("c1"))
    await any_face.do(first.codes.sadd("c1"))
    for filters, found in (({"email": "e0"}, "n1"), ({"number": 2}, "n0"), ({"codes": "c1"}, "n0")):
        assert [pk async for pk in each_of(any_face, models.Account.collection(**filters))] == [found]
    assert (await any_face.do(models.Account.check())).ok


async def each_of(face, collection):
    for item in await face.all(collection):
        yield item


async def test_its_own_value_is_no_conflict(any_face, models, accounts):
    await any_face.do(accounts[3].email.set("e3"))
    await any_face.do(accounts[3].update(email="e3", number=3))
    assert await any_face.do(accounts[3].codes.sadd("c3", "more")) == 1
    await any_face.do(accounts[3].update(codes=["more", "c3", "last"], city="here", street="3"))
    assert await any_face.do(accounts[3].codes.smembers()) == {"more", "c3", "last"}
    await any_face.do(accounts[3].update(street="elsewhere"))
    await any_face.do(accounts[3].update(street="3", city="here"))
    await any_face.do(accounts[3].codes.smove(accounts[3].codes, "c3"))
    await any_face.do(accounts[3].email.append(""))
    assert (await any_face.do(models.Account.check())).ok


async def test_requests(any_face, models):
    model = models.Claiming
    for number in range(30):  # in all partitions, whose catalogs are known then
        one = await any_face.do(model.create(email=f"before {number}", other="x"))
    for number in range(8):
        with any_face.sent() as sent:
            one = await any_face.do(model.create(email=f"e{number}"))
        assert sent.names == ["EVALSHA"]  # where the claim of its value is kept
    with any_face.sent() as sent:
        await any_face.do(one.email.hset("free"))
    # The script asks for the claim; beside the claim, values given up are looked for; and then it is written.
    assert sent.names[0] == sent.names[-1] == "EVALSHA"
    assert set(sent.names) <= {"EVALSHA", "LPOP"}
    assert len(sent.names) <= 4


async def test_claims_of_values_given_up_are_removed(any_face, models):
    world = World(models.Claiming, any_face.client)
    one = await any_face.do(models.Claiming.create(email="first"))
    for number in range(40):
        await any_face.do(one.email.hset(f"e{number}"))
    assert world.faults() == []
    assert sum(any_face.client.hlen(each.prefix + b"claim:email") for each in world.keys.partitions) < 6


async def test_a_pipeline_claims_all_values_first(any_face, models):
    objects = [await any_face.do(models.Claiming.create(email=f"e{number}")) for number in range(6)]
    async with block(any_face, models.database.pipeline()):
        for number, each in enumerate(objects):
            each.email.hset(f"new {number}")
            models.Claiming.create(email=f"more {number}")
    assert await any_face.do(models.Claiming.collection().count()) == 12
    assert [await any_face.do(each.email.hget()) for each in objects] == [f"new {number}" for number in range(6)]
    with pytest.raises(UniquenessError):
        async with block(any_face, models.database.pipeline()):
            objects[0].email.hset("a")
            refused = objects[1].email.hset("new 5")
            objects[2].email.hset("c")
    assert isinstance(refused.error, UniquenessError)
    assert [await any_face.do(each.email.hget()) for each in objects[:3]] == ["a", "new 1", "c"]
    assert World(models.Claiming, any_face.client).faults() == []


async def test_a_transaction_writes_all_or_nothing(any_face, models):
    one = await any_face.do(models.Claiming.create(email="one"))
    await any_face.do(models.Claiming.create(email="taken"))
    async with block(any_face, models.database.transaction()):
        one.email.hset("two")
        one.update(email="three", other="x")
    assert await any_face.do(one.email.hget()) == "three"
    with pytest.raises(UniquenessError):
        async with block(any_face, models.database.transaction()):
            one.other.hset("y")
            one.email.hset("taken")
    assert await any_face.do(one.other.hget()) == "x"
    assert World(models.Claiming, any_face.client).faults() == []


async def test_a_transaction_that_watches_claims_what_its_scripts_ask_for(any_face, models):
    one = await any_face.do(models.Claiming.create(email="one", other="x"))
    await any_face.do(models.Claiming.create(email="taken"))

    def change(email):
        async def in_async(transaction):
            value = await one.other.hget()
            transaction.multi()
            one.email.hset(email)
            one.other.hset(value + "y")

        def in_sync(transaction):
            value = one.other.hget()
            transaction.multi()
            one.email.hset(email)
            one.other.hset(value + "y")

        return in_async if any_face.is_async else in_sync

    for number in range(6):
        await any_face.do(models.database.transaction(change(f"free {number}"), one.other))
    assert await any_face.do(one.other.hget()) == "x" + "y" * 6
    await any_face.refused(UniquenessError, lambda: models.database.transaction(change("taken"), one.other))
    assert await any_face.do(one.other.hget()) == "x" + "y" * 6
    assert World(models.Claiming, any_face.client).faults() == []


async def test_within_multi_and_exec_it_is_refused(any_face, models):
    one = await any_face.do(models.Claiming.create(email="one", other="x"))
    with pytest.raises(NotInPipeline, match=r"use transaction\(\)"):
        async with block(any_face, models.database.pipeline(transaction=True)):
            one.email.hset("two")
    async with block(any_face, models.database.pipeline(transaction=True)):
        found = one.email.hget()
    assert found.value == "one"


async def test_of_many_at_once_one_gets_each_value(any_face, models):
    if not any_face.is_async:
        return
    made = await asyncio.gather(
        *(models.Claiming.create(email=f"e{number % 10}") for number in range(50)), return_exceptions=True
    )
    assert sum(isinstance(each, UniquenessError) for each in made) == 40
    assert await models.Claiming.collection().count() == 10
    assert World(models.Claiming, any_face.client).faults() == []
