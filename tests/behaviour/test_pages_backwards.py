"""Pages backwards: right before a position, whatever was written in between."""

from __future__ import annotations

import random

import pytest

from limpyd import FKInstanceHashField, InstanceHashField, ListField
from limpyd.exceptions import InvalidFilter, InvalidValue
from tests.support.random_queries.plain_python import Key, ordered

ORDERS = {
    "rank": [("rank", False)],
    "-rank": [("rank", True)],
    "note": [("note", False)],
    "-note": [("note", True)],
    "rank, -note": [("rank", False), ("note", True)],
    "boss__rank, rank": [("boss rank", False), ("rank", False)],
    "-marks__len": [("marks", True)],
}


async def test_are_those_of_plain_python_under_writes(face):
    class Worker(face.Model):
        database = face.database
        number = InstanceHashField(type=int)
        rank = InstanceHashField(type=int, indexable=True)
        note = InstanceHashField(type=str)
        boss = FKInstanceHashField("self", related_name="staff")
        marks = ListField(type=int)

    rng, world = random.Random(5), {}

    async def add():
        pk = str(len(world) + 1)
        values = {"rank": rng.choice((None, 1, 2, 3)), "note": rng.choice((None, "a", "b"))}
        values["boss"] = rng.choice([None, *(pk for pk, thing in world.items() if thing["alive"])])
        marks = list(range(rng.randrange(3)))
        await face.do(Worker.create(number=int(pk), marks=marks, **values))
        world[pk] = {"pk": pk, **values, "marks": len(marks), "alive": True}

    for _ in range(40):
        await add()

    def value(name):
        if name != "boss rank":
            return lambda thing: thing[name]
        return lambda thing: world[thing["boss"]]["rank"] if thing["boss"] else None

    for text, names in ORDERS.items():
        keys = [Key(value(name), desc) for name, desc in names]
        found = Worker.collection().sort(by=text.split(", "))
        page = await face.do(found.page(7))
        assert page.previous is None
        while page.cursor:
            last = page.items[-1]
            page = await face.do(found.page(7, after=page.cursor))
            for _ in range(2):
                await add()
            if rng.random() < 0.5 and page.items:  # the position itself goes
                pk = page.items[0]
                if await face.do(Worker.lazy_connect(pk).staff.count()) == 0:
                    await face.do(Worker.lazy_connect(pk).delete())
                    world[pk]["alive"] = False
            alive = [thing for thing in world.values() if thing["alive"] or thing["pk"] == page.items[0]]
            order = [thing["pk"] for thing in ordered(alive, keys)]
            at = order.index(page.items[0])
            before = await face.do(found.page(7, before=page.previous))
            assert before.items == order[max(0, at - 7) : at], text
            assert (before.previous is None) == (at <= 7)
            on = await face.do(found.page(3, after=before.cursor))
            assert on.items == [pk for pk in order[at:] if world[pk]["alive"]][:3]
            assert last in order


async def test_an_empty_page_leads_back(any_face):
    class Thing(any_face.Model):
        database = any_face.database
        number = InstanceHashField(type=int, indexable=True)

    do = any_face.do
    for number in range(6):
        await do(Thing.create(number=number))
    for found in (Thing.collection(number__lt=9), Thing.collection(number__lt=9).sort(by="-number").values("number")):
        first = await do(found.page(3))
        second = await do(found.page(3, after=first.cursor))
        assert second.cursor is None
        with any_face.sent() as sent:
            assert (await do(found.page(3, before=second.previous)))[::2] == (first.items, None)
        assert len(sent.commands) == 1
        beyond = await do(found.filter(number__lt=0).page(3, after=first.cursor))
        assert beyond[:2] == ([], None)
    await do(Thing.collection(number__gte=3).delete())
    found = Thing.collection().sort(by="number")
    assert (await do(found.page(2))).items == ["1", "2"]
    await any_face.refused(InvalidFilter, lambda: found.page(after="x", before="y"), match="not both")
    await any_face.refused(InvalidValue, lambda: found.page(before="x"), match="not a cursor")
    other = (await do(found.sort(by="-number").page(1))).cursor
    await any_face.refused(InvalidValue, lambda: found.page(before=other), match="sorted by")
    two = await do(found.page(2))
    await do(Thing.lazy_connect(3).delete())
    empty = await do(found.page(2, after=two.cursor))
    assert (empty.items, empty.cursor) == ([], None)
    assert (await do(found.page(1, before=empty.previous))).items == ["2"]  # the last one now
    stored = await do(found.store(ttl=20))
    await any_face.refused(InvalidFilter, lambda: stored.page(before=two.cursor), match="only go forwards")


@pytest.mark.parametrize("by", ["number", "-number"])
async def test_there_and_back(any_face, by):
    class Thing(any_face.Model):
        database = any_face.database
        title = InstanceHashField()
        number = InstanceHashField(type=int, indexable=True)

    await any_face.do(Thing.bulk_create({"title": "x", "number": at % 5 or None} for at in range(30)))
    found = Thing.collection().sort(by=by)
    pages = [await any_face.do(found.page(4))]
    while pages[-1].cursor:
        pages.append(await any_face.do(found.page(4, after=pages[-1].cursor)))
    page = pages.pop()
    while page.previous:
        page = await any_face.do(found.page(4, before=page.previous))
        assert page.items == pages.pop().items
    assert not pages
