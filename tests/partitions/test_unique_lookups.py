"""Queries by values that are unique over partitions are sent to the partitions that the claims name."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from limpyd import DoesNotExist, EqualIndex, EqualIndexWith, InstanceHashField, PKField, SetField, StringField
from tests.support.blocks import block

ODD = ["", " ", "a:b", "*", "{x}", "\0", "😀", "é" * 300]


@pytest.fixture
async def models(any_face):
    spread = any_face.Database(port=any_face.server.port, partitions=16)

    class Account(any_face.Model):
        database = spread
        name = PKField()
        email = StringField(unique=True)
        number = InstanceHashField(type=int, unique=True)
        codes = SetField(unique=True)
        city = InstanceHashField(
            indexable=True, indexes=[EqualIndexWith(other_fields=["street"], unique=True), EqualIndex]
        )
        street = InstanceHashField(indexable=True)

    rows = [
        {"name": f"n{n}", "email": f"e{n}", "number": n, "codes": [f"c{n}", f"d{n}"], "city": "here", "street": str(n)}
        for n in range(40)
    ]
    await any_face.do(Account.bulk_create(rows))
    await any_face.do(Account.collection(email="e0", city="here", codes="c0", number=0, street="0").count())
    yield SimpleNamespace(Account=Account, database=spread)
    await any_face.do(spread.close())


LOOKUPS = {
    "value": lambda model, n: model.collection(email=f"e{n}"),
    "number": lambda model, n: model.collection(number=n),
    "member": lambda model, n: model.collection(codes=f"d{n}"),
    "several fields": lambda model, n: model.collection(city="here", street=str(n)),
    "and others": lambda model, n: model.collection(city="here", email=f"e{n}"),
    "two": lambda model, n: model.collection(email=f"e{n}", number=n),
}


@pytest.mark.parametrize("lookup", LOOKUPS)
async def test_one_after_the_other_two_partitions_are_asked(any_face, models, lookup):
    found = LOOKUPS[lookup]
    await any_face.all(found(models.Account, 39))
    for number in range(0, 39, 6):
        with any_face.sent() as sent:
            assert await any_face.all(found(models.Account, number)) == [f"n{number}"]
        assert len(sent.names) == 2
    with any_face.sent() as sent:
        assert await any_face.all(found(models.Account, 99)) == []
    assert len(sent.names) == 1


async def test_calls(any_face, models):
    model = models.Account
    assert await any_face.do((await any_face.do(model.get(email="e5"))).number.hget()) == 5
    await any_face.refused(DoesNotExist, lambda: model.get(email="nobody"), match="nobody")
    assert [await any_face.do(model.exists(email=each)) for each in ("e5", "nobody")] == [True, False]
    assert await any_face.do(model.collection(email="e5").count()) == 1
    some = model.collection(number__in=[3, 99, 1, 2, 30]).sort(by="-number")
    assert await any_face.do(some.values_list("number", flat=True)[:]) == [30, 3, 2, 1]
    assert await any_face.do(some.values_list("number", flat=True)[1:3]) == [3, 2]
    assert sorted(await any_face.all(some.iterate())) == ["n1", "n2", "n3", "n30"]
    assert await any_face.all(model.collection(email="e1", number=2)) == []
    assert await any_face.all(model.collection(pk__in=["n1", "n2"], email="e2")) == ["n2"]
    assert await any_face.do(model.collection(number__in=[1, 2]).update(email=None)) == 2
    assert await any_face.do(model.exists(email="e1")) is False
    assert await any_face.do(model.collection(codes="c1").delete()) == 1
    assert await any_face.do(model.collection().count()) == 39


async def test_odd_values(any_face, models):
    for number, value in enumerate(ODD):
        await any_face.do(models.Account.create(name=f"odd {number}", email=value))
    for number, value in enumerate(ODD):
        assert await any_face.all(models.Account.collection(email=value)) == [f"odd {number}"]
    assert len(await any_face.all(models.Account.collection(email__in=ODD))) == len(ODD)


async def test_pipelines(any_face, models):
    async with block(any_face, models.database.pipeline()):
        found = [models.Account.get(email=f"e{number}") for number in range(5)]
        count = models.Account.collection(email="e7").count()
    assert count.value == 1
    assert [await any_face.do(each.value.pk.get()) for each in found] == [f"n{number}" for number in range(5)]


async def test_a_server_that_may_have_lost_claims_is_not_believed(any_face, models):
    for partition in models.Account._schema.keys.partitions:
        any_face.client.set(partition.history, "another")
        any_face.client.delete(partition.prefix + b"claim:email")
    assert await any_face.all(models.Account.collection(email="e5")) == ["n5"]
    assert sorted(await any_face.all(models.Account.collection(email__in=["e5", "e6", "none"]))) == ["n5", "n6"]


async def test_explanations(any_face, models):
    explained = await any_face.do(models.Account.collection(email="e5").explain())
    assert explained.asks == "1 of 16 partitions, by the claims of unique values"
    assert explained.round_trips == 2
    assert "reads first: the claims of UniqueIndex of Account.email" in str(explained)
    explained = await any_face.do(models.Account.collection(email__in=["e5", "nobody"]).explain())
    assert explained.asks.startswith("1 of 16")
