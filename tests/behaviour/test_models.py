"""Models: creating, getting, finding and deleting objects, on both faces and all servers."""

from __future__ import annotations

import asyncio
import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import partial

import pytest

from limpyd import (
    AutoPKField,
    DoesNotExist,
    InstanceHashField,
    MultipleObjectsReturned,
    PKField,
    StringField,
    UniquenessError,
)
from limpyd.exceptions import InvalidFilter, InvalidPrimaryKey, InvalidValue, LimpydError, UnknownField
from tests.support.blocks import block
from tests.support.expected_indexes import state


@pytest.fixture
def person(face):
    class Person(face.Model):
        database = face.database
        name = StringField(indexable=True)
        nick = StringField()
        city = InstanceHashField(indexable=True)
        email = InstanceHashField(unique=True)
        born = InstanceHashField(type=int)

    return Person


@pytest.fixture
def country(face):
    class Country(face.Model):
        database = face.database
        code = PKField()
        name = StringField()

    return Country


@pytest.fixture
def settings(face):
    counter = iter(range(100, 1000))

    class Settings(face.Model):
        database = face.database
        colour = StringField(default="blue", indexable=True)
        size = InstanceHashField(type=int, default=3)
        number = InstanceHashField(type=int, default=lambda: next(counter))
        note = StringField()

    return Settings


