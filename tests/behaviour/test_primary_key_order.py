"""The orders of automatic primary keys, as numbers and as text, walked by their counter, whatever that says."""

from __future__ import annotations

import random

import pytest

from limpyd import InstanceHashField, RedisDatabase, RedisModel, TextRangeIndex

COUNT = 700
COUNTER = "{thing}:seq"


@pytest.fixture(scope="module")
def thing(servers):
    server = servers("valkey-9.1")
    with server.client() as client:
        client.flushall()

    class Thing(RedisModel):
        database = RedisDatabase(port=server.port)
        half = InstanceHashField(indexable=True)
        few = InstanceHashField(type=int, indexable=True)
        title = InstanceHashField(indexes=[TextRangeIndex])

    def values(at):
        found = {"half": str(at % 2)}
        if at % 90 == 0:
            found |= {"few": at % 4, "title": f"t{at % 4}"}
        return found

    Thing.bulk_create(values(at) for at in range(COUNT))
    gone = random.Random(1).sample(range(1, COUNT - 20), COUNT // 2)
    Thing.collection(pk__in=gone).delete()
    yield Thing
    Thing.database.close()


@pytest.fixture(params=["as it is", "not there", "behind", "no number", "of another type", "far ahead", "too large"])
def counter(request, thing):
    """The counter of primary keys, in some state."""
    with thing.database.connection as client:
        before = client.get(COUNTER)
        if request.param != "as it is":
            client.delete(COUNTER)
        states = {"behind": 17, "no number": "x", "far ahead": 10**9, "too large": 2**60}
        if request.param in states:
            client.set(COUNTER, states[request.param])
        elif request.param == "of another type":
            client.rpush(COUNTER, 1)
        yield request.param
        client.delete(COUNTER)
        client.set(COUNTER, before)


def in_pages(collection, size):
    found, cursor = [], None
    while True:
        page = collection.page(size, after=cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            return found


ORDERS = {
    "numbers": (lambda c: c.sort(), lambda pk, _: int(pk)),
    "texts": (lambda c: c.sort(alpha=True), lambda pk, _: pk),
    "without a number": (lambda c: c.sort(by="few"), lambda pk, row: (row[0] is None, row[0] or 0, pk)),
    "without a text": (lambda c: c.sort(by="title", alpha=True), lambda pk, row: (row[1] is None, row[1] or "", pk)),
    "without a number, down": (lambda c: c.sort(by="-few"), lambda pk, row: (row[0] is not None, row[0] or 0, pk)),
}


@pytest.mark.parametrize("half", [None, "1"])
@pytest.mark.parametrize("order", ORDERS)
def test_orders(thing, counter, order, half):
    collection = thing.collection() if half is None else thing.collection(half=half)
    rows = {pk: (few, title) for pk, few, title in collection.values_list("pk", "few", "title")}
    sort, by = ORDERS[order]
    expected = sorted(rows, key=lambda pk: by(pk, rows[pk]), reverse="down" in order)
    found = sort(collection)
    assert found.all() == expected
    last = len(expected)
    for start, stop in ((0, 1), (0, 20), (3, 300), (last - 20, last), (last - 1, last + 9), (last // 2, last // 2 + 9)):
        assert found[start:stop] == expected[start:stop]
        assert found.values_list("pk", flat=True)[start:stop] == expected[start:stop]
        assert [each._pk for each in found.instances()[start:stop]] == expected[start:stop]
    assert found[last:] == found[last : last + 5] == found[last + 5 : last + 9] == []
    assert found[-20:] == expected[-20:]
    assert found[-25:-20] == expected[-25:-20]
    assert (found[-1], found[-last], found.first(), found.last()) == (
        expected[-1],
        expected[0],
        expected[0],
        expected[-1],
    )
    assert in_pages(found, 23) == expected
    if order == "numbers":
        assert (collection.first(), collection.last()) == (expected[0], expected[-1])
        assert in_pages(collection, 23) == expected
        turned = collection.sort(desc=True)
        assert turned[:30] == expected[::-1][:30]
        assert turned[last - 9 : last - 2] == expected[::-1][last - 9 : last - 2]
        assert in_pages(turned, 23) == expected[::-1]
    if order == "texts":
        assert in_pages(collection.sort(alpha=True, desc=True), 23) == expected[::-1]
