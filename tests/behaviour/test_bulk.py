"""Many objects at once, on both faces and all servers."""

from __future__ import annotations

import itertools
import random
import tracemalloc

import pytest

from limpyd import (
    BulkError,
    EqualIndex,
    EqualIndexWith,
    GeoField,
    GeoPoint,
    HashField,
    InstanceHashField,
    ListField,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
    UniquenessError,
    VersionField,
)
from limpyd.exceptions import (
    DoesNotExist,
    InvalidPrimaryKey,
    InvalidValue,
    ServerError,
    UnknownField,
    UnsupportedCommand,
    WrongTypeError,
)
from tests.support.expected_indexes import inconsistencies, state
from tests.support.servers import FEW


@pytest.fixture(params=FEW)
def server(request, servers):
    """Few servers: what is the same on all is shown on all elsewhere."""
    server = servers(request.param)
    with server.client() as client:
        client.flushall()
    return server


ODD = ["", " a b ", ":", "*", "{x}", "\0", "🐍é", "a\r\n", b"\xff\xfe", "x" * 100_000]


@pytest.fixture
def plain(face):
    return plain_model(face)


def plain_model(face):
    """Fields of one value only."""

    class Person(face.Model):
        database = face.database
        name = StringField(indexable=True, indexes=[EqualIndex, TextRangeIndex])
        email = InstanceHashField(unique=True)
        age = InstanceHashField(type=int, indexable=True)
        city = InstanceHashField(indexable=True, default="Paris")
        where = InstanceHashField(type=GeoPoint, indexable=True)
        number = StringField(type=int, default=itertools.count().__next__)

    return Person


@pytest.fixture
def rich(face):
    class Thing(face.Model):
        database = face.database
        key = PKField()
        name = StringField(indexable=True)
        folded = InstanceHashField(unique=True, indexes=[EqualIndex(transform=lambda value: value.lower())])
        first = InstanceHashField(indexes=[EqualIndexWith(other_fields=["last"], unique=True)])
        last = StringField()
        tags = SetField(unique=True)
        queue = ListField(indexable=True)
        board = SortedSetField(indexable=True)
        heads = HashField(indexable=True)
        places = GeoField(indexable=True)
        version = VersionField()

    return Thing


def persons(count, start=0):
    return (
        {"name": f"n{number % 5}", "email": f"{number}@x", "age": number % 7, "where": (number % 90, 1)}
        for number in range(start, start + count)
    )


def things(count, start=0):
    for number in range(start, start + count):
        yield {
            "key": f"k {number}",
            "name": f"n{number % 5}",
            "folded": f"Folded {number}",
            "first": str(number),
            "last": "same",
            "tags": [f"t{number}", f"u{number}"],
            "queue": ["a", str(number), "a"],
            "board": {"m": number},
            "heads": {"k": str(number % 3)},
            "places": {"p": (number % 90, 1)},
        }


