"""Limits of queries: many objects, large numbers, what commands may cost, and what is refused and how."""

from __future__ import annotations

import base64
import json
import time
from decimal import Decimal

import pytest

from limpyd import (
    EqualIndex,
    EqualIndexWith,
    GeoPoint,
    HashField,
    InstanceHashField,
    RedisDatabase,
    RedisModel,
    StringField,
    TextRangeIndex,
)
from limpyd.exceptions import (
    DeclarationError,
    IndexNotBuilt,
    InvalidFilter,
    InvalidValue,
    LimpydError,
    UniquenessError,
    WrongTypeError,
)
from tests.support.expected_indexes import state
from tests.support.finding import paged, walked
from tests.support.step_durations import in_time, longest_step


def fill(client, tag, rows):
    """Writes objects past limpyd, which is quicker: `city` is in an EqualIndex, other numbers in a number index,
    other texts in a text index.

    Args:
        client: a redis-py client.
        tag: the model's.
        rows: for each primary key the values of the fields.
    """
    pipe = client.pipeline(transaction=False)
    pipe.sadd(f"{{{tag}}}:pks", *rows)
    pipe.set(f"{{{tag}}}:seq", len(rows))
    sets, sorted_sets = {}, {}
    for pk, values in rows.items():
        if values:
            pipe.hset(f"{{{tag}}}:hash:{pk}", mapping=values)
        for name, value in values.items():
            if name == "city":
                sets.setdefault(f"{{{tag}}}:eq:{name}:{value}", []).append(pk)
            elif isinstance(value, int):
                sorted_sets.setdefault(f"{{{tag}}}:num:{name}", {})[pk] = value
            else:
                sorted_sets.setdefault(f"{{{tag}}}:lex:{name}", {})[f"{value}\0\0{pk}"] = 0
    for key, pks in sets.items():
        pipe.sadd(key, *pks)
    for key, scores in sorted_sets.items():
        pipe.zadd(key, scores)
    pipe.execute()


class TestThoseWhoMatchAreFarApart:
    """In the order of an index: a walk that gave up, and one that went on, give every object once, in order."""

    COUNT = 2400
    ORDERS = ("age", "-age", "tied", "-tied", "half", "-half", "code", "-code", "rare", "-rare")

    @pytest.fixture
    async def big(self, any_face):
        class Big(any_face.Model):
            database = any_face.database
            city = InstanceHashField(indexable=True)
            age = InstanceHashField(type=int, indexable=True)
            tied = InstanceHashField(type=int, indexable=True)
            half = InstanceHashField(type=int, indexable=True)
            rare = InstanceHashField(type=int, indexable=True)
            code = InstanceHashField(indexes=[TextRangeIndex])

        await any_face.do(Big.create(city="X"))
        await any_face.do(Big.collection().delete())
        fill(any_face.client, "big", self.rows())
        return Big

    @classmethod
    def rows(cls):
        rows = {}
        for number in range(cls.COUNT):
            row = {
                "city": "X" if number < 100 or number >= cls.COUNT - 200 else "Y",
                "age": number,
                "tied": number // 50,
            }
            row["code"] = f"{number // 3:06}"
            if number % 2:
                row["half"] = number // 4
            if number in {3, 30, 1000, cls.COUNT - 1}:
                row["rare"] = number
            rows[str(number + 1)] = row
        return rows

    def expected(self, order, holds):
        name, desc = order.removeprefix("-"), order.startswith("-")
        rows = {pk: row for pk, row in self.rows().items() if holds(row)}
        known = sorted((pk for pk in rows if name in rows[pk]), key=lambda pk: (rows[pk][name], pk), reverse=desc)
        return known, sorted(rows.keys() - set(known), reverse=desc)

    @pytest.mark.parametrize("order", ORDERS)
    async def test_pages(self, any_face, big, order):
        known, rest = self.expected(order, lambda row: row["city"] == "X")
        collection = big.collection(city="X").sort(by=order, alpha="code" in order or None)
        assert await paged(any_face, collection, 20) == known + rest
        assert await any_face.all(collection) == known + rest

    @pytest.mark.parametrize("order", ORDERS)
    async def test_walks(self, any_face, big, order):
        known, rest = self.expected(order, lambda row: row["city"] == "X")
        collection = big.collection(city="X").sort(by=order, alpha="code" in order or None)
        found = await walked(any_face, collection.iterate(chunk=20))
        assert found[: len(known)] == known
        assert sorted(found[len(known) :]) == sorted(rest)

    @pytest.mark.parametrize("order", ["age", "-tied", "half"])
    async def test_with_other_conditions(self, any_face, big, order):
        for collection, holds in (
            (big.collection(city="X", age__gte=30), lambda row: row["city"] == "X" and row["age"] >= 30),
            (big.collection(city="X", half__lte=590), lambda row: row["city"] == "X" and row.get("half", 999) <= 590),
            (big.collection(age__between=(40, 2300)).exclude(city="Y"), lambda row: 40 <= row["age"] <= 2300
             and row["city"] == "X"),
            (big.collection((big.age < 40) | (big.age >= 2390)), lambda row: not 40 <= row["age"] < 2390),
        ):  # fmt: skip
            known, rest = self.expected(order, holds)
            sorted_one = collection.sort(by=order)
            assert await paged(any_face, sorted_one, 20) == known + rest
            found = await walked(any_face, sorted_one.iterate(chunk=20))
            assert found[: len(known)] == known
            assert sorted(found[len(known) :]) == sorted(rest)

    async def test_the_first_and_the_last(self, any_face, big):
        for order in self.ORDERS:
            known, rest = self.expected(order, lambda row: row["city"] == "X")
            collection = big.collection(city="X").sort(by=order, alpha="code" in order or None)
            assert await any_face.do(collection.first()) == known[0]
            assert await any_face.do(collection.last()) == (known + rest)[-1]
            assert await any_face.do(collection[90:110]) == (known + rest)[90:110]

    async def test_everything(self, any_face, big):
        known, rest = self.expected("half", lambda _row: True)
        collection = big.collection().sort(by="half")
        assert await paged(any_face, collection, 500) == known + rest
        found = await walked(any_face, collection.iterate(chunk=500))
        assert found[: len(known)] == known
        assert sorted(found[len(known) :]) == sorted(rest)


