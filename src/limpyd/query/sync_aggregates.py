# Generated from async_aggregates.py by `make faces`; edit that file.
"""The aggregates of collections on the sync face."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, TypeVar

from limpyd.query.collection.aggregate_methods import average
from limpyd.query.count_order import CountOrder, in_count_order
from limpyd.query.iteration import Iteration

Item = TypeVar("Item")
M = TypeVar("M")


class Aggregates(Iteration[Item, M]):
    """The part of a collection that adds up and counts values."""

    __slots__ = ()

    def min(self, name: str, alpha: bool | None = None) -> Any:
        """The lowest value of a field of one value, or None if nothing that matches has one.

        Args:
            name: the field.
            alpha: untyped values are compared as texts, not as numbers.

        Raises:
            UnknownField: the name is no field.
            InvalidFilter: the field has many values.
        """
        found: Any = self._extreme(name, alpha, desc=False)
        return found

    def max(self, name: str, alpha: bool | None = None) -> Any:
        """The highest value of a field of one value, or None. Raises as `min`."""
        found: Any = self._extreme(name, alpha, desc=True)
        return found

    def sum(self, name: str) -> Any:
        """The sum of the values of a field, of its members if it has many; 0 if there are none.

        It is exact, and of the field's type; of untyped fields an int or a float.

        Raises:
            UnknownField: the name is no field.
            InvalidFilter: the field holds no numbers.
            ServerError: a value of an untyped field is no number.
        """
        found: Any = self._run_total(self._sum(name), itemgetter(1))
        return found

    def avg(self, name: str) -> Any:
        """The average of the values of a field, or None if there are none. Raises as `sum`."""
        found: Any = self._run_total(self._sum(name), average)
        return found

    def count_by(self, name: str, *, limit: int | None = None, order: CountOrder | None = None) -> dict[Any, int]:
        """Returns the number of objects for each value of a field; for a field of many members, of each member.

        The dict is in no order, unless you ask for one.

        Args:
            name: the field; a name may go through references, `author__city`.
            limit: the most values to return; by default in the order "-count".
            order: `"-count"`: the most frequent values first, equally frequent ones by value, if values have an
                order; `"count"`: the rarest first; `"value"` or `"-value"`: by value.

        Raises:
            UnknownField: a name is no field.
            InvalidFilter: another order is given, or the values have no order and are to be sorted.
        """
        convert = in_count_order(self._schema.name, limit, order)
        found: dict[Any, int] = self._run_total(self._tally(name), convert)
        return found
