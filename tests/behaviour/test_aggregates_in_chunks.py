"""Sums and counts by value of many objects: chunk by chunk, so that no request reads more than some of them."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from limpyd import InstanceHashField, SetField
from limpyd.exceptions import StoredValueError
from limpyd.query import aggregates
from tests.support.blocks import block

CHUNK = 20
OBJECTS = 700


@pytest.fixture
async def thing(any_face, monkeypatch):
    monkeypatch.setattr(aggregates, "CHUNK", CHUNK)

    class Thing(any_face.Model):
        database = any_face.database
        number = InstanceHashField(type=int, indexable=True)
        price = InstanceHashField(type=Decimal)
        ratio = InstanceHashField(type=float)
        half = InstanceHashField(indexable=True)
        text = InstanceHashField()
        tags = SetField(type=int)

    await any_face.do(
        Thing.bulk_create(
            {
                "number": at * 10**15,
                "price": Decimal(at) / 1000,
                "ratio": at * 1e200,
                "half": "yn"[at % 2],
                "text": str(at % 7),
                "tags": [at, at % 3],
            }
            for at in range(OBJECTS)
        )
    )
    return Thing


FOUND = {
    "all": (lambda thing: thing.collection(), lambda at: True),
    "a set": (lambda thing: thing.collection(half="n"), lambda at: at % 2),
    "a range": (lambda thing: thing.collection(number__gte=100 * 10**15), lambda at: at >= 100),
    "both": (lambda thing: thing.collection(number__gte=10**17, half="n"), lambda at: at >= 100 and at % 2),
    "one of many": (lambda thing: thing.collection(pk__in=range(1, 61)), lambda at: at < 60),
    "either": (lambda thing: thing.collection((thing.half == "n") | (thing.number == 0)), lambda at: at % 2 or not at),
    "none": (lambda thing: thing.collection(half="x"), lambda at: False),
    "nothing": (lambda thing: thing.collection(pk__in=[]), lambda at: False),
}


@pytest.mark.parametrize("name", FOUND)
async def test_they_come_to_the_same(any_face, thing, name):
    find, meets = FOUND[name]
    found, numbers = find(thing), [at for at in range(OBJECTS) if meets(at)]
    assert await any_face.do(found.sum("number")) == sum(numbers) * 10**15
    assert await any_face.do(found.sum("price")) == sum(map(Decimal, numbers)) / 1000
    assert await any_face.do(found.sum("ratio")) == pytest.approx(sum(numbers) * 1e200)
    assert await any_face.do(found.sum("tags")) == sum(sum({at, at % 3}) for at in numbers)
    average = await any_face.do(found.avg("number"))
    assert average == (sum(numbers) * 10**15 / len(numbers) if numbers else None)
    for field, of in (("price", lambda at: Decimal(at) / 1000), ("text", lambda at: str(at % 7))):
        expected = (min(map(of, numbers)), max(map(of, numbers))) if numbers else (None, None)
        assert (await any_face.do(found.min(field)), await any_face.do(found.max(field))) == expected
    assert await any_face.do(found.count_by("text")) == Counter(str(at % 7) for at in numbers)
    assert await any_face.do(found.count_by("tags")) == Counter(tag for at in numbers for tag in {at, at % 3})


async def test_no_request_reads_many(any_face, thing):
    every, few = thing.collection(), thing.collection(pk__in=range(1, CHUNK))
    await any_face.do(every.sum("number"))
    with any_face.sent() as sent:
        await any_face.do(every.sum("number"))
    assert OBJECTS / CHUNK / 2 <= len(sent.commands) <= 2 * OBJECTS / CHUNK
    with any_face.sent() as sent:
        await any_face.do(every.max("price"))
    assert OBJECTS / CHUNK / 2 <= len(sent.commands) <= 2 * OBJECTS / CHUNK
    for call in (few.sum, few.avg, few.count_by, few.min, few.max):
        with any_face.sent() as sent:
            await any_face.do(call("price"))
        assert len(sent.commands) == 1


async def test_a_pipeline_asks_once(any_face, thing):
    async with block(any_face, any_face.database.pipeline()):
        total, counts = thing.collection().sum("number"), thing.collection().count_by("half")
        lowest = thing.collection().min("price")
    assert total.value == sum(range(OBJECTS)) * 10**15
    assert lowest.value == 0
    assert counts.value == {"y": OBJECTS // 2, "n": OBJECTS // 2}
    async with block(any_face, any_face.database.transaction()):
        total = thing.collection().avg("number")
    assert total.value == sum(range(OBJECTS)) * 10**15 / OBJECTS


async def test_values_that_do_not_fit_are_named(any_face, thing):
    any_face.client.hset("{thing}:hash:77", "number", "many")
    refused = await any_face.refused(StoredValueError, lambda: thing.collection().sum("number"))
    assert refused.pk == "77"
    refused = await any_face.refused(StoredValueError, lambda: thing.collection().count_by("number"))
    assert refused.pk == "77"
    any_face.client.hset("{thing}:hash:78", "price", "dear")
    refused = await any_face.refused(StoredValueError, lambda: thing.collection().max("price"))
    assert refused.pk == "78"
