"""Moves of objects to more partitions that stop between their requests, while the model is in use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from limpyd.exceptions import DifferentPartitions
from limpyd.repartitioning import announcing, delivery, mover


def move_few_at_once(monkeypatch: Any) -> None:
    """Has movers take few objects with each request, so that small models have many steps."""
    monkeypatch.setattr(announcing, "IN_SLICE", 2)
    monkeypatch.setattr(announcing, "SLICES", 4)
    monkeypatch.setattr(delivery, "FOUND", 3)


def steps_of(model: Any) -> Iterator[None]:
    """A mover that stops before each of its requests; the model is of the sync face."""
    program = mover.repartition(model._schema, None)
    try:
        asked = next(program)
        while True:
            yield
            try:
                answer = model.database._send_step(asked)
            except DifferentPartitions as error:
                asked = program.throw(error)
            else:
                asked = program.send(answer)
    except StopIteration:
        return


def given_by(model: Any) -> dict[int, str]:
    """What the catalogs of the partitions record, by number."""
    keys, client = model._schema.keys, model.database.connection
    found = {number: client.hget(keys.at(number).meta, ":partitions") for number in range(keys.declared)}
    return {number: text for number, text in found.items() if text is not None}


def moved_until(model: Any, is_there: Any) -> Iterator[None]:
    """A mover that has come so far that the records of the partitions, by number, are as a function wants them."""
    steps = steps_of(model)
    for _ in steps:
        if is_there(given_by(model)):
            return steps
    raise AssertionError


def messages_of(model: Any) -> Iterator[None]:
    """A mover that stops before each of its messages; the model is of the sync face."""
    program, send = mover.repartition(model._schema, None), model.database._send_step
    answer: Any = None
    error: Exception | None = None
    while True:
        try:
            asked = program.send(answer) if error is None else program.throw(error)
        except StopIteration:
            return
        answer, error = [], None
        try:
            for each in asked if isinstance(asked, list) else [asked]:
                yield
                answer.append(send(each))
        except DifferentPartitions as refused:
            error = refused
        answer = answer if isinstance(asked, list) else answer and answer[0]
