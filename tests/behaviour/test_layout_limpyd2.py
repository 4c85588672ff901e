"""layout="limpyd2": what it refuses, and what it does beside what the two-way tests show (tests/limpyd2)."""

import importlib

import pytest

from limpyd import (
    DateIndex,
    EqualIndex,
    GeoField,
    GeoIndex,
    HashField,
    InstanceHashField,
    NumberRangeIndex,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    StringField,
    TextRangeIndex,
)
from limpyd.asyncio import AsyncRedisDatabase, AsyncRedisModel
from limpyd.exceptions import (
    BulkError,
    DeclarationError,
    InvalidPrimaryKey,
    InvalidValue,
    UniquenessError,
    WrongTypeError,
)
from tests.support.servers import BINARIES, NEWEST, ClusterNode, running


@pytest.fixture(scope="module")
def server():
    with running(NEWEST) as server:
        yield server


@pytest.fixture
def database(server):
    database = RedisDatabase(port=server.port, layout="limpyd2")
    database.connection.flushall()
    yield database
    database.close()


@pytest.fixture
def model(database):
    db = database

    class Person(RedisModel):
        database = db
        namespace = "n"
        id = PKField()
        name = InstanceHashField(indexes=[EqualIndex, EqualIndex(prefix="lower", transform=str.lower)])
        born = StringField(indexes=[EqualIndex, DateIndex])
        email = StringField(unique=True)
        headers = HashField(indexes=[EqualIndex, NumberRangeIndex])
        tags = SetField(indexes=[TextRangeIndex])

    return Person


def keys_of(database):
    return sorted(key for key in database.connection.keys("*") if not key.endswith(":meta"))


@pytest.mark.parametrize("pk", ["name", "name:x", "born:year", "meta", "email:a@b", "a:TEXT-RANGE-SEPARATOR:b"])
def test_refuses_primary_keys_that_would_meet_an_index(model, database, pk):
    with pytest.raises(InvalidPrimaryKey, match="layout of limpyd 2"):
        model(id=pk, name="x")
    assert keys_of(database) == []


@pytest.mark.parametrize("pk", ["", "a b", "a:b", "*", "{x}", "nam", "é", "x\0y", "hash", "1:hash"])
def test_any_other_primary_key_does(model, database, pk):
    person = model(id=pk, name="N", born="2015-02-03", email="e", headers={"a": "1"}, tags=["t"])
    assert model.collection(name="N", name__lower="n", born__year=2015, email="e", headers__a__gte=1).primary_keys()
    assert list(model.collection(tags__startswith="t")) == [pk]
    assert person.name.hget() == "N"
    assert set(model.scan_model_keys()) >= set(keys_of(database))
    person.delete()
    assert keys_of(database) == []


@pytest.mark.parametrize("name", ["collection", "hash", "max_pk", "meta"])
def test_refuses_fields_that_would_meet_keys_of_the_model(database, name):
    with pytest.raises(DeclarationError):
        type("Broken", (RedisModel,), {"database": database, name: StringField()})


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (GeoField(indexes=[GeoIndex]), "no such index"),
        (SetField(indexes=[NumberRangeIndex]), "one number per object"),
        (StringField(indexes=[TextRangeIndex(case_sensitive=False)]), "upper and lower case"),
    ],
)
def test_refuses_indexes_that_limpyd_2_does_not_have(database, field, reason):
    with pytest.raises(DeclarationError, match=reason):
        type("Broken", (RedisModel,), {"database": database, "field": field})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "lower:x"}, "another index"),
        ({"born": "year:number-range"}, "another index"),
        ({"headers": {"a:b": "1"}}, "contains a colon"),
        ({"headers": {"a": "number-range"}}, "another index"),
    ],
)
def test_refuses_values_that_would_meet_another_index(model, database, values, message):
    person = model(id="1", email="e")
    before = {key: database.connection.type(key) for key in keys_of(database)}
    with pytest.raises(InvalidValue, match=message):
        model(id="2", **values)
    with pytest.raises(InvalidValue, match=message):
        person.update(**values)
    assert {key: database.connection.type(key) for key in keys_of(database)} == before


