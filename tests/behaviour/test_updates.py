"""Several fields of an object updated at once, and versions, on both faces and all servers."""

from __future__ import annotations

import asyncio
import functools
import random
import threading

import pytest

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    GeoField,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    JSONField,
    ListField,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
    TextRangeIndex,
    VersionField,
)
from limpyd.exceptions import (
    DeclarationError,
    DoesNotExist,
    InvalidPrimaryKey,
    InvalidValue,
    StaleObject,
    UniquenessError,
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


ODD = ["", " a b ", ":", "*", "{x}", "\0", "🐍é", "a\r\n", "x" * 100_000]


def model_of(face):
    class Thing(face.Model):
        database = face.database
        name = StringField(indexable=True, indexes=[EqualIndex, TextRangeIndex])
        email = InstanceHashField(unique=True)
        folded = InstanceHashField(unique=True, indexes=[EqualIndex(transform=lambda value: value.lower())])
        age = InstanceHashField(type=int, indexable=True)
        first = InstanceHashField(indexes=[EqualIndexWith(other_fields=["last"], unique=True)])
        last = StringField()
        plain = StringField(default="as it is")
        data = JSONField()
        tags = SetField(unique=True)
        queue = ListField(indexable=True)
        board = SortedSetField(indexable=True)
        heads = HashField(indexable=True)
        places = GeoField(indexable=True)
        counted = HyperLogLogField()
        log = StreamField()
        version = VersionField()

    return Thing


@pytest.fixture
def model(face):
    return model_of(face)


EVERYTHING = {
    "name": "n",
    "email": "e",
    "folded": "F",
    "age": 3,
    "first": "f",
    "last": "l",
    "data": {"a": [1]},
    "tags": ["t", "u"],
    "queue": ["a", "b", "a"],
    "board": {"m": 1.5},
    "heads": {"k": "v"},
    "places": {"p": (1, 2)},
    "counted": ["x", "y"],
}


class TestUpdate:
    async def test_values_of_every_kind_are_replaced_whole(self, face, model):
        do = face.do
        thing = await do(model.create(tags=["old"], queue=["old"], board={"old": 1}, heads={"old": "x"}, data=1))
        assert await do(thing.update(**EVERYTHING)) == 2
        assert await do(thing.name.get()) == "n"
        assert await do(thing.hmget("email", "folded", "age", "first")) == ["e", "F", 3, "f"]
        assert await do(thing.data.get()) == {"a": [1]}
        assert await do(thing.tags.smembers()) == {"t", "u"}
        assert await do(thing.queue.lrange(0, -1)) == ["a", "b", "a"]
        assert await do(thing.board.zrange_withscores(0, -1)) == [("m", 1.5)]
        assert await do(thing.heads.hgetall()) == {"k": "v"}
        assert await do(thing.places.zcard()) == 1
        assert await do(thing.counted.pfcount()) == 2
        assert await do(thing.plain.get()) == "as it is"
        assert inconsistencies(face.client, model) == []
        assert await face.all(model.collection(name="n", age=3, tags="u", queue="b", heads__k="v")) == ["1"]
        assert await face.all(model.collection(tags="old")) == []

    async def test_none_and_empty_values_delete_and_defaults_stay(self, face, model):
        do = face.do
        thing = await do(model.create(**EVERYTHING))
        await do(thing.log.xadd({"a": "b"}))
        nothing = dict.fromkeys([*EVERYTHING, "log"])
        assert await do(model.update(1, **nothing, plain=None)) == 2
        assert face.keys() == {"{thing}:pks", "{thing}:seq", "{thing}:hash:1"}
        assert await do(thing.hgetall()) == {"version": 2}
        await do(thing.update(queue=["a"], tags=["b"]))
        await do(thing.update(queue=[], tags=set()))
        assert inconsistencies(face.client, model) == []
        assert face.keys() == {"{thing}:pks", "{thing}:seq", "{thing}:hash:1"}

    @pytest.mark.parametrize(
        "refused",
        [
            {"name": "x", "queue": ["z"], "tags": ["mine", "theirs"]},
            {"tags": None, "board": {"z": 2}, "heads": None, "places": {}, "log": None, "folded": "THEIRS"},
            {"age": None, "plain": None, "counted": ["z"], "data": None, "first": "theirs", "last": "theirs"},
            {"email": "theirs"},
        ],
    )
    async def test_a_refusal_leaves_no_trace(self, face, model, refused):
        do = face.do
        await do(
            model.create(email="theirs", folded="theirs", first="theirs", last="theirs", tags=["theirs", "others"])
        )
        thing = await do(model.create(**EVERYTHING))
        await do(thing.log.xadd({"a": "b"}))
        await do(thing.plain.expire(1000))
        await do(thing.counted.expire(1000))
        before = state(face.client)
        error = await face.refused(UniquenessError, lambda: thing.update(**refused))
        assert error.owner == "1"
        assert error.field in {*refused, "first, last"}
        assert state(face.client) == before

    async def test_errors_of_the_server_leave_no_trace(self, face, model):
        await face.do(model.create(**EVERYTHING))
        face.client.delete("{thing}:field:heads:1")
        face.client.set("{thing}:field:heads:1", "no hash")
        before = state(face.client)
        await face.refused(
            WrongTypeError, lambda: model.update(1, name="x", tags=["x"], queue=["x"], heads={"a": "b"}, board=None)
        )
        assert state(face.client) == before

    async def test_odd_text(self, face, model):
        await face.do(model.create())
        for text in ODD:
            await face.do(model.update(1, name=text, email=text, queue=[text, text], heads={text: text}, tags=[text]))
            assert inconsistencies(face.client, model) == []
            assert await face.all(model.collection(name=text, queue=text, email=text, tags=text)) == ["1"]

    async def test_values_of_thousands_of_members(self, face, model):
        many = [str(number) for number in range(9_000)]
        thing = await face.do(model.create(queue=["a"]))
        await face.do(thing.update(queue=many, board=dict.fromkeys(many, 1), counted=many))
        assert await face.do(thing.queue.llen()) == await face.do(thing.board.zcard()) == 9_000
        await face.do(thing.update(queue=["b"], board=None))
        assert inconsistencies(face.client, model) == []

    async def test_what_makes_no_sense_is_refused_at_the_call(self, any_face):
        model = model_of(any_face)
        thing = await any_face.do(model.create(name="x"))
        with any_face.sent() as sent:
            for error, call, match in (
                (InvalidValue, lambda: thing.update(), "at least one field"),
                (UnknownField, lambda: thing.update(nome="x"), "nome"),
                (InvalidValue, lambda: thing.update(pk=3), "primary key"),
                (InvalidValue, lambda: thing.update(age="three"), "age"),
                (InvalidValue, lambda: thing.update(tags="abc"), "several members"),
                (InvalidValue, lambda: thing.update(log=[{"a": "b"}]), "stream"),
                (UnsupportedCommand, lambda: thing.update(version=3), "only be read"),
                (InvalidValue, lambda: thing.update(name="x", if_version="x"), "if_version"),
                (InvalidPrimaryKey, lambda: model.update(name="x"), "collection"),
                (InvalidPrimaryKey, lambda: model.update([1], name="x"), "str, bytes, int, float or Decimal"),
            ):
                await any_face.refused(error, call, match=match)
        assert sent.names == []

    async def test_objects_that_are_not_there(self, any_face):
        model = model_of(any_face)
        await any_face.refused(DoesNotExist, lambda: model.update("nobody", name="x"))
        thing = await any_face.do(model.create(name="x"))
        await any_face.do(model.lazy_connect(1).delete())
        await any_face.refused(DoesNotExist, lambda: thing.update(name="y"))
        assert any_face.keys() == {"{thing}:seq"}

        class Bare(any_face.Model):
            database = any_face.database
            name = StringField()

        empty = Bare() if not any_face.is_async else await Bare.create()
        await any_face.refused(InvalidPrimaryKey, lambda: empty.update(name="x"), match="never stored")

    async def test_the_new_version_is_none_without_one(self, any_face):
        class Bare(any_face.Model):
            database = any_face.database
            name = StringField()

        thing = await any_face.do(Bare.create(name="x"))
        assert await any_face.do(thing.update(name="y")) is None
        await any_face.refused(InvalidValue, lambda: thing.update(name="z", if_version=1), match="VersionField")
        await any_face.refused(InvalidValue, lambda: thing.update(name="z", if_version=None), match="VersionField")

    async def test_one_round_trip(self, any_face):
        model = model_of(any_face)
        thing = await any_face.do(model.create(name="x"))
        await any_face.do(thing.update(name="y"))
        with any_face.sent() as sent:
            await any_face.do(thing.update(name="z", tags=["a"], if_version=2))
            await any_face.do(model.update(1, name="z", tags=["a"]))
        assert sent.names == ["EVALSHA"] * 2
        with any_face.sent() as sent:
            await any_face.do(thing.update(folded="Only Python knows"))
        assert sent.names == ["EVALSHA"] * 2


class TestVersions:
    async def test_what_counts(self, face, model):
        do = face.do
        thing = await do(model.create(name="x"))
        assert await do(thing.version.get()) == 1
        await do(thing.name.set("y"))
        await do(thing.hmset(email="e"))
        assert await do(thing.version.get()) == 1
        assert await do(thing.update(name="z")) == 2
        assert await do(model.collection().update(age=3)) == 1
        assert await do(thing.version.hget()) == 3
        assert await do(thing.version.exists())
        assert inconsistencies(face.client, model) == []

    async def test_a_lost_update_is_refused(self, face, model):
        do = face.do
        thing = await do(model.create(name="x", tags=["a"]))
        assert await do(thing.update(name="y", if_version=1)) == 2
        before = state(face.client)
        error = await face.refused(StaleObject, lambda: thing.update(name="z", tags=["b"], if_version=1))
        assert (error.model, error.pk, error.expected, error.found) == ("Thing", "1", 1, 2)
        assert state(face.client) == before

    async def test_objects_from_before_there_were_versions(self, face, model):
        await face.do(model.create(name="x"))
        face.client.hdel("{thing}:hash:1", "version")
        await face.refused(StaleObject, lambda: model.update(1, name="y", if_version=1))
        thing = model.lazy_connect(1)
        assert await face.do(thing.version.get()) is None
        assert await face.do(model.update(1, name="y", if_version=None)) == 1
        for update in (thing.update, functools.partial(model.update, 1)):
            for values in ({"name": "z"}, {"name": "z", "tags": ["a"]}):
                error = await face.refused(StaleObject, lambda: update(**values, if_version=None))  # noqa: B023
                assert (error.expected, error.found) == (0, 1)

    async def test_nobody_sets_it(self, any_face):
        model = model_of(any_face)
        thing = await any_face.do(model.create(name="x"))
        assert not hasattr(thing.version, "hset")
        assert not hasattr(thing.version, "hincrby")
        for call in (
            lambda: model.create(version=2),
            lambda: thing.hmset(version=2),
            lambda: thing.hdel("version"),
            lambda: model.collection().update(version=2),
        ):
            await any_face.refused(UnsupportedCommand, call)
        assert await any_face.do(thing.hmget("version")) == [1]

    def test_declarations(self, any_face):
        with pytest.raises(DeclarationError, match="two VersionFields"):

            class Two(any_face.Model):
                database = any_face.database
                one = VersionField()
                two = VersionField()

        with pytest.raises(DeclarationError, match="leave it out"):

            class IndexedField(any_face.Model):
                database = any_face.database
                name = StringField(indexes=[EqualIndexWith(other_fields=["version"])])
                version = VersionField()

    async def test_of_several_writers_at_once_nobody_is_lost(self, any_face):
        model = model_of(any_face)
        await any_face.do(model.create(age=0))

        async def add_one():
            thing = model.lazy_connect(1)
            while True:
                age, version = await any_face.do(thing.hmget("age", "version"))
                try:
                    await any_face.do(thing.update(age=age + 1, queue=[str(age)], if_version=version))
                except StaleObject:
                    continue
                return

        if any_face.is_async:
            await asyncio.gather(*(add_one() for _ in range(20)))
        else:
            threads = [threading.Thread(target=lambda: asyncio.run(add_one())) for _ in range(20)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert await any_face.do(model.lazy_connect(1).hmget("age", "version")) == [20, 21]
        assert inconsistencies(any_face.client, model) == []


async def test_random_updates_keep_indexes_right(face, model):
    rng = random.Random(face.name)
    letters = "abAB"
    for _ in range(8):
        await face.do(model.create(name="x"))
    refused = 0
    for _ in range(250):
        some = {
            "name": rng.choice(letters),
            "email": rng.choice(letters + "cdef"),
            "folded": rng.choice(letters + "cdef"),
            "age": rng.randrange(4),
            "first": rng.choice(letters),
            "last": rng.choice(letters),
            "tags": rng.sample("abcdefgh", 2),
            "queue": rng.choices(letters, k=3),
            "board": {rng.choice(letters): rng.randrange(3)},
            "heads": {rng.choice(letters): rng.choice(letters)},
            "places": {rng.choice(letters): (rng.randrange(90), 1)},
            "counted": [rng.choice(letters)],
        }
        values = {name: rng.choice([some[name], some[name], None]) for name in rng.sample(sorted(some), 4)}
        before = state(face.client)
        try:
            await face.do(model.update(rng.randrange(1, 9), **values))
        except UniquenessError:
            refused += 1
            assert state(face.client) == before
    assert 10 < refused < 200
    assert inconsistencies(face.client, model) == []
