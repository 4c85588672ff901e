"""The order of counted values."""

from __future__ import annotations

import enum

import pytest

from limpyd.exceptions import InvalidFilter, InvalidValue
from limpyd.query.count_order import in_count_order


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


COUNTS = {"b": 2, "c": 5, "a": 2, "d": 1}


@pytest.mark.parametrize(
    ("limit", "order", "values"),
    [
        (None, None, "bcad"),
        (3, None, "cab"),
        (None, "-count", "cabd"),
        (2, "count", "da"),
        (None, "value", "abcd"),
        (3, "-value", "dcb"),
        (9, "-count", "cabd"),
    ],
)
def test_orders(limit, order, values):
    assert list(in_count_order("Thing", limit, order)(dict(COUNTS)).items()) == [
        (each, COUNTS[each]) for each in values
    ]


def test_values_without_an_order():
    counts = {Colour.RED: 1, Colour.BLUE: 2}
    assert list(in_count_order("Thing", None, "-count")(counts)) == [Colour.BLUE, Colour.RED]
    with pytest.raises(InvalidFilter, match="sort them by their count"):
        in_count_order("Thing", None, "value")(counts)


def test_mistakes():
    with pytest.raises(InvalidFilter, match="is one of 'count', '-count', 'value', '-value'; not 'name'"):
        in_count_order("Thing", None, "name")
    with pytest.raises(InvalidValue):
        in_count_order("Thing", 0, None)
