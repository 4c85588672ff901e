"""What docs/migrating.md says of declarations, references and commands, each statement tried here."""

import pytest

from limpyd import fields, model
from limpyd.contrib import related
from limpyd.contrib.database import PipelineDatabase
from limpyd.exceptions import DeclarationError, DoesNotExist, RelatedDoesNotExist, UniquenessError
from limpyd.indexes import EqualIndex
from tests.support.limpyd2.differences import difference, refuses


@pytest.fixture
def thing(database):
    main_database = database

    class Thing(related.RelatedModel):
        database = main_database
        name = fields.InstanceHashField(indexable=True)
        note = fields.StringField()
        tags = fields.SetField(indexable=True)
        scores = fields.SortedSetField(indexable=True)
        queue = fields.ListField(indexable=True)
        owner = related.FKStringField("self", related_name="owned")

    return Thing(name="a")


@difference("a `HashField`, a set, a list may not be unique, or only as a whole")
def test_unique_members(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        names = fields.SetField(unique=True)
        headers = fields.HashField(unique=True)

    Person(names={"a", "b"}, headers={"k": "v"})
    refuses(UniquenessError, lambda: Person(names={"b"}))
    refuses(UniquenessError, lambda: Person(headers={"k": "v"}))


@difference("`indexes=[…]` needs `indexable=True`")
def test_indexes_imply_indexable(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        name = fields.StringField(indexes=[EqualIndex])

    Person(name="x")
    assert list(Person.collection(name="x")) == ["1"]


@difference("`instance()` of a reference without a value raises")
def test_unset_references(thing):
    assert thing.owner.instance() is None


@difference("references to absent objects are accepted")
def test_absent_references(database, thing):
    main_database = database
    refuses(RelatedDoesNotExist, lambda: thing.owner.set("77"))

    class Loose(related.RelatedModel):
        database = main_database
        owner = related.FKStringField("Thing", check=False)

    assert Loose(owner="77").owner.get() == "77"


@difference("a deletion clears references, M2M lists raise")
def test_deletions(database):
    main_database = database

    class Person(related.RelatedModel):
        database = main_database
        friends = related.M2MListField("self", related_name="friend_of")
        boss = related.FKStringField("self", related_name="staff", on_delete="cascade")
        nick = fields.StringField()

    boss = Person(nick="b")
    friend, worker = Person(friends=[boss]), Person(boss=boss)
    boss.delete()
    assert friend.friends.llen() == 0
    refuses(DoesNotExist, lambda: Person(worker.pk.get()))


@difference("`zadd(name=score)`")
def test_zadd(thing):
    assert thing.scores.zadd(a=1) == thing.scores.zadd({"b": 2}) == 1


@difference('flags by position: `zadd({"a": 1}, True)`, `expire(5, True)`')
def test_flags_by_position(thing):
    refuses(TypeError, lambda: thing.scores.zadd({"a": 1}, True))
    refuses(TypeError, lambda: thing.note.expire(5, True))
    assert thing.scores.zadd({"a": 1}, nx=True) == 1


@difference("arguments are redis-py's: `withscores=True`, `spop(3)`, `lpos(value, count=0)`, `sort(get=…)`")
def test_arguments(thing):
    thing.scores.zadd({"a": 1})
    thing.tags.sadd("a", "b")
    thing.queue.rpush("a", "b", "a")
    assert thing.scores.zrange(0, -1, withscores=True) == [("a", 1.0)]
    assert set(thing.tags.spop(3)) == {"a", "b"}
    assert thing.queue.lpos("a", count=0) == [0, 2]
    refuses(TypeError, lambda: thing.scores.zrange(0, -1, withscores=True, score_cast_func=int))


@difference("a member added under the name of an argument, `zadd(nx=1)`, is refused")
def test_members_named_as_arguments(thing):
    for name in ("nx", "incr"):
        refuses(Exception, lambda flag=name: thing.scores.zadd(**{flag: 1}))
    assert thing.scores.zcard() == 0


@difference("a field with the name of an attribute (`key`, `pk`, `get` …) fails obscurely or breaks the model")
def test_names_of_fields(database):
    main_database = database

    class Person(model.RedisModel):
        database = main_database
        key = fields.StringField()

    assert Person(key="x").key.get() == "x"
    refuses(
        DeclarationError,
        lambda: type("Other", (model.RedisModel,), {"database": database, "get": fields.StringField()}),
    )


@difference("`abstract`")
def test_abstract(database):
    main_database = database

    class Base(model.RedisModel):
        database = main_database
        abstract = True

    class Person(Base):
        name = fields.StringField()

    assert (Base.abstract, Person.abstract) == (True, False)


@difference("a field of an instance is a copy of the declaration, with the commands as its methods")
def test_methods_of_field_classes(database):
    main_database = database

    class Loud(fields.StringField):
        def set(self, value):
            return super().set(value.upper())

        def shout(self):
            return f"{self.name}: {self.get()}!"

    class Person(model.RedisModel):
        database = main_database
        name = Loud()

    person = Person(name="x")
    person.name.set("ada")
    assert person.name.shout() == "name: ADA!"
    assert person.name is not Person.get_field("name")


@difference("`related_name` is in lower case")
def test_related_names(database):
    main_database = database

    class Person(related.RelatedModel):
        database = main_database
        namespace = "People"
        name = fields.StringField()
        boss = related.FKStringField("self", related_name="%(namespace)s_%(model)s_Staff")

    boss = Person(name="x")
    Person(boss=boss)
    assert len(boss.people_person_Staff()) == 1


@difference("keys are `namespace:model:pk:field`")
def test_keys(one_server):
    def key(**settings):
        class Person(model.RedisModel):
            database = PipelineDatabase(port=one_server.port, **settings)
            namespace = "people"
            name = fields.StringField()

        name = Person(name="x").name.key
        Person.database.close()
        return name

    assert key(layout="limpyd2") == "people:person:1:name"
    assert key() == "{people:person}:field:name:1"
