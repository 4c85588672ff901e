"""Values that are not of their field's type, and keys of another Redis type: the object and its key are named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pydantic
import pytest

from limpyd import (
    GeoField,
    HashField,
    InstanceHashField,
    JSONField,
    ListField,
    NumberRangeIndex,
    PKField,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
)
from limpyd.exceptions import InvalidFilter, ServerError, StoredValueError, WrongTypeError
from limpyd.relations import FKInstanceHashField
from tests.support.blocks import block

BAD = b"\xff"
KINDS = {
    "entry": (InstanceHashField(type=int), 5, lambda client, key: client.hset(key, "field", "oops")),
    "text": (InstanceHashField(type=str), "x", lambda client, key: client.hset(key, "field", BAD)),
    "moment": (InstanceHashField(type=datetime), None, lambda client, key: client.hset(key, "field", "yesterday")),
    "string": (StringField(type=int), 5, lambda client, key: client.set(key, "oops")),
    "json": (JSONField(type=dict), {"a": 1}, lambda client, key: client.set(key, "{")),
    "set": (SetField(type=int), {1}, lambda client, key: client.sadd(key, "oops")),
    "list": (ListField(type=int), [1], lambda client, key: client.rpush(key, "oops")),
    "sorted set": (SortedSetField(type=int), {1: 1}, lambda client, key: client.zadd(key, {"oops": 1})),
    "hash": (HashField(type=int), {"a": 1}, lambda client, key: client.hset(key, "a", "oops")),
    "places": (GeoField(type=int), {1: (1, 1)}, lambda client, key: client.geoadd(key, (1, 1, "oops"))),
}
INDEXED = {"entry", "text", "string", "set"}


def declared(face, kind):
    field, value, _ = KINDS[kind]
    fields = {
        "field": field,
        "x": InstanceHashField(indexable=True),
        "y": StringField(type=int, indexes=[NumberRangeIndex]),
    }
    thing = type("Thing", (face.Model,), {"database": face.database, **fields})
    holder = type(
        "Holder",
        (face.Model,),
        {"database": face.database, "pk": PKField(), "of": FKInstanceHashField(thing, related_name="held")},
    )
    return thing, holder, value


def key_of(kind, pk):
    return f"{{thing}}:hash:{pk}" if kind in {"entry", "text", "moment"} else f"{{thing}}:field:field:{pk}"


async def made(face, kind):
    thing, holder, value = declared(face, kind)
    for number in range(5):
        values = {} if value is None else {"field": value}
        await face.do(thing.create(x="x", y=number, **values))
    await face.do(holder.create(pk="h", of="3"))
    return thing, holder


async def listed(face, collection):
    return await face.do(collection.all())


async def iterated(face, collection, **options):
    return await face.all(collection.iterate(**options))


WAYS = {
    "values": lambda face, thing, _: listed(face, thing.collection().values("field")),
    "all values": lambda face, thing, _: listed(face, thing.collection().values()),
    "values of several": lambda face, thing, _: listed(face, thing.collection().values_list("pk", "field", "x")),
    "flat": lambda face, thing, _: listed(face, thing.collection().values_list("field", flat=True)),
    "with a set": lambda face, thing, _: listed(face, thing.collection(x="x").values("field")),
    "with a range": lambda face, thing, _: listed(face, thing.collection(y__gte=0).values("field")),
    "with a set and a range": lambda face, thing, _: listed(face, thing.collection(x="x", y__gte=0).values("field")),
    "with primary keys": lambda face, thing, _: listed(face, thing.collection(pk__in=[2, 3, 4]).values("field")),
    "with another condition": lambda face, thing, _: listed(face, thing.collection(x__ne="z").values("field")),
    "sorted": lambda face, thing, _: listed(face, thing.collection().sort(by="y").values("field")),
    "a range, sorted": lambda face, thing, _: listed(face, thing.collection(y__gte=0).sort(by="y").values("field")),
    "a page of a range": lambda face, thing, _: face.do(
        thing.collection(y__gte=0).sort(by="y").values("field").page(4)
    ),
    "a page": lambda face, thing, _: face.do(thing.collection().sort(by="y").values("field").page(3)),
    "the first ones": lambda face, thing, _: face.do(thing.collection(pk=3).values("field").first()),
    "one": lambda face, thing, _: face.do(thing.collection(pk=3).values("field").get()),
    "iterated": lambda face, thing, _: iterated(face, thing.collection().values("field")),
    "iterated in order": lambda face, thing, _: iterated(
        face, thing.collection().sort(by="y").values("field"), chunk=2
    ),
    "prefetch": lambda face, thing, _: listed(face, thing.collection().instances(prefetch=["field"])),
    "prefetch, with a filter": lambda face, thing, _: listed(
        face, thing.collection(x="x").instances(prefetch=["field"])
    ),
    "prefetch of referred": lambda face, _, holder: listed(face, holder.collection().instances(prefetch=["of__field"])),
    "the value": lambda face, thing, _: face.do(read(thing.lazy_connect(3).field)),
}
TALLIED = {"entry", "text", "string", "set", "list", "sorted set"}


def read(bound):
    names = ("get", "smembers", "hgetall")
    for name in names:
        if hasattr(bound, name):
            return getattr(bound, name)()
    return bound.lrange(0, -1) if hasattr(bound, "lrange") else bound.zrange(0, -1)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_value_of_another_type(face, kind):
    thing, holder = await made(face, kind)
    KINDS[kind][2](face.client, key_of(kind, 3))
    ways = dict(WAYS)
    if kind in TALLIED:
        ways["counted"] = lambda face, thing, _: face.do(thing.collection().count_by("field"))
        ways["counted, with a filter"] = lambda face, thing, _: face.do(thing.collection(x="x").count_by("field"))
    for name, way in ways.items():
        error = await face.refused(StoredValueError, lambda way=way: way(face, thing, holder))
        assert "Thing.field" in str(error), name
        assert f"'{key_of(kind, 3)}'" in str(error), name
        assert error.key == key_of(kind, 3), name
        assert "script" not in str(error), name
        if kind in INDEXED or name != "the value":
            assert name == "the value" or (error.pk == "3" and "Thing('3')" in str(error)), name


@pytest.mark.parametrize("kind", KINDS)
async def test_in_a_pipeline(any_face, kind):
    face = any_face
    thing, _ = await made(face, kind)
    KINDS[kind][2](face.client, key_of(kind, 3))
    with pytest.raises(StoredValueError, match=r"Thing\('3'\)"):
        async with block(face, face.database.pipeline()):
            name = thing.collection(x="x").values("field").all()
            sound = thing.collection(x="x").count()
    assert sound.value == 5
    assert name.error.key == key_of(kind, 3)


async def test_in_a_transaction(any_face):
    """Nothing more is asked, so the message says who tells."""
    face = any_face
    thing, _ = await made(face, "entry")
    KINDS["entry"][2](face.client, key_of("entry", 3))
    async with block(face, face.database.transaction()):
        pending = thing.collection(x="x").values("field").all()
    with pytest.raises(StoredValueError, match=r"Thing.check\(\) finds the object"):
        pending.value  # noqa: B018 - which raises it
    report = await face.do(thing.check())
    assert [(finding.kind, finding.pk) for finding in report] == [("undecodable", "3")]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_of_another_type(face, kind):
    thing, holder = await made(face, kind)
    key = key_of(kind, 3)
    face.client.delete(key)
    if kind in {"set", "hash"}:
        face.client.rpush(key, "x")
    else:
        face.client.sadd(key, "x")
    found = "list" if kind in {"set", "hash"} else "set"
    ways = dict(WAYS)
    if kind in TALLIED:
        ways["counted"] = lambda face, thing, _: face.do(thing.collection().count_by("field"))
    for name, way in ways.items():
        error = await face.refused(WrongTypeError, lambda way=way: way(face, thing, holder))
        assert (error.key, error.found) == (key, found), name
        assert "script" not in str(error), name
    with pytest.raises(WrongTypeError):
        async with block(face, face.database.pipeline()):
            pending = thing.collection(x="x").values("field").all()
    assert pending.error.key == key


async def test_what_is_not_there_is_no_error(any_face):
    """SORT gives nothing for it either; whether a key is of another type is seen in the same request."""
    face = any_face
    thing, _ = await made(face, "string")
    await face.do(thing.lazy_connect(3).field.delete())
    for collection in (thing.collection(), thing.collection(x="x"), thing.collection(y__gte=0).sort(by="y")):
        with face.sent() as sent:
            values = await listed(face, collection.values_list("field", flat=True))
        assert sorted(values, key=str) == [5, 5, 5, 5, None]
        assert len(sent.names) - sent.names.count("EVAL") == 1  # EVAL: the source of a script that is new
    with face.sent() as sent:
        await listed(face, thing.collection().values("x", "y"))
    assert len(sent.names) - sent.names.count("EVAL") == 1


async def test_values_that_are_compared_as_numbers(face):
    """Of a typed field it is the value that is wrong; of one without a type, the order."""
    thing = type(
        "Thing",
        (face.Model,),
        {
            "database": face.database,
            "n": InstanceHashField(type=int),
            "t": StringField(),
            "x": InstanceHashField(indexable=True),
        },
    )
    for number in range(3):
        await face.do(thing.create(n=number, t="abc" if number == 1 else "5", x="x"))
    face.client.hset("{thing}:hash:3", "n", "oops")
    for collection in (thing.collection(), thing.collection(x="x")):
        for call in (
            lambda collection=collection: listed(face, collection.sort(by="n")),
            lambda collection=collection: listed(face, collection.sort(by="n").values("x")),
            lambda collection=collection: face.do(collection.sort(by="n").page(2)),
            lambda collection=collection: face.do(collection.min("n")),
            lambda collection=collection: face.do(collection.max("n")),
            lambda collection=collection: face.do(collection.sum("n")),
            lambda collection=collection: face.do(collection.avg("n")),
        ):
            error = await face.refused(StoredValueError, call)
            assert "Thing.n" in str(error)
            assert (error.key, error.pk) == ("{thing}:hash:3", "3")
        for call in (
            lambda collection=collection: listed(face, collection.sort(by="t")),
            lambda collection=collection: face.do(collection.sum("t")),
        ):
            error = await face.refused(ServerError, call, match=r"Thing.t of Thing\('2'\) is 'abc', which is not a")
            assert "script" not in str(error)
        assert await listed(face, collection.sort(by="t", alpha=True)) == ["1", "3", "2"]


@pytest.mark.parametrize("kind", ["entry", "text", "string", "set"])
async def test_a_check_enters_no_broken_value(face, kind):
    """Neither as a missing entry, nor when it builds."""
    options = {"type": str if kind == "text" else int}
    field = {"entry": InstanceHashField, "text": InstanceHashField, "string": StringField, "set": SetField}[kind]
    from limpyd import EqualIndex, EqualIndexWith  # noqa: PLC0415

    indexes = [EqualIndex] if kind == "set" else [EqualIndex, EqualIndexWith(other_fields=["x"], unique=True)]
    thing = type(
        "Thing",
        (face.Model,),
        {"database": face.database, "field": field(indexes=indexes, **options), "x": InstanceHashField()},
    )
    value = "x" if kind == "text" else 5
    await face.do(thing.create(field=[value] if kind == "set" else value, x="x"))
    KINDS[kind][2](face.client, key_of(kind, 1))
    report = await face.do(thing.check(repair=True))
    assert {finding.pk for finding in report.of("undecodable")} == {"1"}
    assert (report.left("undecodable"), report.ok, report.of("missing")) == (1, False, [])
    assert not [key for key in face.client.keys("{thing}:eq:field*") if b"oops" in key or BAD in key]
    face.client.hset("{thing}:meta", "eq:field", "-")
    report = await face.do(thing.check(repair=True))
    assert [finding.repaired for finding in report.of("unbuilt")] == [False]
    assert "do not have the type of their field" in str(report.of("unbuilt")[0])
    again = await face.do(thing.check())
    assert set(again.found) == {"undecodable", "unbuilt"}
    one = thing.lazy_connect(1)
    await face.do(one.update(field=[value] if kind == "set" else value))
    assert (await face.do(thing.check(repair=True))).ok
    assert len(await face.do(thing.check())) == 0


async def test_streams_and_large_values_are_looked_at(one_server):
    from limpyd import RedisDatabase, RedisModel  # noqa: PLC0415

    database = RedisDatabase(port=one_server.port)
    fields = {
        "log": StreamField(type=str),
        "numbers": SetField(type=int),
        "queue": ListField(type=int),
        "board": SortedSetField(type=int),
        "heads": HashField(type=int),
    }
    thing = type("Thing", (RedisModel,), {"database": database, **fields})
    many = list(range(3000))
    one = thing(numbers=many, queue=many, board=dict.fromkeys(many, 1), heads={str(number): number for number in many})
    for number in many[:1500]:
        one.log.xadd({"a": f"é{number}"})
    assert len(thing.check()) == 0
    client = database.connection
    client.sadd("{thing}:field:numbers:1", "bad")
    client.rpush("{thing}:field:queue:1", "bad")
    client.zadd("{thing}:field:board:1", {"bad": 2})
    client.hset("{thing}:field:heads:1", "2999", "bad")
    client.xadd("{thing}:field:log:1", {"a": BAD})
    found = sorted(finding.key.split(":")[2] for finding in thing.check())
    assert found == ["board", "heads", "log", "numbers", "queue"]
    database.close()


@dataclass
class Row:
    age: int | None
    tags: set[int] | None


@pytest.mark.parametrize("sort", [(), ("pk",)])
async def test_queries_that_go_on(any_face, sort):
    """`errors` of a collection leaves objects with an unreadable value out, or has None in its place."""

    class Thing(any_face.Model):
        database = any_face.database
        age = InstanceHashField(type=int)
        tags = SetField(type=int)

    for number in range(3):
        await any_face.do(Thing.create(age=number, tags=[number]))
    any_face.client.hset("{thing}:hash:2", "age", "oops")
    any_face.client.sadd("{thing}:field:tags:3", "oops")
    things = Thing.collection().sort(by="pk") if sort else Thing.collection()
    shapes = {
        ("values", "age", "tags"): [{"age": 0, "tags": {0}}, {"age": None, "tags": {1}}, {"age": 2, "tags": None}],
        ("values_list", "age", "tags"): [(0, {0}), (None, {1}), (2, None)],
        ("rows", Row): [Row(0, {0}), Row(None, {1}), Row(2, None)],
    }
    for (method, *asked), expected in shapes.items():
        shape = getattr(things, method)(*asked)
        assert "Thing('2')" in str(await any_face.refused(StoredValueError, lambda shape=shape: any_face.all(shape)))
        assert await any_face.all(shape.errors("none")) == expected
        assert await any_face.all(shape.errors("skip")) == expected[:1]
        assert await any_face.all(shape.errors("skip").errors("none").iterate(1)) == expected
        before = getattr(things.errors("skip"), method)(*asked)
        assert await any_face.all(before) == expected[:1]
        assert await any_face.all(before.errors("none").sort(by="pk")) == expected
    ages = things.values_list("age", flat=True)
    assert await any_face.all(ages.errors("skip")) == [0, 2]
    assert await any_face.all(ages.errors("none")) == [0, None, 2]
    page = await any_face.do(things.sort(by="pk").values("age").errors("skip").page(2))
    assert (page.items, page.cursor is not None) == ([{"age": 0}], True)
    prefetched = await any_face.all(things.instances(prefetch=["age"]).errors("none"))
    assert [each.prefetched for each in prefetched] == [{"age": 0}, {"age": None}, {"age": 2}]
    with any_face.sent() as sent:
        await any_face.all(things.values("age").errors("skip"))
    assert len(sent.commands) == 1
    prefetched = await any_face.all(things.errors("skip").instances(prefetch=["age"]))
    assert [each.prefetched for each in prefetched] == [{"age": 0}, {"age": 2}]
    for total in ("sum", "avg", "min", "max", "count_by"):
        kept = things.errors("skip").values("age")
        await any_face.refused(InvalidFilter, lambda: getattr(kept, total)("age"), match="errors")  # noqa: B023
    await any_face.refused(InvalidFilter, lambda: things.errors("ignore"), match="'skip', 'none'")


async def test_reading_on_through_references(face):
    class Author(face.Model):
        database = face.database
        age = InstanceHashField(type=int)

    class Post(face.Model):
        database = face.database
        author = FKInstanceHashField(Author)

    for age in (1, 2):
        await face.do(Post.create(author=await face.do(Author.create(age=age))))
    face.client.hset("{author}:hash:2", "age", "many")
    posts = Post.collection().sort(by="pk")
    values = posts.values_list("author__age", flat=True)
    assert await face.all(values.errors("none")) == [1, None]
    assert await face.all(values.errors("skip")) == [1]
    for names in (["author"], ["author__age"]):
        prefetching = posts.instances(prefetch=names)
        await face.refused(StoredValueError, lambda each=prefetching: face.all(each), match=r"Author\('2'\)")
        authors = [each.prefetched["author"] for each in await face.all(prefetching.errors("none"))]
        assert [each.prefetched["age"] for each in authors] == [1, None]
        authors = [each.prefetched["author"] for each in await face.all(prefetching.errors("skip"))]
        assert [author and author.prefetched["age"] for author in authors] == [1, None]


async def test_what_a_class_of_rows_refuses(face):
    """Its error has a note that names the object; errors('skip') leaves the object out."""

    class Thing(face.Model):
        database = face.database
        age = InstanceHashField(type=int, indexable=True)

    class Row(pydantic.BaseModel):
        age: int = pydantic.Field(ge=0)

    for age in (1, -1, 3):
        await face.do(Thing.create(age=age))
    things = Thing.collection()
    for rows in (things.rows(Row), things.sort(by="pk").rows(Row), things.filter(age__lt=9).rows(Row)):
        for errors in ("raise", "none"):
            error = await face.refused(pydantic.ValidationError, lambda rows=rows, e=errors: face.all(rows.errors(e)))
            assert error.__notes__ == ["the values are those of Thing('2')"]
        assert await face.all(rows.errors("skip")) == [Row(age=1), Row(age=3)]
    face.client.hset("{thing}:hash:1", "age", "many")
    assert await face.all(things.rows(Row).errors("skip")) == [Row(age=3)]
