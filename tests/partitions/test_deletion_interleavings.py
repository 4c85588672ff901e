"""The steps of deletions, of writers that refer, and of creations in all orders, on a real server.

The model in tests/protocols/refs_model.py explores the protocol; here it is what is implemented. After each step no
reference leads to nobody without a tomb, nothing is gone although it was referred to (`restrict`), and no confirmed
reference is lost, whoever takes no more steps.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.relations import FKInstanceHashField
from limpyd.requests.guards import Guard
from limpyd.targets import closings
from limpyd.targets.tombs import NoTombs
from tests.support.amounts import amount
from tests.support.deletion_steps import Operation, Steps, World, end_of
from tests.support.servers import NEWEST

STARTS = ([], [1, 1, 1], [0, 1, 1, 1], [1] * 6)
"""The clients who take the first steps."""
STEPS = 4
"""The steps whose orders are all tried after a start; then the clients end one after the other."""
STRIDE = amount("LIMPYD_STRIDE", 2)
"""The suite tries each how many-th of these orders: by how many of its steps are those of the second client."""
BESIDE = "beside"
"""The comments have one partition, as the articles: one step sees both."""


def declared(server: Any, policy: str, below: str, where: str = "") -> tuple[RedisDatabase, World]:
    """Declares people, articles that refer to them, and comments on those; with what their deletions mean."""
    spread = RedisDatabase(port=server.port)
    comments = 1 if where == BESIDE else 2
    names = f"{policy}.{below}.{where}"

    class Person(RedisModel):
        database = spread
        namespace = names
        partitions = 2
        pk = PKField()
        mark = InstanceHashField()

    class Article(RedisModel):
        database = spread
        namespace = names
        pk = PKField()
        mark = InstanceHashField()
        target = FKInstanceHashField(Person, on_delete=policy)

    class Comment(RedisModel):
        database = spread
        namespace = names
        partitions = comments
        pk = PKField()
        mark = InstanceHashField()
        target = FKInstanceHashField(Article, on_delete=below)

    return spread, World({"person": Person, "article": Article, "comment": Comment}, server.client())


@pytest.fixture(scope="module")
def worlds(servers):
    server = servers(NEWEST)
    made = {names: declared(server, *names) for names in {case.policies: None for case in CASES}}
    yield {names: world for names, (_, world) in made.items()}
    for database, _ in made.values():
        database.close()


@pytest.fixture(autouse=True)
def all_are_old(monkeypatch):
    monkeypatch.setattr(closings, "AGE", -1)  # whoever meets a closing or a tomb does not wait


class Case(NamedTuple):
    name: str
    policies: tuple[str, ...]
    clients: list[list[Operation]]
    stored: list[tuple[str, str, str | None]]


def delete(model: str, pk: str) -> Operation:
    return Operation("delete", model, pk)


REFER, REFER2 = Operation("refer", "article", "a", "p"), Operation("refer", "article", "a2", "p")
COMMENT = Operation("refer", "comment", "c", "a")
CREATE, CREATE_ARTICLE = Operation("create", "person", "p"), Operation("create", "article", "a")
THREE: list[tuple[str, str, str | None]] = [("person", "p", None), ("article", "a", None), ("article", "a2", "p")]
CHAIN: list[tuple[str, str, str | None]] = [("person", "p", None), ("article", "a", "p"), ("comment", "c", None)]

CASES = [
    Case("a reference, a deletion (clear)", ("clear", "clear"), [[REFER], [delete("person", "p")]], THREE),
    Case("a reference, a deletion (restrict)", ("restrict", "clear"), [[REFER], [delete("person", "p")]], THREE[:2]),
    Case("two deletions (clear)", ("clear", "clear"), [[delete("person", "p")], [delete("person", "p")]], THREE),
    Case("two deletions (restrict)", ("restrict", "clear"), [[delete("person", "p")], [delete("person", "p")]], THREE),
    Case("it comes again (clear)", ("clear", "clear"), [[delete("person", "p")], [CREATE, REFER]], THREE),
    Case("it comes again (restrict)", ("restrict", "clear"), [[delete("person", "p")], [CREATE, REFER]], THREE[:2]),
    Case("a cascade (clear)", ("cascade", "clear"), [[COMMENT], [delete("person", "p")]], CHAIN),
    Case("a cascade (restrict)", ("cascade", "restrict"), [[COMMENT], [delete("person", "p")]], CHAIN),
    Case(
        "what goes is deleted too (restrict)",
        ("cascade", "restrict"),
        [[delete("article", "a")], [delete("person", "p")]],
        CHAIN,
    ),
    Case("what goes comes again", ("cascade", "clear"), [[CREATE_ARTICLE, COMMENT], [delete("person", "p")]], CHAIN),
    Case("a cascade, beside (restrict)", ("cascade", "restrict", BESIDE), [[COMMENT], [delete("person", "p")]], CHAIN),
    Case(
        "what goes comes again, beside (clear)",
        ("cascade", "clear", BESIDE),
        [[CREATE_ARTICLE, COMMENT], [delete("person", "p")]],
        [*CHAIN[:2], ("comment", "c", "a")],
    ),
]


def run(world: World, case: Case, schedule: Sequence[int]) -> tuple[list[Any], list[Any], list[str]]:
    """Runs the steps of a schedule; returns the clients, None for those that have ended, their next steps, outcomes."""
    world.begin(case.stored)
    clients: list[Any] = [world.steps(operations) for operations in case.clients]
    outcomes, waiting = [""] * len(clients), [next(client) for client in clients]
    for number in schedule:
        if clients[number] is None:
            continue
        try:
            waiting[number] = clients[number].send(world.sent(waiting[number]))
        except StopIteration as end:
            clients[number], outcomes[number] = None, end.value
        assert world.faults() == [], (schedule, outcomes)
    return clients, waiting, outcomes


def schedules(world: World, case: Case) -> Iterator[tuple[Sequence[int], list[Any], list[Any], list[str]]]:
    """The orders of some steps of two clients, each with the clients that are left, and the outcomes."""
    for number, start in enumerate(STARTS):
        for order in itertools.product((0, 1), repeat=STEPS):
            if (sum(order) + number) % STRIDE:
                continue
            schedule = [*start, *order]
            yield schedule, *run(world, case, schedule)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_all_orders(worlds, case):
    world = worlds[case.policies]
    for schedule, clients, waiting, outcomes in schedules(world, case):
        for number, client in enumerate(clients):  # and then one after the other
            if client is not None:
                outcomes[number] = end_of(world, client, waiting[number])
                assert world.faults() == [], (schedule, outcomes)
        assert world.left() == [], (schedule, outcomes)


@pytest.mark.parametrize("case", CASES[6:8], ids=lambda case: case.name)
def test_a_client_alone_ends_wherever_others_were_stopped(worlds, case):
    world = worlds[case.policies]
    alone = [
        *(delete(model, pk) for model, pk in (("comment", "c"), ("article", "a"), ("person", "p"))),
        CREATE,
        CREATE_ARTICLE,
        REFER,
    ]
    for _ in schedules(world, case):
        outcomes = end_of(world, world.steps(alone)).split()
        assert set(outcomes[:3]) <= {"ok", "gone"}
        assert outcomes[3:] == ["ok"] * 3
        assert world.faults() == []


def operations(choose: random.Random) -> list[Operation]:
    return [
        choose.choice((REFER, REFER2, COMMENT, CREATE, CREATE_ARTICLE, delete("person", "p"), delete("article", "a")))
        for _ in range(2)
    ]


@pytest.mark.parametrize("policies", [("clear", "clear"), ("cascade", "clear"), ("cascade", "restrict")])
def test_many_at_random(worlds, policies):
    choose, world = random.Random(1), worlds[policies]
    for _ in range(25):
        world.begin([*CHAIN, ("article", "a2", None)])
        clients: list[Steps | None] = [world.steps(operations(choose)) for _ in "1234"]
        waiting = [next(client) for client in clients if client is not None]
        while any(clients):
            number = choose.choice([number for number, client in enumerate(clients) if client is not None])
            if choose.random() < 0.02:
                clients[number] = None  # killed
                continue
            try:
                waiting[number] = clients[number].send(world.sent(waiting[number]))
            except StopIteration:
                clients[number] = None
            assert world.faults() == []


def test_a_creation_that_does_not_look_for_a_tomb_would_be_found(worlds, monkeypatch):
    case = CASES[4]
    monkeypatch.setattr(NoTombs, "guard", lambda _: Guard(b"\1no tombs", b""))
    with pytest.raises(AssertionError, match="lost"):
        test_all_orders(worlds, case)
