"""Indexes that are declared on a model that has data: noticed, refused, built, cleared."""

from __future__ import annotations

import copy
import pickle
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from limpyd import (
    DateTimeIndex,
    EqualIndex,
    EqualIndexWith,
    GeoField,
    GeoIndex,
    HashField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    PKField,
    ScoredEqualIndex,
    SetField,
    SortedSetField,
    StringField,
    TextRangeIndex,
)
from limpyd.exceptions import (
    DeclarationError,
    IndexNotBuilt,
    InvalidValue,
    UniquenessError,
    WrongTypeError,
)
from limpyd.indexes.maintenance import generators
from limpyd.types import GeoPoint
from tests.support.expected_indexes import inconsistencies, state
from tests.support.finding import found
from tests.support.servers import FEW

ODD = [
    "",
    "plain",
    "*",
    "a?[x]",
    "{}",
    "{person}:",
    "a:b",
    ":",
    "a\0b",
    "\0",
    "\0\0",
    "\xff",
    "\n",
    "🙂",
    "é",
    "x" * 300,
]
META = "{person}:meta"
ODD_ENTRIES = {"": 1, "a": 2, "5": 3, "7:5": 7, "7:nobody": 7, "::": 1, "a\0\0nobody": 0, "a\0\0plain": 3, "\0": 0}
OF_ANOTHER_RUN = """
local state = cmsgpack.unpack(redis.call('HGET', KEYS[1], ARGV[1]))
state.run, state.cursor, state.items = 'f' .. string.rep('0', 39), '123', {}
redis.call('HSET', KEYS[1], ARGV[1], cmsgpack.pack(state))
"""


@pytest.fixture
async def version(face):
    """Declares a version of the model Person, as another process would: on a database object of its own."""
    made = []

    def declare(**fields):
        database = face.Database(port=face.server.port)
        made.append(database)
        return type(face.Model)("Person", (face.Model,), {"database": database, **fields})

    yield declare
    for database in made:
        await face.do(database.close())


def plain():
    """Fields of each kind, without an index."""
    return {
        "code": PKField(),
        "name": StringField(),
        "age": InstanceHashField(type=int),
        "price": InstanceHashField(type=Decimal),
        "born": InstanceHashField(type=date),
        "seen": InstanceHashField(type=datetime),
        "took": StringField(type=timedelta),
        "where": InstanceHashField(type=GeoPoint),
        "tags": SetField(),
        "numbers": SetField(type=float),
        "queue": ListField(),
        "board": SortedSetField(type=int),
        "heads": HashField(),
        "counts": HashField(type=int),
        "spots": GeoField(),
        "email": InstanceHashField(),
        "keys": SetField(),
    }


def indexed():
    """The same with indexes of each kind."""
    first = EqualIndex.configure(prefix="first", transform=lambda value: value[:1])
    return {
        "code": PKField(),
        "name": StringField(
            indexes=[
                EqualIndex,
                TextRangeIndex(prefix="ci", case_sensitive=False),
                first,
                EqualIndex.configure(prefix="word", transform=str.split),
                EqualIndexWith(other_fields=["age"]),
                ScoredEqualIndex(score_field="age"),
            ]
        ),
        "age": InstanceHashField(type=int, indexable=True),
        "price": InstanceHashField(type=Decimal, indexable=True),
        "born": InstanceHashField(type=date, indexable=True),
        "seen": InstanceHashField(type=datetime, indexes=[DateTimeIndex]),
        "took": StringField(type=timedelta, indexable=True),
        "where": InstanceHashField(type=GeoPoint, indexable=True),
        "tags": SetField(indexes=[EqualIndex, TextRangeIndex]),
        "numbers": SetField(type=float, indexable=True),
        "queue": ListField(indexes=[TextRangeIndex(case_sensitive=False)]),
        "board": SortedSetField(type=int, indexable=True),
        "heads": HashField(indexes=[EqualIndex, TextRangeIndex]),
        "counts": HashField(type=int, indexable=True),
        "spots": GeoField(indexes=[GeoIndex, EqualIndex]),
        "email": InstanceHashField(unique=True),
        "keys": SetField(unique=True),
    }


