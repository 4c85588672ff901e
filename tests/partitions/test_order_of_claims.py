"""A pipeline executes writes of values that are unique over several partitions in their place among the others."""

from types import SimpleNamespace

import pytest

from limpyd import InstanceHashField, ListField, SetField, StringField
from limpyd.exceptions import ConditionFailed, UniquenessError
from tests.support.blocks import block


@pytest.fixture
async def models(any_face):
    given = any_face.Database(port=any_face.server.port, partitions=4)

    class Account(any_face.Model):
        database = given
        name = InstanceHashField(unique=True)
        mail = StringField(unique=True)
        codes = SetField(unique=True)
        keys = ListField(unique=True)
        number = InstanceHashField(type=int, unique=True)

    yield SimpleNamespace(Account=Account, database=given)
    await any_face.do(given.close())


WRITES = {
    "name": ("a", lambda one: one.name.hset("b"), lambda one: one.name.hget(), lambda one: one.name.hdel(), None),
    "hmset": ("a", lambda one: one.hmset(name="b"), lambda one: one.name.hget(), lambda one: one.name.hdel(), None),
    "update": ("a", lambda one: one.update(name="b"), lambda one: one.name.hget(), lambda one: one.name.hdel(), None),
    "mail": ("a", lambda one: one.mail.set("b"), lambda one: one.mail.get(), lambda one: one.mail.delete(), None),
    "codes": ({"a"}, lambda one: one.codes.sadd("b"), lambda one: one.codes.sismember("b"),
              lambda one: one.codes.srem("b"), False),
    "keys": (["a"], lambda one: one.keys.rpush("b"), lambda one: one.keys.lindex(-1),
             lambda one: one.keys.lrem(0, "b"), "a"),
}  # fmt: skip
"""By field, or call: the first value, a write of another one, a read, what removes it, and what is read then."""


@pytest.mark.parametrize("kind", WRITES)
async def test_what_follows_sees_it(any_face, models, kind):
    do, account = any_face.do, models.Account
    field = "name" if kind in {"hmset", "update"} else kind
    first, write, read, remove, rest = WRITES[kind]
    for _ in range(6):  # in all partitions
        one = await do(account.create(**{field: first}))
        async with block(any_face, models.database.pipeline()):
            write(one)
            found = read(one)
            remove(one)
            after = read(one)
        assert found.value == (True if kind == "codes" else "b")
        assert after.value == rest
        assert await do(read(one)) == rest
        assert (await do(account.check())).ok
        await do(one.delete())


async def test_queries_see_it(any_face, models):
    for number in range(6):
        one = await any_face.do(models.Account.create(name=f"a{number}"))
        async with block(any_face, models.database.pipeline()):
            one.name.hset(f"b{number}")
            count = models.Account.collection(name=f"b{number}").count()
        assert count.value == 1


async def test_writes_under_a_condition_claim_nothing_in_vain(any_face, models):
    do, account = any_face.do, models.Account
    one = await do(account.create(name="a", number=1))
    for number in range(10):
        assert await do(one.name.hsetnx(f"b{number}")) is False
        await any_face.refused(ConditionFailed, lambda n=number: one.update(name=f"c{n}", if_=account.number == 5))
    client, partitions = any_face.client, account._schema.keys.partitions
    assert sum(client.hlen(each.prefix + b"claim:name") for each in partitions) == 1


async def test_what_only_the_server_knows_comes_later(any_face, models):
    do = any_face.do
    one = await do(models.Account.create(number=1))
    async with block(any_face, models.database.pipeline()):
        one.number.hincrby(1000)
    assert await do(one.number.hget()) == 1001


GIVEN_UP = {
    "name": (lambda one: one.name.hset(f"of {one._pk}"), lambda one: one.name.hset("a")),
    "hmset": (lambda one: one.hmset(name=f"of {one._pk}"), lambda one: one.update(name="a")),
    "codes": (lambda one: one.codes.srem("a"), lambda one: one.codes.sadd("a")),
}
"""How an object gives up the value `a`, and how another one gets it, by field or call."""


@pytest.mark.parametrize("is_atomic", [True, False])
@pytest.mark.parametrize("kind", GIVEN_UP)
async def test_a_value_that_another_object_gives_up_before(any_face, models, kind, is_atomic):
    do, account = any_face.do, models.Account
    give_up, take = GIVEN_UP[kind]
    field = "codes" if kind == "codes" else "name"
    value = {"a"} if field == "codes" else "a"
    first = await do(account.create(**{field: value}))
    partition = account._schema.keys.partition
    others = [await do(account.create(number=number)) for number in range(12)]
    beside = [one for one in others if partition(one._pk_bytes) is partition(first._pk_bytes)]
    for other in beside[:2] if is_atomic else others[:4]:
        async with block(any_face, models.database.transaction() if is_atomic else models.database.pipeline()):
            give_up(first)
            take(other)
        assert await any_face.all(account.collection(**{field: "a"})) == [other._pk]
        first = other
    assert (await do(account.check())).ok


@pytest.mark.parametrize("is_taken", [True, False])
async def test_a_value_that_several_writes_name(any_face, models, is_taken):
    do, account = any_face.do, models.Account
    if is_taken:
        await do(account.create(name="a"))
    for _ in range(5):  # in all partitions
        one = await do(account.create(number=1))
        async with block(any_face, models.database.pipeline()) as pipe:
            one.name.hset("a")
            one.name.hdel()
            one.hmset(name="a")
            one.update(name="a", number=2)
            found = await do(pipe.execute(raise_on_error=False))
        refused = [isinstance(result, UniquenessError) for result in found]
        assert refused == [is_taken, False, is_taken, is_taken], found
        assert await do(one.name.hget()) == (None if is_taken else "a")
        assert (await do(account.check())).ok
        await do(one.delete())


@pytest.mark.parametrize("is_atomic", [True, False])
async def test_a_value_that_another_object_keeps(any_face, models, is_atomic):
    do, account = any_face.do, models.Account
    first = await do(account.create(name="a"))
    for _ in range(4):
        other = await do(account.create(number=1))
        with pytest.raises(UniquenessError, match="already belongs to Account"):
            async with block(any_face, models.database.transaction() if is_atomic else models.database.pipeline()):
                other.name.hset("a")
        await do(other.delete())
    assert await any_face.all(account.collection(name="a")) == [first._pk]
    assert (await do(account.check())).ok
