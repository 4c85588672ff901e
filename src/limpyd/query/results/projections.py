"""Projections of the objects that are found: primary key, instance, dict, tuple, row."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from limpyd.exceptions import StoredValueError
from limpyd.keys import Partition, to_text
from limpyd.query.results.ambiguous_replies import any_missing, mistyped, undecodable
from limpyd.query.results.columns import Column
from limpyd.query.results.row_factories import (
    ERRORS,
    Decode,
    Make,
    as_stored,
    dict_maker,
    instance_maker,
    tuple_maker,
)
from limpyd.query.results.unreadable_values import Errors, readable_rows
from limpyd.requests.decoders import returned
from limpyd.requests.request import Argument


class Projection:
    """The projection of the objects that are found.

    Attributes:
        columns: the values to read from each object; if empty, only the primary key.
        is_reusable: whether all collections with this projection share it.
        existing: whether to leave out primary keys in indexes that have no object.
        begins_with_pk: whether the first column is the primary key.
        sparse: whether objects without a value were met, as far as is known; SORT does not say why there is none.
        follows: the references whose objects are read as well.
        asked: the method of a collection that selects this projection, and its arguments.
        errors: the handling of a value that does not fit its field's type.
    """

    is_reusable = False
    existing = False
    sparse: bool | None = None
    begins_with_pk = False
    follows: tuple[Any, ...] = ()
    columns: tuple[Column, ...] = ()
    asked: tuple[Any, ...] = ()
    errors: Errors = "raise"
    _by_errors: dict[Errors, Any] | None = None
    _entries: tuple[Partition, tuple[bytes, ...] | None] | None = None
    _gets: tuple[Partition, tuple[Argument, ...] | None] | None = None

    @property
    def text(self) -> str:
        """The projection in messages."""
        return ""

    @property
    def planned(self) -> Projection:
        """The projection that a plan is asked for; another one if values of other slots are read later."""
        return self

    def gets(self, partition: Partition) -> tuple[Argument, ...] | None:
        """The GET arguments of SORT that read the columns; None if it cannot read one."""
        if self._gets is None or self._gets[0] is not partition:
            patterns = [column.pattern(partition) for column in self.columns]
            readable = all(pattern is not None for pattern in patterns)
            args = tuple(arg for pattern in patterns for arg in ("GET", pattern or b"")) if readable else None
            self._gets = (partition, args)
        return self._gets[1]

    def entries(self, partition: Partition) -> tuple[bytes, ...] | None:
        """The prefix of the hashes and the sub-keys to read, if all columns are entries of those; else None."""
        if self._entries is None or self._entries[0] is not partition:
            places = [column.stored_in(partition, b"") for column in self.columns]
            all_entries = bool(places) and all(place.stored == b"entry" for place in places)
            if all_entries and len({place.prefix for place in places}) == 1 and b"\0" not in places[0].prefix:
                self._entries = (partition, (places[0].prefix, *(place.sub for place in places)))
            else:
                self._entries = (partition, None)
        return self._entries[1]

    def with_errors(self, errors: Errors) -> Projection:
        """The same projection, with another way to treat values that do not fit the types of their fields."""
        if self._by_errors is None:
            self._by_errors = {}
        if errors not in self._by_errors:
            other = self._by_errors[errors] = copy.copy(self)
            other.errors, other.asked, other._by_errors = errors, ("_with_errors", errors, self.asked), None
        found: Projection = self._by_errors[errors]
        return found

    def items(self, replies: list[Any]) -> list[Any]:
        """The items of a reply, which has primary keys, or the values of the columns of each object in turn."""
        raise NotImplementedError

    def whole(self, replies: list[Any]) -> list[Any] | None:  # noqa: ARG002 - some ask
        """The items, if every column of each object certainly has a value."""
        return None

    def read(self, replies: list[Any]) -> list[Any]:
        """The items. If a value does not fit its field's type, `errors` says what becomes of it."""
        try:
            return self.items(replies)
        except StoredValueError as error:
            if self.errors != "raise":
                return self.readable(replies)
            raise undecodable(self.columns, error) from error

    def read_sorted(self, replies: list[Any]) -> list[Any]:
        """The same of what SORT replied, which gives nothing for a key of another type."""
        items = self.whole(replies)
        if items is not None:
            return items
        items = self.read(replies)
        if any_missing([column.group for column in self.columns], replies):
            self.sparse = True
            raise mistyped(items)
        return items

    def read_looked_at(self, replies: list[Any]) -> list[Any]:
        """The same of what scripts/sorted_rows.lua replied, which looks at what SORT gave nothing for."""
        items = self.whole(replies)
        if items is None:
            items = self.read(replies)
            self.sparse = self.sparse or any_missing([column.group for column in self.columns], replies)
        elif self.sparse is None and replies:
            self.sparse = False
        return items

    def _columns_of(self, replies: list[Any]) -> list[list[Any]]:
        width = len(self.columns)
        return [column.values(replies[number::width]) for number, column in enumerate(self.columns)]

    def readable(self, replies: list[Any]) -> list[Any]:
        """The items without those that have an unreadable value, or with None in its place."""
        raise NotImplementedError