class TestCreate:
    async def test_stores_every_value_and_index(self, face, person):
        ada = await face.do(person.create(name="Ada", city="London", email="ada@x", born=1815))
        assert await face.do(ada.pk.get()) == "1"
        client = face.client
        assert client.get("{person}:field:name:1") == b"Ada"
        assert client.hgetall("{person}:hash:1") == {b"city": b"London", b"email": b"ada@x", b"born": b"1815"}
        assert client.smembers("{person}:pks") == {b"1"}
        assert client.get("{person}:seq") == b"1"
        assert client.smembers("{person}:eq:name:Ada") == {b"1"}
        assert client.smembers("{person}:eq:city:London") == {b"1"}
        assert client.hgetall("{person}:uniq:email") == {b"ada@x": b"1"}
        assert len(face.keys()) == 7

    async def test_primary_keys_count_up(self, face, person):
        made = [await face.do(person.create(name="x")) for _ in range(3)]
        assert [await face.do(each.pk.get()) for each in made] == ["1", "2", "3"]

    async def test_a_primary_key_in_use_is_passed_over(self, face, person):
        for _ in range(3):
            await face.do(person.create(name="x"))
        face.client.delete("{person}:seq")  # as after restoring an incomplete backup
        assert await face.do((await face.do(person.create(name="y"))).pk.get()) == "4"

    async def test_one_field_of_many(self, face, person):
        ada = await face.do(person.create(born=1815))
        assert await face.do(ada.born.hget()) == 1815
        assert await face.do(ada.name.get()) is None
        assert face.keys() == {"{person}:hash:1", "{person}:pks", "{person}:seq"}

    async def test_none_is_not_stored(self, face, person):
        ada = await face.do(person.create(name=None, born=1))
        assert await face.do(ada.name.exists()) is False

    async def test_defaults(self, face, settings):
        one, two = [await face.do(settings.create()) for _ in range(2)]
        assert await face.do(one.colour.get()) == "blue"
        assert await face.do(one.size.hget()) == 3
        assert [await face.do(each.number.hget()) for each in (one, two)] == [100, 101]
        assert await face.do(one.note.get()) is None
        assert sorted(await face.all(settings.collection(colour="blue"))) == ["1", "2"]

    async def test_a_value_instead_of_a_default(self, face, settings):
        one = await face.do(settings.create(colour="red", size=None))
        assert await face.do(one.colour.get()) == "red"
        assert await face.do(one.size.hget()) is None

    async def test_nothing_to_store_makes_an_empty_instance(self, face, person):
        with face.sent() as sent:
            nobody = await face.do(person.create())
        assert sent.names == []
        assert nobody._pk is None
        assert "without pk" in repr(nobody)
        assert await face.do(nobody.name.get()) is None
        assert await face.do(nobody.born.hget()) is None
        assert await face.do(nobody.hgetall()) == {}
        assert await face.all(nobody.scan_keys()) == []
        assert await face.do(nobody.pk.exists()) is False
        assert face.keys() == set()

    async def test_an_empty_instance_gets_its_key_with_the_first_field(self, face, person):
        nobody = await face.do(person.create())
        assert await face.do(nobody.name.delete()) is False
        assert face.keys() == set()  # nothing was stored, so nothing was made
        await face.do(nobody.name.set("Ada"))
        assert await face.do(nobody.pk.get()) == "1"
        await face.do(nobody.born.hset(1815))
        assert await face.all(person.collection(name="Ada")) == ["1"]
        assert await face.do(person.collection().count()) == 1

    async def test_first_fields_set_at_once_make_one_object(self, face, person):
        for _ in range(10):
            nobody = await face.do(person.create())
            calls = [
                partial(nobody.name.set, "Ada"),
                partial(nobody.born.hset, 1815),
                partial(nobody.hmset, city="Paris"),
            ]
            if face.is_async:
                await asyncio.gather(*(call() for call in calls))
            else:
                with ThreadPoolExecutor(3) as pool:
                    list(pool.map(lambda call: call(), calls))
            assert await face.do(nobody.name.get()) == "Ada"
            assert await face.do(nobody.hgetall()) == {"born": 1815, "city": "Paris"}
        assert await face.do(person.collection().count()) == 10

    async def test_a_refused_first_field_leaves_no_trace(self, face, person):
        await face.do(person.create(email="a@x"))
        before = face.keys(), face.client.get("{person}:seq")
        nobody = await face.do(person.create())
        await face.refused(UniquenessError, lambda: nobody.email.hset("a@x"))
        await face.refused(LimpydError, lambda: nobody.name.incrby(1 << 70))
        assert (face.keys(), face.client.get("{person}:seq")) == before
        assert nobody._pk is None

    async def test_unknown_field(self, face, person):
        error = await face.refused(UnknownField, lambda: person.create(nmae="Ada"))
        assert isinstance(error, ValueError)
        assert "nmae" in str(error)
        assert "name" in str(error)
        assert face.keys() == set()

    async def test_wrong_value(self, face, person):
        error = await face.refused(InvalidValue, lambda: person.create(name="Ada", born="1815"))
        assert "Person.born" in str(error)
        assert face.keys() == set()

    async def test_unique_conflict_leaves_no_trace(self, face, person):
        await face.do(person.create(name="Ada", email="a@x"))
        before = face.keys(), face.client.get("{person}:seq")
        error = await face.refused(
            UniquenessError, lambda: person.create(name="Bob", city="Paris", email="a@x", born=1)
        )
        assert (error.model, error.field, error.value, error.owner) == ("Person", "email", "a@x", "1")
        for part in ("Person.email", "'a@x'", "Person('1')"):
            assert part in str(error)
        assert (face.keys(), face.client.get("{person}:seq")) == before
        assert face.client.smembers("{person}:pks") == {b"1"}

    async def test_the_first_refused_object_leaves_no_sequence(self, face, person):
        face.client.sadd("{person}:pks", "99")
        face.client.hset("{person}:uniq:email", "a@x", "99")
        await face.refused(UniquenessError, lambda: person.create(email="a@x"))
        assert face.keys() == {"{person}:uniq:email", "{person}:pks"}

    async def test_a_lost_counter_of_many(self, face, person):
        face.client.sadd("{person}:pks", *range(1, 5001))
        face.client.sadd("{person}:pks", 5002)
        assert await face.do((await face.do(person.create(name="y"))).pk.get()) == "5003"  # 5001 objects: on to there
        await face.do(person.create(email="a@x"))
        before = state(face.client)
        face.client.delete("{person}:seq")
        await face.refused(UniquenessError, lambda: person.create(email="a@x"))
        assert face.client.exists("{person}:seq") == 0
        face.client.set("{person}:seq", 5004)
        assert state(face.client) == before

    @pytest.mark.parametrize("how", ["alone", "in bulk", "in a transaction"])
    async def test_a_lost_counter_goes_on_from_the_highest_key(self, face, person, how):
        for last in (3, 900):
            face.client.set("{person}:seq", last)
            await face.do(person.create(name=str(last)))
        face.client.delete("{person}:seq")
        if how == "alone":
            await face.do(person.create(name="x"))
        elif how == "in bulk":
            await face.do(person.bulk_create([{"name": "x"}]))
        else:
            async with block(face, person.database.transaction()):
                person.create(name="x")
        assert face.client.smembers("{person}:pks") == {b"4", b"901", b"902"}
        assert await face.do(person.collection().last()) == "902"

    @pytest.mark.parametrize("keys", [["x", "7"], ["-7"], ["9" * 30, "2"]])
    async def test_a_lost_counter_beside_other_keys(self, face, person, keys):
        face.client.sadd("{person}:pks", *keys)
        assert await face.do((await face.do(person.create(name="y"))).pk.get()) == str(len(keys) + 1)

    @pytest.mark.parametrize("command", [["SET", "x"], ["RPUSH", "x"], ["HSET", "f", "x"]])
    async def test_keys_that_are_in_use_are_not_taken_over(self, face, person, command):
        name, *args = command
        for key in ("{person}:hash:1", "{person}:field:name:1", "{person}:field:nick:1"):
            face.client.execute_command(name, key, *args)
            before = state(face.client)
            error = await face.refused(LimpydError, lambda: person.create(name="Ada", city="Paris", email="a@x"))
            assert key in str(error)
            assert state(face.client) == before
            face.client.delete(key)

    async def test_many_hash_fields(self, face):
        wide = type(face.Model)(
            "Wide",
            (face.Model,),
            {"database": face.database, **{f"f{n}": InstanceHashField() for n in range(3000)}},
        )
        one = await face.do(wide.create(**{f"f{n}": str(n) for n in range(3000)}))
        assert await face.do(one.hlen()) == 3000
        assert await face.do(one.f2999.hget()) == "2999"