def test_values_that_only_the_server_knows_are_refused_too(model, database):
    person = model(id="1", born="year:number-")
    with pytest.raises(InvalidValue, match="another index"):
        person.born.append("range")
    assert person.born.get() == "year:number-"


def test_texts_are_found_in_the_order_of_their_values(model):
    texts = ["", "a", "a-", "a:", "a:TEXT", "a1", "aa", "b", "b0"]
    for number, text in enumerate(texts):
        model(id=str(number), tags=[text])
    for text in texts:
        for operator, test in (("lte", text.__ge__), ("lt", text.__gt__), ("gte", text.__le__), ("gt", text.__lt__)):
            expected = {str(number) for number, other in enumerate(texts) if test(other)}
            assert set(model.collection(**{f"tags__{operator}": text})) == expected, (text, operator)
        assert set(model.collection(tags=text)) == {str(texts.index(text))}
        beginning = {str(number) for number, other in enumerate(texts) if other.startswith(text)}
        assert set(model.collection(tags__startswith=text)) == beginning


def test_indexes_are_rebuilt_and_cleared_alone(model, database):
    for number in range(30):
        values = {"name": f"N{number % 3}", "born": f"20{number:02}-01-01", "email": str(number)}
        model(id=str(number), **values, headers={"a": str(number)}, tags=[str(number)])
    before = {key: database.connection.type(key) for key in keys_of(database)}
    lower = model.get_field("name").get_index(prefix="lower")
    lower.clear()
    assert not [key for key in keys_of(database) if key.startswith("n:person:name:lower:")]
    assert {key for key in before if not key.startswith("n:person:name:lower:")} == set(keys_of(database))
    lower.rebuild()
    assert set(before) == set(keys_of(database))
    plain = model.get_field("name").get_index(prefix="")
    plain.clear()
    assert [key for key in keys_of(database) if key.startswith("n:person:name:lower:")]
    database.connection.sadd("n:person:name:stale", "1")
    database.connection.zadd("n:person:headers:b:number-range", {"7": 1})
    database.connection.zadd("n:person:tags:text-range", {"gone:TEXT-RANGE-SEPARATOR:1": 0})
    database.connection.sadd("n:person:email:stale", "1")
    model.rebuild_indexes()
    assert set(before) == set(keys_of(database))
    model.clear_indexes()
    assert not [key for key in keys_of(database) if key.split(":")[2] in {"name", "born", "email", "headers", "tags"}]
    model.rebuild_indexes()
    assert set(before) == set(keys_of(database))


def test_a_stale_owner_of_a_unique_value_makes_room_when_it_is_rebuilt(model, database):
    model(id="1", email="mine")
    database.connection.sadd("n:person:email:mine", "2")
    model.rebuild_indexes()
    assert database.connection.smembers("n:person:email:mine") == {"1"}
    database.connection.sadd("n:person:collection", "2")
    database.connection.set("n:person:2:email", "mine")
    with pytest.raises(UniquenessError):
        model.rebuild_indexes()