def values(number):
    """Those of an object."""
    text = ODD[number % len(ODD)]
    return {
        "name": f"{text} É{number}",
        "age": number % 5,
        "price": Decimal(number) / 4,
        "born": date(2000, 1, 1 + number % 28),
        "took": timedelta(seconds=number),
        "where": GeoPoint(number % 90, number % 45),
        "tags": {text, f"t{number % 3}"},
        "numbers": [number, 0.5],
        "queue": [text, text, "X"],
        "board": {number: 1.5, 7: number},
        "heads": {text: "v", "": text},
        "counts": {"*": number, text + "!": 3},
        "spots": {text: (number % 90, 1), "b": (2, 2)},
        "email": f"{number}@x",
        "keys": [f"{number} a", f"{number} b"],
    }


async def made(face, model, count):
    for number in range(count):
        await face.do(model.create(code=ODD[number] if number < len(ODD) else str(number), **values(number)))


def known(face):
    """What the server knows of the indexes."""
    entries = face.client.hgetall(META).items()
    return {name.decode(): value.decode() for name, value in entries if not name.startswith((b"rebuilding:", b":"))}


class TestNoticing:
    async def test_a_new_model_is_built(self, face, version):
        person = version(name=StringField(indexable=True))
        assert await found(face, person, name="a") == []
        assert known(face) == {}
        await face.do(person.create(name="a"))
        assert known(face) == {"eq:name": "eq string text"}
        assert await found(face, version(name=StringField(indexable=True)), name="a") == ["1"]

    async def test_what_a_model_without_the_index_writes_is_noticed(self, face, version):
        """An index that it does not have misses what it writes, so has to be built when it is declared again."""
        await face.do(version(name=StringField(indexable=True)).create(name="a"))
        await face.do(version(name=StringField()).create(name="b"))
        assert known(face) == {"eq:name": "-"}
        person = version(name=StringField(indexable=True))
        await face.refused(IndexNotBuilt, lambda: person.collection(name="b").count())
        await face.do(person.rebuild_indexes())
        assert await found(face, person, name="b") == ["2"]

    async def test_reading_a_model_without_indexes_asks_nothing(self, face, version):
        person = version(name=StringField())
        await face.do(person.exists(1))
        with face.sent() as sent:
            await face.all(person.collection())
            await face.do(person.exists(2))
        assert len(sent.names) == 2
        assert not face.client.exists(META)

    async def test_it_is_asked_once(self, face, version):
        await face.do(version(name=StringField(indexable=True)).create(name="a"))
        for use in (
            lambda person: person.create(name="b"),
            lambda person: person.lazy_connect(1).name.set("a"),
            lambda person: person.collection(name="a").count(),
            lambda person: person.get(name="a"),
        ):
            person = version(name=StringField(indexable=True))
            await face.do(person.exists(1))
            counts = []
            for _ in range(2):
                with face.sent() as sent:
                    await face.do(use(person))
                counts.append(len([name for name in sent.names if name != "EVAL"]))
            assert counts == [2, 1]

    async def test_an_index_declared_later(self, face, version):
        await face.do(version(name=StringField(), city=StringField(indexable=True)).create(name="a", city="x"))
        person = version(name=StringField(indexable=True), city=StringField(indexable=True))
        for use in (
            lambda: person.collection(name="a").count(),
            lambda: person.get(name="a"),
            lambda: person.exists(name="a"),
            lambda: person.get_or_create(name="a"),
            lambda: face.all(person.collection(city="x", name="a")),
        ):
            error = await face.refused(IndexNotBuilt, use)
            assert (error.model, error.field, error.index) == ("Person", "name", "EqualIndex")
            assert "Person.rebuild_indexes()" in str(error)
            assert "Person.get_field('name').rebuild_indexes()" in str(error)
        assert await found(face, person, city="x") == ["1"]
        assert await found(face, person) == ["1"]
        assert await found(face, person, pk=1) == ["1"]
        await face.do(person.create(name="a", city="y"))
        await face.refused(IndexNotBuilt, lambda: person.collection(name="a").count())
        await face.do(person.rebuild_indexes())
        assert await found(face, person, name="a") == ["1", "2"]
        assert await found(face, version(name=StringField(indexable=True)), name="a") == ["1", "2"]

    async def test_who_only_reads_notices(self, face, version):
        await face.do(version(name=StringField()).create(name="a"))
        person = version(name=StringField(indexable=True))
        await face.refused(IndexNotBuilt, lambda: person.collection(name="a").count())
        assert known(face) == {}

    async def test_a_reader_of_an_empty_model_asks_again(self, face, version):
        reader = version(name=StringField(indexable=True))
        assert await found(face, reader, name="a") == []
        await face.do(version(name=StringField()).create(name="a"))
        await face.refused(IndexNotBuilt, lambda: reader.collection(name="a").count())

    async def test_one_that_is_built_elsewhere(self, face, version):
        await face.do(version(name=StringField()).create(name="a"))
        person = version(name=StringField(indexable=True))
        await face.refused(IndexNotBuilt, lambda: person.collection(name="a").count())
        await face.do(version(name=StringField(indexable=True)).rebuild_indexes())
        assert await found(face, person, name="a") == ["1"]
        with face.sent() as sent:
            await found(face, person, name="a")
        assert len(sent.names) == 1

    @pytest.mark.parametrize("change", ["create", "delete", "write"])
    async def test_one_that_was_dropped_meanwhile(self, face, version, change):
        def both():
            return version(name=StringField(indexable=True), city=StringField(indexable=True))

        person = both()
        for name in "ab":
            await face.do(person.create(name=name, city=name))
        without = version(name=StringField(), city=StringField(indexable=True))
        if change == "create":
            await face.do(without.create(name="c"))
        elif change == "write":
            await face.do(without.lazy_connect(1).name.set("c"))
        else:
            for pk in (1, 2):
                await face.do(without.lazy_connect(pk).delete())
        person = both()
        await face.refused(IndexNotBuilt, lambda: person.collection(name="a").count())
        assert await found(face, person, city="b") == ([] if change == "delete" else ["2"])
        await face.do(person.get_field("name").rebuild_indexes())
        assert await found(face, person, name="c") == {"create": ["3"], "write": ["1"], "delete": []}[change]
        assert inconsistencies(face.client, person) == []

    async def test_another_signature(self, face, version):
        def upper(value):
            return value.upper()

        def lower(value):
            return value.lower()

        await face.do(version(name=StringField(indexes=[EqualIndex(transform=upper)])).create(name="Ab"))
        assert known(face) == {"eq:name": f"eq string ?{upper.__qualname__}(str)|text"}
        for field, sought in (
            (StringField(indexes=[EqualIndex(transform=lower)]), "ab"),
            (StringField(indexes=[EqualIndex(transform="casefold")]), "ab"),
            (StringField(indexable=True), "Ab"),
        ):
            person = version(name=field)
            await face.do(person.create(name="x"))
            await face.refused(IndexNotBuilt, lambda person=person: person.collection(name="x").count())
            await face.do(person.rebuild_indexes())
            assert await found(face, person, name=sought) == ["1"]
            assert inconsistencies(face.client, person) == []
        moved = version(name=InstanceHashField(indexable=True))
        await face.refused(IndexNotBuilt, lambda: moved.collection(name="x").count())
        await face.do(moved.rebuild_indexes())
        assert await found(face, moved, name="x") == []

    async def test_the_database_is_another(self, face, version):
        person = version(name=StringField(indexable=True))
        await face.do(person.create(name="a"))
        face.client.hset(META, "eq:name", "-")
        assert await found(face, person, name="a") == ["1"]  # it was asked before
        person.use_database(face.database)
        await face.refused(IndexNotBuilt, lambda: person.collection(name="a").count())
        face.client.hset(META, "eq:name", "eq string text")
        assert await found(face, person, name="a") == ["1"]
        face.client.hset(META, "eq:name", "-")
        assert await found(face, person, name="a") == ["1"]
        await face.do(face.database.reset(port=face.server.port))
        await face.refused(IndexNotBuilt, lambda: person.collection(name="a").count())

    async def test_the_error_can_be_copied(self):
        error = IndexNotBuilt("Person", "name", "EqualIndex")
        for same in (copy.copy(error), pickle.loads(pickle.dumps(error))):
            assert (str(same), same.field) == (str(error), "name")


