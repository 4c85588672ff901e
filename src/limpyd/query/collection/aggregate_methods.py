"""The methods of collections that add up and count values.

What does it is imported when it is called for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from limpyd.exceptions import InvalidFilter
from limpyd.fields import ValueField
from limpyd.query.collection.base import CollectionBase
from limpyd.query.filters.conditions import ByPk
from limpyd.query.ordering import sort_keys
from limpyd.query.planning.single_command import Span
from limpyd.query.results.columns import columns_of
from limpyd.query.results.projections import Flat
from limpyd.requests.decoders import returned
from limpyd.requests.request import Request

if TYPE_CHECKING:
    from limpyd.query.aggregates import Sum, Total

Item = TypeVar("Item")
M = TypeVar("M")


class WithTotals(CollectionBase[Item, M]):
    """Sums and counts of the values of what is found."""

    __slots__ = ()

    def _named(self, name: Any) -> str:
        """Returns the name of the field of a total.

        Raises:
            InvalidFilter: it is no field; or `errors` leaves out values that do not fit, which a total does not.
        """
        from limpyd.query import aggregates  # noqa: PLC0415 - see above

        errors = self._query.projection.errors
        if errors != "raise":
            msg = (
                f"{self._schema.name}: totals such as sum, min and count_by raise the error of a value that does not "
                f"fit; call them on a collection without errors({errors!r}), or read the values and compute the total "
                f"in Python"
            )
            raise InvalidFilter(msg)
        return aggregates.named(self._schema, name)

    def _sum(self, name: Any) -> Total[Sum, tuple[int, Any]]:
        from limpyd.query import aggregates  # noqa: PLC0415 - see above

        name = self._named(name)
        column, field = aggregates.summable(self._schema, name)
        joiner = aggregates.sum_joiner(field, column)
        return aggregates.Total(self._plan(()), column, b"sum", aggregates.read_sum, joiner)

    def _tally(self, name: Any) -> Total[Counter[Any], dict[Any, int]]:
        from limpyd.query import aggregates  # noqa: PLC0415 - see above

        name = self._named(name)
        column, field = aggregates.tallied(self._schema, name)
        many = field if isinstance(field, ValueField) and field.many else None
        decode = aggregates.tally_decoder(column, of_members=many)
        return aggregates.Total(self._plan(()), column, b"tally", decode, aggregates.joined_tallies)

    def _extreme(self, name: Any, alpha: bool | None, *, desc: bool) -> Any:
        """The lowest or the highest value, of many objects in chunks if there is no index that is in this order."""
        from limpyd.query import aggregates  # noqa: PLC0415 - see above

        name = self._named(name)
        (key,) = keys = sort_keys(self._schema, name, desc, alpha, None)
        if name.startswith("-"):
            msg = f"{self._schema.name}: {name!r} is not the name of a field"
            raise InvalidFilter(msg)
        columns = columns_of(self._schema, (name,), scored=False)
        aggregates.refuse_away(self._schema, columns[0])

        def at_once(found: Any) -> Request[Any]:
            request: Request[list[Any]] = found._plan(keys).items(Flat(columns), Span(0, 1))
            return request.then(lambda values: values[0] if values else None)

        is_walked = key.index_number is not None or key.scores or not isinstance(key.field, ValueField)
        if is_walked or self._database._pipeline() is not None:
            return self._run(lambda: at_once(self))
        program = aggregates.extreme_in_chunks(
            self._plan(keys), columns[0], lambda pks: at_once(self._narrowed(ByPk(pks, (), "")))
        )
        return self._database._run_program(program)

    def _run_total(self, total: Total[Any, Any], convert: Callable[[Any], Any] = returned) -> Any:
        """Runs a total: in chunks, or as one request where a pipeline collects it."""
        if self._database._pipeline() is not None:
            return self._run(lambda: total.at_once().then(convert))
        return self._database._run_program(total.in_chunks(convert))


def average(total: tuple[int, Any]) -> Any:
    """The average; None of nothing."""
    count, summed = total
    return summed / count if count else None
