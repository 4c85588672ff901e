"""get_or_create and update_or_create in any partition: by values that are unique over them, and by others."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from limpyd import InstanceHashField, PKField
from limpyd.exceptions import MultipleObjectsReturned, UniquenessError
from limpyd.keys import Partition
from limpyd.model import unique_values
from limpyd.requests.scattered import Rounds
from tests.support.blocks import block
from tests.support.claim_writers import World


@pytest.fixture
async def models(any_face):
    spread = any_face.Database(port=any_face.server.port, partitions=4)

    class Claiming(any_face.Model):
        database = spread
        email = InstanceHashField(unique=True, type=str)
        nick = InstanceHashField(unique=True)
        city = InstanceHashField(indexable=True)

    yield SimpleNamespace(Claiming=Claiming, database=spread)
    await any_face.do(spread.close())


async def test_found_or_created_in_any_partition(any_face, models):
    model = models.Claiming
    for number in range(8):
        one, is_new = await any_face.do(model.get_or_create(email=f"e{number}", defaults={"city": "x"}))
        assert is_new
        await any_face.do(one.update(email=f"moved {number}"))  # its claim is elsewhere, mostly
        found, is_new = await any_face.do(model.get_or_create(email=f"moved {number}"))
        assert (found._pk_bytes, is_new) == (one._pk_bytes, False)
        changed = model.update_or_create(email=f"moved {number}", defaults={"nick": f"n{number}"})
        assert (await any_face.do(changed))[1] is False
        found, is_new = await any_face.do(model.get_or_create(nick=f"n{number}", email=f"moved {number}"))
        assert (found._pk_bytes, is_new) == (one._pk_bytes, False)
    assert World(model, any_face.client).faults() == []
    assert (await any_face.do(model.check())).ok


async def test_refusals(any_face, models):
    model = models.Claiming
    for number in range(8):
        await any_face.do(model.create(email=f"e{number}", nick=f"n{number}"))
    for number in range(8):
        error = await any_face.refused(
            UniquenessError, lambda n=number: model.get_or_create(nick="new", defaults={"email": f"e{n}"})
        )
        assert error.value == f"e{number}"
        error = await any_face.refused(
            UniquenessError, lambda n=number: model.get_or_create(email=f"e{n}", city="elsewhere")
        )
        assert error.value == f"e{number}"
    assert await any_face.do(model.collection().count()) == 8


async def test_requests(any_face, models):
    model = models.Claiming
    for number in range(24):
        await any_face.do(model.get_or_create(email=f"before {number}"))
    for _ in "12":
        with any_face.sent() as sent:
            await any_face.do(model.get_or_create(email="e"))
        assert len(sent.names) == 2


async def test_a_pipeline(any_face, models):
    async with block(any_face, models.database.pipeline()):
        made = [models.Claiming.get_or_create(email=f"e{number % 3}") for number in range(6)]
    assert sorted(each.value[1] for each in made) == [False] * 3 + [True] * 3
    assert len({each.value[0]._pk_bytes for each in made}) == 3


async def test_by_other_values(any_face, models):
    model = models.Claiming
    for number in range(12):
        await any_face.do(model.create(email=f"e{number}", city=f"c{number}"))
        found, is_new = await any_face.do(model.get_or_create(city=f"c{number}"))
        assert (await any_face.do(found.email.hget()), is_new) == (f"e{number}", False)
        changed, is_new = await any_face.do(model.update_or_create(city=f"c{number}", defaults={"nick": f"n{number}"}))
        assert (changed._pk_bytes, is_new) == (found._pk_bytes, False)
        found, is_new = await any_face.do(model.get_or_create(city=f"new {number}", defaults={"nick": f"new {number}"}))
        assert is_new
        assert await any_face.do(found.values("city", "nick")) == {"city": f"new {number}", "nick": f"new {number}"}
    await any_face.do(model.create(city="c5"))
    await any_face.refused(MultipleObjectsReturned, lambda: model.get_or_create(city="c5"), match="several")
    assert World(model, any_face.client).faults() == []
    assert await any_face.do(model.collection().count()) == 25


async def test_with_given_primary_keys(any_face, models):
    class Named(any_face.Model):
        database = models.database
        name = PKField()
        email = InstanceHashField(unique=True)
        nick = InstanceHashField(unique=True)

    do, called = any_face.do, (Named.get_or_create, Named.update_or_create)
    for number in range(8):
        given = {"defaults": {"name": f"p{number}"}} if number % 2 else {"create_defaults": {"name": f"p{number}"}}
        call = called[0] if number % 2 else called[1]
        one, is_new = await do(call(email=f"e{number}", **given))
        assert (one._pk, is_new) == (f"p{number}", True)
        await do(one.update(email=f"moved {number}"))
        found, is_new = await do(Named.get_or_create(email=f"moved {number}", defaults={"name": "another"}))
        assert (found._pk, is_new) == (f"p{number}", False)
        error = await any_face.refused(
            UniquenessError, lambda n=number: Named.get_or_create(nick=f"n{n}", defaults={"name": f"p{n}"})
        )
        assert error.value == f"p{number}"
    assert sorted(await any_face.all(Named.collection())) == [f"p{number}" for number in range(8)]
    assert World(Named, any_face.client).faults() == []
    assert (await do(Named.check())).ok


@pytest.mark.parametrize("name", ["email", "city"])
async def test_of_several_callers_one_creates(any_face, models, name):
    model = models.Claiming

    def one(number):
        sought = {name: f"e{number % 10}"}
        if number % 2:
            return model.update_or_create(**sought, defaults={"nick": f"n{number % 10}"})
        return model.get_or_create(**sought)

    if any_face.is_async:
        made = await asyncio.gather(*map(one, range(60)))
    else:
        with ThreadPoolExecutor(4) as threads:
            made = [*threads.map(one, range(60))]
    assert sum(is_new for _, is_new in made) == 10
    assert len({found._pk_bytes for found, _ in made}) == 10
    assert await any_face.do(model.collection().count()) == 10


@pytest.mark.parametrize("leads_to", [None, 0, 3])
async def test_an_object_is_found_although_its_claim_leads_elsewhere(any_face, models, monkeypatch, leads_to):
    """While objects move, a claim may name a partition that has given the object away."""
    model = models.Claiming
    made = []
    for number in range(8):
        one = await any_face.do(model.create(email=f"e{number}", nick=f"n{number}"))
        await any_face.do(one.update(email=f"moved {number}"))
        made.append(one)

    def found(*_: object) -> Rounds[Partition | None]:
        return None if leads_to is None else model._schema.keys.at(leads_to)
        yield

    monkeypatch.setattr(unique_values, "_claimed_by", found)
    for number, one in enumerate(made):
        for method in (model.get_or_create, model.update_or_create):
            same, is_new = await any_face.do(method(email=f"moved {number}", defaults={"city": "x"}))
            assert (same._pk_bytes, is_new) == (one._pk_bytes, False)
        error = await any_face.refused(
            UniquenessError, lambda n=number: model.get_or_create(nick="new", defaults={"email": f"moved {n}"})
        )
        assert error.value == f"moved {number}"
