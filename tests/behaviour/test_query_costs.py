"""What queries of many values or terms cost, counted in commands that their scripts run: per value always the same."""

from __future__ import annotations

import functools
import operator

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel
from tests.support.servers import running

OBJECTS = 9000
"""More than scripts pass on to one command."""


@pytest.fixture(scope="module")
def thing():
    with running("valkey-9.1") as server:
        yield filled(server)


def filled(server):
    class Thing(RedisModel):
        database = RedisDatabase(port=server.port)
        text = InstanceHashField(indexable=True)
        number = InstanceHashField(type=int, indexable=True)
        code = InstanceHashField(unique=True)
        half = InstanceHashField(type=int, indexable=True)

    values = ({"text": f"t{at}", "number": at, "code": f"c{at}", "half": at % 2} for at in range(OBJECTS))
    assert Thing.bulk_create(values).created == OBJECTS
    return Thing


def any_of(expressions):
    return functools.reduce(operator.or_, expressions)


QUERIES = {
    "texts": lambda thing, count: thing.collection(text__in=[f"t{at}" for at in range(count)]),
    "texts, some": lambda thing, count: thing.collection(text__in=[f"t{at}" for at in range(count)], half=0),
    "numbers": lambda thing, count: thing.collection(number__in=range(count)),
    "numbers, some": lambda thing, count: thing.collection(number__in=range(count), half=0),
    "unique": lambda thing, count: thing.collection(code__in=[f"c{at}" for at in range(count)]),
    "pks": lambda thing, count: thing.collection(pk__in=range(1, count + 1)),
    "terms": lambda thing, count: thing.collection(any_of(thing.text == f"t{at}" for at in range(count))),
    "terms, some": lambda thing, count: thing.collection(any_of(thing.text == f"t{at}" for at in range(count)), half=0),
    "exclude": lambda thing, count: thing.collection(half=0).exclude(number__in=range(count)),
    "other than each": lambda thing, count: thing.collection(*(thing.number != at for at in range(count)), half=0),
}
READS = {
    "all": lambda found: sorted(map(int, found)),
    "count": lambda found: found.count(),
    "exists": lambda found: found.exists(),
    "values": lambda found: found.values_list("number", flat=True).all()[:0],
    "sort": lambda found: found.sort(by="-number").all(),
    "page": lambda found: found.sort(by="number").values("pk", "number")[:20],
}


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("query", QUERIES)
def test_as_many_commands_for_each_value(thing, query, read):
    """The first time as well, and whatever else is asked of the objects."""
    commands = {}
    with thing.database.connection as client:
        for count in (40, 400):
            client.config_resetstat()
            READS[read](QUERIES[query](thing, count))
            found = client.info("commandstats")
            read_of_each = found.get("cmdstat_hmget", {"calls": 0})["calls"]
            commands[count] = sum(each["calls"] for each in found.values()) - read_of_each
    assert commands[400] - commands[40] <= 2.05 * 360


@pytest.mark.parametrize("query", QUERIES)
def test_what_is_found_is_what_is_asked_for(thing, query):
    numbers = range(40)
    if query in {"exclude", "other than each"}:
        numbers = range(40, OBJECTS)
    if query not in {"texts", "numbers", "unique", "pks", "terms"}:
        numbers = [number for number in numbers if number % 2 == 0]
    found = QUERIES[query](thing, 40)
    assert READS["all"](found) == [number + 1 for number in numbers]
    assert found.count() == len(numbers)
    assert READS["page"](found) == [{"pk": str(number + 1), "number": number} for number in list(numbers)[:20]]
