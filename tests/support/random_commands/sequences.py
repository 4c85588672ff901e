"""Random sequences of commands on a model with an index of each kind."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings

from limpyd import (
    GeoField,
    HashField,
    HyperLogLogField,
    InstanceHashField,
    JSONField,
    LimpydError,
    ListField,
    RedisDatabase,
    RedisModel,
    SetField,
    SortedSetField,
    StreamField,
    StringField,
)
from limpyd.indexes import (
    DateTimeIndex,
    EqualIndex,
    EqualIndexWith,
    GeoIndex,
    NumberRangeIndex,
    ScoredEqualIndex,
    TextRangeIndex,
)
from limpyd.scripts import writes
from limpyd.statements.prepared_requests import PreparedWrite
from limpyd.tracing import on_request
from limpyd.types import GeoPoint
from tests.support.expected_indexes import inconsistencies, state
from tests.support.random_commands.commands import STRETCHES, Other, steps_of


def words_of(value):
    return value.split() or None


def letters_of(value):
    if value == "Ⅷ":
        msg = "it is a number"
        raise ValueError(msg)
    return sorted(value.lower())


@pytest.fixture
def thing(server):
    class Thing(RedisModel):
        database = RedisDatabase(port=server.port)
        text = StringField(indexable=True)
        one = StringField(unique=True)
        note = StringField()
        log = StreamField()
        visitors = HyperLogLogField()
        ratio = StringField(type=float, indexable=True)
        rate = StringField(type=float, unique=True)
        json = JSONField(unique=True)
        price = InstanceHashField(type=Decimal, unique=True)
        entry = InstanceHashField(indexable=True)
        only = InstanceHashField(unique=True)
        plain = InstanceHashField()
        tags = SetField(indexable=True)
        own_tags = SetField(unique=True)
        loose = SetField()
        prices = SetField(type=Decimal, indexable=True)
        queue = ListField(indexable=True)
        own_queue = ListField(unique=True)
        bag = ListField()
        coins = ListField(type=Decimal, indexable=True)
        floats = ListField(type=float)
        board = SortedSetField(indexable=True)
        own_board = SortedSetField(unique=True)
        ratios = SortedSetField(type=float, unique=True)
        heads = HashField(indexable=True)
        own_heads = HashField(unique=True)
        loose_heads = HashField()
        rates = HashField(type=float, indexable=True)
        places = GeoField(unique=True)
        age = InstanceHashField(type=int, indexable=True)
        levels = ListField(type=int, indexable=True)
        sizes = HashField(type=int, indexable=True)
        marks = SetField(indexable=True, indexes=[EqualIndex, NumberRangeIndex])
        bytewise = StringField(indexable=True, indexes=[TextRangeIndex])
        names = SetField(indexable=True, indexes=[TextRangeIndex(case_sensitive=False)])
        handles = SetField(unique=True, indexes=[EqualIndex(transform=str.lower)])
        ranks = SortedSetField(indexable=True, indexes=[EqualIndex, TextRangeIndex(case_sensitive=False)])
        title = StringField(unique=True, indexes=[TextRangeIndex(case_sensitive=False)])
        words = StringField(indexable=True, indexes=[EqualIndex(transform=words_of)])
        labels = ListField(indexable=True, indexes=[EqualIndex, EqualIndex(prefix="letters", transform=letters_of)])
        first = InstanceHashField(
            indexable=True, indexes=[EqualIndex, EqualIndexWith(other_fields=["second"], unique=True)]
        )
        second = StringField()
        team = InstanceHashField(unique=True, indexes=[ScoredEqualIndex(score_field="age")])
        created = InstanceHashField(type=datetime, indexable=True, indexes=[DateTimeIndex])
        where = InstanceHashField(type=GeoPoint, indexable=True)
        spots = GeoField(indexable=True, indexes=[GeoIndex])

    yield Thing
    Thing.database.close()


def in_all_stretches(run, sequences):
    """Runs random sequences of each stretch of commands, so that every command comes up."""
    for stretch in STRETCHES:
        settings(max_examples=sequences, deadline=None, suppress_health_check=list(HealthCheck))(
            given(steps=steps_of(stretch))(run)
        )()


def resolved(model, argument):
    """An argument, as the bound field that it stands for."""
    return getattr(model.lazy_connect(argument.pk), argument.field) if isinstance(argument, Other) else argument


def do(steps, server, thing, done, refused):
    """Does some steps, of which those that are refused leave no trace; then indexes equal a rebuild."""
    with server.client() as client:
        client.flushall()
        thing(text="a", one="a", entry="a", only="a", own_tags=["a"], own_queue=["a", "b"], own_heads={"a": "a"})
        thing(text="a", one="b", tags=["a", "b"], queue=["a", "b", "a"], own_board={"a": 1}, places={"a": (1, 2)})
        for pk, (field, command, (args, kwargs)) in steps:
            before = state(client)
            instance = thing.lazy_connect(pk) if pk else thing()
            target = instance if field is None else getattr(instance, field)
            try:
                getattr(target, command)(*(resolved(thing, arg) for arg in args), **kwargs)
                done[field, command] += 1
            except LimpydError:
                refused[field, command] += 1
                assert state(client) == before, (pk, field, command, args, kwargs)
        assert inconsistencies(client, thing) == []


@pytest.fixture
def failing(monkeypatch):
    """Whether a write is followed, in the same step, by a command that no server knows."""
    on = [False]

    def with_failure(request_of, at, failure):
        def described(*args, **kwargs):
            steps = [*args[at], failure(args[at][-1])] if on[0] else args[at]
            return request_of(*args[:at], steps, *args[at + 1 :], **kwargs)

        return described

    members = with_failure(writes.write_members, 5, lambda step: writes.MembersStep(step.changes[:1], "NOSUCH", ()))
    single = with_failure(writes.write, 3, lambda step: step._replace(command="NOSUCH", args=()))

    def prepared(*args):
        request = PreparedWrite(*args)
        return request.transactional() if on[0] else request

    monkeypatch.setattr("limpyd.fields.bound.value.PreparedWrite", prepared)
    monkeypatch.setattr("limpyd.fields.bound.value.writes.write_members", members)
    monkeypatch.setattr("limpyd.fields.bound.single_value_writes.write", single)
    with on_request(lambda _: None):  # so that every call is described as a request
        yield on