class TestCreate:
    async def test_fields_of_one_value(self, face, plain):
        seen = []
        made = await face.do(plain.bulk_create(persons(450), chunk=200, pks=True, progress=seen.append))
        assert (made.created, made.skipped, made.updated) == (450, 0, 0)
        assert made.pks == [str(number) for number in range(1, 451)]
        assert seen == [200, 400, 450]
        assert inconsistencies(face.client, plain) == []
        last = plain.lazy_connect(450)
        assert await face.do(last.hmget("email", "age", "city", "where")) == ["449@x", 1, "Paris", (89.0, 1.0)]
        assert await face.do(last.number.get()) == await face.do(plain.lazy_connect(449).number.get()) + 1
        assert await face.do(plain.collection(name="n4", city="Paris").count()) == 90
        assert await face.do(plain.create(email="next")) != last

    async def test_as_create_does_it(self, face, plain, rich):
        """The same objects, created one by one and in bulk, are the same."""
        for model, objects in ((plain, list(persons(30))), (rich, list(things(30)))):
            for values in objects:
                await face.do(model.create(**values, **({"number": 1} if model is plain else {})))
            one_by_one = state(face.client)
            face.client.flushall()
            model._schema.maintenance.forget()
            given = ({**values, **({"number": 1} if model is plain else {})} for values in objects)
            await face.do(model.bulk_create(given, chunk=7))
            assert state(face.client) == one_by_one
            face.client.flushall()
            model._schema.maintenance.forget()

    async def test_objects_of_different_fields(self, face, plain):
        given = [
            {"name": "a"},
            {"age": 1, "city": None},
            {"city": "Rome", "name": None},
            {"email": "e", "number": None},
        ]
        assert (await face.do(plain.bulk_create(given))).created == 4
        assert inconsistencies(face.client, plain) == []
        assert await face.do(plain.lazy_connect(2).hgetall()) == {"age": 1}
        assert await face.do(plain.lazy_connect(3).city.get()) == "Rome"
        assert await face.do(plain.lazy_connect(4).number.exists()) is False

    async def test_a_refused_one_names_its_position(self, face, plain, rich):
        await face.do(plain.create(email="250@x"))
        error = await face.refused(BulkError, lambda: plain.bulk_create(persons(300), chunk=100), match="position 250")
        assert error.position == 250
        assert error.done.created == 250
        assert isinstance(error.__cause__, UniquenessError)
        assert (error.__cause__.field, error.__cause__.value, error.__cause__.owner) == ("email", "250@x", "1")
        assert await face.do(plain.collection().count()) == 251
        assert inconsistencies(face.client, plain) == []
        face.client.flushall()

        for taken, field in (
            ({"key": "k 5"}, "key"),
            ({"key": "x", "folded": "FOLDED 5"}, "folded"),
            ({"key": "x", "tags": ["u5"]}, "tags"),
            ({"key": "x", "first": "5", "last": "same"}, "first, last"),
        ):
            await face.do(rich.create(**taken))
            error = await face.refused(BulkError, lambda: rich.bulk_create(things(10)))
            assert (error.position, error.__cause__.field) == (5, field)
            assert await face.do(rich.collection().count()) == 6
            assert inconsistencies(face.client, rich) == []
            face.client.flushall()
            rich._schema.maintenance.forget()

    async def test_two_of_one_chunk_with_one_value(self, face, plain):
        given = [*persons(5), {"email": "3@x"}, *persons(5, 5)]
        error = await face.refused(BulkError, lambda: plain.bulk_create(given))
        assert (error.position, error.__cause__.owner) == (5, "4")
        skipped = await face.do(plain.bulk_create(given, on_conflict="skip", pks=True))
        assert (skipped.created, skipped.skipped) == (5, 6)
        assert skipped.pks == [str(number) for number in range(6, 11)]
        assert inconsistencies(face.client, plain) == []

    async def test_what_does_not_fit_names_its_position(self, face, plain):
        for bad, cause in (
            ({"nome": 1}, UnknownField),
            ({"age": "three"}, InvalidValue),
            ({"pk": 7}, InvalidPrimaryKey),
            ("no mapping", InvalidValue),
            ({"age": 2**60 + 1}, InvalidValue),
        ):
            error = await face.refused(
                BulkError, lambda bad=bad: plain.bulk_create([{"name": "x"}, {"name": "y"}, bad])
            )
            assert (error.position, error.done.created) == (2, 2)
            assert isinstance(error.__cause__, cause)
        assert await face.do(plain.collection().count()) == 10

    async def test_existing_ones_are_updated(self, face, rich):
        await face.do(rich.bulk_create(things(20)))
        given = [
            {"key": "k 3", "name": "by key", "queue": ["new"], "folded": "changed"},
            {"key": "other", "folded": "FOLDED 4", "name": "by value", "tags": None},
            {"key": "new", "name": "new"},
            {"key": "new", "name": "newer"},
            {"key": "then", "folded": "Folded 3"},
        ]
        made = await face.do(rich.bulk_create(given, on_conflict="update", pks=True))
        assert (made.created, made.updated) == (2, 3)
        assert made.pks == ["k 3", "k 4", "new", "new", "then"]
        assert await face.do(rich.lazy_connect("k 3").queue.lrange(0, -1)) == ["new"]
        assert await face.do(rich.lazy_connect("k 3").version.get()) == 2
        assert await face.do(rich.lazy_connect("k 4").hmget("folded", "first")) == ["FOLDED 4", "4"]
        assert await face.do(rich.lazy_connect("k 4").tags.scard()) == 0
        assert await face.all(rich.collection(name="newer")) == ["new"]
        assert inconsistencies(face.client, rich) == []
        before = state(face.client)
        both = [{"key": "k 5", "name": "x", "folded": "folded 6"}]
        error = await face.refused(BulkError, lambda: rich.bulk_create(both, on_conflict="update"))
        assert isinstance(error.__cause__, UniquenessError)
        assert error.__cause__.owner == "k 6"
        assert state(face.client) == before

    async def test_odd_text(self, face, rich):
        given = [
            {"key": text, "name": name, "queue": [name], "heads": {name: name}, "tags": [name], "folded": name}
            for text, name in ((text, text if isinstance(text, str) else "bytes") for text in ODD)
        ]
        assert (await face.do(rich.bulk_create(given))).created == len(ODD)
        assert inconsistencies(face.client, rich) == []
        for text in ODD[:-2]:
            assert await face.all(rich.collection(name=text, queue=text)) == [text]

    async def test_values_of_thousands_of_members(self, face, rich):
        many = [str(number) for number in range(5000)]
        given = [{"key": str(number), "queue": many, "board": dict.fromkeys(many, 1)} for number in range(3)]
        assert (await face.do(rich.bulk_create(given))).created == 3
        assert await face.do(rich.lazy_connect(2).queue.llen()) == 5000
        assert inconsistencies(face.client, rich) == []

    async def test_a_chunk_of_thousands(self, face, plain):
        assert (await face.do(plain.bulk_create(persons(5000), chunk=5000))).created == 5000
        assert await face.do(plain.collection(age__gte=0).count()) == 5000
        assert (await face.do(plain.bulk_create(persons(5000), chunk=5000, on_conflict="skip"))).skipped == 5000
        assert inconsistencies(face.client, plain) == []

    async def test_keys_of_nobody_are_not_taken_over(self, face, plain):
        face.client.set("{person}:hash:3", "no hash")
        error = await face.refused(BulkError, lambda: plain.bulk_create(persons(5)))
        assert error.position == 2
        assert isinstance(error.__cause__, WrongTypeError)
        assert await face.do(plain.collection().count()) == 2
        face.client.delete("{person}:hash:3")
        face.client.set("{person}:eq:city:Rome", "no set")
        given = [{"city": "Paris"}, {"city": "Rome"}, {"city": "Paris"}]
        error = await face.refused(BulkError, lambda: plain.bulk_create(given))
        assert error.position == 1
        face.client.delete("{person}:eq:city:Rome")
        assert inconsistencies(face.client, plain) == []

    async def test_what_makes_no_sense(self, any_face):
        model = plain_model(any_face)
        await any_face.refused(InvalidValue, lambda: model.bulk_create([], chunk=0), match="chunk")
        await any_face.refused(InvalidValue, lambda: model.bulk_create([], on_conflict="ignore"), match="'skip'")
        await any_face.refused(InvalidValue, lambda: model.bulk_update([], on_missing="x"), match="on_missing")
        assert (await any_face.do(model.bulk_create([]))).created == 0

        class Bare(any_face.Model):
            database = any_face.database
            name = StringField()

        error = await any_face.refused(BulkError, lambda: Bare.bulk_create([{"name": "x"}, {}]))
        assert error.position == 1

    async def test_an_error_of_the_iterable_is_its_own(self, any_face):
        model = plain_model(any_face)

        def failing():
            yield from persons(250)
            msg = "no more"
            raise OSError(msg)

        await any_face.refused(OSError, lambda: model.bulk_create(failing(), chunk=100), match="no more")
        assert await any_face.do(model.collection().count()) == 200


