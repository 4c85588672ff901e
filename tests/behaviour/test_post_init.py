"""The hook that runs for each instance, however it is made."""

from __future__ import annotations

import copy

import pytest

from limpyd import FKInstanceHashField, StringField
from tests.support.blocks import block


@pytest.fixture
def thing(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        name = StringField(unique=True)
        other = FKInstanceHashField("self")
        ran = 0

        def __post_init__(self):
            self.ran += 1

    return Thing


class TestHook:
    async def test_each_way(self, any_face, thing):
        do, every = any_face.do, any_face.all
        first = await do(thing.create(name="a"))
        await do(thing.create(name="b", other=first))
        made = [
            first,
            await do(thing.create()),
            await do(thing.get(1)),
            await do(thing.get(name="a")),
            (await do(thing.get_or_create(name="a")))[0],
            (await do(thing.get_or_create(name="c")))[0],
            await do(thing.get_or_connect(name="a")),
            thing.lazy_connect(1),
            *await do(thing.from_pks([1])),
            *await do(thing.from_pks([1], lazy=True)),
            *await every(thing.instances()),
            *await every(thing.collection().instances(lazy=True)),
            *await every(thing.collection().instances(prefetch=["name", "other"])),
            await do((await do(thing.get(2))).other.instance()),
            await do(thing.collection(name="a").instances().first()),
        ]
        assert [instance.ran for instance in made] == [1] * len(made)

    async def test_in_a_pipeline(self, any_face, thing):
        async with block(any_face, thing.database.pipeline()):
            one = thing.create(name="a")
        instance = getattr(one, "value", one)
        assert instance.ran == 1

    async def test_a_constructor(self, any_face, thing):
        if not any_face.is_async:
            assert [thing(name="a").ran, thing(1).ran, thing().ran] == [1, 1, 1]

    async def test_copies_have_the_attributes_of_the_original(self, any_face, thing):
        one = await any_face.do(thing.create(name="a"))
        one.ran = 7
        assert copy.copy(one).ran == 7

    async def test_a_subclass(self, any_face, thing):
        class More(thing):
            def __post_init__(self):
                super().__post_init__()
                self.more = True

        one = await any_face.do(More.create(name="a"))
        assert (one.ran, one.more) == (1, True)
        assert More.lazy_connect(1).ran == 1


def test_models_without_it_make_instances_as_ever(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        name = StringField()

    assert "_connected" not in vars(Thing)
