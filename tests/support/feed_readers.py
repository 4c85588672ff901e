"""Readers of a feed of changes, and workers of groups, whose messages are sent one by one; and what they should get."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from typing import Any

from limpyd.exceptions import ObjectsMoved, ObjectsOnTheirWay
from limpyd.requests.scattered import Pause

OBJECTS = 8


class Truth:
    """How many changes of each object were made."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.made: dict[str, int] = {}

    def write(self, model: Any) -> None:
        try:
            if len(self.made) < OBJECTS:
                self.made[model(number=1).key.get()] = 1
            else:
                pk = self.rng.choice(list(self.made))
                self.made[pk] = model.lazy_connect(pk).number.hincrby(1)
        except ObjectsOnTheirWay:
            pass


class Noted:
    """The changes that a reader, or a group, has got, of each object as often as it got them.

    Args:
        before: how many changes of each object it is not to get, as they came before it began.
    """

    def __init__(self, before: dict[str, int]) -> None:
        self._before = before
        self._ids: dict[str, list[tuple[int, str]]] = {}

    def note(self, change: Any) -> None:
        """Notes a change; each one is new, or one that came before."""
        known = self._ids.setdefault(change.pk, [])
        place = (change.partition, change.id)
        if place not in known:
            known.append(place)

    def compare(self, truth: Truth, whole: dict[str, list[tuple[int, str]]]) -> None:
        """All that came is in order, and nothing is missing."""
        for pk, made in truth.made.items():
            assert len(whole[pk]) == made
            assert self._ids.get(pk, []) == whole[pk][self._before.get(pk, 0) :], pk


class Plain:
    """A reader that goes on from its position in any process."""

    def __init__(self, truth: Truth, last_id: str) -> None:
        self._noted = Noted({} if last_id == "0" else dict(truth.made))
        self._position = last_id
        self.compare = self._noted.compare

    @property
    def began(self) -> bool:
        """False if objects were on their way when it looked for the first time."""
        return self._position != "$"

    def drain(self, model: Any) -> None:
        """Reads all that there is left."""
        while self.read(model, random.Random(0), 100):
            pass

    def read(self, model: Any, rng: random.Random, most: int) -> bool:
        """Reads a few changes; returns whether there were any."""
        reader, found = model.changes(self._position, count=rng.choice((1, 2, 5))), 0
        try:
            for change in reader:
                self._noted.note(change)
                found += 1
                if found == most:
                    break
        except ObjectsOnTheirWay:
            pass
        self._position = reader.position
        return found > 0


class Running:
    """A reader of one process, which goes on all the time, one message at a time."""

    def __init__(self, truth: Truth, last_id: str, model: Any) -> None:
        self._noted = Noted({} if last_id == "0" else dict(truth.made))
        self._reader, self._model = model.changes(last_id, count=2)._reading, model
        self._steps = self._run()
        self.compare = self._noted.compare

    @property
    def began(self) -> bool:
        return self._reader.position != "$"

    def _run(self) -> Iterator[None]:
        while True:
            for change in (yield from messages(self._reader.next(), self._model)) or ():
                self._reader.pass_by(change)
                self._noted.note(change)
                yield

    def read(self, _model: Any, _rng: random.Random, most: int) -> None:
        """Sends a few messages."""
        for _ in itertools.islice(self._steps, most):
            pass

    def drain(self, _model: Any) -> None:
        """Reads all that there is left."""
        self.read(None, random.Random(0), 2000)


def messages(program: Any, model: Any) -> Iterator[None]:
    """Runs a program of a reader that stops before each of its messages; returns its result.

    None if objects were on their way, or have moved.
    """
    answer: Any = None
    error: Exception | None = None
    while True:
        try:
            asked = program.send(answer) if error is None else program.throw(error)
        except StopIteration as end:
            return end.value
        except ObjectsOnTheirWay:
            return None
        answer, error = None, None
        try:
            answer = yield from _parts(asked, model)
        except ObjectsMoved as moved:
            error = moved


def _parts(asked: Any, model: Any) -> Iterator[None]:
    """Sends what a program asks, its parts one after the other, in a random order."""
    rounds, answer = asked.begin(), None
    while True:
        try:
            step = rounds.send(answer)
        except StopIteration as end:
            return end.value
        answer = None
        if not isinstance(step, Pause):
            replies = {}
            for part in random.sample(range(len(step)), len(step)):
                yield
                replies[part] = model.database._send_step(step[part])
            answer = [replies[part] for part in range(len(step))]


class Group:
    """The workers of a group. Each stops for good at any change, perhaps before it has acknowledged it."""

    def __init__(self, truth: Truth, name: str, last_id: str) -> None:
        self._noted = Noted({} if last_id == "0" else dict(truth.made))
        self._name, self._begins, self._numbers = name, last_id, itertools.count()
        self._workers: list[Iterator[Any]] = []
        self.compare = self._noted.compare

    def _worker(self, model: Any, rng: random.Random) -> Iterator[None]:
        """Stops before each message, and after each change, which is then acknowledged when it goes on."""
        worker = model.changes(
            self._begins,
            group=self._name,
            consumer=f"w{next(self._numbers)}",
            count=rng.choice((1, 2, 5)),
            min_idle_time=rng.choice((1, 10_000)),
        )._reading
        while True:
            for change in (yield from messages(worker.next(), model)) or ():
                self._noted.note(change)
                yield
                if not (yield from messages(worker.acknowledge(change), model)):
                    break

    def read(self, model: Any, rng: random.Random, most: int) -> None:
        """Has a worker send a few messages; some stop then for good."""
        if len(self._workers) < 3:
            self._workers.append(self._worker(model, rng))
        worker = rng.choice(self._workers)
        for _ in itertools.islice(worker, most):
            pass
        if rng.random() < 0.03:
            self._workers.remove(worker)

    def begins(self, model: Any) -> bool:
        """Has its first worker look for the first time; returns whether no objects were on their way."""
        try:
            list(model.changes(self._begins, group=self._name))
        except ObjectsOnTheirWay:
            return False
        return True

    def drain(self, model: Any) -> None:
        """Reads all that there is left, as a worker that takes over all that others have."""
        self._workers.clear()
        time.sleep(0.005)
        for change in model.changes(group=self._name, min_idle_time=1, count=3):
            self._noted.note(change)
