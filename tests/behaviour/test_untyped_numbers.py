"""A number index on a field without a type compares the numbers that Python reads in its texts."""

from __future__ import annotations

import itertools
import operator
import time
from decimal import Decimal

import pytest

from limpyd import (
    HashField,
    InstanceHashField,
    ListField,
    NumberRangeIndex,
    ScoredEqualIndex,
    SetField,
    SortedSetField,
    StringField,
    UniquenessError,
)
from limpyd.exceptions import InvalidValue, LimpydError
from tests.support.expected_indexes import inconsistencies, state

NOW = 1764313535.1234567
"""As time.time() gives it: 17 digits."""
INF = float("inf")
HELD = [0, -0.0, 7, "007", 2**53, 2**53 + 2, 2**60, 10**22, -(2**53), 0.1, 0.1 + 0.2, NOW, -NOW, 1e23, 5e-324, 1.8e308]
TEXTS = ["1000.20000000000000002", "0.30000000000000004", "3e-1", "-inf", ".5", "5.", b"9007199254740993.0"]
REFUSED = [2**53 + 1, -(2**53) - 1, 10**23, "9" * 400, "1e400", "1e-400", "x", float("nan"), "0x10", "1_0", ""]
OPERATORS = {"": operator.eq, "__gt": operator.gt, "__gte": operator.ge, "__lt": operator.lt, "__lte": operator.le}


def read(value):
    """The number in what redis-py stores of a value."""
    text = value.decode() if isinstance(value, bytes) else str(value)
    return int(text) if text.removeprefix("-").isdigit() else float(text)


@pytest.fixture
def reading_model(any_face):
    class Reading(any_face.Model):
        database = any_face.database
        at = StringField(indexes=[NumberRangeIndex])
        entry = InstanceHashField(indexes=[NumberRangeIndex])
        heads = HashField(indexes=[NumberRangeIndex])
        tags = SetField(indexes=[NumberRangeIndex])
        queue = ListField(indexes=[NumberRangeIndex])
        board = SortedSetField(indexes=[NumberRangeIndex])
        strict = InstanceHashField(type=str, indexes=[NumberRangeIndex])
        raw = InstanceHashField(type=bytes, indexes=[NumberRangeIndex])
        changed = InstanceHashField(indexes=[NumberRangeIndex(transform=lambda value: float(value))])
        owned = InstanceHashField(unique=True, indexes=[NumberRangeIndex])
        kind = InstanceHashField(indexes=[ScoredEqualIndex(score_field="score")])
        score = InstanceHashField()

    return Reading


async def test_each_comparison_is_pythons(any_face, reading_model):
    by_pk = {}
    for value in [*HELD, *TEXTS, INF]:
        made = await any_face.do(reading_model.create(at=value, tags=[value, "1"]))
        by_pk[made._pk] = read(value)
    for value, (suffix, compare) in itertools.product(
        [*HELD, *TEXTS, INF, -INF, *REFUSED[:4], float("nan"), -1e-320], OPERATORS.items()
    ):
        number = read(value)
        expected = sorted(pk for pk, each in by_pk.items() if compare(each, number))
        assert sorted(await any_face.all(reading_model.collection(**{f"at{suffix}": value}))) == expected, (
            suffix,
            value,
        )
        expected = sorted(pk for pk, each in by_pk.items() if compare(each, number) or compare(1, number))
        found = await any_face.all(reading_model.collection(**{f"tags{suffix}": value}))
        assert sorted(found) == expected, (suffix, value)
    assert inconsistencies(any_face.client, reading_model) == []


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: repr(value)[:10])
async def test_what_no_double_is_leaves_no_trace(any_face, reading_model, value):
    do, one = any_face.do, await any_face.do(reading_model.create(at=1, tags=[1]))
    before = state(any_face.client)
    for call in (
        lambda: reading_model.create(at=value),
        lambda: one.at.set(value),
        lambda: one.tags.sadd(value),
        lambda: one.heads.hset("a", value),
        lambda: one.update(at=value),
        lambda: reading_model.bulk_create([{"at": value}]),
    ):
        await any_face.refused(LimpydError, call, match="number")
    assert state(any_face.client) == before
    assert await do(one.at.get()) == "1"