class TestRebuilding:
    async def test_each_kind(self, face, version):
        old = version(**plain())
        await made(face, old, 40)
        person = version(**indexed())
        await face.do(person.rebuild_indexes())
        assert inconsistencies(face.client, person) == []
        assert set(known(face).values()) & {"-"} == set()
        assert await found(face, person, age__gt=3, email="4@x") == [ODD[4]]
        assert await found(face, person, name__ci__startswith="PLAIN é") == ["17", "33", "plain"]

    async def test_again(self, face, version):
        person = version(**indexed())
        await made(face, person, 20)
        before = state(face.client)
        await face.do(person.rebuild_indexes())
        assert state(face.client) == before
        await face.do(person.clear_indexes())
        assert all(b":field:" in key or b":hash:" in key or b":pks" in key for key in state(face.client))
        await face.do(person.rebuild_indexes())
        assert state(face.client) == before

    async def test_what_is_stale_or_missing_or_odd(self, face, version):
        person = version(**indexed())
        await made(face, person, 12)
        right = state(face.client)
        client = face.client
        spoiled = {
            b"eq": lambda key: client.sadd(key, "nobody", "5"),
            b"scored": lambda key: client.zadd(key, {"nobody": 1, "5": 2}),
            b"uniq": lambda key: client.hset(key, mapping={"stale": "plain", "3@x": "nobody", "": "", "x:": "a:b"}),
        }
        for key in right:
            kind = key.removeprefix(b"{person}:").partition(b":")[0]
            if kind in {b"num", b"geo", b"lex"}:
                client.zadd(key, ODD_ENTRIES)
            elif kind in spoiled:
                spoiled[kind](key)
        client.hdel("{person}:uniq:email", "4@x")
        client.hdel("{person}:uniq:keys", "5 a")
        client.sadd("{person}:eq:tags:nothing", "plain")
        client.sadd("{person}:eq:heads:3:", "plain")
        client.sadd("{person}:eq:heads:x:", "plain")
        client.zadd("{person}:num:counts:gone", {"plain": 1})
        client.delete("{person}:num:age", "{person}:eq:name:plain É1")
        await face.do(person.rebuild_indexes())
        assert inconsistencies(client, person) == []
        assert state(client) == right

    async def test_keys_of_others_stay(self, face, version):
        person = version(
            name=StringField(indexes=[EqualIndex, EqualIndex.configure(key="x", transform="casefold")]),
            name_x=StringField(indexable=True),
        )
        await face.do(person.create(name="a", name_x="b"))
        other, third = (
            type(face.Model)(
                "Other",
                (face.Model,),
                {"database": person.database, "model_name": name, "name": StringField(indexable=True)},
            )
            for name in ("perso*", "perso?")
        )
        for model in (other, third):
            await face.do(model.create(name="a"))
        before = state(face.client)
        await face.do(person.get_field("name").get_index(key="").clear())
        assert before.keys() - state(face.client).keys() == {b"{person}:eq:name:a"}
        await face.do(person.clear_indexes())
        await face.do(other.clear_indexes())
        gone = {b"{person}:eq:name:a", b"{person}:eq:name.x:a", b"{person}:eq:name_x:b", b"{perso*}:eq:name:a"}
        assert before.keys() - state(face.client).keys() == gone

    async def test_progress(self, face, version):
        person = version(name=StringField(indexable=True), tags=SetField(indexable=True))
        seen = []
        await face.do(person.rebuild_indexes(progress=lambda *pair: seen.append(pair)))
        assert seen[-1] == (0, 0)
        for number in range(3):
            await face.do(person.create(name=f"{number}", tags=[f"{number}{tag}" for tag in range(700)]))
        for number in range(1200):
            face.client.sadd("{person}:pks", f"x{number}")
        seen.clear()
        await face.do(person.rebuild_indexes(lambda *pair: seen.append(pair)))
        assert {total for _, total in seen} == {2 * 1203}
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)
        assert seen[-1] == (2 * 1203, 2 * 1203)
        assert len(seen) > 8
        assert len({done for done, _ in seen}) > 6
        seen.clear()
        await face.do(person.get_field("tags").rebuild_indexes(progress=lambda *pair: seen.append(pair)))
        assert seen[-1] == (1203, 1203)
        assert inconsistencies(face.client, person) == []

    async def test_an_error_of_who_is_told_of_progress(self, face, version):
        person = version(name=StringField(indexable=True))
        await face.do(person.create(name="a"))

        def fail(_done, _total):
            msg = "no"
            raise ZeroDivisionError(msg)

        await face.refused(ZeroDivisionError, lambda: person.rebuild_indexes(progress=fail))
        assert await found(face, person, name="a") == ["1"]

    @pytest.mark.parametrize("server", FEW, indirect=True)
    async def test_large_values(self, face, version):
        if face.server.clustered:
            pytest.skip("a cluster of one node does nothing else here, and this takes time")
        names = ("tags", "queue", "board", "heads", "counts", "numbers", "spots", "keys")
        old = version(**{name: field for name, field in plain().items() if name in names})
        one = await face.do(
            old.create(
                tags=[f"t{number}" for number in range(3000)],
                queue=[f"Q{number}" for number in range(3000)],
                board=dict.fromkeys(range(3000), 1),
                heads={f"h{number}": "v" for number in range(3000)},
                counts={f"c{number}": number for number in range(700)},
                numbers=[number / 10 for number in range(1500)],
                spots={f"s{number}": (number / 100, 1) for number in range(1500)},
                keys=[f"k{number}" for number in range(3000)],
            )
        )
        fields = {name: field for name, field in indexed().items() if name in names}
        person = version(**fields)
        await face.do(person.rebuild_indexes())
        assert inconsistencies(face.client, person) == []
        await face.do(old.lazy_connect(await face.do(one.pk.get())).tags.spop_many(2000))
        face.client.ltrim("{person}:field:queue:1", 0, 100)
        face.client.delete("{person}:field:keys:1", "{person}:field:numbers:1")
        await face.do(person.rebuild_indexes())
        assert inconsistencies(face.client, person) == []


