"""The steps of movers, and of processes that use the model meanwhile, in random orders, on a real server.

The model in tests/protocols explores the protocol; here it is what is implemented. Each request of a mover is a step;
movers are stopped for good anywhere. Between two steps processes of both numbers read, write and query, which is
compared with plain Python.
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from limpyd import AutoPKField, InstanceHashField, PKField, RedisDatabase, RedisModel, SetField, StringField
from limpyd.claims import requests
from limpyd.exceptions import ObjectsOnTheirWay, UniquenessError
from limpyd.repartitioning import announcing, delivery, parcels
from tests.support.amounts import amount
from tests.support.servers import NEWEST
from tests.support.slow_moves import steps_of

SCHEDULES = amount("LIMPYD_SCHEDULES", 6)
PKS = ["a b", "c:d", "*", "{}", "n\0ul", "é😀", "\udcff", *map(str, range(20))]
TITLES = "xyz"
EMAILS = [f"{each}@é" for each in range(12)]


@pytest.fixture(scope="module")
def world(servers):
    server = servers(NEWEST)
    databases = [RedisDatabase(port=server.port, patience=0) for _ in range(6)]

    def declared(number: int, count: int, mints: bool) -> Any:
        body = {
            "database": databases[number],
            "namespace": "online",
            "partitions": count,
            "key": AutoPKField() if mints else PKField(),
            "title": StringField(indexable=True),
            "count": InstanceHashField(int, indexable=True),
            "tags": SetField(indexable=True),
            "email": InstanceHashField(unique=True),
            "__module__": __name__,
        }
        return type("Slowly", (RedisModel,), body)

    yield server.client(), declared
    for database in databases:
        database.close()


@pytest.fixture(autouse=True)
def small_steps(monkeypatch):
    for owner, name, value in (
        (announcing, "IN_SLICE", 3),
        (announcing, "SLICES", 4),
        (parcels, "OBJECTS", 2),
        (requests, "GRACE", -1),
        (delivery, "FOUND", 3),
    ):
        monkeypatch.setattr(owner, name, value)


class Account:
    """The objects as they should be, by primary key: the title, the count, the tags and the email of each.

    Attributes:
        waits: how often a process would have had to wait.
    """

    def __init__(self, rng: random.Random, mints: bool) -> None:
        self._rng = rng
        self._mints = mints
        self._truth: dict[str, list[Any]] = {}
        self.waits = 0

    def use(self, model: Any) -> None:
        """Does something with a model, and compares what comes of it."""
        try:
            if not self._truth or self._rng.random() < 0.1:
                self._create(model)
            else:
                pk = self._rng.choice(list(self._truth))
                whats = (self._read, self._write, self._count, self._tag, self._delete, self._query)
                what = self._rng.choice((*whats, self._claim, self._seek, self._find))
                what(model, pk, model.lazy_connect(pk))
        except ObjectsOnTheirWay:
            self.waits += 1

    def _create(self, model: Any) -> None:
        values = {"title": self._rng.choice(TITLES), "count": self._rng.randrange(5), "tags": ["p"]}
        email = self._rng.choice((None, *EMAILS))
        pk = None if self._mints else self._rng.choice(PKS)
        if pk in self._truth:
            return
        more = {} if email is None else {"email": email}
        more |= {} if pk is None else {"key": pk}
        owner = self._owner(email)
        if owner is not None:
            with pytest.raises(UniquenessError) as caught:
                model(**values, **more)
            assert caught.value.owner == owner
            return
        made = model(**values, **more)
        assert made.key.get() not in self._truth
        self._truth[made.key.get()] = [values["title"], values["count"], {"p"}, email]

    def _owner(self, email: str | None) -> str | None:
        """Returns the primary key of the object that has an email."""
        return next((pk for pk, known in self._truth.items() if email is not None and known[3] == email), None)

    def _claim(self, _model: Any, pk: str, thing: Any) -> None:
        email = self._rng.choice((None, *EMAILS))
        owner = self._owner(email)
        if owner not in {None, pk}:
            with pytest.raises(UniquenessError) as caught:
                thing.email.hset(email)
            assert caught.value.owner == owner
            return
        if email is None:
            thing.email.hdel()
        else:
            thing.email.hset(email)
        self._truth[pk][3] = email

    def _seek(self, model: Any, _pk: str, _thing: Any) -> None:
        email = self._rng.choice(EMAILS)
        owner = self._owner(email)
        assert list(model.collection(email=email)) == ([] if owner is None else [owner])
        some = self._rng.sample(EMAILS, 3)
        found = {self._owner(each) for each in some} - {None}
        assert set(model.collection(email__in=some)) == found

    def _find(self, model: Any, _pk: str, _thing: Any) -> None:
        email = self._rng.choice(EMAILS)
        owner = self._owner(email)
        if not self._mints:
            return
        made, created = model.get_or_create(email=email, defaults={"title": "x", "count": 0, "tags": ["p"]})
        assert created == (owner is None)
        if created:
            assert made.key.get() not in self._truth
            self._truth[made.key.get()] = ["x", 0, {"p"}, email]
        else:
            assert made.key.get() == owner

    def _read(self, model: Any, pk: str, thing: Any) -> None:
        assert thing.title.get() == self._truth[pk][0]
        assert thing.tags.smembers() == self._truth[pk][2]
        assert model.exists(pk)

    def _write(self, _model: Any, pk: str, thing: Any) -> None:
        title = self._rng.choice(TITLES)
        thing.title.set(title)
        self._truth[pk][0] = title

    def _count(self, _model: Any, pk: str, thing: Any) -> None:
        self._truth[pk][1] = thing.count.hincrby(1)

    def _tag(self, _model: Any, pk: str, thing: Any) -> None:
        thing.tags.sadd("q")
        self._truth[pk][2].add("q")

    def _delete(self, _model: Any, pk: str, thing: Any) -> None:
        if self._rng.random() < 0.4:
            thing.delete()
            del self._truth[pk]

    def _query(self, model: Any, _pk: str, _thing: Any) -> None:
        title = self._rng.choice(TITLES)
        assert set(model.collection(title=title)) == {pk for pk, known in self._truth.items() if known[0] == title}
        assert model.collection(count__gte=2).count() == sum(known[1] >= 2 for known in self._truth.values())
        self.compare(model)

    def compare(self, model: Any) -> None:
        """Compares all objects."""
        rows = model.collection().sort("count").values_list("key", "title", "count", "tags", "email").all()
        assert {row[0]: list(row[1:]) for row in rows} == self._truth
        assert [row[2] for row in rows] == sorted(row[2] for row in rows)


@pytest.mark.parametrize("mints", [False, True])
@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_random_orders(world, seed, mints):
    client, declared = world
    client.flushall()
    rng = random.Random(seed)
    before = rng.choice((2, 4))
    after, account = before * rng.choice((2, 4)), Account(rng, mints)
    running = [declared(number, before, mints) for number in range(2)]
    for _ in range(30):
        account.use(rng.choice(running))
    for model in running:
        model.collection(title="x").count()
    movers = [steps_of(declared(2 + number, after, mints)) for number in range(3)]
    last = movers[-1]
    for _ in range(4):  # until the move has begun
        next(last)
    running += [declared(5, after, mints)]
    while movers:
        each = rng.choice(movers)
        if next(each, "ended") == "ended" or (each is not last and rng.random() < 0.01):  # or it is stopped for good
            movers.remove(each)
        for _ in range(rng.randrange(3)):
            account.use(rng.choice(running))
    assert account.waits
    for model in running:
        account.compare(model)
        assert (model._schema.keys.count, model._schema.keys.move) == (after, None)
        assert list(model.check()) == []


def test_values_stay_unique_at_each_step(world):
    """Also for new objects in the partition that an object with the value has left, and that keeps its claim."""
    client, declared = world
    client.flushall()
    model, mover = declared(0, 2, True), declared(1, 4, True)
    emails = EMAILS[:11]  # so that each meets all partitions in turn
    owners = {model(email=email).key.get(): email for email in emails}
    refused = 0
    for _ in steps_of(mover):
        for email in emails:
            try:
                with pytest.raises(UniquenessError) as caught:
                    model(email=email)
            except ObjectsOnTheirWay:
                continue
            assert owners[caught.value.owner] == email
            refused += 1
    assert refused > 100
    assert {row[0]: row[1] for row in model.collection().values_list("key", "email").all()} == owners
    assert list(model.check()) == []
