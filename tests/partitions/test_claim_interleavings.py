"""The steps of writers of unique values in all orders, on a real server.

The models in tests/protocols explore the protocol; here it is what is implemented. After each step no value has two
owners, and each owner has its claim, whoever takes no more steps.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.claims import requests
from limpyd.keys.partitioned import PartitionedKeys
from tests.support.claim_writers import Case, Steps, World, asked
from tests.support.servers import NEWEST

STEPS = {"old": 5, "young": 5}
"""The steps whose orders are all tried; then the writers end one after the other."""
GRACE = {"old": -1, "young": 60_000}
"""The milliseconds after which claims are old, so that they are taken over if nobody has the value."""


@pytest.fixture(scope="module")
def world(servers):
    server = servers(NEWEST)
    spread = RedisDatabase(port=server.port, partitions=4)

    class Claiming(RedisModel):
        database = spread
        pk = PKField()
        email = InstanceHashField(unique=True, type=str)
        other = InstanceHashField()

    for pk in (A, B, C, NEW[3]):  # the catalogs of all partitions are known then
        Claiming(pk=pk, other="x")
    yield World(Claiming, server.client())
    spread.close()


def in_partition(number: int, beginning: str) -> str:
    """Returns a text that belongs in a partition of four."""
    keys = PartitionedKeys("", "claiming", 4)
    return next(text for each in range(99) if keys.partition((text := f"{beginning}{each}").encode()).number == number)


A, A2, B, C = in_partition(0, "a"), in_partition(0, "b"), in_partition(1, "c"), in_partition(2, "d")
NEW = [in_partition(number, f"+{each}") for each, number in enumerate((0, 0, 1, 3))]
V, W, V_AT_A = in_partition(3, "v"), in_partition(2, "w"), in_partition(0, "x")

CASES = [
    Case("two want a value", [[(A, V)], [(B, V)]]),
    Case("two want a value that one's partition keeps", [[(A, V_AT_A)], [(B, V_AT_A)]]),
    Case("two of one partition", [[(A, V)], [(A2, V)]]),
    Case("two of the partition that keeps it", [[(A, V_AT_A)], [(A2, V_AT_A)]]),
    Case("one object twice", [[(A, V)], [(A, V)]]),
    Case("it is given up and wanted", [[(A, None)], [(B, V)]], [(A, V)]),
    Case("it is given up by its keeper, and wanted", [[(A, None)], [(B, V_AT_A)]], [(A, V_AT_A)]),
    Case("it is changed and wanted", [[(A, W)], [(B, V)]], [(A, V)]),
    Case("two exchange their values", [[(A, W)], [(B, V)]], [(A, V), (B, W)]),
    Case("new objects of two partitions", [[(NEW[0], V_AT_A)], [(NEW[2], V_AT_A)]]),
    Case("new objects of the partition that keeps it", [[(NEW[0], V_AT_A)], [(A2, V_AT_A)]]),
    Case("it is given up and taken back", [[(A, None), (A, V)], [(B, V)]], [(A, V)]),
]


@pytest.fixture(autouse=True)
def age(monkeypatch):
    """Has all claims count as old, or all as young."""

    def set_age(name):
        monkeypatch.setattr(requests, "GRACE", GRACE[name])

    set_age("old")
    return set_age


def run(world: World, case: Case, schedule: Sequence[int]) -> tuple[list[Steps | None], list[str]]:
    """Runs the steps of a schedule; returns the writers, None for one that has ended, and the outcomes."""
    writers: list[Steps | None] = [*world.begin(case)]
    outcomes = [""] * len(writers)
    waiting = [next(writer) for writer in writers if writer is not None]
    for number in schedule:
        try:
            waiting[number] = writers[number].send(world.sent(waiting[number]))
        except StopIteration as end:
            writers[number], outcomes[number] = None, end.value
    for number, writer in enumerate(writers):
        if writer is not None:
            writers[number] = resumed(writer, waiting[number])
    return writers, outcomes


def resumed(writer: Steps, waiting: object) -> Steps:
    """A writer that goes on with a step that was not taken yet."""
    asked = waiting
    while True:
        try:
            asked = writer.send((yield asked))
        except StopIteration as end:
            return end.value


def schedules(world: World, case: Case, steps: int) -> Iterator[tuple[Sequence[int], list[Steps | None], list[str]]]:
    """All schedules of a case up to a number of steps, each with the writers that are left, and the outcomes."""
    left: list[list[int]] = [[]]
    while left:
        schedule = left.pop()
        writers, outcomes = run(world, case, schedule)
        yield schedule, writers, [*outcomes]  # to be filled in
        if len(schedule) < steps:
            left += ([*schedule, number] for number, outcome in enumerate(outcomes) if not outcome)


@pytest.mark.parametrize("name", ["old", "young"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_all_orders(world, case, age, name):
    age(name)
    for schedule, writers, outcomes in schedules(world, case, STEPS[name]):
        assert world.faults() == [], (schedule, outcomes)
        if name == "old" and len(schedule) < STEPS[name] and "" in outcomes:
            continue  # it would go on as one does that is a step of the first writer longer
        age("old")  # in the end, all can go on
        for number, writer in enumerate(writers):  # and then one after the other
            if writer is not None:
                outcomes[number] = end_of(world, writer)
                assert world.faults() == [], (schedule, outcomes)
        check_outcomes(world, case, outcomes)
        age(name)


def check_outcomes(world, case, outcomes):
    """Each writer was told what is true: whoever ended last with `ok` has the value."""
    for operations, outcome in zip(case.writers, outcomes, strict=True):
        (pk, value), last = operations[-1], outcome.split()[-1]
        others = [
            value for writer in case.writers if writer is not operations for other, value in writer if other == pk
        ]
        if last == "ok" and not others:
            assert world.model.lazy_connect(pk).email.hget() == value
        elif last == "taken":
            assert value is not None


def test_a_writer_alone_ends_wherever_others_were_stopped(world):
    case = CASES[0]
    for _ in schedules(world, case, STEPS["old"]):
        world.model(pk=C, other="x")
        writer = world.writer([(C, V)])
        assert end_of(world, writer) in {"ok", "taken"}
        assert world.faults() == []


def end_of(world: World, writer: Steps) -> str:
    """Runs a writer to its end."""
    asked = next(writer)
    for _ in range(50):
        try:
            asked = writer.send(world.sent(asked))
        except StopIteration as end:
            return end.value
    raise AssertionError


def operation(choose: random.Random) -> tuple[str, str | None]:
    """A change of an object, or a creation, at random."""
    value = choose.choice((V, W, V_AT_A, V_AT_A, None))
    return choose.choice((A, A2, B, C) if value is None else (A, A2, B, C, *NEW)), value


def test_many_at_random(world, age):
    """Claims count as old or as young by chance, at each step. Readers find who has the value all the time."""
    choose = random.Random(1)
    found = 0
    for _ in range(40):
        writers = [[operation(choose) for _ in range(2)] for _ in "123"]
        case = Case("", writers)
        left: list[Any] = [*world.begin(case), Reader(world, V_AT_A), Reader(world, V)]
        waiting = [next(each) for each in left]
        steps = 0
        while any(isinstance(each, Generator) for each in left) and (steps := steps + 1) < 200:
            number = choose.choice([number for number, each in enumerate(left) if each is not None])
            if choose.random() < 0.03 and number < len(writers):
                left[number] = None  # killed
                continue
            age(choose.choice(("old", "young")))
            try:
                waiting[number] = left[number].send(world.sent(waiting[number]))
            except StopIteration:
                left[number] = None
            assert world.faults() == [], writers
            for each in left:
                if isinstance(each, Reader):
                    each.look()
        found += sum(each.found for each in left if isinstance(each, Reader))
    assert found > 20


class Reader:
    """One that looks for a value again and again, one step at a time, and notes who has it all the time of a call."""

    def __init__(self, world: World, value: str) -> None:
        self._world = world
        self._value = value
        self.found = 0
        self._steps = self._reading()

    def __next__(self) -> Any:
        return next(self._steps)

    def send(self, reply: Any) -> Any:
        return self._steps.send(reply)

    def look(self) -> None:
        """Notes who has the value now."""
        self._owners &= self._world.owners(self._value)

    def _reading(self) -> Generator[Any, Any, None]:
        while True:
            self._owners = self._world.owners(self._value)
            found = yield from asked(self._world.model.collection(email=self._value)._plan().pks())
            assert self._owners <= set(found), (self._owners, found)
            self.found += len(self._owners)


def test_the_keeper_of_a_claim_voids_that_of_a_sleeper_in_its_own_partition(world):
    """One took a claim of nobody over and sleeps; a new object of its partition has the value for a while."""
    case = Case("", [[(A, V_AT_A)], [(B, V_AT_A)]])
    # That in B is stopped after its claim (and the look for values given up beside it); that in A after its takeover.
    (sleeper, stopped), outcomes = run(world, case, [1, 1, 0, 0, 0, 0, 0])
    assert outcomes == ["", ""]
    keeper = world.model(pk=A2, email=V_AT_A)
    assert world.faults() == []
    keeper.email.hdel()
    assert end_of(world, sleeper) == "ok"
    assert world.faults() == []
    assert end_of(world, stopped) == "taken"
    assert world.faults() == []


def test_a_young_claim_is_left_alone(world, monkeypatch):
    """It is not barred, so its write may still come: who takes it over at once lets two objects have the value."""
    monkeypatch.setattr(requests, "GRACE", 60_000)
    case = Case("", [[(B, V_AT_A)], [(C, V_AT_A)]])
    # That in B claims and sleeps; that in C is told so, finds no owner, and has only to wait.
    (sleeper, waiting), outcomes = run(world, case, [0, 0, 1, 1, 1, 1, 1])
    assert outcomes == ["", ""]
    assert waiting is not None
    assert end_of(world, sleeper) == "ok"
    assert world.faults() == []
    assert end_of(world, waiting) == "taken"
    assert world.faults() == []
