"""HyperLogLogField: every command, on both faces and all servers."""

from __future__ import annotations

import datetime as dt

import pytest

from limpyd import InstanceHashField
from limpyd.exceptions import DeclarationError, DoesNotExist, InvalidValue, LimpydError
from limpyd.fields.bound.key_commands import BoundKey
from limpyd.fields.hyperloglog import BoundHyperLogLog, HyperLogLogField
from tests.support import command_calls as calls
from tests.support.expected_indexes import inconsistencies, state
from tests.support.listing import public

ODD = ["", " ", "a\0b", "\N{PILE OF POO} ü", "*[a-z]?", "a\r\nb", "{x}:y"]


@pytest.fixture
def page(face):
    class Page(face.Model):
        database = face.database
        visitors = HyperLogLogField()
        raw = HyperLogLogField(type=bytes)
        days = HyperLogLogField(type=dt.date)
        ratios = HyperLogLogField(type=float)
        title = InstanceHashField(unique=True)

    return Page


@pytest.fixture
async def two(face, page):
    """Two objects."""
    return await face.do(page.create(title="a")), await face.do(page.create(title="b"))


class TestCommands:
    async def test_pfadd_and_pfcount(self, face, two):
        one, _ = two
        assert await face.do(one.visitors.pfcount()) == 0
        assert await face.do(one.visitors.pfadd(*ODD)) is True
        assert await face.do(one.visitors.pfadd(ODD[2])) is False
        assert await face.do(one.visitors.pfcount()) == len(ODD)
        assert await face.do(one.raw.pfadd(b"\xff", b"\xfe")) is True
        assert await face.do(one.raw.pfcount()) == 2
        await face.do(one.days.pfadd(dt.date(2024, 2, 29), dt.date(2024, 2, 29)))
        assert await face.do(one.days.pfcount()) == 1
        await face.do(one.ratios.pfadd(0.0, -0.0, 0, 1.0))
        assert await face.do(one.ratios.pfcount()) == 2

    async def test_pfcount_of_several(self, face, two):
        one, other = two
        await face.do(one.visitors.pfadd("a", "b"))
        await face.do(other.visitors.pfadd("b", "c"))
        assert await face.do(one.visitors.pfcount(other.visitors)) == 3
        assert await face.do(one.visitors.pfcount(one.visitors)) == 2

    async def test_pfmerge(self, face, page, two):
        one, other = two
        third = await face.do(page.create(title="c", visitors=["d"]))
        await face.do(one.visitors.pfadd("a", "b"))
        await face.do(other.visitors.pfadd("b", "c"))
        assert await face.do(third.visitors.pfmerge(one.visitors, other.visitors)) is True
        assert await face.do(third.visitors.pfcount()) == 4
        assert await face.do(one.visitors.pfcount()) == 2

    async def test_many_elements_are_one_step(self, face, two):
        one, _ = two
        with face.sent() as sent:
            assert await face.do(one.visitors.pfadd(*map(str, range(20_000)))) is True
        assert set(sent.names) <= {"EVALSHA", "EVAL"}
        assert len(sent.names) <= 2
        assert 19_000 < await face.do(one.visitors.pfcount()) < 21_000

    async def test_what_every_key_can_do(self, face, two):
        one, other = two
        await face.do(one.visitors.pfadd("a"))
        assert await face.do(one.visitors.type()) == "string"
        assert await face.do(one.visitors.copy(other.visitors)) is True
        assert await face.do(other.visitors.pfcount()) == 1
        assert await face.do(one.visitors.expire(100)) is True
        assert await face.do(one.visitors.ttl()) > 90
        assert await face.do(one.visitors.delete()) is True
        assert await face.do(one.visitors.exists()) is False
        await face.refused(InvalidValue, lambda: one.visitors.copy(other.raw))

    async def test_wrong_arguments(self, face, two):
        one, other = two
        with face.sent() as sent:
            for wrong in (
                one.visitors.pfadd,
                one.visitors.pfmerge,
                lambda: one.visitors.pfadd("a", True),
                lambda: one.visitors.pfadd("\ud800"),
                lambda: one.visitors.pfcount(other.raw),
                lambda: one.visitors.pfcount(other.title),
                lambda: one.visitors.pfmerge("b"),
            ):
                await face.refused(InvalidValue, wrong)
        assert sent.names == []

    async def test_of_another_kind_of_string(self, face, page, two):
        face.client.set(two[0].visitors.key, "plain")
        before = state(face.client)
        for lazy in (two[0], page.lazy_connect(1)):
            await face.refused(LimpydError, lambda lazy=lazy: lazy.visitors.pfadd("a"))
            await face.refused(LimpydError, lambda lazy=lazy: lazy.visitors.pfcount(two[1].visitors))
            await face.refused(LimpydError, lambda lazy=lazy: two[1].visitors.pfmerge(lazy.visitors))
        assert state(face.client) == before

    async def test_no_len_nor_in_nor_iteration(self, any_face):
        class Page(any_face.Model):
            database = any_face.database
            visitors = HyperLogLogField()

        one = await any_face.do(Page.create(visitors=["a"]))
        for wrong in (lambda: len(one.visitors), lambda: "a" in one.visitors, lambda: iter(one.visitors)):
            with pytest.raises(TypeError):
                wrong()


