"""Bulk operations go on while the objects of their model move to more partitions."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from limpyd import AutoPKField, InstanceHashField
from limpyd.exceptions import BulkError, ObjectsOnTheirWay, UniquenessError
from limpyd.requests import waiting
from tests.support.separate_processes import FIELDS, Processes
from tests.support.slow_moves import given_by, move_few_at_once, moved_until, steps_of

COUNT = 40
PKS = [f"n{number}" for number in range(COUNT)]
NEW = [f"new {number} é" for number in range(COUNT)]


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    move_few_at_once(monkeypatch)


@pytest.fixture
async def another_process(any_face):
    """Makes the model as a process sees it that has sent nothing yet."""
    processes = Processes(any_face, "Much", {name: field for name, field in FIELDS.items() if name != "email"})
    yield processes.another
    await processes.close()


UNIQUE = {"email": InstanceHashField(unique=True)}


def rows(pks: list[str], **values: Any) -> list[dict[str, Any]]:
    return [{"key": pk, "title": f"t{number % 3}", "count": number, **values} for number, pk in enumerate(pks)]


OPERATIONS = {
    "create": lambda model, through: model.bulk_create(through(rows(NEW)), chunk=7, pks=True),
    "create or update": lambda model, through: model.bulk_create(
        through(rows(PKS[::2] + NEW, note="m")), chunk=5, on_conflict="update"
    ),
    "update": lambda model, through: model.bulk_update(through([(pk, {"title": "z"}) for pk in PKS]), chunk=3),
    "delete": lambda model, through: model.bulk_delete(through(PKS[:-3]), chunk=4),
}


async def compare(any_face: Any, model: Any, expected: dict[str, tuple[str, int, str | None]]) -> None:
    """Looks whether all is stored, and found by its values."""
    do = any_face.do
    found = await any_face.all(model.collection().values("key", "title", "count", "note"))
    assert {one["key"]: (one["title"], one["count"], one["note"]) for one in found} == expected
    for title in ("t0", "z"):
        pks = {pk for pk, (own, *_) in expected.items() if own == title}
        assert set(await any_face.all(model.collection(title=title))) == pks
    assert list(await do(model.check())) == []


def outcome(name: str) -> dict[str, tuple[str, int, str | None]]:
    """What is stored after an operation, by primary key."""
    before = {pk: (f"t{number % 3}", number, "n") for number, pk in enumerate(PKS)}
    if name == "create":
        return before | {pk: (f"t{number % 3}", number, None) for number, pk in enumerate(NEW)}
    if name == "create or update":
        return before | {pk: (f"t{number % 3}", number, "m") for number, pk in enumerate(PKS[::2] + NEW)}
    if name == "update":
        return {pk: ("z", count, note) for pk, (_, count, note) in before.items()}
    return {pk: before[pk] for pk in PKS[-3:]}


@pytest.mark.parametrize("declared", [2, 4])
@pytest.mark.parametrize("more", [{}, UNIQUE], ids=["", "unique"])
@pytest.mark.parametrize("name", OPERATIONS)
async def test_a_move_goes_on_meanwhile(any_face, another_process, monkeypatch, name, more, declared):
    """The mover takes a step each time that an object is taken, and dies in between as well."""
    monkeypatch.setattr(waiting, "UNFINISHED", 0)
    await any_face.do(another_process(2, **more).bulk_create(rows(PKS, note="n")))
    steps = steps_of(another_process(4, moves=True, **more))
    for _ in range(3):
        next(steps)
    model = another_process(declared, **more)
    looking, seen = another_process(4, moves=True, **more), set()

    def through(items: list[Any]) -> Any:
        for item in items:
            next(steps, None)
            seen.update(given_by(looking).values())
            yield item

    result = await any_face.do(OPERATIONS[name](model, through))
    expected = {
        "create": (COUNT, 0, 0, NEW),
        "create or update": (COUNT, 0, COUNT // 2, None),
        "update": (COUNT, 0),
        "delete": (COUNT - 3, 0),
    }
    assert tuple(result) == expected[name]
    assert {text.split()[-1] for text in seen} >= {"closed", "4"}
    for _ in steps:
        pass
    for each in (model, another_process(4, **more)):
        await compare(any_face, each, outcome(name))


async def test_primary_keys_that_are_minted(any_face, another_process, monkeypatch):
    """They come in the order of the objects, wherever these went."""
    monkeypatch.setattr(waiting, "UNFINISHED", 0)
    minted = {"key": AutoPKField(), **UNIQUE}
    await any_face.do(another_process(2, **minted).bulk_create([{"title": "t"}] * COUNT))
    steps, model = steps_of(another_process(4, moves=True, **minted)), another_process(2, **minted)

    def through() -> Any:
        for number in range(4 * COUNT):
            next(steps, None)
            yield {"title": "new", "count": number, "email": f"e{number}"}

    result = await any_face.do(model.bulk_create(through(), chunk=8, pks=True))
    for _ in steps:
        pass
    for each in (model, another_process(4, **minted)):
        found = await any_face.all(each.collection(title="new").values("key", "count"))
        assert [pk for _, pk in sorted((one["count"], one["key"]) for one in found)] == result.pks
        assert await any_face.do(each.collection().count()) == 5 * COUNT
        assert list(await any_face.do(each.check())) == []


async def test_an_import(any_face, another_process, monkeypatch):
    """The counters of partitions that are new go on behind the primary keys of the lines."""
    monkeypatch.setattr(waiting, "UNFINISHED", 0)
    minted = {"key": AutoPKField()}
    origin, model = another_process(2, **minted), another_process(2, **minted)
    objects = [{"title": f"t{number % 3}", "count": number} for number in range(COUNT)]
    pks = (await any_face.do(origin.bulk_create(objects, chunk=5, pks=True))).pks
    lines = await any_face.all(origin.export())
    await any_face.do(origin.bulk_delete(pks[::2]))
    steps = steps_of(another_process(4, moves=True, **minted))

    def through() -> Any:
        for line in lines:
            for _ in range(3):
                next(steps, None)
            yield line

    result = await any_face.do(model.import_(through(), chunk=6, on_conflict="update"))
    assert result == (COUNT // 2, 0, COUNT // 2, None)
    for _ in steps:
        pass
    model = another_process(4, **minted)
    assert sorted(await any_face.all(model.export())) == sorted(lines)
    new = [await any_face.do(model.create(title="new")) for _ in range(8)]
    assert {await any_face.do(each.key.get()) for each in new}.isdisjoint(pks)


async def test_a_refused_object_is_named_by_its_position(any_face, another_process, monkeypatch):
    monkeypatch.setattr(waiting, "UNFINISHED", 0)
    await any_face.do(another_process(2, **UNIQUE).bulk_create(rows(PKS, note="n")))
    await any_face.do(another_process(2, **UNIQUE).lazy_connect(PKS[0]).email.hset("taken"))
    steps = steps_of(another_process(4, moves=True, **UNIQUE))
    model, taken = another_process(2, **UNIQUE), []

    def through() -> Any:
        for number, row in enumerate(rows(NEW)):
            for _ in range(2):
                next(steps, None)
            taken.append(row["key"])
            yield row | ({"email": "taken"} if number == 30 else {"email": f"e{number}"})

    with pytest.raises(BulkError) as caught:
        await any_face.do(model.bulk_create(through(), chunk=6))
    error = caught.value
    assert isinstance(error.__cause__, UniquenessError)
    assert error.position == 30
    for _ in steps:
        pass
    done = {*NEW[:30], *(NEW[position] for position in error.done_after)}
    assert set(await any_face.all(model.collection())) == {*PKS, *done}
    assert error.done.created == len(done)
    assert list(await any_face.do(model.check())) == []


async def test_what_waits_for_too_long_says_what_is_done(any_face, another_process):
    """And goes on, if it has more patience."""
    await any_face.do(another_process(2).bulk_create(rows(PKS, note="n")))
    steps = moved_until(another_process(4, moves=True), lambda records: records.get(0, "").endswith("closed"))
    error = await any_face.refused(
        ObjectsOnTheirWay, lambda: another_process(2, patience=0.02).bulk_create(rows(NEW), chunk=COUNT)
    )
    created = sum(pk in NEW for pk in stored(any_face))
    assert 0 < created < COUNT
    assert f"BulkCreated(created={created}," in error.__notes__[0]
    ended = threading.Timer(0.05, lambda: [None for _ in steps])
    ended.start()
    model = another_process(2)
    assert (await any_face.do(model.bulk_update([(pk, {"title": "z"}) for pk in PKS]))).updated == COUNT
    ended.join()


def stored(any_face: Any) -> list[str]:
    """The primary keys of all objects, as the hashes have them."""
    return [key.decode().rpartition(":")[2] for key in any_face.client.scan_iter(match="{much*}:hash:*", count=1000)]