class TestManyValuesOfACompositeIndex:
    @pytest.mark.parametrize("others", [[EqualIndex], []], ids=["beside another", "alone"])
    async def test_do_not_make_a_product(self, any_face, others):
        class Team(any_face.Model):
            database = any_face.database
            land = InstanceHashField(indexes=[*others, EqualIndexWith(other_fields=["city"])])
            city = InstanceHashField(indexable=True)

        await any_face.do(Team.create(land="17", city="999"))
        await any_face.do(Team.create(land="17", city="1000"))
        many = [str(number) for number in range(1000)]
        start = time.process_time()
        try:
            assert await any_face.do(Team.collection(land__in=many, city__in=many).all()) == ["1"]
        except InvalidFilter:
            assert not others
        assert time.process_time() - start < 2


@pytest.fixture
def person(any_face):
    class Person(any_face.Model):
        database = any_face.database
        name = StringField(indexable=True)
        city = InstanceHashField(indexable=True)
        age = InstanceHashField(type=int, indexable=True)
        email = InstanceHashField(unique=True)
        where = InstanceHashField(type=GeoPoint, indexable=True)
        note = InstanceHashField()
        height = InstanceHashField(type=float)
        big = InstanceHashField(type=Decimal)
        whole = InstanceHashField(type=int)
        papers = HashField(type=int)

    return Person


MISTAKES = {
    "values": lambda c: c.values(["name"]),
    "values of a dict": lambda c: c.values({}),
    "values of a number": lambda c: c.values(1),
    "values_list": lambda c: c.values_list(["name"]),
    "values_list, flat": lambda c: c.values_list(["name"], flat=True),
    "prefetch": lambda c: c.instances(prefetch=[["name"]]),
    "prefetch of a number": lambda c: c.instances(prefetch=[1]),
    "desc is a list": lambda c: c.sort(by="age", desc=[]),
    "desc is 1": lambda c: c.sort(by="age", desc=1),
    "desc is 0": lambda c: c.sort(by="age", desc=0),
    "by is a dict": lambda c: c.sort(by={}),
    "by holds a list": lambda c: c.sort(by=[["age"]]),
    "by is nothing": lambda c: c.sort(by=[]),
}


