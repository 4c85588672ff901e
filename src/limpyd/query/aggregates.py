"""Aggregates of the values of a collection: sums, averages, counts by value.

A script adds up a chunk; what the chunks come to is put together here. Within a pipeline it is one script for all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from decimal import Context, Decimal
from math import ceil
from typing import Any, Generic, NamedTuple, TypeVar

from limpyd.exceptions import InvalidFilter, StoredValueError, UnknownField, shorten
from limpyd.expressions import SEPARATOR
from limpyd.fields import Field, ValueField
from limpyd.query.planning.plan import Plan
from limpyd.query.planning.plans import AnyPlan
from limpyd.query.results.ambiguous_replies import undecodable
from limpyd.query.results.columns import Column, columns_of
from limpyd.query.scanning.chunks import part_of_total, slices_of, total_among
from limpyd.requests.request import Program, Request, resolved
from limpyd.requests.side_by_side import side_by_side
from limpyd.requests.walks import Origin, attempt

PartialT = TypeVar("PartialT")
R = TypeVar("R")
S = TypeVar("S")

CHUNK = 1000
"""About how many objects a script adds up; up to twice as many are one chunk."""
DIGITS = 7
"""The digits of a number that the server adds at a time."""
EXACT = Context(prec=200_000)


def extreme_in_chunks(plan: AnyPlan, column: Column, among: Callable[[list[bytes]], Request[Any]]) -> Program[Any]:
    """Finds the first value in the order of a plan: of each chunk, and then among those objects.

    Args:
        plan: the plan.
        column: the column of the value.
        among: gives the request for the first value among the objects with some primary keys.
    """

    def read(reply: list[Any]) -> list[Any]:
        try:
            return reply and [reply[0], *column.values(reply[1:])]
        except StoredValueError as error:
            raise undecodable((column,), error) from error

    found = [first for first in (yield from _parts(plan, b"first", column, read)) if first]
    if len(found) > 1:
        return (yield among([pk for pk, _ in found]))
    return found[0][1] if found else None


def named(model: Any, name: Any) -> str:
    """The name of a field, which may be given itself.

    Raises:
        UnknownField: it is neither a name nor a field.
    """
    if isinstance(name, Field):
        name = name.name
    if not isinstance(name, str):
        msg = f"{model.name}: {shorten(name)} is not the name of a field"
        raise UnknownField(msg)
    return name


def refuse_away(model: Any, column: Column) -> None:
    """Refuses a total of values of objects in other slots.

    Raises:
        InvalidFilter: the column has such values.
    """
    if column.is_away:
        msg = (
            f"{model.name}: {column.name} is a value of objects that may be in other partitions, where no step adds "
            f"them up; count by {column.name.partition(SEPARATOR)[0]!r} with count_by, and read the values of those"
        )
        raise InvalidFilter(msg)


def tallied(model: Any, name: str) -> tuple[Column, Field[Any]]:
    """The column of a field whose values are counted or added.

    Raises:
        UnknownField: the name is no field.
        InvalidFilter: the field has values by key, and none is named.
    """
    (column,) = columns_of(model, (name,), scored=False)
    refuse_away(model, column)
    field, sub = column.source
    if isinstance(field, ValueField) and field.has_subkeys and sub is None:
        msg = f"{field} has a value for each key; add the key: {name}{SEPARATOR}<key>"
        raise InvalidFilter(msg)
    return column, field


def summable(model: Any, name: str) -> tuple[Column, ValueField[Any]]:
    """The column of a field whose values can be added.

    Raises:
        UnknownField: the name is no field.
        InvalidFilter: the field holds no numbers.
    """
    column, field = tallied(model, name)
    if isinstance(field, ValueField) and field.is_deadline:
        msg = f"{field} holds moments, which cannot be added; min() and max() give the first and the last one"
        raise InvalidFilter(msg)
    untyped = isinstance(field, ValueField) and field.codec.name == "str" and not field.typed
    if not isinstance(field, ValueField) or not (untyped or field.codec.ordered == "number"):
        msg = f"{field} holds no numbers to add; declare it with the type of its values, such as type=int"
        raise InvalidFilter(msg)
    return column, field


class Sum(NamedTuple):
    """A sum in parts, as the server sends it (see lua/library/aggregates.lua).

    Attributes:
        numbers: how many numbers were added.
        loose: the sum of those with an exponent.
        places: the sums of seven digits each of the others, by their place.
    """

    numbers: int
    loose: float
    places: Counter[int]


def read_sum(reply: list[Any]) -> Sum:
    """Returns the sum in a reply."""
    count, loose, *parts = reply
    return Sum(count, float(loose), Counter(dict(zip(parts[::2], map(int, parts[1::2]), strict=True))))


def sum_joiner(field: ValueField[Any], column: Column) -> Callable[[list[Sum]], tuple[int, Any]]:
    """From sums to how many values there are, and their sum as the field's type; of untyped ones a float or int.

    The parts of seven digits are put together exactly.
    """

    def join(sums: list[Sum]) -> tuple[int, Any]:
        count, places = sum(each.numbers for each in sums), Counter[int]()
        for each in sums:
            places.update(each.places)
        lowest, highest = min([0, *places]), max([0, *places])
        whole = 0
        for place in range(highest, lowest - 1, -1):
            whole = whole * 10**DIGITS + places[place]
        exact = EXACT.scaleb(Decimal(whole), DIGITS * lowest) if lowest else Decimal(whole)
        if not count:
            return 0, 0
        return count, _typed(field, exact, sum(each.loose for each in sums), column)

    return join


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


class Total(NamedTuple, Generic[PartialT, R]):
    """An aggregate of the values of a column.

    Attributes:
        plan: which objects are looked at.
        column: the column.
        wanted: `sum` or `tally`, see scripts/find.lua.
        read: what a reply to that is read as.
        join: makes the result of what was read.
    """

    plan: AnyPlan
    column: Column
    wanted: bytes
    read: Callable[[list[Any]], PartialT]
    join: Callable[[list[PartialT]], R]

    def at_once(self) -> Request[R]:
        """Returns the request for all."""
        if self.plan.empty:
            return resolved(self.join([]))
        return self.plan.totals(self.wanted, self.column, self._part).then(self.join)

    def in_chunks(self, convert: Callable[[R], S]) -> Program[S]:
        """Asks chunk by chunk, and returns what the result becomes."""
        return convert(self.join((yield from _parts(self.plan, self.wanted, self.column, self._part))))

    def _part(self, reply: list[Any]) -> PartialT:
        try:
            return self.read(reply)
        except StoredValueError as error:
            raise undecodable((self.column,), error) from error


def _parts(plan: AnyPlan, wanted: bytes, column: Column, read: Callable[[Any], Any]) -> Program[list[Any]]:
    """Returns the aggregates of all chunks; several partitions are asked at once, each for a smaller one."""
    plans = [each for each in (yield from plan.settled()).plans if not each.empty]
    size = ceil(CHUNK / max(1, len(plans)))
    found = yield from side_by_side([_parts_of(each, wanted, column, size, read) for each in plans])
    return [part for parts in found for part in parts]


def _parts_of(plan: Plan, wanted: bytes, column: Column, size: int, read: Callable[[Any], Any]) -> Program[list[Any]]:
    """Returns the aggregates of the chunks of a partition."""
    parts: list[Any] = []
    origin, cursor = Origin(), b""
    while True:
        step = part_of_total(plan, wanted, column, size, cursor, read)
        chunk, again = yield from attempt(origin, step, cursor)
        if again:
            parts, cursor = [], b""
            continue
        parts += chunk.items
        for some in slices_of(chunk.others, size):
            parts += (yield total_among(plan, some, wanted, column, read)).items
        cursor = chunk.cursor
        if not cursor:
            return parts


def tally_decoder(column: Column, *, of_members: ValueField[Any] | None) -> Callable[[list[Any]], Counter[Any]]:
    """From the reply to how often each value is there."""

    def decode(reply: list[Any]) -> Counter[Any]:
        counts: Counter[Any] = Counter()
        texts = reply[::2]
        values = column.values(texts) if of_members is None else [of_members.decode(text, b"") for text in texts]
        try:
            for value, count in zip(values, reply[1::2], strict=True):
                counts[value] += count
        except TypeError as error:
            msg = f"the values of {column.name} cannot be the keys of a dict: {error}"
            raise InvalidFilter(msg) from error
        return counts

    return decode


def joined_tallies(tallies: list[Counter[Any]]) -> dict[Any, int]:
    """Returns how often each value is there, by value."""
    counts: Counter[Any] = Counter()
    for each in tallies:
        counts.update(each)
    return dict(counts)
