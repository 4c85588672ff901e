"""The order of rows of several partitions: that of the scripts, see lua/library/sorting.lua."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from limpyd.query.ordering import FIRST, NUMBER, SortKey
from limpyd.query.results.placed_rows import PlacedRow

DIGITS = re.compile(rb"[+-]?\d+(\.\d*)?")
"""The numbers that the scripts compare by their digits where they are equal as doubles."""
EXACT_DIGITS = 15
"""Numbers of so many digits are equal only if they are equal as doubles."""


def in_order(rows: Iterable[PlacedRow], order: Sequence[SortKey]) -> list[PlacedRow]:
    """Returns rows in the order that the scripts have: see lua/library/sorting.lua."""
    found = sorted(rows, key=lambda row: row.pk, reverse=order[-1].desc)
    for number in range(len(order) - 1, -1, -1):
        found = _sorted_by(found, order[number], number)
    return found


def _sorted_by(rows: list[PlacedRow], key: SortKey, number: int) -> list[PlacedRow]:
    """Returns rows sorted by one key; those with equal values stay in their order."""
    missing, valued = [], []
    for row in rows:
        text = row.texts[number]
        if text is None:
            missing.append(row)
        else:
            valued.append((text, row))
    if key.order != NUMBER:
        valued.sort(key=lambda each: each[0], reverse=key.desc)
    else:
        exact = any(len(text) > EXACT_DIGITS for text, _ in valued)
        valued.sort(key=lambda each: _by_digits(each[0]) if exact else number_of(each[0]), reverse=key.desc)
    found = [row for _, row in valued]
    return missing + found if key.missing == FIRST else found + missing


def number_of(text: bytes) -> float:
    """Returns the number that a text is compared as, as the scripts read it."""
    try:
        return float(text)
    except ValueError:
        return float.fromhex(text.decode())


def _by_digits(text: bytes) -> tuple[float, Decimal]:
    """Returns a number as a double, and then by its digits, as in lua/library/digit_order.lua."""
    number = number_of(text)
    digits = text.decode() if DIGITS.fullmatch(text) else f"{number:.0f}" if number.is_integer() else f"{number:.99f}"
    return number, Decimal(digits)