class RawRows(Projection):
    """Lists of stored values; the primary key that refers, in place of a value of another slot."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = tuple(column.planned for column in columns)

    def items(self, replies: list[Any]) -> list[Any]:
        reply = iter(replies)
        return [list(row) for row in zip(*[reply] * len(self.columns), strict=True)]

    def readable(self, replies: list[Any]) -> list[Any]:
        return self.items(replies)


class RowProjection(Projection):
    """Items made from the values of columns.

    Args:
        columns: the columns.
        maker: from how to decode the values of a row to what makes something of rows.
    """

    def __init__(self, columns: Sequence[Column], maker: Callable[[Sequence[Decode]], Make]) -> None:
        self.columns = tuple(columns)
        self._names = [column.name for column in columns]
        self._of_stored = maker([column.decode for column in columns])
        self._of_values = maker([returned for _ in columns])
        self._plain = all(column.plain for column in columns)
        self._planned = RawRows(columns) if any(column.is_away for column in columns) else None

    @property
    def planned(self) -> Projection:
        return self._planned or self

    def whole(self, replies: list[Any]) -> list[Any] | None:
        if self._plain:
            reply = iter(replies)
            try:
                return self._of_stored(zip(*[reply] * len(self.columns)))  # noqa: B905 - it is a row after the other
            except ERRORS:  # something has no value, or one of another type
                pass
        return None

    def items(self, replies: list[Any]) -> list[Any]:
        items = self.whole(replies)
        if items is not None:
            return items
        return self._of_values(zip(*self._columns_of(replies)))  # noqa: B905 - all are as long

    def readable(self, replies: list[Any]) -> list[Any]:
        return self._of_values(readable_rows(self.columns, replies, self.errors))


class PrimaryKeys(Projection):
    """Primary keys as text."""

    is_reusable = True
    asked = ("_primary_keys",)

    def items(self, replies: list[Any]) -> list[Any]:
        try:
            return [pk.decode() for pk in replies]
        except UnicodeDecodeError:
            return [to_text(pk) for pk in replies]


class RawPrimaryKeys(Projection):
    """Primary keys as they are stored."""

    def items(self, replies: list[Any]) -> list[Any]:
        return replies


class Instances(Projection):
    """Instances; lazy ones check at their first use that the object exists."""

    def __init__(self, model: Any, *, lazy: bool) -> None:
        self._make = model._lazy if lazy else model._connected
        self._lazy = lazy
        self.existing = not lazy
        self.asked = ("_instances", lazy, None)

    @property
    def text(self) -> str:
        return ".instances(lazy=True)" if self._lazy else ".instances()"

    def items(self, replies: list[Any]) -> list[Any]:
        return list(map(self._make, replies))


class Prefetched(RowProjection):
    """Instances with some prefetched values."""

    begins_with_pk = True

    def __init__(self, model: Any, columns: Sequence[Column], pk: Column, *, lazy: bool) -> None:
        pk.decode = as_stored
        new = object.__new__
        schema = model._schema

        def prefetched(pk: bytes, values: dict[str, Any]) -> Any:
            instance = new(model)
            instance._pk_bytes = pk
            instance._prefetched = values
            instance._seen = schema.unseen if lazy else schema.era
            return instance

        def hooked(pk: bytes, values: dict[str, Any]) -> Any:
            instance = prefetched(pk, values)
            instance.__post_init__()
            return instance

        names = ["pk", *(column.name for column in columns)]
        self.existing = not lazy
        super().__init__((pk, *columns), partial(instance_maker, hooked if model._is_hooked else prefetched, names))

    @property
    def text(self) -> str:
        return f".instances(prefetch={self._names[1:]})"


class Dicts(RowProjection):
    """A dict of values by name."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(columns, partial(dict_maker, [column.name for column in columns]))
        self.asked = ("_values", tuple(self._names))

    @property
    def text(self) -> str:
        return f".values({', '.join(map(repr, self._names))})"


class Tuples(RowProjection):
    """A tuple of values."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(columns, tuple_maker)
        self.asked = ("_values_list", tuple(self._names), isinstance(self, Flat))

    @property
    def text(self) -> str:
        return f".values_list({', '.join(map(repr, self._names))})"


class Flat(Tuples):
    """The values of one field."""

    def whole(self, replies: list[Any]) -> list[Any] | None:
        return None if None in replies else self.read(replies)

    def items(self, replies: list[Any]) -> list[Any]:
        return self.columns[0].values(replies)

    def readable(self, replies: list[Any]) -> list[Any]:
        return [value for (value,) in readable_rows(self.columns, replies, self.errors)]
