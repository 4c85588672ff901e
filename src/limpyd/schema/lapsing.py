"""The values of a model that lapse, as its scripts know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.fields.value_deadline import ValueDeadlineField
from limpyd.keys import Partition
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.requests.promise_guards import netstrings
from limpyd.scripts.python_transforms import PythonTransform
from limpyd.utils.cached_properties import cached_property

RECORD = b":lapses:"
"""Begins the names of the records of these values in the catalog."""
MOST = 1000
"""The most values of a field that one step removes, which takes the server a few milliseconds."""


def lapses_of(schema: Any) -> Lapses | None:
    """Returns the values of a model that lapse; None if there are none.

    Raises:
        DeclarationError: a field declares that its values expire, and they cannot.
    """
    deadlines = [field for field in schema.value_fields.values() if isinstance(field, ValueDeadlineField)]
    for each in deadlines:
        _check(schema, each.of_value)
    return Lapses(schema, deadlines) if deadlines else None


def _check(schema: Any, field: Any) -> None:
    partition = schema.keys.first
    indexes = [*field.place_in(partition).indexes, *(each for each in schema.composites(partition) if each.has(field))]
    if isinstance(partition, Limpyd2Partition):
        why = "values with an index cannot expire in the layout of limpyd 2; declare the model on another database"
    elif field.refers:
        why = "references cannot expire; leave out expires=True, and clear them yourself"
    elif field.required:
        why = "it is required, so its value cannot expire; leave out one of the two"
    elif not field.indexed:
        why = "it has no index, so Redis itself lets its values expire, with the same methods; leave out expires=True"
    elif any(isinstance(index.form, PythonTransform) for index in indexes):
        why = "one of its indexes needs Python to find the entries of a value; the server removes a value alone"
    else:
        return
    msg = f"{field} cannot be declared with expires=True: {why}"
    raise DeclarationError(msg)


class Lapses:
    """The values of a model that lapse.

    Args:
        schema: the model.

    Attributes:
        deadlines: the fields with the deadlines of values.
    """

    def __init__(self, schema: Any, deadlines: Sequence[Any]) -> None:
        self.deadlines = deadlines
        self._schema = schema

    def with_new_deadlines(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Returns new values of an object, with None for the deadlines of those that get a value, but no deadline."""
        new = [each.name for each in self.deadlines if each.value_name in values and each.name not in values]
        return {**values, **dict.fromkeys(new)} if new else values

    def indexes(self, partition: Partition) -> list[Any]:
        """Returns the indexes of deadlines in a partition."""
        return [index for field in self.deadlines for index in field.place_in(partition).indexes]

    def records(self, partition: Partition) -> list[tuple[bytes, bytes]]:
        """Returns the records of their indexes in the catalog (see scripts/sweep_values.lua): names and texts.

        What a process has recorded stays. So a script removes a value from all indexes that any process declares.
        """
        composites = self._schema.composites(partition)
        found = []
        for deadline in self.deadlines:
            (of_deadlines,), field = deadline.place_in(partition).indexes, deadline.of_value
            place, sub = field.place_in(partition), field.sub_key
            record = [of_deadlines.key, deadline.sub, place.prefix, place.stored, sub, b"HDEL" if sub else b"DEL"]
            alone = [index for index in place.indexes if index.index.alone]
            rows = [index.row for index in (*alone, *(each for each in composites if each.has(field)))]
            found += [(RECORD + netstrings([*record, *row]), b"1") for row in rows]
        return found

    @cached_property
    def names(self) -> bytes:
        """The part of the name of the key that is never written that is about them (see lua/lapsing.lua)."""
        partition = self._schema.keys.first
        names = [index.key.removeprefix(partition.prefix) + b"," for index in self.indexes(partition)]
        return b"lapses=%b%d:" % (b"".join(names), MOST)
