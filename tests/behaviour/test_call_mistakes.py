"""Mistakes in calls: what is said of them, and that the advice works."""

from __future__ import annotations

import re

import pytest

from limpyd import InstanceHashField, NumberRangeIndex, PKField, SetField, StringField
from limpyd.exceptions import DoesNotExist, InvalidPrimaryKey, InvalidValue, ServerError

HUGE = 10**5000


@pytest.fixture
def thing(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        n = InstanceHashField(type=int, indexable=True)
        untyped = InstanceHashField(indexable=True)
        text = InstanceHashField(type=str, indexable=True)
        data = InstanceHashField(type=bytes)
        numbers = InstanceHashField(indexes=[NumberRangeIndex])
        name = StringField()
        tags = SetField()

    return Thing


class TestPrimaryKeys:
    async def test_of_too_many_digits(self, any_face, thing):
        class Own(any_face.Model):
            database = any_face.database
            code = PKField()

        for call in (
            lambda: thing.get(HUGE),
            lambda: thing.exists(HUGE),
            lambda: thing.exists(pk=HUGE),
            lambda: thing.lazy_connect(HUGE),
            lambda: thing.from_pks([HUGE]),
            lambda: thing.collection(pk=HUGE),
            lambda: thing.collection(pk__in=[1, HUGE]),
            lambda: thing.update(HUGE, n=1),
            lambda: Own.create(code=HUGE),
            lambda: Own.get_or_create(code=HUGE),
        ):
            await any_face.refused(
                InvalidPrimaryKey, call, match="the primary key is an int too large to show; pass it as"
            )

    async def test_are_shown_as_text(self, any_face, thing):
        gets = [lambda: thing.get(b"5"), lambda: thing.get("5"), lambda: thing.get(pk="5")]
        if not any_face.is_async:
            gets += [lambda: thing("5"), lambda: thing(5), lambda: thing(b"5")]
        for call in gets:
            await any_face.refused(DoesNotExist, call, match="^no Thing matches pk='5'$")


class TestArguments:
    async def test_in_the_wrong_place(self, any_face, thing):
        made = await any_face.do(thing.create(n=1))
        with pytest.raises(TypeError, match=r"Thing\[1\] is not an object: Thing\.get\(pk\) returns one"):
            thing[1]
        for call in (lambda: made.update({"n": 2}), lambda: thing.update(1, {"n": 2}), lambda: thing.update({"n": 2})):
            await any_face.refused(TypeError, call, match=r"takes the values by name, .*update\(")
        await any_face.refused(
            InvalidValue, lambda: thing.collection().update({"n": 2}), match="takes the values by name"
        )
        await any_face.do(made.update(n=2))
        await any_face.do(thing.update(1, n=3))
        assert await any_face.do(made.n.hget()) == 3
        for call in (lambda: thing.instances(thing.n > 2), lambda: thing.collection().instances(thing.n > 2)):
            with pytest.raises(InvalidValue, match=r"is lazy, .*Thing\.collection\(…\)\.instances\(\)"):
                call()
        assert await any_face.all(thing.collection(thing.n > 2).instances()) == [made]
        with pytest.raises(InvalidValue, match="as prefetch="):
            thing.collection().instances("n")
        assert len(await any_face.all(thing.collection().instances(prefetch=["n"]))) == 1

    async def test_that_a_command_does_not_take(self, any_face, thing):
        made = await any_face.do(thing.create(n=1))
        for call, message in (
            (lambda: made.name.set("a", keepttll=True), "set: got an unexpected keyword .*; did you mean 'keepttl'?"),
            (lambda: made.name.set(), "set: missing a required argument: 'value'; it takes value, ex, px"),
            (lambda: made.delete(5), "delete: too many positional arguments"),
        ):
            error = await any_face.refused(TypeError, call, match=message)
            assert "<locals>" not in str(error)

    def test_names_that_do_not_exist(self, thing):
        with pytest.raises(AttributeError, match=r"'Thing' object has no attribute 'nmae'; did you mean 'name'\?"):
            thing.lazy_connect(1).nmae  # noqa: B018
        assert not hasattr(thing.lazy_connect(1), "_ipython_display_")


class TestSortingText:
    async def test_untyped_values_that_are_no_numbers(self, any_face, thing):
        for name in ("Ada", "10", "9"):
            await any_face.do(thing.create(untyped=name, text=name, data=name.encode(), numbers="5"))
        untyped = thing.collection().sort(by="untyped")
        for call in (
            untyped.all,
            untyped.first,
            lambda: untyped[:2],
            untyped.page,
            lambda: thing.collection(text="Ada").sort(by="untyped").values("untyped").all(),
            lambda: thing.collection().min("untyped"),
        ):
            error = await any_face.refused(ServerError, call, match="alpha=True")
            assert "Thing" in str(error)
            assert not re.search(r"script|\.lua|refused find|refused page|:\d+", str(error))
        (warning,) = (await any_face.do(untyped.explain())).warnings
        assert "untyped is untyped, so it is sorted as numbers" in warning
        assert await any_face.all(thing.collection().sort(by="untyped", alpha=True)) == ["2", "3", "1"]

    async def test_what_is_declared_as_text_sorts_as_text(self, any_face, thing):
        for name in ("Ada", "10", "9"):
            await any_face.do(thing.create(untyped=name, text=name, data=name.encode(), numbers="5"))
        for field in ("text", "data"):
            assert await any_face.all(thing.collection().sort(by=field)) == ["2", "3", "1"]
            assert await any_face.all(thing.collection().sort(by=f"-{field}")) == ["1", "3", "2"]
            assert not (await any_face.do(thing.collection().sort(by=field).explain())).warnings
        assert await any_face.do(thing.collection().max("text")) == "Ada"
        for field, alpha in (("untyped", True), ("numbers", None), ("n", None)):
            assert not (await any_face.do(thing.collection().sort(by=field, alpha=alpha).explain())).warnings


class TestNothingToStore:
    async def test_values_that_are_none_are_still_values(self, any_face, thing):
        for values in ({"n": None}, {"n": None, "tags": None}, {"tags": set()}, {"pk": None}):
            call = lambda values=values: thing.create(**values)  # noqa: E731
            await any_face.refused(InvalidValue, call, match="an object needs at least one value to be stored")
        assert any_face.keys() == set()
        empty = await any_face.do(thing.create())
        assert empty._pk is None
        await any_face.do(empty.n.hset(1))
        assert await any_face.all(thing.collection()) == ["1"]