class TestMistakes:
    @pytest.mark.parametrize("mistake", MISTAKES)
    def test_are_told_each_time(self, person, mistake):
        everybody = person.collection()
        for _ in range(2):
            with pytest.raises(LimpydError):
                MISTAKES[mistake](everybody)
            # What was right before, and is equal in Python, does not make it right.
            everybody.sort(by="age", desc=True).sort(by="age", desc=False).values("name").values_list("name", flat=True)

    @pytest.mark.parametrize(
        "circle",
        [
            *[(500, 0, 10), (0, 90, 10), (0, -90, 10), (0, 0, -1), (0, 0, float("nan")), (float("nan"), 0, 1)],
            *[(float("inf"), 0, 1), ("x", 0, 1), (0, 0), (0, 0, None), 5],
        ],
        ids=str,
    )  # fmt: skip
    async def test_places_that_are_none(self, any_face, person, circle):
        with any_face.sent() as sent:
            with pytest.raises(InvalidFilter):
                person.collection(where__within=circle)
            if isinstance(circle, tuple) and len(circle) == 3:
                longitude, latitude, radius = circle
                with pytest.raises(InvalidFilter):
                    person.collection(person.where.within(longitude, latitude, radius))
                with pytest.raises(InvalidFilter):
                    person.collection(where__box=(longitude, latitude, 10, radius))
                with pytest.raises(InvalidFilter):
                    person.collection(where__box=(longitude, latitude, radius, 10))
        assert sent.names == []

    async def test_places_that_are_some(self, any_face, person):
        await any_face.do(person.create(where=GeoPoint(0, 0)))
        assert await any_face.all(person.collection(where__within=(0, 0, 10))) == ["1"]
        assert await any_face.all(person.collection(where__within=(180, 85, 10))) == []
        assert await any_face.all(person.collection(where__within=(-180, -85, 0))) == []

    async def test_a_primary_key_is_not_updated(self, any_face, person):
        await any_face.do(person.create(name="a"))
        before = state(any_face.client)
        for values in ({"pk": 3}, {"pk": 3, "name": "b"}, {"pk": None}):
            error = await any_face.refused(InvalidValue, lambda values=values: person.collection().update(**values))
            assert "primary key" in str(error)
            assert "each instance" not in str(error)
        assert state(any_face.client) == before

    async def test_a_conflict_of_an_update_names_the_field(self, any_face, person):
        for number in range(3):
            await any_face.do(person.create(email=str(number), city="X"))
        await any_face.do(person.create(email="ada"))
        for email in ("ada", "new"):
            before = state(any_face.client)
            error = await any_face.refused(
                UniquenessError, lambda email=email: person.collection(city="X").update(email=email)
            )
            assert (error.model, error.field, error.value) == ("Person", "email", email)
            assert "Person.email" in str(error)
            assert state(any_face.client) == before

    async def test_a_wrong_type_that_an_update_meets_is_not_that_of_a_new_object(self, any_face, person):
        await any_face.do(person.create(city="X"))
        any_face.client.delete("{person}:hash:1")
        any_face.client.set("{person}:hash:1", "x")
        error = await any_face.refused(WrongTypeError, lambda: person.collection(pk=1).update(city="Y"))
        assert error.key == "{person}:hash:1"
        assert "new" not in str(error)

    def test_a_field_cannot_be_named_like_a_score(self, any_face):
        with pytest.raises(DeclarationError, match="sorted_score"):
            type("Bad", (any_face.Model,), {"database": any_face.database, "sorted_score": InstanceHashField()})

    async def test_a_slice_of_nothing_asks_nothing(self, any_face, person):
        for number in range(8):
            await any_face.do(person.create(age=number))
        for collection in (person.collection(), person.collection(age__gt=2).sort(by="age").values("age")):
            with any_face.sent() as sent:
                for start, stop in ((5, 2), (3, 3), (0, 0), (None, 0), (7, 1)):
                    assert await any_face.do(collection[start:stop]) == []
            assert sent.names == []

    async def test_explain_needs_built_indexes_too(self, any_face, person):
        for _ in range(2):
            await any_face.do(person.create(city="X", age=1))
        for name in ("city", "age"):
            await any_face.do(person.get_field(name).clear_indexes())
        for collection in (
            person.collection(city="X"),
            person.collection().sort(by="age"),
            person.collection(age__gt=0),
        ):
            for ask in (lambda c=collection: c.explain(), lambda c=collection: c.all(), lambda c=collection: c.page()):
                await any_face.refused(IndexNotBuilt, ask)
        assert (await any_face.do(person.collection(name="x").explain())).objects == 2


def cursor(parts):
    text = parts if isinstance(parts, str) else json.dumps(parts)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


