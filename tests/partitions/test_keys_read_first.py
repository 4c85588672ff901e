"""Queries of models of several partitions that need other keys: stored collections, bound fields, sets, and scores."""

from __future__ import annotations

import pytest

from limpyd import DoesNotExist, InstanceHashField, PKField, SetField, SortedSetField
from limpyd.exceptions import NotInPipeline, ServerError
from limpyd.query.results.columns import SORTED_SCORE
from tests.support.blocks import block

AGES = {f"p{number}": number % 5 for number in range(20)}
BY_AGE = sorted(AGES, key=lambda pk: (AGES[pk], pk))


@pytest.fixture(params=["one server", "three nodes"])
def place(request, any_face, three_nodes):
    """The arguments of a database on one server, and on three nodes."""
    if request.param == "one server":
        yield {"port": any_face.server.port}
    else:
        yield {"nodes": three_nodes().addresses}
        three_nodes().restore()


@pytest.fixture
async def people(any_face, place):
    """A model of several partitions with some objects."""
    database = any_face.Database(**place, partitions=4)
    fields = {
        "pk": PKField(),
        "age": InstanceHashField(indexable=True, type=int),
        "friends": SetField(),
        "ranking": SortedSetField(),
    }
    model = type("Person", (any_face.Model,), {"database": database, "__module__": __name__, **fields})
    for pk, age in AGES.items():
        await any_face.do(model.create(pk=pk, age=age))
    yield model
    await any_face.do(database.close())


async def test_a_stored_collection_keeps_its_order(any_face, people):
    do = any_face.do
    for key in (None, "named"):
        stored = await do(people.collection().sort("age").store(key, ttl=50))
        assert await do(stored.all()) == BY_AGE
        assert await do(stored[3:7]) == BY_AGE[3:7]
        assert await do(stored[-4:-1]) == BY_AGE[-4:-1]
        assert [await do(stored.first()), await do(stored.last())] == [BY_AGE[0], BY_AGE[-1]]
        assert await do(stored.count()) == len(BY_AGE)
        assert await any_face.all(stored.iterate(chunk=3)) == BY_AGE
        assert await do(stored.filter(age=2).all()) == [pk for pk in BY_AGE if AGES[pk] == 2]
        assert await do(stored.sort("-pk", alpha=True).first()) == max(AGES)
        assert await do(stored.filter(age__gt=0).values_list("pk", "age")[:2]) == [("p1", 1), ("p11", 1)]


async def test_pages_of_a_stored_collection_go_both_ways(any_face, people):
    do = any_face.do
    stored = await do(people.collection().sort("age").store())
    await do(people.lazy_connect(BY_AGE[4]).delete())
    left = [pk for pk in BY_AGE if pk != BY_AGE[4]]
    page = await do(stored.page(size=6))
    second = await do(stored.page(size=6, after=page.cursor))
    assert [*page.items, *second.items] == left[:12]
    assert (await do(stored.page(size=6, before=second.previous))).items == left[:6]


async def test_a_stored_collection_is_replaced_and_may_be_empty_or_gone(any_face, people):
    do = any_face.do
    await do(people.collection(age=1).store("mine"))
    empty = await do(people.collection(age=99).store("mine"))
    assert await do(empty.all()) == []
    assert await do(empty.count()) == 0
    again = people.collection().from_stored("never")
    for call in (again.all, again.count, again.sort("age").first, lambda: again.page(size=2)):
        await any_face.refused(DoesNotExist, call)


async def test_what_a_filter_compares_with_is_read_first(any_face, people):
    do = any_face.do
    one = people.lazy_connect("p7")
    await do(one.friends.sadd("p1", "p2", "p13", "nobody"))
    assert sorted(await do(people.collection(age=one.age).all())) == ["p12", "p17", "p2", "p7"]
    assert await do(people.collection(age__lt=one.age).count()) == 8
    assert sorted(await do(people.collection(pk__in=one.friends).all())) == ["p1", "p13", "p2"]
    assert sorted(await do(people.collection().intersect(one.friends).all())) == ["p1", "p13", "p2"]
    assert await do(people.collection().intersect(one.friends.key).exclude(age=1).count()) == 2
    assert await do(people.collection().intersect("no such key").all()) == []
    assert await do(people.collection().intersect(one.friends).sum("age")) == 6
    assert sorted(await any_face.all(people.collection(age=one.age).iterate(chunk=2))) == ["p12", "p17", "p2", "p7"]


async def test_a_change_compares_with_what_was_read_at_its_beginning(any_face, people):
    do = any_face.do
    one = people.lazy_connect("p7")
    assert await do(people.collection(age=one.age).update(age=50)) == 4
    assert await do(people.collection(age=one.age).delete()) == 4


async def test_the_order_of_a_sorted_set(any_face, people):
    do = any_face.do
    ranking = people.lazy_connect("p0").ranking
    await do(ranking.zadd({"p3": 2.5, "p1": 1, "p2": 1, "nobody": 0}))
    rest = sorted(set(AGES) - {"p1", "p2", "p3"})
    by_score = people.collection().sort(by_score=ranking)
    assert await do(by_score.all()) == ["p1", "p2", "p3", *rest]
    assert await do(by_score.last()) == rest[-1]
    assert await do(by_score.values_list("pk", SORTED_SCORE)[1:4]) == [("p2", 1.0), ("p3", 2.5), (rest[0], None)]
    falling = people.collection().sort(by_score=ranking, desc=True)
    assert await do(falling[:5]) == ["p3", "p2", "p1", *rest[:-3:-1]]
    assert await any_face.all(falling.iterate(chunk=2)) == ["p3", "p2", "p1", *rest[::-1]]


async def test_a_key_of_another_type_and_a_transaction_are_refused(any_face, people):
    do, face = any_face.do, any_face
    one = people.lazy_connect("p7")
    await face.refused(ServerError, people.collection().intersect(f"{one.age.key}").all, match="set, list or sorted")

    async def in_transaction():
        async with block(any_face, people.database.transaction()):
            people.collection().intersect(one.friends).all()

    with pytest.raises(NotInPipeline, match="several partitions"):
        await in_transaction()
    async with block(any_face, people.database.pipeline()):
        found = people.collection(age=one.age).count()
        other = one.age.hget()
    assert (found.value, other.value) == (4, 2)
    assert await do(people.exists("p7"))
