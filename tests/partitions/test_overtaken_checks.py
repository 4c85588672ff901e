"""A check of a model whose objects move while it runs finds nothing that is not wrong."""

from __future__ import annotations

import pytest

from limpyd.exceptions import ObjectsMoved
from limpyd.integrity import scans
from tests.support.separate_processes import FIELDS, Processes
from tests.support.slow_moves import given_by, move_few_at_once, steps_of

PKS = [f"n{number}" for number in range(60)]


@pytest.fixture
async def another_process(any_face):
    processes = Processes(any_face, "Checked", FIELDS)
    yield processes.another
    await processes.close()


async def test_another_thread_learns_of_the_move(another_process, monkeypatch):
    """Its objects are not in the places of before, nor is the partition that is looked at one of those of now."""
    move_few_at_once(monkeypatch)
    scan_objects, model = scans.scan_objects, another_process(2, moves=True)
    model.bulk_create([{"key": pk, "title": "t"} for pk in PKS])
    mover, overtaken = another_process(4, moves=True), []
    steps = steps_of(mover)

    def scan(*args):
        if not overtaken:
            while "-4 2 2 4" not in given_by(mover).values():
                next(steps)
            overtaken.extend(model.lazy_connect(pk).title.hget() for pk in PKS)
        return scan_objects(*args)

    monkeypatch.setattr(scans, "scan_objects", scan)
    with pytest.raises(ObjectsMoved):
        model.check()
    assert overtaken
    for _ in steps:
        pass
    assert list(another_process(4, moves=True).check()) == []
