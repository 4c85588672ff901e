"""Conversions of stored texts: which codecs store the values of another one, and what changes in the text."""

from __future__ import annotations

from typing import Any

from limpyd.types.codec import Codec, Use
from limpyd.types.numbers import BOOL, DECIMAL, FLOAT, INT
from limpyd.types.text import BYTES, STR
from limpyd.types.untyped import UNTYPED

SAME: tuple[str, ...] = ()
INTEGER, SHORT_FLOAT, POINT_FLOAT, UTF8 = ("int",), ("float",), ("point",), ("utf8",)
"""The conversions of lua/library/step_results.lua."""

CONVERSIONS: dict[tuple[Codec[Any], Codec[Any]], tuple[str, ...]] = {
    (INT, INT): INTEGER,
    (FLOAT, FLOAT): SHORT_FLOAT,
    (STR, UNTYPED): SAME,
    (BYTES, UNTYPED): SAME,
    (INT, UNTYPED): INTEGER,
    (DECIMAL, UNTYPED): SAME,
    (FLOAT, UNTYPED): POINT_FLOAT,
    (UNTYPED, STR): UTF8,
    (INT, FLOAT): SHORT_FLOAT,
    (INT, DECIMAL): INTEGER,
}
"""What turns a text of the first codec into the text that the second one stores of the same value."""


def conversion(source: Codec[Any], target: Codec[Any]) -> tuple[str, ...] | None:
    """Returns what turns a text of one codec into that of another; None if the other does not store such values.

    A bool counts as 1 or 0.
    """
    if source is BOOL and target is not BOOL:
        source = INT
    return CONVERSIONS.get((source, target), SAME if source is target else None)


def amount(source: Codec[Any], use: Use) -> tuple[str, ...] | None:
    """Returns what turns a text of a codec into an amount; None if its values are no numbers of this kind."""
    if source is BOOL:
        source = INT
    if use is Use.INTEGER:
        return SAME if source in {INT, STR, UNTYPED} else None
    return SAME if source in {INT, FLOAT, DECIMAL, STR, UNTYPED} else None
