"""Walks through what a query finds go on while the objects of their model move to more partitions."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest

from limpyd.exceptions import ObjectsOnTheirWay
from limpyd.requests import waiting
from tests.support.separate_processes import FIELDS, Processes
from tests.support.slow_moves import move_few_at_once, moved_until, steps_of

COUNT = 60
PKS = [f"n{number} é:*" for number in range(COUNT)]


@pytest.fixture(autouse=True)
def small_slices(monkeypatch):
    move_few_at_once(monkeypatch)
    monkeypatch.setattr(waiting, "UNFINISHED", 0)


@pytest.fixture
async def another_process(any_face):
    """Makes the model as a process sees it that has sent nothing yet."""
    processes = Processes(any_face, "Walked", FIELDS)
    yield processes.another
    await processes.close()


@pytest.fixture
async def stored(any_face, another_process):
    """Objects in two partitions, every fifth of which has no count."""
    rows = [
        {"key": pk, "title": f"t{number % 2}", "email": f"e{number}", "note": f"{number:03}"}
        | ({} if number % 5 == 0 else {"count": number})
        for number, pk in enumerate(PKS)
    ]
    await any_face.do(another_process(2).bulk_create(rows))


async def through(face: Any, items: Any, at_each: Any) -> list[Any]:
    """All items of a walk, of either face; calls a function at each."""
    found = []
    if face.is_async:
        async for item in items:
            found.append(item)
            at_each()
    else:
        for item in items:
            found.append(item)
            at_each()
    return found


UNORDERED = {
    "all": (lambda model: model.collection(), PKS),
    "by a value": (lambda model: model.collection(title="t1"), PKS[1::2]),
    "by some of them": (lambda model: model.collection(title__in=["t0", "no", "t1"]), PKS),
    "by a range": (
        lambda model: model.collection(count__gte=30),
        [pk for number, pk in enumerate(PKS) if number >= 30 and number % 5],
    ),
    "by primary keys": (lambda model: model.collection(pk__in=[*PKS[10:50], "no"]), PKS[10:50]),
    "by unique values": (
        lambda model: model.collection(email__in=[f"e{each}" for each in range(20, 80)]),
        PKS[20:],
    ),
    "but for a value": (
        lambda model: model.collection(title__ne="t0", count__isnull=False),
        [pk for number, pk in enumerate(PKS) if number % 2 and number % 5],
    ),
}
ORDERED = {
    "primary keys": {"by": "pk", "alpha": True},
    "an index": {"by": "count"},
    "the other way round": {"by": "-title", "alpha": True},
    "without an index": {"by": "note", "alpha": True},
}


@pytest.mark.parametrize(("begins", "declared"), [(0, 2), (3, 2), (25, 2), (25, 4)])
@pytest.mark.parametrize("name", UNORDERED)
async def test_all_that_matches_is_met(any_face, another_process, stored, name, begins, declared):
    """An object may come twice, if it has moved in between."""
    query, expected = UNORDERED[name]
    model, steps = another_process(declared), steps_of(another_process(4, moves=True))
    for _ in range(begins):
        next(steps)
    found = Counter(await through(any_face, query(model).iterate(chunk=4), lambda: next(steps, None)))
    assert set(found) == set(expected)
    assert max(found.values()) <= 2 or name in {"by primary keys", "by unique values"}  # which begin again
    for _ in steps:
        pass
    assert set(await through(any_face, query(model).iterate(chunk=4), lambda: None)) == set(expected)


@pytest.mark.parametrize("begins", [3, 25])
@pytest.mark.parametrize("name", ORDERED)
async def test_an_order_stays(any_face, another_process, stored, name, begins):
    """Each object comes once, but for those without a value, which come last in no order."""
    model, steps = another_process(2), steps_of(another_process(4, moves=True))
    found = model.collection().sort(**ORDERED[name])
    expected = await through(any_face, found.iterate(chunk=4), lambda: None)
    for _ in range(begins):
        next(steps)
    met = await through(any_face, found.iterate(chunk=4), lambda: next(steps, None))
    with_value = 4 * COUNT // 5 if name == "an index" else COUNT
    assert met[:with_value] == expected[:with_value]
    assert set(met[with_value:]) == set(expected[with_value:])
    assert set(met) == set(PKS)


async def test_an_export_goes_on(any_face, another_process, stored):
    before = sorted(await any_face.all(another_process(2).export()))
    model, steps = another_process(2), steps_of(another_process(4, moves=True))
    found = await through(any_face, model.export(chunk=3), lambda: next(steps, None))
    assert sorted(set(found)) == before


async def test_it_waits_no_longer_than_the_database_has_patience(any_face, another_process, stored, monkeypatch):
    monkeypatch.setattr(waiting, "UNFINISHED", 20)
    moved_until(another_process(4, moves=True), lambda records: records.get(0, "").endswith("closed"))
    model = another_process(2, patience=0.02)
    met = itertools.count()

    async def walk() -> None:
        await through(any_face, model.collection().iterate(chunk=4), lambda: next(met))

    with pytest.raises(ObjectsOnTheirWay):
        await walk()