class TestStopping:
    async def test_it_goes_on_where_it_was(self, face, version):
        old = version(**{name: plain()[name] for name in ("name", "age", "tags", "email")})
        for number in range(30):
            await face.do(old.create(name=f"n{number % 4}", age=number, tags=map(str, range(40)), email=str(number)))
        face.client.sadd("{person}:pks", *(f"x{number}" for number in range(4000)))
        fields = {name: indexed()[name] for name in ("age", "tags", "email")}
        rounds, asked = 0, 0
        while "-" in known(face).values() or not known(face):
            person = version(name=StringField(indexable=True), **fields)
            asked += await killed_after(face, person, 4)
            rounds += 1
            assert rounds < 40
            if rounds == 2:
                await face.refused(IndexNotBuilt, lambda person=person: person.collection(name="n1").count())
            await face.do(person.create(name="n1", age=rounds))
            await face.do(person.lazy_connect(rounds).name.set("n2"))
            await face.do(person.lazy_connect(f"x{rounds}").delete())
        assert rounds > 5
        # It did not do anything twice: in one go it takes about as many steps.
        assert asked - await killed_after(face, person, 1000) <= rounds
        assert inconsistencies(face.client, person) == []
        assert not any(name.startswith(b"rebuilding:") for name in face.client.hkeys(META))

    async def test_the_server_is_another_one(self, face, version):
        await face.do(version(name=StringField()).create(name="a"))
        face.client.sadd("{person}:pks", *(f"x{number}" for number in range(2000)))
        person = version(name=StringField(indexable=True))
        await killed_after(face, person, 3)
        face.client.eval(OF_ANOTHER_RUN, 1, META, "rebuilding:eq:name")
        await face.do(person.rebuild_indexes())
        assert inconsistencies(face.client, person) == []
        assert await found(face, person, name="a") == ["1"]

    async def test_versions_that_do_not_know_the_index_end_it(self, face, version):
        await face.do(version(name=StringField()).create(name="a"))
        face.client.sadd("{person}:pks", *(f"x{number}" for number in range(2000)))
        person = version(name=StringField(indexable=True))
        await killed_after(face, person, 5)
        assert b"rebuilding:eq:name" in face.client.hkeys(META)
        old = version(name=StringField(), city=StringField(indexable=True))
        for number in range(2000):
            if number % 20 == 0:
                await face.do(old.lazy_connect(f"x{number}").name.set("b"))
        assert b"rebuilding:eq:name" not in face.client.hkeys(META)
        person = version(name=StringField(indexable=True))
        await face.do(person.rebuild_indexes())
        assert len(await found(face, person, name="b")) == 100

    async def test_a_clearing_begins_it_anew(self, face, version):
        person = version(name=StringField(indexable=True), age=InstanceHashField(type=int, indexable=True))
        for number in range(700):
            await face.do(person.create(name=f"n{number % 9}", age=number))
        program = generators.rebuild(*arguments(person))
        request = next(program)
        step = 0
        while True:
            step += 1
            if step in {2, 4, 7}:
                await face.do(person.clear_indexes())
                assert set(known(face).values()) == {"-"}
            try:
                request = program.send(await face.do(person.database._run(request)))
            except StopIteration:
                break
        assert step > 7
        assert inconsistencies(face.client, person) == []
        assert "-" not in known(face).values()

    async def test_two_at_once(self, face, version):
        old = version(name=StringField(), tags=SetField())
        for number in range(1200):
            await face.do(old.create(name=f"n{number % 9}", tags=["a", str(number)]))
        models = [version(name=StringField(indexable=True), tags=SetField(indexable=True)) for _ in range(2)]
        running = {model: generators.rebuild(*arguments(model)) for model in models}
        requests = {model: next(program) for model, program in running.items()}
        while requests:
            for model in list(requests):
                try:
                    requests[model] = running[model].send(await face.do(model.database._run(requests[model])))
                except StopIteration:
                    del requests[model]
        for model in models:
            assert inconsistencies(face.client, model) == []
            assert await found(face, model, tags="77") == ["78"]