class TestUpdate:
    async def test_pairs_and_mappings(self, face, rich):
        await face.do(rich.bulk_create(things(30)))
        some = await face.do(rich.get("k 2"))
        given = [
            ("k 0", {"name": "x", "tags": ["t1x"]}),
            {"pk": "k 1", "queue": None, "folded": "Other"},
            {"key": b"k 2", "name": "two"},
            (some, {"first": "second time"}),
        ]
        assert (await face.do(rich.bulk_update(given))).updated == 4
        assert await face.do(some.version.get()) == 3
        assert await face.do(some.first.get()) == "second time"
        assert inconsistencies(face.client, rich) == []

    async def test_absent_and_refused_ones(self, face, rich):
        await face.do(rich.bulk_create(things(10)))
        given = [(f"k {number}", {"name": "new", "folded": f"New {number}"}) for number in range(8, 12)]
        error = await face.refused(BulkError, lambda: rich.bulk_update(given))
        assert (error.position, error.done.updated) == (2, 2)
        assert isinstance(error.__cause__, DoesNotExist)
        assert tuple(await face.do(rich.bulk_update(given, on_missing="skip"))) == (2, 2)
        clash = [
            ("k 1", {"name": "one"}),
            ("k 2", {"name": "two", "first": "3", "tags": ["z"]}),
            ("k 4", {"name": "x"}),
        ]
        error = await face.refused(BulkError, lambda: rich.bulk_update(clash))
        assert (error.position, error.__cause__.field, error.__cause__.owner) == (1, "first, last", "k 3")
        assert await face.do(rich.lazy_connect("k 1").name.get()) == "one"
        assert await face.do(rich.lazy_connect("k 2").name.get()) == "n2"
        for bad, cause in (
            (("k 1", {"version": 3}), UnsupportedCommand),
            ({"name": "x"}, InvalidPrimaryKey),
            (3, InvalidValue),
        ):
            error = await face.refused(BulkError, lambda bad=bad: rich.bulk_update([("k 0", {"name": "y"}), bad]))
            assert (error.position, error.done.updated) == (1, 1)
            assert isinstance(error.__cause__, cause)
        assert inconsistencies(face.client, rich) == []


