"""Entries of objects that do not exist, which something other than limpyd left: they refuse nothing."""

from __future__ import annotations

from contextlib import closing

import pytest

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    HashField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    PKField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)
from limpyd.exceptions import BulkError, RestrictedError, UniquenessError
from limpyd.relations import FKInstanceHashField, M2MSetField
from tests.support.expected_indexes import state

Folded = EqualIndex.configure(transform=str.casefold)


@pytest.fixture
def user(face):
    class User(face.Model):
        database = face.database
        email = InstanceHashField(unique=True)
        login = StringField(unique=True)
        number = StringField(type=int, unique=True, indexes=[EqualIndex])
        fold = InstanceHashField(unique=True, indexes=[Folded])
        keys = SetField(unique=True)
        queue = ListField(unique=True)
        board = SortedSetField(unique=True)
        heads = HashField(unique=True)
        floor = InstanceHashField(indexes=[EqualIndexWith(other_fields=["door"], unique=True)])
        door = StringField()
        note = StringField()

    return User


VALUES = {
    "email": "a@x",
    "login": "a",
    "number": 1,
    "fold": "Ada",
    "keys": ["k1", "k2"],
    "queue": ["q1", "q2"],
    "board": {"b1": 1, "b2": 2},
    "heads": {"from": "h"},
    "floor": "1",
    "door": "d",
}


async def leave(face, model, **values):
    """Leaves the entries of an object that something took away, past limpyd."""
    gone = await face.do(model.create(**values))
    pk = gone._pk_bytes
    (where,) = model._schema.keys.partitions
    face.client.srem(where.pks, pk)
    for prefix in model._schema.key_prefixes(where):
        face.client.delete(prefix + pk)


async def by_hmset(face, model, values):
    made = await face.do(model.create(note="x"))
    await face.do(made.hmset(**{name: values[name] for name in ("email", "fold", "floor")}))
    await face.do(made.update(**values))
    return made


async def by_commands(face, model, values):
    made = await face.do(model.create(note="x"))
    do = face.do
    await do(made.email.hset(values["email"]))
    await do(made.login.set(values["login"]))
    await do(made.number.incr(values["number"]))
    await do(made.fold.set(values["fold"]))
    await do(made.keys.sadd(*values["keys"]))
    await do(made.queue.rpush(*values["queue"]))
    await do(made.board.zadd(values["board"]))
    await do(made.heads.hset("from", "h"))
    await do(made.door.set(values["door"]))
    await do(made.floor.set(values["floor"]))
    return made


async def by_update(face, model, values):
    made = await face.do(model.create(note="x"))
    await face.do(made.update(**values))
    return made


async def by_bulk_create(face, model, values):
    await face.do(model.bulk_create([values, {"note": "x"}]))
    return await face.do(model.get(email=values["email"]))


async def by_upsert(face, model, values):
    done = await face.do(model.bulk_create([values], on_conflict="update"))
    assert (done.created, done.updated) == (1, 0)
    return await face.do(model.get(email=values["email"]))


async def by_bulk_update(face, model, values):
    made = await face.do(model.create(note="x"))
    await face.do(model.bulk_update([(made, values)]))
    return made


async def by_get_or_create(face, model, values):
    found = {"email": values["email"], "login": values["login"]}
    rest = {name: value for name, value in values.items() if name not in found}
    made, created = await face.do(model.get_or_create(**found, defaults=rest))
    assert created
    return made


async def by_creation(face, model, values):
    return await face.do(model.create(**values))


async def in_a_transaction(face, model, values):
    transaction = face.database.transaction()
    if face.is_async:
        async with transaction as opened:
            made = opened.add(model.create, **values)
    else:
        with transaction as opened:
            made = opened.add(model.create, **values)
    return made.value


WAYS = [
    by_creation,
    by_hmset,
    by_commands,
    by_update,
    by_bulk_create,
    by_upsert,
    by_bulk_update,
    by_get_or_create,
    in_a_transaction,
]


@pytest.mark.parametrize("way", WAYS)
async def test_a_unique_value_of_nobody_is_free(face, user, way):
    await leave(face, user, **VALUES)
    made = await way(face, user, VALUES)
    assert await face.do(made.keys.smembers()) == {"k1", "k2"}
    assert [str(finding) for finding in await face.do(user.check())] == []
    for name in ("email", "login", "number", "fold"):
        assert await face.do(user.get(**{name: VALUES[name] if name != "fold" else "ada"})) == made
    for name, value in VALUES.items():
        if name not in {"floor", "door"}:
            error = await face.refused(UniquenessError, lambda name=name, value=value: user.create(**{name: value}))
            assert (error.field, error.owner) == (name, made._pk)
    await face.refused(UniquenessError, lambda: user.create(floor="1", door="d"))


