"""Updates and deletions of all that a query finds go on while the objects of their model move to more partitions."""

from __future__ import annotations

from typing import Any

import pytest

from limpyd import FKInstanceHashField
from limpyd.exceptions import ObjectsOnTheirWay
from limpyd.query import chunked_changes
from limpyd.query.scanning import chunks
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
    """Makes the model as a process sees it that has sent nothing yet; and another, which refers to it."""
    processes = Processes(any_face, "Changed", FIELDS)

    def make(count: int, **settings: Any) -> Any:
        changed = processes.another(count, **settings)
        body = {
            "database": changed.database,
            "partitions": 2,
            "of": FKInstanceHashField(changed, on_delete="cascade", related_name="holders"),
            "__module__": __name__,
        }
        changed.Holder = type("Holder", changed.__bases__, body)
        return changed

    yield make
    await processes.close()


@pytest.fixture
async def stored(any_face, another_process):
    """Objects in two partitions, with another that refers to each."""
    model = another_process(2)
    rows = [
        {"key": pk, "title": f"t{number % 2}", "email": f"e{number}", "count": number, "note": "n"}
        for number, pk in enumerate(PKS)
    ]
    await any_face.do(model.bulk_create(rows))
    await any_face.do(model.Holder.bulk_create([{"of": pk} for pk in PKS]))


@pytest.fixture
def beside(monkeypatch):
    """Has a mover take a step before each chunk is found, and before what was found is changed."""

    def begin(steps: Any, each: int) -> None:
        attempt, search_among = chunked_changes.attempt, chunks.search_among

        def found(*args: Any) -> Any:
            for _ in range(each):
                next(steps, None)
            return (yield from attempt(*args))

        def changed(*args: Any, **options: Any) -> Any:
            next(steps, None)
            return search_among(*args, **options)

        monkeypatch.setattr(chunked_changes, "attempt", found)
        monkeypatch.setattr(chunks, "search_among", changed)

    return begin


OPERATIONS = {
    "what is found by it": (
        lambda model: model.collection(title="t1").update(title="new", chunk=4),
        lambda number: number % 2,
    ),
    "what is not": (lambda model: model.collection(count__gte=10).update(title="new", chunk=4), lambda n: n >= 10),
    "computed": (lambda model: model.collection().update(count=model.count + 1000, chunk=4), lambda _: True),
    "of primary keys": (
        lambda model: model.collection(pk__in=PKS[10:50]).update(title="new", chunk=4),
        lambda number: 10 <= number < 50,
    ),
    "deleted": (lambda model: model.collection(title="t0").delete(chunk=4), lambda number: not number % 2),
    "all deleted": (lambda model: model.collection().delete(chunk=4), lambda _: True),
}


@pytest.mark.parametrize(("begins", "each"), [(0, 1), (3, 3), (25, 1), (25, 2)])
@pytest.mark.parametrize("name", OPERATIONS)
async def test_each_object_is_changed_once(any_face, another_process, stored, beside, name, begins, each):
    operation, concerns = OPERATIONS[name]
    model = another_process(2)
    await any_face.do(model.collection().count())
    mover = another_process(4, moves=True)
    steps = steps_of(mover)
    for _ in range(begins):
        next(steps)
    beside(steps, each)
    changed = await any_face.do(operation(model))
    expected = [number for number in range(COUNT) if concerns(number)]
    if name in {"what is not", "of primary keys"}:  # what is changed again counts again
        assert len(expected) <= changed <= 2 * len(expected)
    else:
        assert changed == len(expected)
    for _ in steps:
        pass
    rows = await any_face.all(another_process(4).collection().values("key", "title", "count"))
    found = {row["key"]: (row["title"], row["count"]) for row in rows}
    for number, pk in enumerate(PKS):
        title, count = f"t{number % 2}", number
        if concerns(number) and "deleted" in name:
            assert pk not in found
            continue
        if concerns(number):
            title, count = ("new", count) if name != "computed" else (title, count + 1000)
        assert found[pk] == (title, count)
    assert await any_face.do(another_process(4).Holder.collection().count()) == len(found)
    assert list(await any_face.do(another_process(4).check())) == []


async def test_it_waits_no_longer_than_the_database_has_patience(any_face, another_process, stored, monkeypatch):
    """And says how much is done."""
    monkeypatch.setattr(waiting, "UNFINISHED", 20)
    moved_until(another_process(4, moves=True), lambda records: records.get(0, "").endswith("closed"))
    model = another_process(2, patience=0.02)
    error = await any_face.refused(ObjectsOnTheirWay, lambda: model.collection().update(note="m"))
    done = sum(any_face.client.get(key) == b"m" for key in any_face.client.scan_iter(match="{changed*}:field:note:*"))
    assert 0 < done < COUNT
    assert error.__notes__ == [f"{done} objects were changed in other chunks"]


async def test_what_is_asked_beside_a_wait_does_not_end_it(any_face, another_process, stored, monkeypatch):
    """A part waits for a slice while the requests of the others find that the record of the model is another one."""
    monkeypatch.setattr(waiting, "UNFINISHED", 20)
    model = another_process(2)
    await any_face.do(model.collection().count())
    steps = moved_until(another_process(4, moves=True), lambda records: records.get(1, "").endswith("closed"))
    request, record = waiting.Waiting.request, model._schema.maintenance.record
    waits: list[int] = []

    def waited(self: Any, moved: Any) -> Any:
        waits.append(1)
        if len(waits) == 6:  # the other part has gone on
            for _ in steps:  # to the end: what this process knows is not so any more
                pass
            record.forget()
        return request(self, moved)

    monkeypatch.setattr(waiting.Waiting, "request", waited)
    assert await any_face.do(model.collection(title="t1").update(title="new", chunk=4)) == COUNT // 2
    assert await any_face.do(model.collection(title="new").count()) == COUNT // 2
    assert len(waits) > 5
