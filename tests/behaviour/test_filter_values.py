"""What filters compare with: texts of dates, and numbers that no object can have."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from operator import le as operator_le
from uuid import UUID

import pytest

from limpyd import (
    DateIndex,
    DateTimeIndex,
    EqualIndex,
    EqualIndexWith,
    HashField,
    InstanceHashField,
    NumberRangeIndex,
    SetField,
    SimpleDateTimeIndex,
    TextRangeIndex,
    TimeIndex,
)
from limpyd.exceptions import InvalidValue

OPERATORS = {
    "": lambda held, given: held == given,
    "__ne": lambda held, given: held != given,
    "__lt": lambda held, given: held < given,
    "__lte": lambda held, given: held <= given,
    "__gt": lambda held, given: held > given,
    "__gte": lambda held, given: held >= given,
}


def holds(compare, held, given):
    """Whether a comparison holds in Python; Decimal refuses an order with NaN instead of denying it."""
    try:
        return compare(held, given)
    except InvalidOperation:
        return False


EAST = timezone(timedelta(hours=2))
MOMENT = datetime(2024, 5, 1, 0, 30, tzinfo=UTC)


async def stored(face, model, values, name="a"):
    """Objects with these values, and each value by its primary key."""
    held = {}
    for value in values:
        instance = await face.do(model.create(**{name: value}))
        held[await face.do(instance.pk.get())] = value
    return held


class TestTextsOfDates:
    @pytest.fixture(params=["default", "parts", "unique", "set", "hash"])
    async def ask(self, any_face, request):
        """Finds the moments that a filter finds."""
        makers = {
            "default": lambda: InstanceHashField(type=datetime, indexable=True),
            "parts": lambda: InstanceHashField(type=datetime, indexes=[DateTimeIndex]),
            "unique": lambda: InstanceHashField(type=datetime, unique=True),
            "set": lambda: SetField(type=datetime, indexable=True),
            "hash": lambda: HashField(type=datetime, indexable=True),
        }

        class Event(any_face.Model):
            database = any_face.database
            a = makers[request.param]()

        wrapped = {"set": lambda value: {value}, "hash": lambda value: {"k": value}}.get(
            request.param, lambda value: value
        )
        for hour in range(3):
            await any_face.do(Event.create(a=wrapped(MOMENT + timedelta(hours=hour))))
        name = "a__k" if request.param == "hash" else "a"

        async def found(operator, value):
            return sorted(await any_face.all(Event.collection(**{name + operator: value})))

        return found

    @pytest.mark.parametrize(
        ("operator", "text", "found"),
        [
            ("__gte", "2024-05-01T02:00+02:00", "123"),
            ("__gt", "2024-05-01T02:30:00+02:00", "23"),
            ("__lte", "2024-05-01 01:30:00+00:00", "12"),
            ("__lt", "2024-05-01T01:30:00.000000Z", "1"),
            ("__gte", "20240501T013000Z", "23"),
            ("__gte", "2024", "123"),
            ("__gte", "2024-05-01T01", "23"),
            ("__lt", "2024-05-01T01:30", "1"),
            ("__startswith", "2024-05-01T0", "123"),
            ("__startswith", "2024-05-01T01", "2"),
            ("__startswith", "2025-1", ""),
            ("__startswith", "", "123"),
            ("__startswith", date(2024, 5, 1), "123"),
            ("__between", ("2024-05-01T01:30:00Z", "2024-05-01T04:30+02:00"), "23"),
        ],
    )
    async def test_are_compared_by_the_moment(self, ask, operator, text, found):
        assert await ask(operator, text) == list(found)

    @pytest.mark.parametrize(
        ("operator", "text"),
        [
            ("", MOMENT.isoformat()),
            ("", "2024-05-01T00:30:00.000000Z"),
            ("__in", ["2024-05-01T00:30:00.000000Z"]),
            ("__ne", "2024"),
            ("__gte", "2024-05-01 23:00"),
            ("__lt", "3 May 2024"),
            ("__lt", ""),
            ("__gt", "now"),
            ("__gte", "2024-13"),
            ("__gte", "2024-02-30"),
            ("__gte", "2024-05-01T24"),
            ("__gte", "2024-5-1"),
            ("__gte", "2024-05-01T00:30:00"[:-1] + "x"),
            ("__between", ("2024", "x")),
            ("__startswith", "2024-05-01 "),
            ("__startswith", "May"),
            ("__startswith", "2024-05-01T02:00+02:00"),
            ("__gte", date(2024, 5, 1)),
            ("__gte", datetime(2024, 5, 1)),  # noqa: DTZ001 - no moment
        ],
    )
    async def test_that_name_no_moment_are_refused(self, ask, operator, text):
        with pytest.raises(InvalidValue, match=r"Event\.a"):
            await ask(operator, text)

    async def test_of_the_parts_of_moments(self, any_face):
        class Event(any_face.Model):
            database = any_face.database
            at = InstanceHashField(type=datetime, indexes=[DateTimeIndex])
            on = InstanceHashField(type=date, indexes=[DateIndex])
            clock = InstanceHashField(type=time, indexes=[TimeIndex])
            simple = InstanceHashField(type=datetime, indexes=[SimpleDateTimeIndex])

        await any_face.do(Event.create(at=MOMENT, simple=MOMENT, on=date(2024, 5, 1), clock=time(0, 30)))
        for finds in (
            {"at__date": "2024-05-01"},
            {"at__date": date(2024, 5, 1)},
            {"at__date": datetime(2024, 5, 1, 2, tzinfo=EAST)},
            {"at__date__in": ["2024-05-01", date(2020, 1, 1)]},
            {"at__date__gte": "2024-05"},
            {"at__date__startswith": "2024-0"},
            {"at__time": time(0, 30)},
            {"at__time": "00:30:00.000000"},
            {"at__time__lt": "01:"},
            {"at__year": 2024},
            {"at__month__lt": 2**60},
            {"simple__date__lt": "2025"},
            {"simple__time__startswith": "00:3"},
            {"on": date(2024, 5, 1)},
            {"on__gte": "2024-05"},
            {"on__startswith": "2024-05-0"},
            {"clock": time(0, 30)},
            {"clock__gte": "00:3"},
        ):
            assert await any_face.all(Event.collection(**finds)) == ["1"], finds
        for refused in (
            {"at__date": "1 May 2024"},
            {"at__date": "2024"},
            {"at__date": "2024-05-01T00:30"},
            {"at__date__gte": "May"},
            {"at__date__gte": 2024},
            {"at__time": "00:30"},
            {"at__time__gte": "0:30"},
            {"at__time__gte": "25"},
            {"at__time__lt": MOMENT},
            {"at__year": "May"},
            {"at__year__gte": date(2024, 1, 1)},
            {"simple__date": "x"},
            {"simple__time__gte": "00:30Z"},
            {"on": "2024-05-01"},
            {"on__lt": "2024-05-01T00:30"},
            {"on__lt": "2 May"},
            {"on__startswith": "24-"},
            {"clock": "00:30:00"},
            {"clock__lt": "noon"},
        ):
            with pytest.raises(InvalidValue, match=r"Event\."):
                pytest.fail(f"{refused}: {Event.collection(**refused)}")

    async def test_of_a_uuid_are_compared_whatever_their_case(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            a = InstanceHashField(type=UUID, indexes=[TextRangeIndex])

        await any_face.do(Thing.create(a=UUID("ab000000-0000-0000-0000-000000000001")))
        assert await any_face.all(Thing.collection(a__startswith="AB")) == ["1"]
        assert await any_face.all(Thing.collection(a__lt="ac")) == ["1"]
        for refused in ({"a__startswith": "xy"}, {"a": "ab000000-0000-0000-0000-000000000001"}, {"a__gt": "AB0000000"}):
            with pytest.raises(InvalidValue):
                Thing.collection(**refused)


HUGE = 10**5000
LONG = Decimal("1." + "3" * 400)
INF, NAN = math.inf, math.nan
KINDS = {
    "int": (
        int,
        [-(2**53), -5, 0, 1, 7, 2**53, 10**20],
        [2**60, -(2**60), 2**53 + 1, HUGE, -HUGE, INF, -INF, NAN],
    ),
    "float": (float, [-INF, -1.5, 0.0, 0.1, 5e-324, 1e308, INF], [HUGE, -HUGE, NAN, Decimal("Infinity"), 2**60]),
    "Decimal": (
        Decimal,
        [
            Decimal(text)
            for text in ("-7.5", "0", "1.3", "1.33333333333333", "1.33333333333334", "1E+300", "9007199254740992")
        ],
        [
            LONG,
            -LONG,
            Decimal("1E+999"),
            Decimal("-1E+999"),
            Decimal("1E-400"),
            Decimal("Infinity"),
            Decimal("-Infinity"),
            Decimal("NaN"),
            HUGE,
            -HUGE,
            2**60,
            2**53 + 1,
            INF,
            NAN,
            Decimal("0.10000000000000001"),
        ],
    ),
    "timedelta": (timedelta, [timedelta(0), timedelta(days=1), timedelta(days=-3)], [timedelta.max, timedelta.min]),
}


class TestNumbersThatNobodyHas:
    @pytest.mark.parametrize("kind", KINDS)
    async def test_compare_by_value(self, any_face, kind):
        python, held, given = KINDS[kind]

        class Thing(any_face.Model):
            database = any_face.database
            a = InstanceHashField(type=python, indexable=True)
            b = InstanceHashField(type=python, indexes=[EqualIndex])
            c = SetField(type=python, indexable=True)

        by_pk = {}
        for value in held:
            instance = await any_face.do(Thing.create(a=value, b=value, c={value}))
            by_pk[await any_face.do(instance.pk.get())] = value
        for value, (operator, compare) in itertools.product(given, OPERATORS.items()):
            expected = sorted(pk for pk, each in by_pk.items() if holds(compare, each, value))
            assert sorted(await any_face.all(Thing.collection(**{f"a{operator}": value}))) == expected, (
                operator,
                value,
            )
            assert sorted(await any_face.all(Thing.collection(**{f"c{operator}": value}))) == expected, (
                operator,
                value,
            )
            if operator in {"", "__ne"}:
                found = await any_face.all(Thing.collection(**{f"b{operator}": value}))
                assert sorted(found) == expected, (operator, value)
        for low, high in itertools.product(given, given):
            expected = sorted(
                pk for pk, each in by_pk.items() if holds(operator_le, low, each) and holds(operator_le, each, high)
            )
            for ends in ((low, high), [low, high]):
                for _ in range(2):  # the first one settles what the name means
                    assert sorted(await any_face.all(Thing.collection(a__between=ends))) == expected, ends
        several = [*given, held[1]]
        expected = sorted(pk for pk, each in by_pk.items() if each in several)
        assert sorted(await any_face.all(Thing.collection(a__in=several))) == expected
        assert sorted(await any_face.all(Thing.collection().exclude(a__in=several))) == sorted({*by_pk} - {*expected})

    async def test_a_bool_equals_no_int_but_bounds_one(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            a = InstanceHashField(type=int, indexable=True)

        for number in range(3):
            await any_face.do(Thing.create(a=number))
        assert await any_face.all(Thing.collection(a=True)) == []
        assert sorted(await any_face.all(Thing.collection(a__gte=True))) == ["2", "3"]

    async def test_what_cannot_be_stored_is_refused_where_it_would_be_stored(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            a = InstanceHashField(type=int, indexable=True)

        for value in (2**60, HUGE, INF, NAN, True):
            await any_face.refused(
                InvalidValue, lambda value=value: Thing.create(a=value), match=r"Thing\.a cannot hold"
            )
            await any_face.refused(InvalidValue, lambda value=value: Thing.get_or_create(a=value))
        assert not any_face.client.exists("{thing}:pks")

    async def test_of_other_types_are_refused_as_ever(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            number = InstanceHashField(type=int, indexable=True)
            price = InstanceHashField(type=Decimal, indexable=True)
            ratio = InstanceHashField(type=float, indexable=True)
            name = InstanceHashField(indexable=True)
            at = InstanceHashField(type=datetime, indexes=[NumberRangeIndex])

        refused = {
            "number": "5",
            "number__gt": 1.5,
            "price": 0.1,
            "ratio": Decimal("0.1"),
            "name": HUGE,
            "at": "2024",
            "at__gt": 5,
        }
        for name, value in refused.items():
            with pytest.raises(InvalidValue):
                Thing.collection(**{name: value})

    async def test_are_nothing_to_untyped_values_and_to_parts(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            a = InstanceHashField(indexes=[NumberRangeIndex, NumberRangeIndex(prefix="size", transform=len)])
            b = HashField(type=int, indexable=True)
            at = InstanceHashField(type=datetime, indexes=[NumberRangeIndex])

        await any_face.do(Thing.create(a="12", b={"k": 5}, at=MOMENT))
        late = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
        for value in (HUGE, 2**60, INF, "1e999", Decimal("1E+999")):
            for name in ("a", "a__size"):
                assert await any_face.all(Thing.collection(**{name: value})) == []
                assert await any_face.all(Thing.collection(**{f"{name}__lt": value})) == ["1"]
                assert await any_face.all(Thing.collection(**{f"{name}__gt": value})) == []
        assert await any_face.all(Thing.collection(b__k=HUGE)) == []
        assert await any_face.all(Thing.collection(b__k__lt=HUGE)) == ["1"]
        assert await any_face.all(Thing.collection(at=late)) == []
        assert await any_face.all(Thing.collection(at__lt=late)) == ["1"]
        assert await any_face.all(Thing.collection((Thing.b["k"] == HUGE) | (Thing.at < late))) == ["1"]

    async def test_are_in_no_index_of_several_fields(self, any_face):
        class Thing(any_face.Model):
            database = any_face.database
            a = InstanceHashField(type=int, indexes=[EqualIndexWith(other_fields=["b"])])
            b = InstanceHashField(type=int)

        await any_face.do(Thing.create(a=1, b=2))
        assert await any_face.all(Thing.collection(a=HUGE, b=2)) == []
        assert await any_face.all(Thing.collection(a__in=[1, HUGE], b=2)) == ["1"]