async def test_it_is_put_back_when_something_else_refuses(face, user):
    await leave(face, user, **VALUES)
    await face.do(user.create(login="taken"))
    before = state(face.client)
    await face.refused(UniquenessError, lambda: user.create(**{**VALUES, "login": "taken"}))
    await face.refused(BulkError, lambda: user.bulk_create([{**VALUES, "login": "taken"}]))
    before.pop(b"{user}:seq")
    after = state(face.client)
    after.pop(b"{user}:seq")
    assert after == before


async def test_a_renamed_model(any_face):
    before = any_face.Database(port=any_face.server.port)

    class Old(any_face.Model):
        database = before
        email = InstanceHashField(unique=True)
        keys = SetField(unique=True)

    class New(any_face.Model):
        database = any_face.database
        email = InstanceHashField(unique=True)
        keys = SetField(unique=True)

    await leave(any_face, New, email="a@x", keys=["k"])
    await any_face.do(Old.create(email="a@x", keys=["k"]))
    await any_face.do(Old.create(email="b@x"))
    await any_face.do(before.close())
    moved = await any_face.do(New.rename_from("old"))
    assert (moved.objects, moved.conflicts) == (2, [])
    assert [str(finding) for finding in await any_face.do(New.check())] == []


async def test_fields_of_two_models(any_face):
    """The owner of a value is looked for among the objects of the model that the field is of."""

    class One(any_face.Model):
        database = any_face.database
        pk = PKField()
        keys = SetField()

    class Other(any_face.Model):
        database = any_face.database
        pk = PKField()
        keys = SetField(unique=True)

    one = await any_face.do(One.create(pk="a", keys=["k"]))
    holder = await any_face.do(Other.create(pk="b", keys=["k"]))
    third = await any_face.do(Other.create(pk="c", keys=["x"]))
    await any_face.refused(UniquenessError, lambda: one.keys.smove(third.keys, "k"))
    await any_face.refused(UniquenessError, lambda: third.keys.sunionstore(one.keys))
    await any_face.do(One.create(pk="b"))
    await any_face.do(holder.delete())
    await leave(any_face, Other, pk="d", keys=["k"])
    await any_face.do(One.create(pk="d"))
    await any_face.do(one.keys.smove(third.keys, "k"))
    assert await any_face.do(third.keys.smembers()) == {"k", "x"}
    assert await any_face.do(Other.get(keys="k")) == third


def test_the_layout_of_limpyd_2(one_server):
    with closing(RedisDatabase(port=one_server.port, layout="limpyd2")) as database, one_server.client() as client:
        fields = {
            "email": InstanceHashField(unique=True),
            "name": StringField(unique=True, indexes=[TextRangeIndex]),
            "age": StringField(unique=True, indexes=[NumberRangeIndex]),
        }
        person = type("Person", (RedisModel,), {"database": database, **fields})
        gone = person(email="a@x", name="Ada", age="5").pk.get()
        client.srem(":person:collection", gone)
        client.delete(*client.keys(f":person:{gone}:*"))
        made = person(email="a@x", name="Ada", age="5")
        assert [str(finding) for finding in person.check()] == []
        for values in ({"email": "a@x"}, {"name": "Ada"}, {"age": "5"}):
            with pytest.raises(UniquenessError, match=f"Person\\('{made.pk.get()}'\\)"):
                person(**values)


async def test_references_of_nobody(any_face):
    """An entry of an object that does not exist forbids no deletion, and has no reference to lose."""

    class Town(any_face.Model):
        database = any_face.database
        code = PKField()

    class Person(any_face.Model):
        database = any_face.database
        home = FKInstanceHashField(Town, related_name="people", on_delete="restrict")
        only = FKInstanceHashField(Town, unique=True, related_name="mayor", on_delete="restrict")
        towns = M2MSetField(Town, related_name="visitors", on_delete="restrict")
        seen = M2MSetField(Town, related_name="seers", on_delete="cascade")
        wish = FKInstanceHashField(Town, related_name="dreamers", on_delete="clear")

    town = await any_face.do(Town.create(code="t"))
    await leave(any_face, Person, home=town, only=town, towns=[town], seen=[town], wish=town)
    await any_face.do(town.delete())
    town = await any_face.do(Town.create(code="t"))
    await leave(any_face, Person, home=town, towns=[town])
    made = await any_face.do(Person.create(home=town, only=town, towns=[town], wish=town))
    error = await any_face.refused(RestrictedError, town.delete, match="cannot be deleted")
    assert made._pk in str(error)