class TestRefusals:
    async def test_two_objects_with_one_value(self, face, version):
        old = version(email=InstanceHashField(), keys=SetField(), heads=HashField(), a=StringField(), b=StringField())
        await face.do(old.create(email="x", keys=["1", "2"], heads={"h": "v"}, a="1", b="2"))
        await face.do(old.create(email="y", keys=["3", "2"], heads={"h": "v"}, a="1", b="2"))
        for fields, field, value in (
            ({"email": InstanceHashField(), "keys": SetField(unique=True)}, "keys", "2"),
            ({"heads": HashField(unique=True)}, "heads", {"h": "v"}),
            (
                {"a": StringField(indexes=[EqualIndexWith(other_fields=["b"], unique=True)]), "b": StringField()},
                "a, b",
                {"a": "1", "b": "2"},
            ),
        ):
            person = version(**fields)
            error = await face.refused(UniquenessError, person.rebuild_indexes)
            assert (error.model, error.field, error.value) == ("Person", field, value)
            assert {error.owner, error.other} == {"1", "2"}
            assert "'1'" in str(error)
            assert "'2'" in str(error)
            assert "rebuild" in str(error)
            assert "-" in known(face).values()
        person = version(keys=SetField(unique=True))
        await face.refused(UniquenessError, person.rebuild_indexes)
        await face.refused(IndexNotBuilt, lambda: person.get(keys="2"))
        await face.do(person.lazy_connect(2).keys.srem("2"))
        await face.do(person.rebuild_indexes())
        assert await found(face, person, keys="2") == ["1"]
        assert [one for one in inconsistencies(face.client, person) if not one.startswith("orphan")] == []

    async def test_a_stale_owner_is_in_nobodys_way(self, face, version):
        person = version(email=InstanceHashField(unique=True))
        for email in "ab":
            await face.do(person.create(email=email))
        face.client.hset("{person}:uniq:email", mapping={"a": "2", "b": "1"})
        await face.do(person.rebuild_indexes())
        assert face.client.hgetall("{person}:uniq:email") == {b"a": b"1", b"b": b"2"}

    async def test_a_value_that_cannot_be_kept(self, face, version):
        old = version(name=StringField(), place=InstanceHashField(), tags=SetField())
        await face.do(old.create(name="1", place="2.5,48.5", tags=["2"]))
        await face.do(old.create(name="x y", place="x y", tags=["1", "x y"]))

        def fail(value):
            return {"1": 1}[value]

        for name, field, filters in (
            ("name", StringField(indexes=[NumberRangeIndex]), {"name": 1}),
            ("tags", SetField(indexes=[NumberRangeIndex]), {"tags": 1}),
            ("name", StringField(indexes=[NumberRangeIndex(transform=fail)]), {"name__gt": 0}),
            ("place", InstanceHashField(type=GeoPoint, indexable=True), {"place__within": (2, 48, 1)}),
        ):
            person = version(**{name: field})
            error = await face.refused(InvalidValue, person.rebuild_indexes)
            for part in ("Person('2')", f"Person.{name}", "x y", "not built"):
                assert part in str(error)
            assert "-" in known(face).values()
            await face.refused(
                IndexNotBuilt, lambda person=person, filters=filters: person.collection(**filters).count()
            )

    async def test_one_that_was_built_is_not_any_more(self, face, version):
        person = version(age=InstanceHashField(type=int, indexable=True), email=InstanceHashField(unique=True))
        for number in range(2):
            await face.do(person.create(age=number, email=str(number)))
        face.client.hset("{person}:hash:1", mapping={"age": "x", "email": "1"})
        await face.refused(InvalidValue, person.get_field("age").rebuild_indexes)
        await face.refused(UniquenessError, person.get_field("email").rebuild_indexes)
        assert set(known(face).values()) == {"-"}
        await face.refused(IndexNotBuilt, lambda: person.collection(age=1).count())

    async def test_keys_of_another_type(self, face, version):
        person = version(tags=SetField(indexable=True))
        await face.do(person.create(tags=["b"]))
        for key in ("{person}:field:tags:1", "{person}:eq:tags:x"):
            face.client.delete(key)
            face.client.lpush(key, "x")
            error = await face.refused(WrongTypeError, person.rebuild_indexes)
            assert (error.key, error.expected, error.found) == (key, "set", "list")
            assert str(error).startswith("Person('1')" if "field" in key else "EqualIndex of Person.tags")
            face.client.delete(key)

    async def test_accounts_that_may_not_ask_for_the_run(self, face, version):
        face.client.acl_setuser("limited", enabled=True, passwords=["+x"], keys=["*"], commands=["+@all", "-info"])
        database = face.Database(port=face.server.port, username="limited", password="x")
        person = type(face.Model)("Person", (face.Model,), {"database": database, "name": StringField(indexable=True)})
        await face.do(person.create(name="a"))
        face.client.sadd("{person}:pks", *(f"x{number}" for number in range(2000)))
        await killed_after(face, person, 3)
        await face.do(person.clear_indexes())
        await face.do(person.rebuild_indexes())
        assert inconsistencies(face.client, person) == []
        await face.do(database.close())
        face.client.acl_deluser("limited")


