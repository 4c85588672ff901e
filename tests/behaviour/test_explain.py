"""An explanation that is analyzed counts the commands that the query runs."""

from __future__ import annotations

import pytest

from limpyd import InstanceHashField, SetField
from limpyd.exceptions import IndexNotBuilt, WrongTypeError

NOT_OF_THE_QUERY = {"config|resetstat", "info", "evalsha", "evalsha_ro", "eval", "multi", "exec"}


@pytest.fixture
async def person(any_face):
    class Person(any_face.Model):
        database = any_face.database
        name = InstanceHashField(indexable=True)
        age = InstanceHashField(type=int, indexable=True)
        tags = SetField(indexable=True)

    await any_face.do(Person.bulk_create({"name": f"n{n % 10}", "age": n, "tags": ["a", "b"]} for n in range(200)))
    return Person


QUERIES = {
    "everything": lambda person: person.collection(),
    "an equality": lambda person: person.collection(name="n1"),
    "a primary key": lambda person: person.collection(pk=3),
    "a short script": lambda person: person.collection(name="n1", age__gt=100),
    "values": lambda person: person.collection(name="n1", age__gt=100).values("age", "name"),
    "either": lambda person: person.collection((person.name == "n1") | (person.age > 150)).exclude(age=5),
    "a list of values": lambda person: person.collection(age__in=range(50)).values("age"),
}


def calls(client):
    """How often each command was called, as the server counts them."""
    stats = client.info("commandstats")
    return {name.removeprefix("cmdstat_"): each["calls"] for name, each in stats.items()}


@pytest.mark.parametrize("name", QUERIES)
async def test_it_counts_what_the_query_runs(any_face, person, name):
    collection = QUERIES[name](person)
    await any_face.all(collection)  # the server knows the script
    explanation = await any_face.do(collection.explain(analyze=True))
    any_face.client.config_resetstat()
    found = await any_face.all(collection)
    really = {name: count for name, count in calls(any_face.client).items() if name not in NOT_OF_THE_QUERY}
    if not explanation.script:
        really.pop("hget", None)  # the look at the epoch, in the packet of the command
    assert {each.command.lower(): each.calls for each in explanation.ran} == really
    assert sum(each.values for each in explanation.ran) >= len(found)
    assert str(explanation.ran[0]) in str(explanation)


async def test_a_page_reads_no_more_than_it_has(any_face, person):
    explanation = await any_face.do(person.collection(tags="a").sort("-age").explain(analyze=True))
    assert {each.command: each.values for each in explanation.ran}["ZREVRANGE"] == 20


async def test_it_takes_one_request_more(any_face, person):
    collection = person.collection(name="n1", age__gt=3)
    await any_face.do(collection.explain(analyze=True))
    with any_face.sent() as sent:
        await any_face.do(collection.explain(analyze=True))
    assert sent.names == ["EVALSHA", "EVALSHA"]


async def test_without_it_nothing_is_counted(any_face, person):
    assert (await any_face.do(person.collection(name="n1").explain())).ran == ()


async def test_of_what_cannot_match_nothing_is_run(any_face, person):
    explanation = await any_face.do(person.collection(name__in=[]).explain(analyze=True))
    assert explanation.round_trips == 0
    assert explanation.ran == ()


async def test_errors_are_those_of_the_query(any_face, person):
    any_face.client.delete("{person}:eq:name:n1")
    any_face.client.hset("{person}:eq:name:n1", "x", "y")
    await any_face.refused(WrongTypeError, lambda: person.collection(name="n1", age__gt=3).explain(analyze=True))
    await any_face.do(person.clear_indexes())
    await any_face.refused(IndexNotBuilt, lambda: person.collection(name="n1").explain(analyze=True))