class TestDelete:
    async def test_keys_and_instances(self, face, rich):
        await face.do(rich.bulk_create(things(300)))
        some = await face.do(rich.get("k 7"))
        gone = await face.do(rich.bulk_delete([some, "k 8", b"k 9"]))
        assert tuple(gone) == (3, 0)
        left = (f"k {number}" for number in range(250))
        assert tuple(await face.do(rich.bulk_delete(left, on_missing="skip", chunk=100))) == (247, 3)
        error = await face.refused(BulkError, lambda: rich.bulk_delete(["k 250", "k 251", "k 250", "k 252"]))
        assert (error.position, error.done.deleted) == (2, 2)
        assert isinstance(error.__cause__, DoesNotExist)
        assert await face.do(rich.collection().count()) == 48
        assert inconsistencies(face.client, rich) == []
        await face.do(rich.bulk_delete(await face.all(rich.collection())))
        assert face.keys() == set()


async def test_asynchronous_iterables(any_face):
    if not any_face.is_async:
        return
    model = plain_model(any_face)

    async def given():
        for values in persons(250):
            yield values
        yield {"age": "three"}

    with pytest.raises(BulkError, match="position 250"):
        await model.bulk_create(given())
    assert await model.collection().count() == 250

    async def pks():
        for number in range(1, 251):
            yield number

    assert (await model.bulk_update((pk, {"age": 1}) async for pk in pks())).updated == 250
    assert (await model.bulk_delete(pks())).deleted == 250


async def test_round_trips(any_face):
    model = plain_model(any_face)
    await any_face.do(model.bulk_create(persons(1)))
    with any_face.sent() as sent:
        await any_face.do(model.bulk_create(persons(1000, 1), chunk=250))
        await any_face.do(model.bulk_create(persons(1000, 1), chunk=250, on_conflict="update"))
        await any_face.do(model.bulk_update(((pk, {"age": 3}) for pk in range(1, 1001)), chunk=250))
        await any_face.do(model.bulk_delete(range(1, 1001), chunk=250))
    assert [name for name in sent.names if name != "EVAL"] == ["EVALSHA"] * 16


async def test_random_bulks_keep_indexes_right(face, rich):
    rng = random.Random(face.name)
    letters = "abcdefAB"

    def some(*, with_key):
        values = {
            "name": rng.choice(letters),
            "folded": rng.choice(letters),
            "first": rng.choice(letters),
            "last": rng.choice(letters),
            "tags": rng.sample(letters, 2),
            "queue": rng.choices(letters, k=2),
            "heads": {rng.choice(letters): rng.choice(letters)},
        }
        chosen = {name: values[name] for name in rng.sample(sorted(values), 3)}
        return {**chosen, "key": rng.choice("123456789")} if with_key else chosen

    refused = 0
    for _ in range(40):
        calls = (
            lambda: rich.bulk_create(
                [some(with_key=True) for _ in range(5)], on_conflict=rng.choice(("raise", "skip"))
            ),
            lambda: rich.bulk_create([some(with_key=True) for _ in range(5)], on_conflict="update"),
            lambda: rich.bulk_update([some(with_key=True) for _ in range(5)], on_missing="skip"),
            lambda: rich.bulk_delete(rng.choices("123456789", k=2), on_missing="skip"),
        )
        try:
            await face.do(rng.choice(calls)())
        except BulkError:
            refused += 1
        assert inconsistencies(face.client, rich) == []
    assert refused > 5


def test_memory_stays_flat(one_server):
    class Person(RedisModel):
        database = RedisDatabase(port=one_server.port)
        email = InstanceHashField(unique=True)
        city = InstanceHashField(indexable=True)

    def peak(count):
        tracemalloc.reset_peak()
        start = tracemalloc.get_traced_memory()[0]
        Person.bulk_create({"email": f"{count} {number}", "city": "Paris"} for number in range(count))
        return tracemalloc.get_traced_memory()[1] - start

    tracemalloc.start()
    try:
        peak(1000)
        few, many = peak(1001), peak(30_000)
    finally:
        tracemalloc.stop()
    assert many < 1.5 * few
    assert Person.collection().count() == 32_001
    Person.database.close()


async def test_an_index_that_is_none(any_face):
    model = plain_model(any_face)
    any_face.client.set("{person}:uniq:email", "no hash")
    error = await any_face.refused(BulkError, lambda: model.bulk_create([{"age": 1}, {"email": "x"}, {"age": 2}]))
    assert error.position == 1
    assert isinstance(error.__cause__, (ServerError, WrongTypeError))
    assert await any_face.do(model.collection().count()) == 1
