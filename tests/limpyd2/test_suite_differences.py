"""What docs/migrating.md says of instances, fields, orders and indexes that limpyd 2's own tests try, tried here."""

import pytest

from limpyd import RedisDatabase, fields, model
from limpyd.contrib.collection import SORTED_SCORE
from limpyd.contrib.indexes import DateIndex
from limpyd.contrib.related import FKStringField
from limpyd.exceptions import (
    DeclarationError,
    DoesNotExist,
    InvalidFilter,
    InvalidPrimaryKey,
    InvalidValue,
    UnknownField,
)
from tests.support.limpyd2.differences import difference, refuses


@pytest.fixture
def boats(database):
    main_database = database

    class Boat(model.RedisModel):
        database = main_database
        name = fields.StringField(indexable=True)
        length = fields.StringField(unique=True)
        power = fields.InstanceHashField(indexable=True, default="sail")
        launched = fields.InstanceHashField(indexable=True, indexes=[DateIndex])
        crew = fields.SetField()
        ranking = fields.SortedSetField()

    return Boat


@pytest.fixture
def sketches(database):
    main_database = database

    class Sketch(model.RedisModel):
        database = main_database
        name = fields.StringField()

    return Sketch


@difference("`Model()` stores its defaults with the first field, or when its primary key is read")
def test_empty_instances(boats, sketches):
    assert list(boats.collection()) == []
    boats()
    assert list(boats.collection(power="sail")) == ["1"]
    sketch = sketches()
    refuses(InvalidPrimaryKey, sketch.pk.get)
    assert (sketch._pk, sketch.name.get(), list(sketches.collection())) == (None, None, [])
    sketch.name.set("a")
    assert sketch.pk.get() == "1"


@difference("None is accepted as a primary key that no object has; an empty primary key and 0 count as missing")
def test_primary_keys_that_are_false(database):
    main_database = database

    class Named(model.RedisModel):
        database = main_database
        id = fields.PKField()

    refuses(ValueError, lambda: Named(None))
    for pk in ("", "0"):
        refuses(DoesNotExist, lambda pk=pk: Named(pk))
        Named(id=pk)
        assert Named.exists(pk=pk)
        assert Named(pk).pk.get() == pk


@difference("`from_pks(…)` is a generator")
def test_from_pks(boats):
    boat = boats(name="a")
    assert boats.from_pks(["1", "9"]) == [boat]


@difference("`normalize` of a primary key class determines the value that is read")
def test_classes_of_primary_keys(database):
    main_database = database

    class Number(fields.PKField):
        def normalize(self, value):
            return int(value)

    def declare():
        class Numbered(model.RedisModel):
            database = main_database
            number = Number()

    assert "int(instance.pk.get())" in str(refuses(DeclarationError, declare))


@difference("unknown arguments of fields are ignored")
def test_unknown_arguments():
    refuses(DeclarationError, lambda: fields.StringField(cacheable=False))


@difference("fields of many members may have a `default`")
def test_defaults_of_many():
    refuses(DeclarationError, lambda: fields.SetField(default=["a"]))


@difference('`Model(tags="x")` stores a set of one member')
def test_one_text_as_members(boats):
    refuses(InvalidValue, lambda: boats(crew="ann"))
    assert boats(crew=["ann"]).crew.smembers() == {"ann"}


@difference("`hmget` and `hdel` accept unknown names together with known ones")
def test_unknown_names(boats):
    boat = boats(name="a")
    refuses(UnknownField, lambda: boat.hmget("power", "absent"))
    refuses(UnknownField, lambda: boat.hdel("power", "absent"))
    assert boat.power.hget() == "sail"


@difference("`incrbyfloat` indexes and compares `3.0` where Redis stores `3`; after `hincrby` a number is not found")
def test_increments(boats):
    boat, _ = boats(length="2.5", power=5), boats(length="3.0")
    boat.length.incrbyfloat("0.5")
    assert list(boats.collection(length="3")) == ["1"]
    boat.power.hincrby(1)
    assert list(boats.collection(power=6)) == ["1"]


@difference("`__in` of an index with a prefix finds nothing, or all")
def test_in_with_a_prefix(boats):
    for year in (2011, 2012, 2013):
        boats(launched=f"{year}-01-01")
    assert sorted(boats.collection(launched__year__in=[2011, 2012])) == ["1", "2"]


@difference("`intersect([])` raises `ValueError`")
def test_intersection_with_nothing(boats):
    boats(name="a")
    assert list(boats.collection().intersect([])) == []


@difference("in an order, objects without a value come first")
def test_objects_without_a_value(boats):
    for name in ("b", None, "a"):
        boats(name=name)
    assert list(boats.collection().sort(by="name", alpha=True)) == ["3", "1", "2"]


@difference('`SORTED_SCORE` is text, `"200.0"`')
def test_scores(boats):
    boat = boats(name="a")
    boat.ranking.zadd({"1": 200})
    named = boats.collection().values_list("name", SORTED_SCORE)
    assert named.sort(by_score=boat.ranking).all() == [("a", 200.0)]
    assert named.all() == [("a", None)]


@difference('`values("name", "name")` reads it once')
def test_a_name_twice(boats):
    refuses(InvalidFilter, lambda: boats.collection().values("name", "name"))


@difference("a reference to a model of another database is accepted, and leads nowhere")
def test_references_to_another_database(database, boats, one_server):
    other = RedisDatabase(port=one_server.port, db=1)

    def declare():
        class Port(model.RedisModel):
            database = other
            boat = FKStringField(boats)

    refuses(DeclarationError, declare)


def test_post_command_runs_after_commands_of_instances(database):
    main_database, seen = database, []

    class Watched(model.RedisModel):
        database = main_database
        name = fields.InstanceHashField()

        def post_command(self, sender, name, result, args, kwargs):
            seen.append((name, getattr(sender, "name", None), args))
            return result

    watched = Watched(name="a")
    assert seen == []
    assert (watched.name.hget(), watched.hmget("name"), watched.hmset(name="b")) == ("a", ["a"], True)
    assert [name for name, _, _ in seen] == ["hget", "hmget", "hmset"]
    assert seen[0] == ("hget", "name", ())
    assert seen[1][2] == ("name",)
