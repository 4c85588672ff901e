"""Queries, fields and instances go to other processes, by the names of their models; what has connections does not."""

from __future__ import annotations

import asyncio
import concurrent.futures
import copy
import multiprocessing
import pickle

import pytest

from limpyd import InstanceHashField, StringField
from limpyd.exceptions import InvalidFilter
from tests.support import pickled_models
from tests.support.pickled_models import PORT, Async, Pair, Row, Sync, folded, items_of, name_of

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


@pytest.fixture
async def models(any_face, monkeypatch):
    """The models of a face, with some objects on the server."""
    port = any_face.server.port
    monkeypatch.setenv(PORT, str(port))
    found = Async if any_face.is_async else Sync
    database = found.Town.database
    await any_face.do(database.reset(port=port))
    paris, rome = [
        await any_face.do(found.Town.create(name=name, size=size)) for name, size in (("Paris", 2), ("Rome", 3))
    ]
    for number, town in enumerate((paris, rome, paris), 1):
        await any_face.do(
            found.Person.create(
                name=f"n{number}",
                nick=f"N{number % 2}",
                age=number * 10,
                born=f"201{number}-01-02 03:04:05",
                tags=["a", f"t{number}"],
                marks={"1": 3, "2": 2, "3": 1},
                phones={"home": f"{number}"},
                first="f",
                last=f"l{number}",
                town=town,
                friends=["1", "2"] if number == 3 else [],
            )
        )
    yield found
    await any_face.do(database.close())


def queries(person, town):
    ada = person.lazy_connect(3)
    every = person.collection
    return [
        every(),
        every(name="n1"),
        every(age=20),
        every(age__between=(10, 20)),
        every(age__in=[10, 30]),
        every(age=2**70),
        every(name__startswith="n").exclude(name="n1"),
        every(nick="n1"),
        every(born__year=2011),
        every(tags="a", phones__home="2"),
        every(first="f", last="l2"),
        every(pk=2),
        every(pk__in=["1", "3"]),
        every(name__isnull=False),
        every((person.age > 10) & ((person.name == "n2") | ~(person.town["name"] == "Paris"))),
        every(town__name="Rome", town__size__gte=3),
        every(town=town.lazy_connect(1)),
        every(name=ada.name),
        every(age__gte=ada.age),
        every().intersect(["1", "2"], ada.friends),
        ada.friends(),
        town.lazy_connect(1).people(age__gt=10),
        every().sort(by="-age"),
        every().sort(by=["name", "-age"], alpha=True),
        every(age__gt=10).sort(by="age").values("pk", "name", "town"),
        every().sort(by_score=ada.marks).values("pk", "sorted_score"),
        every().values_list("name", "age"),
        every().values_list("age", flat=True),
        every().values(),
        every().instances(),
        every().instances(lazy=True),
        every(age__lt=30).instances(prefetch=["name", "age", "town__name", "friends"]),
        every().rows(Row),
        every().rows(Pair),
    ]


def shown(items):
    """Items as text, whatever the order of what has none."""

    def one(item):
        if isinstance(item, dict):
            return {name: one(value) for name, value in item.items()}
        return sorted(item) if isinstance(item, set) else item

    return sorted(repr([one(part) for part in item] if type(item) is tuple else one(item)) for item in items)


def told(items):
    return [(item, getattr(item, "prefetched", None)) for item in items]


async def test_collections_go_by_every_protocol(any_face, models):
    for collection in queries(models.Person, models.Town):
        expected = told(await any_face.do(collection.all()))
        for protocol in PROTOCOLS:
            packed = pickle.dumps(collection, protocol)
            again = pickle.loads(packed)
            assert (type(again), repr(again)) == (type(collection), repr(collection))
            found = told(await any_face.do(again.all()))
            assert shown(found) == shown(expected), collection
            if again._query.order:
                assert found == expected
            assert len(packed) < 3000


async def test_what_they_gave_and_settings_do_not_go_along(any_face, models):
    collection = models.Person.collection(age__gt=1).values("name")
    await any_face.do(collection.all())
    packed = pickle.dumps(collection)
    if not any_face.is_async:
        iter(collection)
        assert pickle.dumps(collection) == packed
    assert b"n1" not in packed
    assert str(any_face.server.port).encode() not in packed


async def test_a_stored_collection(any_face, models):
    stored = await any_face.do(models.Person.collection(age__gt=10).sort(by="-age").store("some"))
    again = pickle.loads(pickle.dumps(stored))
    assert again.stored_key == "some"
    assert await any_face.do(again.all()) == ["3", "2"]
    narrowed = pickle.loads(pickle.dumps(again.filter(age=20)))
    assert await any_face.do(narrowed.all()) == ["2"]


async def test_they_are_planned_as_those_of_this_process(any_face, models):
    """What was planned once is not planned anew: a pickled query meets the templates of the model."""
    for make in (
        lambda: models.Person.collection(name="n1").values("name"),
        lambda: models.Person.collection(age__gte=3).sort(by="age"),
    ):
        for _ in range(2):  # the first tells whether objects lack a value
            await any_face.do(make().all())
        kept = models.Person._schema.queries.templates._kept
        before = len(kept)
        await any_face.do(pickle.loads(pickle.dumps(make())).all())
        assert len(kept) == before


async def test_one_request(any_face, models):
    await any_face.do(models.Person.collection(name="n1").values("name").all())
    again = pickle.loads(pickle.dumps(models.Person.collection(name="n1").values("name")))
    with any_face.sent() as sent:
        await any_face.do(again.all())
    assert len(sent.names) == 1