class TestObjects:
    async def test_lazily_connected(self, face, page, two):
        await face.do(two[0].visitors.pfadd("a"))
        await face.do(two[1].visitors.pfadd("b"))
        assert await face.do(page.lazy_connect(1).visitors.pfcount()) == 1
        assert await face.do(page.lazy_connect(1).visitors.pfcount(page.lazy_connect(2).visitors)) == 2
        assert await face.do(two[0].visitors.pfcount(page.lazy_connect(2).visitors)) == 2
        assert await face.do(page.lazy_connect(2).visitors.pfmerge(page.lazy_connect(1).visitors)) is True
        assert await face.do(two[1].visitors.pfcount()) == 2

    async def test_deleted_objects(self, face, page, two):
        one, other = two
        await face.do(one.visitors.pfadd("a"))
        await face.do(other.delete())
        gone = page.lazy_connect(2).visitors
        before = state(face.client)
        for call in (
            lambda: other.visitors.pfadd("a"),
            lambda: other.visitors.pfmerge(one.visitors),
            lambda: one.visitors.pfmerge(gone),
            lambda: one.visitors.pfcount(gone),
            lambda: gone.pfcount(),
            lambda: gone.pfcount(one.visitors),
        ):
            await face.refused(DoesNotExist, call, match="Page")
        assert state(face.client) == before

    async def test_created_with_elements(self, face, page):
        one = await face.do(page.create(visitors=(text for text in ["a", "b", "a"]), raw=[]))
        assert await face.do(one.visitors.pfcount()) == 2
        assert await face.do(one.raw.exists()) is False
        before = state(face.client)
        for wrong in ("ab", b"ab", 3, {"a": 1}, ["a", True]):
            await face.refused(InvalidValue, lambda wrong=wrong: page.create(visitors=wrong))
        assert state(face.client) == before
        await face.do(one.delete())
        assert inconsistencies(face.client, page) == []
        assert face.client.exists(one.visitors.key) == 0

    async def test_makes_an_object(self, face, page, two):
        await face.do(two[0].visitors.pfadd("a"))
        new = await face.do(page.create())
        assert await face.do(new.visitors.pfcount()) == 0
        assert await face.do(new.visitors.pfcount(page.lazy_connect(1).visitors)) == 1
        assert await face.do(page.collection().count()) == 2
        assert await face.do(new.visitors.pfmerge(two[0].visitors)) is True
        assert await face.do(new.visitors.pfcount()) == 1
        assert await face.do(page.collection().count()) == 3


@pytest.mark.parametrize("option", ["indexable", "unique", "default"])
def test_options_that_make_no_sense(option):
    with pytest.raises(DeclarationError, match=option):
        HyperLogLogField(**{option: True})


@pytest.mark.parametrize("lazy", [False, True])
async def test_one_call_is_one_request(any_face, lazy):
    class Page(any_face.Model):
        database = any_face.database
        visitors = HyperLogLogField()

    assert public(BoundHyperLogLog) == calls.HYPERLOGLOG.keys() | public(BoundKey)
    await any_face.do(Page.create(visitors=["a"]))
    await any_face.do(Page.create(visitors=["b"]))
    for warm in range(2):  # the first time the server learns the scripts
        for name, args in calls.HYPERLOGLOG.items():
            one, other = (Page.lazy_connect(1), Page.lazy_connect(2)) if lazy else map(Page._connected, (b"1", b"2"))
            with any_face.sent() as sent:
                call = getattr(one.visitors, name)
                await any_face.do(call(*(other.visitors if arg is calls.OTHER else arg for arg in args)))
            assert len(sent.names) == 1 or not warm, name
