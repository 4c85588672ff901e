"""The steps of deletions, of writers that refer, and of movers in random orders, on a real server: each is one message.

The model in tests/protocols/moving_refs_model.py explores the protocol; here it is what is implemented. Clients of two
processes, and movers of the models that refer and are referred to, are stopped anywhere, for a while or for good. After
each step no reference leads to nobody without a tomb, nothing is gone although it was referred to, and no confirmed
reference is lost.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from limpyd import InstanceHashField, PKField, RedisDatabase, RedisModel
from limpyd.relations import FKInstanceHashField
from limpyd.repartitioning import announcing, parcels
from limpyd.requests import waiting
from limpyd.targets import closings
from tests.support.amounts import amount
from tests.support.deletion_steps import Operation
from tests.support.moving_world import Truth
from tests.support.servers import NEWEST
from tests.support.slow_moves import messages_of

SCHEDULES = amount("LIMPYD_SCHEDULES", 6)
POLICIES = [("clear", "clear"), ("cascade", "clear"), ("cascade", "restrict")]
PEOPLE, ARTICLES, COMMENTS = ["p", "p 2", "p:3"], ["a", "a 2", "a{3}"], ["c", "c*2"]


class Process:
    """A process, with its own knowledge of where all is.

    Args:
        server: the server.
        policies: what the deletions of people, and of articles, mean for those who refer to them.
        people, articles: the numbers of partitions.
    """

    def __init__(self, server: Any, policies: tuple[str, str], people: int = 2, articles: int = 2) -> None:
        made = self.database = RedisDatabase(port=server.port, patience=1e9)

        class Common(RedisModel):
            abstract = True
            database = made
            namespace = "wandering"
            pk = PKField()
            mark = InstanceHashField()

        class Person(Common):
            partitions = people

        class Article(Common):
            partitions = articles
            target = FKInstanceHashField(Person, on_delete=policies[0])

        class Comment(Common):
            partitions = 2
            target = FKInstanceHashField(Article, on_delete=policies[1])

        self.models = {"person": Person, "article": Article, "comment": Comment}


@pytest.fixture
def processes(servers):
    server, made = servers(NEWEST), []
    server.client().flushall()

    def make(*args: Any) -> Process:
        made.append(Process(server, *args))
        return made[-1]

    make.client = server.client()
    yield make
    for process in made:
        process.database.close()


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    for owner, name, value in (
        (announcing, "IN_SLICE", 2),
        (announcing, "SLICES", 2),
        (parcels, "OBJECTS", 1),
        (closings, "AGE", -1),  # whoever meets a closing or a tomb does not wait
        (waiting, "UNFINISHED", 1e9),  # nor does anybody move what others have begun to
    ):
        monkeypatch.setattr(owner, name, value)


def fill(process: Process) -> None:
    person, article, comment = process.models.values()
    for pk in PEOPLE:
        person(pk=pk, mark=f"first {pk}")
    for pk, target in zip(ARTICLES, PEOPLE, strict=True):
        article(pk=pk, mark=f"first {pk}", target=target)
    for pk, target in zip(COMMENTS, ARTICLES, strict=False):
        comment(pk=pk, mark=f"first {pk}", target=target)


def operations(choose: random.Random) -> list[Operation]:
    kinds = [
        lambda: Operation("refer", "article", choose.choice(ARTICLES), choose.choice(PEOPLE)),
        lambda: Operation("refer", "comment", choose.choice(COMMENTS), choose.choice(ARTICLES)),
        lambda: Operation("create", "person", choose.choice(PEOPLE)),
        lambda: Operation("create", "article", choose.choice(ARTICLES)),
        lambda: Operation("delete", "person", choose.choice(PEOPLE)),
        lambda: Operation("delete", "article", choose.choice(ARTICLES)),
    ]
    return [choose.choice(kinds)() for _ in range(4)]


def mixed(truth: Truth, choose: random.Random, clients: list[Any], movers: list[Iterator[None]]) -> list[Any]:
    """Has clients and movers take their steps in a random order; returns the clients that are not done, or killed."""
    waiting_for = {id(client): next(client) for client in clients}
    left = [*clients, *movers]
    while movers and clients:
        one = choose.choice(left)
        try:
            if id(one) in waiting_for:
                waiting_for[id(one)] = one.send(truth.sent(waiting_for[id(one)]))
            else:
                next(one)
        except StopIteration:
            has_ended = True
        else:
            has_ended = choose.random() < 0.005  # killed
        if has_ended:
            left.remove(one)
            (clients if one in clients else movers).remove(one)
        assert truth.faults() == []
    return [(client, waiting_for[id(client)]) for client in clients]


def to_the_end(truth: Truth, client: Any, asked: Any) -> None:
    for _ in range(3000):
        try:
            asked = client.send(truth.sent(asked))
        except StopIteration:
            return
        assert truth.faults() == []
    raise AssertionError(client)


def run(processes: Any, policies: tuple[str, str], seed: int) -> None:
    choose = random.Random(seed)
    both = [processes(policies) for _ in range(2)]
    fill(both[0])
    for model in both[1].models.values():
        model.collection().count()  # a process that has not used a model before its move has ended is refused
    truth = Truth(processes.client, both[0].models)
    people, articles = choose.choice([(4, 2), (2, 4), (4, 4)])
    moving = [name for name, count in (("person", people), ("article", articles)) if count == 4]
    # Each mover is a process: it declares the new number of what it moves, and the old one of what another moves.
    counts = {"person": (people, 2), "article": (2, articles)}
    movers = [messages_of(processes(policies, *counts[name]).models[name]) for name in moving * 2]
    clients = [truth.steps(choose.choice(both).models, operations(choose)) for _ in range(4)]
    left = mixed(truth, choose, clients, movers)
    for name in moving:
        for _ in messages_of(processes(policies, *counts[name]).models[name]):
            assert truth.faults() == []
    for client, asked in left:
        to_the_end(truth, client, asked)
    models = processes(policies, people, articles).models
    every = [Operation("delete", name, pk) for name, pks in NAMES for pk in pks]
    every += [Operation("create", name, pk) for name, pks in reversed(NAMES) for pk in pks]
    client = truth.steps(models, every)
    to_the_end(truth, client, next(client))
    assert truth.left() == []
    for model in models.values():
        assert list(model.check()) == []


NAMES = [("comment", COMMENTS), ("article", ARTICLES), ("person", PEOPLE)]


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_random_orders(processes, seed):
    run(processes, POLICIES[seed % len(POLICIES)], seed)
