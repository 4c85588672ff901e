"""What the values of a collection come to: sums, averages, counts by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Context, Decimal
from typing import Any

from limpyd.exceptions import InvalidFilter, UnknownField, shorten
from limpyd.expressions import SEPARATOR
from limpyd.fields import Field, ValueField
from limpyd.query.columns import Column, columns_of

DIGITS = 7
"""How many digits of a number the server adds at a time."""
EXACT = Context(prec=200_000)


def named(model: Any, name: Any) -> str:
    """The name of a field, which may be given itself.

    Raises:
        UnknownField: it is neither a name nor a field.
    """
    if isinstance(name, Field):
        name = name.name
    if not isinstance(name, str):
        msg = f"{model.name}: {shorten(name)} is no name of a field"
        raise UnknownField(msg)
    return name


def tallied(model: Any, name: str) -> tuple[Column, Field[Any]]:
    """The column of a field whose values are counted or added.

    Raises:
        UnknownField: the name is no field.
        InvalidFilter: the field has values by key, and none is named.
    """
    (column,) = columns_of(model, (name,), scored=False)
    field: Field[Any] = model.field(name.partition(SEPARATOR)[0])
    if isinstance(field, ValueField) and field.has_subkeys and SEPARATOR not in name:
        msg = f"{field} has values by key; name the key: {name}{SEPARATOR}<key>"
        raise InvalidFilter(msg)
    return column, field


def summable(model: Any, name: str) -> tuple[Column, ValueField[Any]]:
    """The column of a field whose values can be added.

    Raises:
        UnknownField: the name is no field.
        InvalidFilter: the field holds no numbers.
    """
    column, field = tallied(model, name)
    numbers = isinstance(field, ValueField) and (field.codec.ordered == "number" or field.codec.name == "str")
    if not isinstance(field, ValueField) or not numbers:
        msg = f"{field} holds no numbers to add"
        raise InvalidFilter(msg)
    return column, field


def sum_decoder(field: ValueField[Any], column: Column) -> Callable[[list[Any]], tuple[int, Any]]:
    """From the reply to how many values there are, and their sum as the field's type; of untyped ones a float or int.

    The server sends parts of seven digits (see lua/library/aggregates.lua); they are put together exactly.
    """

    def decode(reply: list[Any]) -> tuple[int, Any]:
        count, loose, *parts = reply
        lowest, highest = min([0, *parts[::2]]), max([0, *parts[::2]])
        sums = dict(zip(parts[::2], map(int, parts[1::2]), strict=True))
        whole = 0
        for place in range(highest, lowest - 1, -1):
            whole = whole * 10**DIGITS + sums.get(place, 0)
        exact = EXACT.scaleb(Decimal(whole), DIGITS * lowest) if lowest else Decimal(whole)
        if not count:
            return 0, 0
        return count, _typed(field, exact, float(loose), column)

    return decode


def _typed(field: ValueField[Any], exact: Decimal, loose: float, column: Column) -> Any:
    if field.codec.name == "Decimal":
        return EXACT.add(exact, Decimal(repr(loose))).normalize(EXACT) if loose else _plain(exact)
    if field.codec.name == "float":
        return float(exact) + loose
    if loose or exact != exact.to_integral_value():
        return float(exact) + loose
    if field.codec.name == "timedelta":
        return column.values([b"%d" % int(exact)])[0]
    return int(exact)


def _plain(number: Decimal) -> Decimal:
    """The same number without zeros at its end."""
    return number.to_integral_value() if number == number.to_integral_value() else number.normalize(EXACT)


def average(total: tuple[int, Any]) -> Any:
    """The average; None of nothing."""
    count, summed = total
    return summed / count if count else None


def tally_decoder(column: Column, *, of_members: ValueField[Any] | None) -> Callable[[list[Any]], dict[Any, int]]:
    """From the reply to how often each value is there."""

    def decode(reply: list[Any]) -> dict[Any, int]:
        counts: Counter[Any] = Counter()
        texts = reply[::2]
        values = column.values(texts) if of_members is None else [of_members.decode(text, b"") for text in texts]
        try:
            for value, count in zip(values, reply[1::2], strict=True):
                counts[value] += count
        except TypeError as error:
            msg = f"the values of {column.name} cannot be the keys of a dict: {error}"
            raise InvalidFilter(msg) from error
        return dict(counts)

    return decode
