"""What a query finds is how things were at one moment, whatever is written meanwhile."""

from __future__ import annotations

import threading
import time

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel, SetField

OBJECTS = 400
WRITERS = 3
SECONDS = 0.4
TOWNS = {"Paris": 10, "Rome": 90}
"""Everybody lives in one of these, and is of the age that goes with it: both change in one step."""


@pytest.fixture
def person(server):
    class Person(RedisModel):
        database = RedisDatabase(port=server.port)
        town = InstanceHashField(indexable=True)
        age = InstanceHashField(type=int, indexable=True)
        rank = InstanceHashField(type=int, indexable=True)
        tags = SetField(indexable=True)

    for number in range(OBJECTS):
        Person(town="Paris", age=TOWNS["Paris"], rank=number, tags=["a"])
    yield Person
    Person.database.close()


def move_about(person, stop, failed):
    """Moves people from one town to the other and back."""
    try:
        number = 0
        while not stop.is_set():
            number += 1
            town = "Rome" if number // OBJECTS % 2 else "Paris"
            person.lazy_connect(number * 7 % OBJECTS + 1).hmset(town=town, age=TOWNS[town], rank=number * 31 % OBJECTS)
    except Exception as error:
        failed.append(error)
        raise


QUERIES = {
    "nobody is between two states": (lambda c, p: c(town="Rome", age__lt=50).count(), lambda found: found == 0),
    "nor found by excluding": (lambda c, p: c(age__gte=50).exclude(town="Rome").all(), lambda found: found == []),
    "everybody is in one state": (
        lambda c, p: c((p.town == "Paris") | (p.age > 50)).all(),
        lambda found: len(found) == len(set(found)) == OBJECTS,
    ),
    "values belong together": (
        lambda c, p: c(age__between=(0, 100)).sort(by="rank").values_list("pk", "town", "age")[:OBJECTS],
        lambda rows: (
            len({pk for pk, _, _ in rows}) == len(rows) == OBJECTS and all(TOWNS[town] == age for _, town, age in rows)
        ),
    ),
    "facets add up": (lambda c, p: c().count_by("town"), lambda counts: sum(counts.values()) == OBJECTS),
    "in order": (
        lambda c, p: c(town="Paris").sort(by="-rank").values_list("rank", flat=True).all(),
        lambda ranks: ranks == sorted(ranks, reverse=True),
    ),
}


def test_one_moment(person):
    stop, failed = threading.Event(), []
    writers = [threading.Thread(target=move_about, args=(person, stop, failed)) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    asked = 0
    try:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            for name, (ask, holds) in QUERIES.items():
                found = ask(person.collection, person)
                asked += 1
                assert holds(found), (name, found)
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not failed
    assert asked >= 2 * len(QUERIES)


def test_pages_go_on_where_they_were(person):
    """Who keeps a rank is on exactly one page, whatever others do meanwhile."""
    for number in range(1, OBJECTS, 2):
        person.lazy_connect(number).rank.hset(number)
    stop = threading.Event()

    def shuffle():
        step = 0
        while not stop.is_set():
            step += 1
            person.lazy_connect(2 * (step % (OBJECTS // 2)) + 2).rank.hset(step * 13 % OBJECTS)

    writer = threading.Thread(target=shuffle)
    writer.start()
    try:
        for _ in range(5):
            seen, cursor = [], None
            while True:
                items, cursor, _ = person.collection(age__gte=0).sort(by="rank").page(size=17, after=cursor)
                seen += items
                if cursor is None:
                    break
            steady = [pk for pk in seen if int(pk) % 2]
            assert steady == [str(number) for number in range(1, OBJECTS, 2)]
            walked = list(person.collection(age__gte=0).iterate(chunk=23))
            assert sorted(pk for pk in walked if int(pk) % 2) == sorted(steady)
    finally:
        stop.set()
        writer.join()
