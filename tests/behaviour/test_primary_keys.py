"""What an instance holds: its primary key, as `pk` and as limpyd 2's `_pk`."""

from __future__ import annotations

import copy

import pytest

from limpyd import PKField, StringField
from limpyd.exceptions import ImplementationError, InvalidPrimaryKey, NotExecuted
from tests.support.blocks import block


@pytest.fixture
def country(any_face):
    class Country(any_face.Model):
        database = any_face.database
        code = PKField()
        name = StringField()

    return Country


@pytest.fixture
def town(any_face):
    class Town(any_face.Model):
        database = any_face.database
        name = StringField(indexable=True)

    return Town


async def test_it_is_text_however_the_instance_is_made(any_face, town):
    do = any_face.do
    made = await do(town.create(name="a"))
    (found,) = await do(town.from_pks([b"1"]))
    (filtered,) = await any_face.all(town.instances(name="a"))
    lazily = await do(town.lazy_connect(1))
    connected = await do(town.get_or_connect(name="a"))
    for one in (made, found, filtered, lazily, connected, await do(town.get(1)), copy.copy(made)):
        assert one._pk == await do(one.pk.get()) == "1"
        with any_face.sent() as sent:
            assert one._pk == "1"
        assert sent.names == []


async def test_without_one(any_face, town):
    empty = await any_face.do(town.create())
    assert empty._pk is None
    await any_face.refused(InvalidPrimaryKey, empty.pk.get, match=r"<\w+ without pk> has no primary key yet")
    await any_face.do(empty.name.set("a"))
    assert empty._pk == "1"


@pytest.mark.parametrize("given", ["fr", "é", b"\xff", 7])
async def test_own_ones(any_face, country, given):
    one = await any_face.do(country.create(code=given))
    expected = given.decode("utf-8", "surrogateescape") if isinstance(given, bytes) else str(given)
    assert one._pk == await any_face.do(one.code.get()) == expected
    assert await any_face.do(country.get(one._pk)) == one


async def test_of_a_pipeline_it_is_known_afterwards(any_face, town):
    async with block(any_face, any_face.database.pipeline()):
        one = town.create(name="a") if any_face.is_async else town(name="a")
        if not any_face.is_async:
            with pytest.raises(NotExecuted):
                _ = one._pk
    if not any_face.is_async:
        assert one._pk == "1"


async def test_it_is_not_assigned(any_face, town):
    one = await any_face.do(town.create(name="a"))
    with pytest.raises(AttributeError):
        one._pk = "2"
    assert one._pk == "1"


async def test_it_is_not_deleted(any_face, town, country):
    one = await any_face.do(town.create(name="a"))
    other = await any_face.do(country.create(code="fr", name="b"))
    with any_face.sent() as sent:
        for pk in (one.pk, other.pk, other.code):
            with pytest.raises(ImplementationError, match=r"\.(pk|code) cannot be deleted.*delete\(\)"):
                pk.delete()
    assert sent.names == []
    assert await any_face.do(one.pk.exists()) is True
    await any_face.do(one.delete())  # as the message says
    assert await any_face.do(one.pk.exists()) is False