DAMAGE = {
    "missing": lambda client: client.srem("n:person:name:lower:n1", "1"),
    "stale": lambda client: client.zadd("n:person:headers:a:number-range", {"gone": 3}),
    "orphan": lambda client: client.sadd("n:person:name", "x") and client.rename("n:person:name", "n:person:tags:old"),
    "half": lambda client: client.set("n:person:gone:born", "2001-01-01"),
    "mistyped": lambda client: client.delete("n:person:1:tags") and client.set("n:person:1:tags", "x"),
    "expiring": lambda client: client.expire("n:person:1:born", 1000),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_check_finds_damage_and_repairs_it(model, database, kind):
    for number in range(5):
        values = {"name": f"N{number}", "born": f"200{number}-02-03", "email": str(number)}
        model(id=str(number), **values, headers={"a": "1"}, tags=["t"])
    assert model.check().ok
    DAMAGE[kind](database.connection)
    report = model.check()
    assert kind in {finding.kind for finding in report}, list(report)
    model.check(repair="all")
    assert model.check().ok
    assert database.check().ok


def test_a_check_finds_two_owners_of_a_unique_value(model, database):
    model(id="1", email="e")
    model(id="2", email="f")
    database.connection.set("n:person:2:email", "e")
    database.connection.sadd("n:person:email:e", "2")
    assert {finding.kind for finding in model.check(repair="all")} >= {"conflict"}


def test_bulk_and_transactions(model, database):
    model.bulk_create({"id": str(number), "email": f"{number}@x", "name": "N"} for number in range(50))
    with pytest.raises(BulkError):
        model.bulk_create([{"id": "a", "email": "new"}, {"id": "b", "email": "1@x"}])
    assert model.collection(name="N").count() == 50
    with pytest.raises(UniquenessError), database.transaction():
        model.lazy_connect("1").name.hset("M")
        model.lazy_connect("2").email.set("1@x")
    assert model.collection(name="M").count() == 0
    assert model.collection().delete() == 51
    assert keys_of(database) == []


async def test_the_async_face(server):
    db = AsyncRedisDatabase(port=server.port, layout="limpyd2")
    await db.connection.flushall()

    class Thing(AsyncRedisModel):
        database = db
        name = StringField(indexable=True)

    thing = await Thing.create(name="x")
    assert await Thing.collection(name="x").all() == ["1"]
    names = "1:name", "collection", "max_pk", "meta", "name:x"
    assert sorted(await db.connection.keys("*")) == [f":thing:{name}" for name in names]
    await thing.delete()
    await db.close()


def test_is_refused_on_a_cluster():
    node = ClusterNode(BINARIES[NEWEST])
    try:
        with pytest.raises(DeclarationError, match="cluster"):
            RedisDatabase(port=node.port, layout="limpyd2").connect()
    finally:
        node.stop()


def test_a_model_does_not_change_its_layout(model, server):
    with pytest.raises(DeclarationError, match="layout"):
        model.use_database(RedisDatabase(port=server.port))
    with pytest.raises(DeclarationError, match="limpyd9"):
        RedisDatabase(layout="limpyd9")


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("limpyd.model", "RedisModel"),
        ("limpyd.fields", "StringField HashField InstanceHashField SetField ListField SortedSetField"),
        ("limpyd.fields", "PKField AutoPKField"),
        ("limpyd.indexes", "EqualIndex TextRangeIndex NumberRangeIndex"),
        ("limpyd.database", "RedisDatabase"),
        ("limpyd.exceptions", "LimpydException UniquenessError ImplementationError DoesNotExist"),
        ("limpyd.collection", "CollectionManager"),
        ("limpyd.contrib.database", "PipelineDatabase"),
        ("limpyd.contrib.collection", "ExtendedCollectionManager SORTED_SCORE"),
        ("limpyd.contrib.related", "RelatedModel FKStringField FKInstanceHashField"),
        ("limpyd.contrib.related", "M2MSetField M2MListField M2MSortedSetField"),
        ("limpyd.contrib.indexes", "MultiIndexes DateIndex TimeIndex DateTimeIndex"),
        ("limpyd.contrib.indexes", "SimpleDateTimeIndex DateSimpleTimeIndex"),
        ("limpyd.contrib.indexes", "ScoredEqualIndex EqualIndexWith"),
    ],
)
def test_the_paths_of_limpyd_2_import(path, names):
    module = importlib.import_module(path)
    for name in names.split():
        assert getattr(module, name) is not None


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("n:person:a:born", lambda person: person.born.get()),
        ("n:person:a:hash", lambda person: person.hgetall()),
        ("n:person:a:tags", lambda person: person.tags.smembers()),
        ("n:person:collection", lambda person: list(type(person).collection())),
        ("n:person:name:Ada", lambda person: list(type(person).collection(name="Ada"))),
    ],
)
def test_a_read_tells_a_key_of_another_type(model, database, key, call):
    person = model(id="a", name="Ada", born="1815-12-10", tags=["x"])
    database.connection.delete(key)
    database.connection.xadd(key, {"a": "b"})
    with pytest.raises(WrongTypeError, match=f"{key}' should be a .* but holds a stream"):
        call(person)
