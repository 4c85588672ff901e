"""Statements that write to fields with an index of several, which follows when any of them changes."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from limpyd import EqualIndex, EqualIndexWith, InstanceHashField, RedisModel, ScoredEqualIndex, StringField
from limpyd.exceptions import UniquenessError
from tests.support.expected_indexes import state
from tests.support.statement_comparison import ON_ONE, Scene, outcome


def declared(at):
    class Seat(RedisModel):
        database = at
        row = InstanceHashField(indexes=[EqualIndexWith(other_fields=["number", "hall"], unique=True), EqualIndex])
        number = InstanceHashField(type=int, indexable=True)
        hall = StringField(indexes=[EqualIndexWith(other_fields=["price"])])
        price = StringField(type=Decimal)
        note = InstanceHashField()

    class Scored(Seat):
        kind = InstanceHashField(indexes=[ScoredEqualIndex(score_field="stars")])
        stars = InstanceHashField(type=int)

    Seat.scored = Scored
    return Seat


def fill(model):
    model.scored.create(row="a", number=1, kind="k", stars=3)
    model.create(row="a", number=1, hall="h", price=Decimal("1.50"), note="x")
    model.create(row="a", number=2, hall="h")
    model.create(row="b", number=3)


def command(name, method, *args, pk=1):
    return lambda model: getattr(getattr(model.lazy_connect(pk), name), method)(*args)


def update(pk=1, **values):
    return lambda model: model.update(pk, **values)


ACTIONS = {
    "new row": command("row", "hset", "z"),
    "same row": command("row", "hset", "a"),
    "number of another": command("number", "hset", 2),
    "hall makes it another's": command("hall", "set", "h", pk=3),
    "new hall": command("hall", "set", "g"),
    "price": command("price", "set", Decimal("2.00")),
    "same price otherwise": command("price", "set", Decimal("1.5")),
    "first price": command("price", "set", Decimal("1.5"), pk=2),
    "no row": command("row", "hdel"),
    "no hall": command("hall", "delete"),
    "no price": command("price", "delete"),
    "row without hall": command("row", "hset", "c", pk=3),
    "note": command("note", "hset", "y"),
    "update both": update(row="b", number=9),
    "update to another's": update(row="a", number=2, note="z"),
    "update all": update(row="c", number=7, hall="g", price=Decimal(3), note=None),
    "update and remove": update(row=None, hall="g"),
    "hmset": lambda model: model.lazy_connect(1).hmset(row="q", number=5),
    "hdel": lambda model: model.lazy_connect(1).hdel("row", "number"),
    **{f"delete {pk}": lambda model, pk=pk: model.lazy_connect(pk).delete() for pk in (1, 2, 3)},
    "gone": command("row", "hset", "z", pk=9),
}
GENERAL = {
    "hincrby": command("number", "hincrby", 1),
    "kind": lambda model: model.scored.lazy_connect(1).kind.hset("l"),
    "stars": lambda model: model.scored.update(1, stars=4, note="n"),
    "delete scored": lambda model: model.scored.lazy_connect(1).delete(),
}
REFUSED = {"number of another", "hall makes it another's", "update to another's"}

OF_OBJECTS = ["pks", "hash:1", "hash:3", "field:hall:1", "field:price:1"]
OF_INDEXES = [
    "uniq:row+number+hall",
    "eq:row:a",
    "eq:row:z",
    "num:number",
    "eq:hall+price:1:h3:1.5",
    "eq:hall+price:1:h1:2",
]
KEYS = [f"{{seat}}:{key}" for key in OF_OBJECTS + OF_INDEXES]
OWNERS = "{seat}:uniq:row+number+hall"

STALE = {
    "nothing": lambda client: None,
    "hashes are lost": lambda client: client.delete("{seat}:hash:1", "{seat}:hash:2"),
    "indexes are lost": lambda client: client.delete(*KEYS[len(OF_OBJECTS) :]),
    "entries are there": lambda client: client.sadd("{seat}:eq:hall+price:1:h1:2", "1", "9"),
    "of nobody": lambda client: client.hset(OWNERS, mapping={"1:z1:11:h": "9", "1:a1:21:h": "9"}),
    "of another": lambda client: client.hset(OWNERS, mapping={"1:z1:11:h": "2", "1:a1:11:h": "2"}),
}


def test_each_is_prepared(database, small, go):
    model = declared(database)
    for actions, prepared_of in ((ACTIONS, True), (GENERAL, False)):
        for named, action in actions.items():
            prepared = go("prepared")
            small[1].flushall()
            fill(model)
            prepared.clear()
            outcome(action, model)
            assert bool(prepared) is prepared_of, named


@ON_ONE
def test_keys_of_another_type(database, small, go):
    Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED).with_keys_of_another_type(KEYS)


@pytest.mark.parametrize("stale", STALE)
def test_stale_entries_and_conflicts(database, small, go, stale):
    Scene.filled(go, small[1], declared(database), fill, ACTIONS | GENERAL, REFUSED).compare(STALE[stale])


COMMANDS = ["get", "hget", "hset", "hsetnx", "hdel", "set", "del", "sadd", "srem", "zadd", "unlink", "zrem"]
WRITES = ["delete 1", "new row", "new hall", "price", "no row", "update both", "update all", "hmset", "hdel"]


def test_accounts_that_lack_a_command(small, lacking, go):
    database, forbid = lacking
    scene = Scene.filled(go, small[1], declared(database), fill, ACTIONS, REFUSED)
    scene.without_commands(forbid, COMMANDS, WRITES)


TEXTS = st.sampled_from(["", "a", "1:a", "é", "\0"])
VALUES = {
    "row": TEXTS,
    "hall": TEXTS,
    "note": TEXTS,
    "number": st.integers(0, 2),
    "price": st.sampled_from([Decimal("1.0"), Decimal("1.00"), Decimal(2)]),
}
UPDATES = st.fixed_dictionaries({}, optional={name: st.one_of(st.none(), values) for name, values in VALUES.items()})


def test_random_writes_by_either_way_are_alike(database, small, go):
    model, client = declared(database), small[1]

    @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(steps=st.lists(st.tuples(st.integers(1, 3), UPDATES.filter(bool)), max_size=15))
    def run(steps):
        ended = {}
        for way in ("general", "prepared"):
            client.flushall()
            go("prepared")
            fill(model)
            go(way)
            ended[way] = [outcome(update(pk, **values), model) for pk, values in steps], state(client)
        assert ended["prepared"] == ended["general"]
        assert list(model.check()) == []

    run()


def test_the_message_names_all_fields(database, small):
    model = declared(database)
    fill(model)
    with pytest.raises(UniquenessError, match=r"row, number, hall"):
        model.lazy_connect(1).number.hset(2)