class TestAsking:
    async def test_which_index(self, any_face):
        class Person(any_face.Model):
            database = any_face.database
            name = StringField(unique=True, indexes=[EqualIndex, TextRangeIndex, EqualIndex(prefix="p", key="k")])
            plain = StringField()
            age = InstanceHashField(type=int, indexable=True)

        get = Person.get_field("name").get_index
        assert isinstance(get(EqualIndex, key=""), EqualIndex)
        assert repr(get(TextRangeIndex)) == "<TextRangeIndex of Person.name>"
        assert get(prefix="p").key == get(key="k").key == "k"
        for ask, message in (
            (get, "several such indexes; select one of"),
            (lambda: get(EqualIndex), r"EqualIndex\(prefix='p', key='k'\)"),
            (lambda: get(NumberRangeIndex), "no such indexes; it has"),
            (lambda: get(prefix="none"), "no such indexes; it has"),
            (Person.get_field("plain").get_index, "Person.plain has no index"),
            (Person.get_field("plain").rebuild_indexes, "indexable=True"),
            (Person.get_field("pk").clear_indexes, "has no index"),
        ):
            await any_face.refused(InvalidValue, ask, match=message)
        for call in (EqualIndex().rebuild, TextRangeIndex().clear, StringField(indexable=True).rebuild_indexes):
            await any_face.refused(DeclarationError, call)
        index = get(TextRangeIndex)
        await any_face.do(Person.create(name="a", age=1))
        await any_face.do(index.clear())
        await any_face.refused(IndexNotBuilt, lambda: Person.collection(name__gt="").count())
        assert await found(any_face, Person, age__gt=0) == ["1"]
        seen = []
        await any_face.do(index.rebuild(progress=lambda *pair: seen.append(pair)))
        assert seen == [(1, 1)]
        assert await found(any_face, Person, name__gt="") == ["1"]
        await any_face.do(Person.age.clear_indexes())
        await any_face.refused(IndexNotBuilt, lambda: Person.collection(age=1).count())
        await any_face.do(Person.age.rebuild_indexes())
        assert await found(any_face, Person, age=1) == ["1"]

    async def test_in_chunks(self, any_face):
        class Person(any_face.Model):
            database = any_face.database
            name = StringField(indexes=[EqualIndex])

        await any_face.do(Person.bulk_create({"name": f"{number}"} for number in range(200)))
        field, index = Person.get_field("name"), Person.get_field("name").get_index()
        for rebuild, clear in ((field.rebuild_indexes, field.clear_indexes), (index.rebuild, index.clear)):
            for act, few in ((clear, {"aggressive": True}), (rebuild, {"aggressive_clear": True})):
                requests = []
                for size in ({"chunk_size": 1000}, few, {"chunk_size": 10}):
                    with any_face.sent() as sent:
                        await any_face.do(act(**size))
                    requests.append(len(sent.names))
                    await any_face.do(clear() if act == rebuild else rebuild())
                assert requests[0] <= requests[1] < requests[2] / 2, requests
            await any_face.do(rebuild())
            assert await found(any_face, Person, name="77") == ["78"]
            for wrong in (0, -1, "x", 1.5, True, 10**9):
                for act in (rebuild, clear):
                    call = partial(act, chunk_size=wrong)
                    await any_face.refused(InvalidValue, call, match="chunk_size takes an int from 1 to 1000000")
            await any_face.refused(InvalidValue, partial(rebuild, 1000), match="pass chunk_size by name")
        assert inconsistencies(any_face.client, Person) == []

    async def test_fields_together(self, any_face):
        class Person(any_face.Model):
            database = any_face.database
            name = StringField(indexes=[EqualIndexWith(other_fields=["city"])])
            city = StringField()

        await any_face.do(Person.create(name="a", city="b"))
        assert repr(Person.city.get_index()) == repr(Person.name.get_index(EqualIndexWith))
        await any_face.do(Person.city.clear_indexes())
        error = await any_face.refused(IndexNotBuilt, lambda: Person.collection(name="a", city="b").count())
        assert (error.field, error.index) == ("name", "EqualIndexWith")
        await any_face.do(Person.city.rebuild_indexes())
        assert await found(any_face, Person, name="a", city="b") == ["1"]

    async def test_clearing_takes_those_along_that_are_not_declared(self, face, version):
        await face.do(version(name=StringField(indexable=True)).create(name="a"))
        await face.do(version(name=StringField()).clear_indexes())
        assert face.keys() == {"{person}:pks", "{person}:seq", "{person}:field:name:1"}
        person = version(name=StringField(indexable=True))
        await face.refused(IndexNotBuilt, lambda: person.collection(name="a").count())


async def killed_after(face, model, count):
    """Runs a rebuild that is dropped after so many requests, as if its process were killed; tells how many it made."""
    await face.do(model.database._run(model._schema.maintenance.at(model._schema.keys.first).asking(may_write=True)))
    program = generators.rebuild(*arguments(model))
    request = next(program)
    for number in range(count):
        try:
            request = program.send(await face.do(model.database._run(request)))
        except StopIteration:
            return number + 1
    program.close()
    return count


def arguments(model):
    """What the program of a rebuild is told."""
    maintenance = model._schema.maintenance.at(model._schema.keys.first)
    return model._schema, maintenance.partition, maintenance.indexes, None
