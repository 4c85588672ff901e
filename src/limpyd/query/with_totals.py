"""What collections have to add up and count values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from limpyd.fields import ValueField
from limpyd.query.totals import (
    Sum,
    Total,
    joined_tallies,
    named,
    read_sum,
    sum_joiner,
    summable,
    tallied,
    tally_decoder,
)
from limpyd.requests import returned


class WithTotals:
    """Sums and counts of the values of what is found."""

    __slots__ = ()

    if TYPE_CHECKING:
        _schema: Any
        _database: Any
        _plan: Callable[..., Any]
        _run: Callable[..., Any]

    def _sum(self, name: Any) -> Total[Sum, tuple[int, Any]]:
        name = named(self._schema, name)
        column, field = summable(self._schema, name)
        return Total(self._plan(()), column, b"sum", read_sum, sum_joiner(field, column))

    def _tally(self, name: Any) -> Total[Counter[Any], dict[Any, int]]:
        name = named(self._schema, name)
        column, field = tallied(self._schema, name)
        many = field if isinstance(field, ValueField) and field.many else None
        return Total(self._plan(()), column, b"tally", tally_decoder(column, of_members=many), joined_tallies)

    def _run_total(self, total: Total[Any, Any], convert: Callable[[Any], Any] = returned) -> Any:
        """What it comes to: in chunks, or as one request where a pipeline collects it."""
        if self._database._pipeline() is not None:
            return self._run(total.at_once().then(convert))
        return self._database._run_program(total.in_chunks(convert))