class TestOwnPrimaryKey:
    async def test_create_and_get(self, face, country):
        france = await face.do(country.create(code="fr", name="France"))
        assert await face.do(france.pk.get()) == "fr"
        assert await face.do(france.code.get()) == "fr"
        assert await face.do(country.get("fr")) == france
        assert await face.do(country.get(code="fr")) == france
        assert await face.do(country.get(pk="fr")) == france
        assert face.keys() == {"{country}:field:name:fr", "{country}:pks"}

    async def test_pk_as_argument(self, face, country):
        assert await face.do((await face.do(country.create(pk="de"))).code.get()) == "de"

    async def test_taken(self, face, country):
        await face.do(country.create(code="fr", name="France"))
        error = await face.refused(UniquenessError, lambda: country.create(code="fr", name="Other"))
        assert (error.field, error.owner) == ("code", "fr")
        assert face.client.get("{country}:field:name:fr") == b"France"

    async def test_missing(self, face, country):
        await face.refused(InvalidPrimaryKey, lambda: country.create(name="France"), match="code")

    async def test_given_twice(self, face, country):
        await face.refused(InvalidPrimaryKey, lambda: country.create(pk="fr", code="fr"), match="twice")
        await face.refused(InvalidPrimaryKey, lambda: country.get("fr", code="fr"), match="twice")
        await face.refused(InvalidPrimaryKey, lambda: country.get(pk="fr", code="de"), match="twice")

    async def test_automatic_keys_are_not_given(self, face, person):
        await face.refused(InvalidPrimaryKey, lambda: person.create(pk=5, name="x"), match="automatic")

    async def test_wrong_type(self, face, country):
        for wrong in (True, ["fr"], object()):
            await face.refused(InvalidPrimaryKey, lambda wrong=wrong: country.create(code=wrong))

    async def test_set_on_an_empty_instance(self, face, country):
        empty = await face.do(country.create())
        await face.refused(InvalidPrimaryKey, lambda: empty.name.set("France"), match="code")
        await face.do(empty.code.set("fr"))
        assert await face.do(empty.pk.get()) == "fr"
        await face.do(empty.name.set("France"))
        await face.refused(InvalidPrimaryKey, lambda: empty.code.set("de"), match="has its primary key")
        again = await face.do(country.create())
        await face.refused(UniquenessError, lambda: again.pk.set("fr"))
        claims = [again.pk.set, again.code.set]
        if face.is_async:
            outcomes = await asyncio.gather(claims[0]("it"), claims[1]("es"), return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [type(None), InvalidPrimaryKey]
            assert set(await face.all(country.collection())) == {"fr", "it"}

    async def test_automatic_under_another_name(self, face):
        class Ticket(face.Model):
            database = face.database
            number = AutoPKField()
            text = StringField()

        one = await face.do(Ticket.create(text="x"))
        assert (await face.do(one.number.get()), await face.do(one.pk.get())) == ("1", "1")
        assert await face.do(Ticket.get(number=1)) == one

    async def test_zero_and_empty(self, face, country):
        for pk in (0, ""):
            made = await face.do(country.create(code=pk, name="x"))
            assert await face.do(country.exists(pk)) is True
            assert await face.do(country.get(pk)) == made
        assert await face.do(country.collection().count()) == 2


class TestGet:
    async def test_by_pk(self, face, person):
        ada = await face.do(person.create(name="Ada"))
        for pk in (1, "1", b"1"):
            assert await face.do(person.get(pk)) == ada

    async def test_by_filters(self, face, person):
        ada = await face.do(person.create(name="Ada", city="London", email="a@x"))
        await face.do(person.create(name="Ada", city="Paris"))
        assert await face.do(person.get(name="Ada", city="London")) == ada
        assert await face.do(person.get(email="a@x")) == ada
        assert await face.do(person.get(1, name="Ada")) == ada

    async def test_absent(self, face, person):
        await face.refused(DoesNotExist, lambda: person.get(12), match=r"Person.*12")
        await face.refused(DoesNotExist, lambda: person.get(name="Ada"), match="Ada")
        await face.refused(DoesNotExist, lambda: person.get(email="a@x"))
        await face.refused(DoesNotExist, lambda: person.get(name__in=[]))

    async def test_several(self, face, person):
        for city in ("London", "Paris"):
            await face.do(person.create(name="Ada", city=city))
        error = await face.refused(MultipleObjectsReturned, lambda: person.get(name="Ada"))
        assert isinstance(error, ValueError)
        await face.refused(MultipleObjectsReturned, lambda: person.get(name__in=["Ada"], city__in=["London", "Paris"]))

    async def test_nothing_asked(self, face, person):
        await face.refused(InvalidFilter, person.get)
        await face.refused(InvalidFilter, person.exists)
        with pytest.raises(TypeError if face.is_async else InvalidPrimaryKey):
            person(None)


class TestExists:
    async def test_by_pk_and_filters(self, face, person):
        await face.do(person.create(name="Ada", city="London", email="a@x"))
        for found in ({"name": "Ada"}, {"email": "a@x"}, {"name": "Ada", "city": "London"}, {"pk": 1}):
            assert await face.do(person.exists(**found)) is True
        assert await face.do(person.exists(1)) is True
        for absent in ({"name": "Bob"}, {"email": "b@x"}, {"name": "Ada", "city": "Paris"}, {"pk": 2}, {"pk__in": []}):
            assert await face.do(person.exists(**absent)) is False


class TestGetOrCreate:
    async def test_creates_then_finds(self, face, person):
        first, created = await face.do(person.get_or_create(name="Ada", defaults={"born": 1815}))
        assert created is True
        assert await face.do(first.born.hget()) == 1815
        again, created = await face.do(person.get_or_create(name="Ada", defaults={"born": 1}))
        assert (again, created) == (first, False)
        assert await face.do(person.get_or_connect(name="Ada")) == first
        assert await face.do(person.collection().count()) == 1

    async def test_connect_returns_the_instance(self, face, person):
        made = await face.do(person.get_or_connect(name="Ada"))
        assert await face.do(made.name.get()) == "Ada"

    async def test_several(self, face, person):
        for _ in range(2):
            await face.do(person.create(name="Ada"))
        await face.refused(MultipleObjectsReturned, lambda: person.get_or_create(name="Ada"), match="2 Person")

    async def test_by_pk(self, face, person, country):
        ada = await face.do(person.create(name="Ada"))
        assert await face.do(person.get_or_connect(1)) == ada
        await face.refused(InvalidPrimaryKey, lambda: person.get_or_connect(2))
        assert await face.do(person.collection().count()) == 1
        made, created = await face.do(country.get_or_create("fr", defaults={"name": "France"}))
        assert created is True
        assert await face.do(made.name.get()) == "France"
        assert (await face.do(country.get_or_create(code="fr")))[1] is False

    async def test_unique_conflict(self, face, person):
        await face.do(person.create(name="Ada", email="a@x"))
        await face.refused(UniquenessError, lambda: person.get_or_create(name="Bob", email="a@x"))
        await face.refused(UniquenessError, lambda: person.get_or_create(name="Bob", defaults={"email": "a@x"}))
        assert await face.do(person.collection().count()) == 1

    async def test_unknown_fields_are_noticed_by_any_key(self, face, person):
        await face.refused(UnknownField, lambda: person.get_or_connect(1, defaults={"nope": 1}))

    async def test_operators_give_no_value(self, face, person):
        await face.refused(InvalidFilter, lambda: person.get_or_create(name__in=["a", "b"]))

    async def test_model_defaults_are_stored(self, face, settings):
        made = await face.do(settings.get_or_connect(colour="red"))
        assert await face.do(made.size.hget()) == 3


class TestLazy:
    async def test_nothing_is_sent_before_the_first_operation(self, face, person):
        await face.do(person.create(name="Ada", city="Paris"))
        await face.do(person.lazy_connect(1).name.get())  # the server knows the script from now on
        with face.sent() as sent:
            lazy = person.lazy_connect(1)
        assert sent.names == []
        with face.sent() as sent:
            assert await face.do(lazy.name.get()) == "Ada"
            assert await face.do(lazy.city.hget()) == "Paris"
        assert len(sent.names) == 2  # the check rides in the first, and is not made again

    @pytest.mark.parametrize(
        "operation",
        [
            lambda p: p.name.get(),
            lambda p: p.name.set("x"),
            lambda p: p.name.exists(),
            lambda p: p.name.ttl(),
            lambda p: p.city.hget(),
            lambda p: p.city.hset("x"),
            lambda p: p.hmget("city"),
            lambda p: p.hmset(city="x"),
            lambda p: p.hgetall(),
            lambda p: p.hlen(),
            lambda p: p.delete(),
        ],
    )
    async def test_absent(self, face, person, operation):
        await face.do(person.create(name="Ada"))
        before = face.keys()
        lazy = person.lazy_connect(11)
        error = await face.refused(DoesNotExist, lambda: operation(lazy), match=r"Person\('11'\)")
        assert isinstance(error, LookupError)
        assert face.keys() == before

    async def test_pk_is_known_and_its_existence_asked(self, face, person):
        lazy = person.lazy_connect(11)
        assert await face.do(lazy.pk.get()) == "11"
        assert await face.do(lazy.pk.exists()) is False
        await face.refused(DoesNotExist, lambda: face.all(lazy.scan_keys()))


class TestFromPks:
    async def test_skips_absent_ones_and_keeps_order(self, face, person):
        for _ in range(3):
            await face.do(person.create(name="x"))
        found = await face.do(person.from_pks([3, "9", b"1", 3]))
        assert [await face.do(each.pk.get()) for each in found] == ["3", "1"]
        assert await face.do(person.from_pks([])) == []

    async def test_lazy(self, face, person):
        await face.do(person.create(name="x"))
        with face.sent() as sent:
            one, nine = await face.do(person.from_pks([1, 9], lazy=True))
        assert sent.names == []
        assert await face.do(one.name.get()) == "x"
        await face.refused(DoesNotExist, lambda: nine.name.get())


class TestDelete:
    async def test_reads_through_the_instance_raise(self, face, person):
        await face.do(person.create(name="Eve"))
        ada = await face.do(person.create(name="Ada"))
        same = await face.do(person.get(2))
        reads = (ada.name.get, ada.born.hget, ada.hgetall, lambda: ada.hmget("born"), ada.name.exists)
        for read in reads:
            await face.do(read())
        await face.do(ada.delete())
        await face.refused(DoesNotExist, ada.name.get)
        for read in reads:
            with face.sent() as sent:
                await face.refused(DoesNotExist, read, match=r"Person\('2'\)")
            assert len(sent.names) == 1
        await face.refused(DoesNotExist, same.name.get)
        await face.refused(DoesNotExist, ada.delete)
        await face.refused(DoesNotExist, lambda: ada.name.set("x"))

    @pytest.mark.parametrize("deletion", ["bulk", "found", "in a pipeline"])
    async def test_reads_of_what_this_process_deleted(self, face, person, deletion):
        ada = await face.do(person.create(name="Ada"))
        eve = await face.do(person.create(name="Eve"))
        other = person.lazy_connect(1)
        if deletion == "bulk":
            await face.do(person.bulk_delete([1]))
        elif deletion == "found":
            await face.do(person.collection(name="Ada").delete())
        else:
            async with block(face, person.database.pipeline()):
                other.delete()
        await face.refused(DoesNotExist, ada.name.get)
        assert await face.do(eve.name.get()) == "Eve"
        with face.sent() as sent:
            assert await face.do(eve.name.get()) == "Eve"
        assert sent.names == ["GET"]

    async def test_not_if_it_was_refused_or_not_done(self, face, person):
        ada = await face.do(person.create(name="Ada", email="a@x"))
        with pytest.raises(ZeroDivisionError):
            async with block(face, person.database.transaction()):
                ada.delete()
                raise ZeroDivisionError
        assert await face.do(ada.name.get()) == "Ada"

    async def test_leaves_nothing(self, face, person):
        ada = await face.do(person.create(name="Ada", city="London", email="a@x", born=1815))
        assert await face.do(ada.delete()) is None
        assert face.keys() == {"{person}:seq"}

    async def test_leaves_others_alone(self, face, person):
        ada = await face.do(person.create(name="Ada", city="London", email="a@x"))
        await face.do(person.create(name="Ada", city="London", email="b@x"))
        await face.do(ada.delete())
        assert await face.all(person.collection(name="Ada", city="London")) == ["2"]
        assert await face.do(person.exists(email="b@x")) is True
        assert await face.do(person.exists(email="a@x")) is False

    async def test_deleted_means_gone(self, face, person):
        ada = await face.do(person.create(name="Ada", email="a@x"))
        other = await face.do(person.get(1))
        await face.do(other.delete())
        before = face.keys()
        for write in (
            lambda: ada.name.set("x"),
            lambda: ada.name.append("x"),
            lambda: ada.name.delete(),
            lambda: ada.born.hincrby(),
            lambda: ada.email.hset("a@x"),
            lambda: ada.hmset(city="x"),
            lambda: ada.hdel("city"),
            lambda: ada.delete(),
        ):
            await face.refused(DoesNotExist, write, match="deleted")
        assert face.keys() == before
        await face.refused(DoesNotExist, ada.name.get, match="deleted")

    async def test_reads_of_what_another_process_deleted(self, face, person):
        ada = await face.do(person.create(name="Ada"))
        for key in face.keys() | {"{person}:meta"}:
            face.client.delete(key)
        assert await face.do(ada.name.get()) is None
        assert await face.do(ada.pk.exists()) is False
        await face.refused(DoesNotExist, lambda: ada.name.set("x"))

    async def test_never_stored(self, face, person):
        nobody = await face.do(person.create())
        await face.refused(InvalidPrimaryKey, nobody.delete)


class TestInstances:
    async def test_equality_and_hash(self, face, person, country):
        ada = await face.do(person.create(name="Ada"))
        same = await face.do(person.get(1))
        other = await face.do(person.create(name="Bob"))
        assert ada == same
        assert hash(ada) == hash(same)
        assert ada != other
        assert {ada, same, other} == {ada, other}
        assert person.lazy_connect("fr") != country.lazy_connect("fr")
        nobody, noone = await face.do(person.create()), await face.do(person.create())
        assert nobody != noone
        assert nobody == nobody  # noqa: PLR0124
        with pytest.raises(TypeError):
            hash(nobody)

    async def test_repr_sends_nothing(self, face, person):
        ada = await face.do(person.create(name="Ada"))
        with face.sent() as sent:
            assert repr(ada) == "<Person '1'>"
            assert repr(ada.name) == "<StringField name of <Person '1'>>"
            assert "name='Ada'" in repr(person.collection(name="Ada"))
        assert sent.names == []

    async def test_nothing_is_cached(self, face, person):
        ada = await face.do(person.create(name="Ada"))
        face.client.set("{person}:field:name:1", "Eve")
        assert await face.do(ada.name.get()) == "Eve"

    async def test_assigning_to_a_field_is_refused(self, face, person):
        ada = await face.do(person.create(name="Ada"))
        with pytest.raises(AttributeError, match=r"Person\.name"):
            ada.name = "Eve"


class TestErrors:
    async def test_they_survive_pickling(self, face, person):
        await face.do(person.create(email="a@x"))
        error = await face.refused(UniquenessError, lambda: person.create(email="a@x"))
        for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert (type(again), str(again), again.value, again.owner) == (UniquenessError, str(error), "a@x", "1")

    async def test_the_refused_value_is_shown_as_it_was_given(self, face):
        class Price(face.Model):
            database = face.database
            amount = InstanceHashField(type=Decimal, unique=True)

        await face.do(Price.create(amount=Decimal("1.5")))
        error = await face.refused(UniquenessError, lambda: Price.create(amount=Decimal("1.50")))
        assert str(error.value) == "1.50"


class TestKeys:
    async def test_scan_keys_of_an_instance(self, face, person):
        ada = await face.do(person.create(name="Ada", born=1))
        assert set(await face.all(ada.scan_keys())) == {"{person}:field:name:1", "{person}:hash:1"}

    async def test_scan_model_keys(self, face, person, country):
        await face.do(person.create(name="Ada", email="a@x"))
        await face.do(country.create(code="fr"))
        assert set(await face.all(country.scan_model_keys())) == {"{country}:pks", "{country}:meta"}
        expected = face.keys() - {"{country}:pks"}
        assert set(await face.all(person.scan_model_keys())) == expected | {"{person}:meta"}
        assert len(expected) == 6

    async def test_scan_keys_of_a_database(self, face, person):
        await face.do(person.create(name="Ada"))
        assert set(await face.all(face.database.scan_keys())) == face.keys() | {"{person}:meta"}
        assert set(await face.all(face.database.scan_keys(match="*:seq", count=10))) == {"{person}:seq"}