async def test_the_time_everywhere(any_face, reading_model):
    do, all_of = any_face.do, any_face.all
    now, later = NOW, NOW + 0.001
    one = await do(
        reading_model.create(
            at=now,
            entry=now,
            heads={"a": now},
            tags=[now],
            queue=[now],
            board={now: 1},
            strict=str(now),
            raw=str(now).encode(),
            changed=now,
            owned=now,
            kind="k",
            score=now,
        )
    )
    names = ("at", "entry", "heads__a", "tags", "queue", "board", "strict", "raw", "changed", "owned")
    for name in names:
        for finds in ({name: now}, {f"{name}__gte": now}, {f"{name}__lt": later}, {f"{name}__between": (now, later)}):
            assert await all_of(reading_model.collection(**finds)) == ["1"], finds
        for misses in ({name: later}, {f"{name}__gt": now}, {f"{name}__in": [later, 1]}, {f"{name}__lt": now}):
            assert await all_of(reading_model.collection(**misses)) == [], misses
    assert await all_of(reading_model.collection(at__lt=time.time() + 10**9, at__gt=0)) == ["1"]
    await any_face.refused(UniquenessError, lambda: reading_model.create(owned=now))
    for write in (
        lambda: one.at.set(later),
        lambda: one.at.getset(later),
        lambda: one.update(at=later),
        lambda: reading_model.update(1, at=later),
        lambda: reading_model.bulk_update([(1, {"at": later})]),
        lambda: reading_model.collection(at=now).update(at=later),
        lambda: one.at.incrbyfloat(0.001),
    ):
        await do(one.at.set(now))
        await do(write())
        assert await all_of(reading_model.collection(at__gt=now)) == ["1"]
        assert await all_of(reading_model.collection(at=later)) == ["1"]
    await do(one.heads.hmset({"b": later}))
    await do(one.tags.sadd(later))
    await do(one.queue.rpush(later))
    await do(one.board.zadd({later: 2}))
    for name in ("heads__b", "tags", "queue", "board"):
        assert await all_of(reading_model.collection(**{name: later})) == ["1"]
    found, created = await do(reading_model.get_or_create(at=later))
    assert (found._pk, created) == ("1", False)
    assert (await do(reading_model.get_or_create(at=NOW + 5)))[1] is True
    await do(
        reading_model.bulk_create([{"at": NOW + 9, "kind": "k", "score": NOW + 1}, {"kind": "k", "score": NOW - 1}])
    )
    assert await all_of(reading_model.collection(kind="k").sort(by="score")) == ["4", "1", "3"]
    assert await all_of(reading_model.collection(at__gt=0).sort(by="-at")) == ["3", "2", "1"]
    assert inconsistencies(any_face.client, reading_model) == []
    before = state(any_face.client)
    await do(reading_model.clear_indexes())
    await do(reading_model.rebuild_indexes())
    assert {key: value for key, value in state(any_face.client).items() if not key.endswith(b":meta")} == {
        key: value for key, value in before.items() if not key.endswith(b":meta")
    }
    assert (await do(reading_model.check())).findings == ()


async def test_what_the_server_adds_has_more_digits(any_face, reading_model):
    """INCRBYFLOAT counts in long doubles."""
    one = await any_face.do(reading_model.create(at=1000.1, entry=NOW, heads={"a": 1000.1}))
    for _ in range(5):
        await any_face.do(one.at.incrbyfloat(0.1))
        await any_face.do(one.entry.hincrbyfloat(0.1))
        await any_face.do(one.heads.hincrbyfloat("a", 0.1))
        at, entry, head = (
            await any_face.do(one.at.get()),
            await any_face.do(one.entry.hget()),
            await any_face.do(one.heads.hget("a")),
        )
        for finds in (
            {"at": at},
            {"at": float(at)},
            {"entry": entry},
            {"entry__gte": float(entry)},
            {"heads__a": head},
        ):
            assert await any_face.all(reading_model.collection(**finds)) == ["1"]
    assert inconsistencies(any_face.client, reading_model) == []


async def test_decimals_that_a_transform_gives_are_not_rounded(any_face):
    class Priced(any_face.Model):
        database = any_face.database
        price = InstanceHashField(
            indexes=[NumberRangeIndex(prefix="net", transform=lambda value: Decimal(value) / Decimal(4))]
        )

    await any_face.do(Priced.create(price="1.5"))
    assert await any_face.all(Priced.collection(price__net=Decimal("0.375"))) == ["1"]
    await any_face.refused(InvalidValue, lambda: Priced.create(price="1.2345678901234567"), match="15 digits")