TAMPERED = [
    *("", "x", "!!!", "é", "a b c", *map(cursor, ("no JSON", "[", "[" * 100_000, "[" + "9" * 5000 + "]"))),
    *map(cursor, (5, None, True, "text", {}, {"age": 1}, [], ["age"], ["age", "1"], ["-age", "1", "5"])),
    *map(cursor, (["age", 1, "5"], ["age", None, "5"], ["age", ["1"], "5"], ["age", "1", "5", "6"])),
    *map(cursor, (["age", "1", 5], ["age", "1", True], ["age", "1", ["5"]], ["age", "1", {}])),
    *map(cursor, (["age", "1", text] for text in ("", "abc", "5 x", "nan", "-nan", "1_0", "5 ", "中", "(5", "5\0"))),
    *map(cursor, ([["age"], "1", "5"], [{"age": 1}, "1", "5"], [None, "1", "5"], ["age", "中", "5"])),
    *(5, b"x", [], 1.5),
]  # fmt: skip


@pytest.mark.parametrize("query", ["age", "height", "whole"])
async def test_a_cursor_that_was_tampered_with_is_refused(any_face, person, query):
    for number in range(5):
        await any_face.do(person.create(age=number, height=number, whole=number, city="X"))
    taken = []
    for tampered in TAMPERED:
        if isinstance(tampered, str) and query != "age":
            tampered = _sorted_by(query, tampered)  # noqa: PLW2901
        for collection in (person.collection(), person.collection(city="X"), person.collection(age__gte=1)):
            try:
                await any_face.do(collection.sort(by=query).page(after=tampered))
            except InvalidValue:
                continue
            except Exception as error:  # noqa: BLE001
                taken.append((shown(tampered), repr(error)[:100]))
            else:
                taken.append((shown(tampered), "is a cursor"))
    assert taken == [], "\n".join(map(str, taken))


def shown(tampered):
    """A cursor to be read by people."""
    try:
        return base64.urlsafe_b64decode(tampered + "=" * (-len(tampered) % 4)).decode()[:50]
    except (TypeError, ValueError):
        return tampered


def _sorted_by(query, tampered):
    """The same cursor of a collection sorted by another field."""
    try:
        text = base64.urlsafe_b64decode(tampered + "=" * (-len(tampered) % 4)).decode()
    except ValueError:
        return tampered
    return cursor(text.replace("age", query))


OF_NO_STORED_COLLECTION = [
    *("", "l", "l4:kept", "l4:kept-1", "l4:keptx", "l4:kept2x", "l4:kept1.5", "l4:kept٣", "l4:kept" + "9" * 30),
    *("l5:other0", "l3:kept2", "l99:kept2", "s4:kept2", "z4:kept2", "l11:{person}:pks0", "l0:2"),
]


async def test_a_cursor_of_a_stored_collection_too(any_face, person):
    for number in range(5):
        await any_face.do(person.create(age=number))
    stored = await any_face.do(person.collection(age__gte=0).sort(by="age").store("kept"))
    await any_face.do(person.collection().store("other"))
    plain = base64.urlsafe_b64decode((await any_face.do(stored.page(2))).cursor + "==").decode()
    assert plain == "l4:kept2"
    taken = []
    for text in OF_NO_STORED_COLLECTION:
        try:
            await any_face.do(stored.page(2, after=cursor(text)))
        except InvalidValue:
            continue
        except Exception as error:  # noqa: BLE001
            taken.append((text, repr(error)[:100]))
        else:
            taken.append((text, "is a cursor"))
    assert taken == [], "\n".join(map(str, taken))


class TestSums:
    async def test_integers_beyond_doubles_are_added_exactly(self, any_face, person):
        numbers = [2**53 + 1, 2**53 + 3, 10**30 + 7, -(2**63) - 1, 1, 0, 10**40]
        for number in numbers:
            await any_face.do(person.create(whole=number, note=str(number), papers={"a": number}))
        everybody = person.collection()
        for field in ("whole", "note", "papers__a"):
            total = await any_face.do(everybody.sum(field))
            assert total == sum(numbers)
            assert type(total) is int

    async def test_decimals_are_added_exactly(self, any_face, person):
        for text in ("0.1", "0.2", "-0.3", "1E+20", "1E-20", "123456789012345678901234567890.000000000000000000001"):
            await any_face.do(person.create(big=Decimal(text)))
        total = await any_face.do(person.collection().sum("big"))
        assert total == Decimal("123456789112345678901234567890.000000000000000000011")

    async def test_long_decimals_are_added_soon(self, any_face, person):
        digits = 20_000
        for text in ("1" * digits + "." + "2" * digits, "3" * digits, "0." + "4" * digits, "-" + "1" * digits):
            await any_face.do(person.create(big=Decimal(text)))
        total = await in_time(any_face, lambda: person.collection().sum("big"), 0.5)
        assert total == Decimal("3" * digits + "." + "6" * digits)