@pytest.mark.parametrize("way", ["spawn", "fork"])
async def test_other_processes(any_face, models, way):
    collections = queries(models.Person, models.Town)
    expected = [shown(await any_face.do(each.all())) for each in collections]
    bound = models.Person.lazy_connect(2).name
    context = multiprocessing.get_context(way)

    def elsewhere():
        with context.Pool(1) as pool:
            found = pool.map(items_of, collections)
        with concurrent.futures.ProcessPoolExecutor(1, context) as executor:
            return found, executor.submit(name_of, bound).result()

    found, name = await asyncio.to_thread(elsewhere)
    assert [shown(each) for each in found] == expected
    assert name == "n2"


async def test_fields_and_expressions(any_face, models):
    person = models.Person
    ada = await any_face.do(person.get(1))
    for protocol in PROTOCOLS:

        def again(what, protocol=protocol):
            return pickle.loads(pickle.dumps(what, protocol))

        for field in (person.name, person.age, person.tags, person.pk, person.town):
            assert again(field) is field
        for bound in (
            ada.name,
            ada.tags,
            ada.phones,
            ada.pk,
            ada.town,
            ada.friends,
            models.Town.lazy_connect(1).people,
        ):
            assert (type(again(bound)), repr(again(bound))) == (type(bound), repr(bound))
        assert await any_face.do(again(ada.name).hget()) == "n1"
        parts = [person.born.part("year"), person.phones["home"], person.town["name"]]
        for expression in (
            person.age == 1,
            ~(person.age >= 1) | (person.name == "x") & person.tags.contains("a"),
            person.born.part("year") == 2015,
            person.phones["home"] == "1",
            person.town["name"].in_(["Paris"]),
            *[part == 1 for part in map(again, parts)],
        ):
            assert repr(again(expression)) == repr(expression)
    assert await any_face.all(person.collection(again(person.town["name"] == "Rome"))) == ["2"]


async def test_copies(any_face, models):
    person = models.Person
    collection, expression = person.collection(name="n1", age=10), (person.age > 10) & (person.name == "n1")
    for make in (copy.copy, copy.deepcopy):
        assert await any_face.all(make(collection)) == ["1"]
        assert repr(make(expression)) == repr(expression)
        assert await any_face.all(person.collection(make(expression))) == []
        assert make(person.lazy_connect(1).name).key == person.lazy_connect(1).name.key
    assert copy.deepcopy(person.age) is person.age
    declared = StringField(indexable=True)
    assert copy.copy(declared) is not declared


async def test_instances_that_are_not_stored_yet(any_face, models):
    for make in (copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))):
        empty = models.Person() if not any_face.is_async else await models.Person.create()
        again = make(empty)
        await any_face.do(again.name.hset("new"))
        assert await any_face.do(again.pk.get()) is not None
        assert empty._pk is None


async def test_instances_of_pipelines(any_face, models):
    pipe = models.Person.database.pipeline()
    if any_face.is_async:
        async with pipe:
            pending = models.Person.create(name="x")
            with pytest.raises(TypeError, match=r"Pending.*neither pickled nor copied.*\.value"):
                pickle.dumps(pending)
        made = pending.value
    else:
        with pipe:
            made = models.Person(name="x")
            pending = models.Person.lazy_connect(1).name.hget()
            for what in (made, pending):
                with pytest.raises(TypeError, match=r"Pending.*neither pickled nor copied.*\.value"):
                    pickle.dumps(what)
            with pytest.raises(TypeError, match=r"Pipeline.*open another one"):
                pickle.dumps(pipe)
    assert pickle.loads(pickle.dumps(made)) == made


async def test_databases(any_face):
    database = any_face.Database(port=any_face.server.port, username="ada", password="hunter2")
    for act in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(
            TypeError, match=r"neither pickled nor copied.*send instances, fields or collections"
        ) as caught:
            act(database)
        assert "hunter2" not in str(caught.value)


async def test_classes_that_are_found_nowhere(any_face):
    class Local(any_face.Model):
        database = any_face.database
        name = InstanceHashField(indexable=True)

    for what in (Local.collection(), Local.collection(name="x"), Local.name, Local.name == "x"):
        with pytest.raises(pickle.PicklingError, match=r"Local cannot be pickled.*<locals>.*at the top level"):
            pickle.dumps(what)
    with pytest.raises(Exception, match="<locals>"):
        pickle.dumps(Local.lazy_connect(1))
    with pytest.raises(pickle.PicklingError, match="belongs to no model"):
        pickle.dumps(StringField())
    for make in (copy.copy, copy.deepcopy):
        local = Local.lazy_connect(1)
        assert make(local) == local
        assert repr(make(Local.collection(name="x"))) == repr(Local.collection(name="x"))
        assert repr(make(Local.name == "x")) == "name='x'"


async def test_a_class_that_has_changed_meanwhile(any_face, models, monkeypatch):
    """The other process may run another version: what it does not have is told, and never taken for something else."""
    person = models.Person
    packed = [pickle.dumps(each) for each in (person.collection(nick="n1"), person.collection(first="f", last="l1"))]

    class Person(any_face.Model):
        database = any_face.Database(port=any_face.server.port)
        nick = first = None
        name = InstanceHashField(indexable=True)
        nick = StringField(indexes=[pickled_models.NumberRangeIndex])
        first = InstanceHashField(indexable=True)
        last = InstanceHashField(indexable=True)

    Person.__qualname__, Person.__module__ = person.__qualname__, person.__module__
    monkeypatch.setattr(models, "Person", Person)
    with pytest.raises(InvalidFilter, match="no index of first, last"):
        pickle.loads(packed[1])
    assert folded("N1") == "n1"
