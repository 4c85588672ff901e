"""Any text is a legal primary key and value: nothing collides, nothing is a pattern, bytes survive."""

from __future__ import annotations

import itertools

import pytest

from limpyd import InstanceHashField, PKField, StringField, UniquenessError

ODD = [
    "",
    " ",
    "a b",
    ":",
    "a:b",
    "*",
    "?",
    "[a]",
    "[^a]*",
    "{}",
    "{x}",
    "}",
    "\\",
    "\\*",
    "\0",
    "a\0b",
    "\r\n",
    "é",
    "🐍",
    "pks",
    "seq",
    "hash",
    "name",
    "hash:1",
    "field:name:1",
    "eq:name:a",
    "%s",
    "'; return 1 --",
]
HUGE = "x" * (1 << 20)


@pytest.fixture
def page(face):
    class Page(face.Model):
        database = face.database
        namespace = "odd *?[:"
        path = PKField()
        name = StringField(indexable=True)
        hash = InstanceHashField(indexable=True)
        only = InstanceHashField(unique=True)
        pks = StringField()

    return Page


class TestPrimaryKeys:
    async def test_each_is_its_own_object(self, face, page):
        for number, pk in enumerate(ODD):
            await face.do(page.create(path=pk, name=f"n{number}", hash=f"h{number}", only=f"o{number}", pks="p"))
        assert set(await face.all(page.collection())) == set(ODD)
        for number, pk in enumerate(ODD):
            one = await face.do(page.get(pk))
            assert await face.do(one.pk.get()) == pk
            assert await face.do(one.name.get()) == f"n{number}"
            assert await face.do(one.hgetall()) == {"hash": f"h{number}", "only": f"o{number}"}
            assert await face.all(page.collection(name=f"n{number}")) == [pk]
            assert await face.all(page.collection(pk__in=[pk], only=f"o{number}")) == [pk]
            assert len(await face.all(one.scan_keys())) == 3
        for pk in ODD:
            await face.do(page.lazy_connect(pk).delete())
        assert face.keys() == set()

    async def test_keys_never_meet(self, face, page):
        owned = {}
        for pk in ODD:
            one = await face.do(page.create(path=pk, name="x", hash="x", pks="x"))
            for key in await face.all(one.scan_keys()):
                assert key not in owned
                owned[key] = pk

    async def test_bytes(self, face, page):
        raw = b"\xff\x00\xfe"
        one = await face.do(page.create(path=raw, name="x"))
        text = await face.do(one.pk.get())
        assert text == raw.decode("utf-8", "surrogateescape")
        assert await face.do(page.get(raw)) == await face.do(page.get(text)) == one
        assert await face.all(page.collection(name="x")) == [text]
        assert set(await face.all(page.scan_model_keys())) == face.keys() | {"{odd *?[::page}:meta"}

    async def test_huge(self, face, page):
        one = await face.do(page.create(path=HUGE, name=HUGE, only=HUGE))
        assert await face.do(one.name.get()) == HUGE
        assert await face.do(page.get(only=HUGE)) == one
        error = await face.refused(UniquenessError, lambda: page.create(path="b", only=HUGE))
        assert len(str(error)) < len(HUGE) + 1000  # the owner is named whole, the value is cut


class TestValues:
    async def test_each_comes_back_and_is_found(self, face, page):
        values = [*ODD, HUGE]
        for number, value in enumerate(values):
            await face.do(page.create(path=number, name=value, hash=value, only=value))
        for number, value in enumerate(values):
            one = await face.do(page.get(number))
            assert await face.do(one.name.get()) == value
            assert await face.do(one.hash.hget()) == value
            for field in ("name", "hash", "only"):
                assert await face.all(page.collection(**{field: value})) == [str(number)]
                assert await face.all(page.collection(**{f"{field}__in": [value, "absent"]})) == [str(number)]
        assert await face.do(page.collection(name__in=values).count()) == len(values)

    async def test_changing_from_any_to_any(self, face, page):
        one = await face.do(page.create(path="p", name="start", only="start"))
        for before, after in itertools.pairwise(ODD):
            await face.do(one.name.set(before))
            await face.do(one.hmset(hash=before, only=before))
            await face.do(one.name.set(after))
            await face.do(one.hmset(hash=after, only=after))
            for field in ("name", "hash", "only"):
                assert await face.all(page.collection(**{field: after})) == ["p"]
                assert await face.all(page.collection(**{field: before})) == []

    async def test_bytes_survive(self, face):
        class Blob(face.Model):
            database = face.database
            data = StringField(type=bytes, indexable=True)
            entry = InstanceHashField(type=bytes, unique=True)

        everything = bytes(range(256))
        one = await face.do(Blob.create(data=everything, entry=everything))
        assert await face.do(one.data.get()) == everything
        assert await face.do(one.entry.hget()) == everything
        assert await face.do(Blob.get(data=everything, entry=everything)) == one

    async def test_a_conflict_shows_the_value_as_it_is(self, face, page):
        await face.do(page.create(path="a\nb", only="c\r\nd"))
        error = await face.refused(UniquenessError, lambda: page.create(path="e", only="c\r\nd"))
        assert (error.value, error.owner) == ("c\r\nd", "a\nb")


class TestNamespaces:
    async def test_one_that_begins_like_another(self, face):
        models = []
        for namespace in ("a", "a*", "a:b", "A", "a b", "[a]", ""):
            made = type(face.Model)(
                "Item", (face.Model,), {"database": face.database, "namespace": namespace, "name": StringField()}
            )
            await face.do(made.create(name=namespace))
            models.append((namespace, made))
        for namespace, made in models:
            assert await face.do((await face.do(made.get(1))).name.get()) == namespace
            assert len(await face.all(made.scan_model_keys())) == 4