class TestNoCommandIsLong:
    """Of 20,000 objects no command keeps the server busy for long, so that it serves others in between."""

    COUNT = 20_000
    MOST = 0.1
    """In seconds."""

    @pytest.fixture(scope="class")
    @classmethod
    def big(cls, servers):
        server = servers("valkey-9.1")

        class Big(RedisModel):
            database = RedisDatabase(port=server.port)
            city = InstanceHashField(indexable=True)
            age = InstanceHashField(type=int, indexable=True)
            half = InstanceHashField(type=int, indexable=True)
            code = InstanceHashField(indexes=[TextRangeIndex])
            note = InstanceHashField()

        with server.client() as client:
            client.flushall()
            Big(city="X", age=1).delete()
            rows = {}
            for number in range(cls.COUNT):
                row = {"city": f"City {number % 10}", "age": number % 90, "code": f"{number * 7919 % cls.COUNT:06}"}
                rows[number + 1] = {**row, "half": number} if number % 2 else row
            fill(client, "big", rows)
            yield Big, client
            client.flushall()
        Big.database.close()

    ASK = {  # noqa: RUF012
        "first": lambda c: c.first(),
        "first of some": lambda c: c.filter(city="City 3").first(),
        "last": lambda c: c.last(),
        "first by an index": lambda c: c.sort(by="age").first(),
        "last by an index that half are in": lambda c: c.sort(by="half").last(),
        "page": lambda c: c.page(20),
        "second page": lambda c: c.page(20, after=c.page(20).cursor),
        "page by an index": lambda c: c.sort(by="age").page(20),
        "page by an index, down": lambda c: c.sort(by="-age").page(20),
        "page by a text index": lambda c: c.sort(by="code", alpha=True).page(20),
        "page of some by an index": lambda c: c.filter(city="City 3").sort(by="-age").page(20),
        "page by an index that half are in": lambda c: c.sort(by="half").page(20),
        "page of values": lambda c: c.sort(by="-age").values().page(20),
    }

    @pytest.mark.parametrize("name", ASK)
    def test_of_one_answer(self, big, name):
        model, client = big
        limit = self.MOST
        assert longest_step(client, lambda: self.ASK[name](model.collection()), limit) < limit

    EXPLAINED = {  # noqa: RUF012
        "without an order": lambda c: c,
        "by an index": lambda c: c.sort(by="age"),
        "by a text index": lambda c: c.sort(by="-code", alpha=True),
        "of some by an index": lambda c: c.filter(city="City 3").sort(by="age"),
        "by an index that half are in": lambda c: c.sort(by="half"),
    }

    @pytest.mark.parametrize("name", EXPLAINED)
    def test_of_an_explanation(self, big, name):
        """It finds and sorts nothing."""
        model, client = big
        limit = self.MOST / 30
        assert longest_step(client, self.EXPLAINED[name](model.collection()).explain, limit) < limit

    WALKS = {  # noqa: RUF012
        "without an order": (lambda c: c, COUNT),
        "of a range": (lambda c: c.filter(age__gte=0), COUNT),
        "of an or": (lambda c: c.exclude(city="City 3"), COUNT * 9 // 10),
        "by an index": (lambda c: c.sort(by="age"), COUNT),
        "by an index, down": (lambda c: c.sort(by="-age"), COUNT),
        "by a text index": (lambda c: c.sort(by="code", alpha=True), COUNT),
        "by an index that half are in": (lambda c: c.sort(by="half"), COUNT),
        "by an index that half are in, down": (lambda c: c.sort(by="-half"), COUNT),
        "of some by an index": (lambda c: c.filter(city="City 3").sort(by="age"), COUNT // 10),
        "of a stored collection": (lambda c: c.sort(by="-age").store("kept"), COUNT),
    }

    @pytest.mark.parametrize("name", WALKS)
    def test_of_a_walk(self, big, name):
        model, client = big
        make, count = self.WALKS[name]
        collection = make(model.collection())
        assert len(set(collection.iterate(chunk=1000))) == count
        limit = self.MOST / 2
        assert longest_step(client, lambda: list(collection.iterate(chunk=1000)), limit) < limit

    def test_of_a_stored_collections_page(self, big):
        model, client = big
        stored = model.collection().store("kept")
        ask = {"first": stored.first, "last": stored.last, "page": lambda: stored.page(20), "item": lambda: stored[5]}
        for name, each in ask.items():
            assert longest_step(client, each, self.MOST) < self.MOST, name
