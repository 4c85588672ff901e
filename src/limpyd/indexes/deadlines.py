"""The indexes of deadlines, of objects and of values."""

from __future__ import annotations

from limpyd.indexes.field_index import FieldIndex, IndexedField
from limpyd.indexes.kind import IndexKind
from limpyd.indexes.ranges import NumberRangeIndex
from limpyd.keys import Partition
from limpyd.types.moments import FromNow

DEADLINES = IndexKind(b"num", "zset", key_word=b"deadline", order="number")


class DeadlineIndex(NumberRangeIndex):
    """A sorted set of primary keys by the millisecond from which on an object does not exist (ZADD).

    Its key names no field, because scripts find it by the set of primary keys (lua/expiring.lua).
    """

    kind = DEADLINES
    settings = frozenset()

    def kind_for(self, field: IndexedField) -> IndexKind:  # noqa: ARG002 - as its base class
        return DEADLINES

    def name_in_keys(self, field: IndexedField) -> str:  # noqa: ARG002 - as its base class
        return "object"

    def field_index(self, field: IndexedField, partition: Partition) -> FieldIndex:
        return DeadlineFieldIndex(self, field, partition)


class ValueDeadlineIndex(DeadlineIndex):
    """The same for values that lapse: by the millisecond from which on the value of a field is not there."""

    def name_in_keys(self, field: IndexedField) -> str:
        return field.key_name


class DeadlineFieldIndex(FieldIndex):
    """The index of the deadlines of objects in a partition."""

    __slots__ = ()

    def _set_final_form(self, final: str) -> None:
        super()._set_final_form(final)
        as_number = self._final
        # The server computes a moment from now.
        self._final = lambda stored: stored if isinstance(stored, FromNow) else as_number(stored)
