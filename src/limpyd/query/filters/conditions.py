"""Conditions: parsed filters, with the index of each. A condition returns its query node for a partition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from limpyd.expressions import EQUALITY
from limpyd.fields import ValueField
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.query.filters.lookups import Lookup, QueryForm, stored_in
from limpyd.query.filters.readings import Asking, Found, Reading, readings_of, texts_read
from limpyd.requests.request import Assumption
from limpyd.scripts.index_nodes import HasPrimaryKey
from limpyd.scripts.query_nodes import Empty, ListedIn, Node
from limpyd.scripts.query_values import Key, Text, known_key
from limpyd.utils.pickling import ByAttributes

Numbers = frozenset[int]
"""The numbers of some partitions."""
MIN_SPLIT = 2
"""The fewest partitions among which values are divided."""


class Condition(ByAttributes):
    """A condition on objects.

    Attributes:
        asks_first: true if objects of other slots have to be found, before it can be asked of a partition.
    """

    __slots__ = ()
    asks_first: bool = False

    def add_to(self, form: QueryForm) -> bool:  # noqa: ARG002 - some do
        """Adds the condition and its values to the form of a query; returns False if no form can hold it."""
        return False

    def with_texts(self, texts: Iterator[Sequence[Text]]) -> Condition:
        """The same condition with other values; the iterator has those of each simple condition in turn."""
        raise NotImplementedError

    def node(self, partition: Partition) -> Node:
        """Returns the query node for the objects of a partition."""
        raise NotImplementedError

    def indexes(self) -> Iterator[FieldIndex]:
        """The indexes that it relies on."""
        yield from ()

    def whole_index(self, partition: Partition) -> FieldIndex | None:  # noqa: ARG002 - some do
        """Returns an index of all objects with a value, if the condition is that an object has a value, or has none."""
        return None

    def assumes(self, partition: Partition) -> Iterator[Assumption]:  # noqa: ARG002 - some do
        """Yields the assumptions about other models: their indexes are built, in the partition beside one."""
        yield from ()

    def beside(self) -> Numbers | None:
        """Returns the numbers of the partitions that can have what meets it; None if that may be any."""
        return None

    def within(self, partition: Partition) -> Condition:  # noqa: ARG002 - some do
        """Returns the condition that is the same for the objects of a partition, if possible with fewer values."""
        return self

    def equal_to(self) -> tuple[FieldIndex | None, Sequence[bytes]]:
        """Returns the index that has an entry for each of some values, of which an object must have one, and these."""
        return None, ()

    def among_texts(self, texts: Sequence[bytes]) -> Condition:
        """The same condition for some of the values that `equal_to` returns."""
        raise NotImplementedError

    def elsewhere(self) -> Iterator[bytes]:
        """The keys outside the model that are read."""
        yield from self.references()

    def references(self) -> Iterator[bytes]:
        """The keys of the bound fields that are values of the filter."""
        yield from ()

    def reads(self) -> Iterator[Reading | Asking]:
        """Yields what has to be read in other keys, before it can be asked of a partition."""
        yield from ()

    def resolved(self, found: Found) -> Condition:  # noqa: ARG002 - some do
        """The same condition with what was read in other keys as its values."""
        return self


class ByIndex(Condition):
    """A field has a value that an index of it finds.

    Args:
        lookup: the field, the operator and the index.
        texts: the values to compare with, in the form that the index stores.
        elsewhere: the keys of bound fields that are among the values.
        text: the filter as messages show it.
    """

    __slots__ = ("_beside", "_elsewhere", "_shares", "_text", "lookup", "texts")
    lookup: Lookup

    def __init__(self, lookup: Lookup, texts: Sequence[Text], elsewhere: Sequence[Key], text: object) -> None:
        self.lookup = lookup
        self.texts = texts
        self._elsewhere = elsewhere
        self._text = text
        self._beside: Numbers | None = None
        self._shares: dict[int, list[bytes]] | None = None

    def add_to(self, form: QueryForm) -> bool:
        lookup = self.lookup
        if self._elsewhere or not lookup.is_reusable:
            return False
        if lookup.names_targets:
            form.parts.append(self.beside())
        lookup.add_to(form, self.texts)
        return True

    def with_texts(self, texts: Iterator[Sequence[Text]]) -> Condition:
        alike = ByIndex(self.lookup, next(texts), (), self._text)
        alike._beside = self._beside
        return alike

    def node(self, partition: Partition) -> Node:
        return self.lookup.node(partition, self.texts)

    def indexes(self) -> Iterator[FieldIndex]:
        yield self.lookup.field_index

    def beside(self) -> Numbers | None:
        if not self.lookup.names_targets:
            return None
        if self._beside is None:
            self._beside = self.lookup.field.partitions_of(self.texts)
        return self._beside

    def within(self, partition: Partition) -> Condition:
        if len(self.beside() or ()) < MIN_SPLIT:
            return self
        shares = self._shares
        if shares is None:
            shares = self._shares = self.lookup.field.by_partition(self.texts)
        return ByIndex(self.lookup, shares.get(partition.number, []), (), self._text)

    def equal_to(self) -> tuple[FieldIndex | None, Sequence[bytes]]:
        lookup = self.lookup
        texts = [text for text in self.texts if isinstance(text, bytes)]
        is_plain = lookup.operator in EQUALITY and lookup.sub is None and lookup.field.version_of is None
        return (lookup.field_index, texts) if is_plain and len(texts) == len(self.texts) else (None, ())

    def among_texts(self, texts: Sequence[bytes]) -> Condition:
        return ByIndex(self.lookup, texts, (), self._text)

    def references(self) -> Iterator[bytes]:
        return map(known_key, self._elsewhere)

    def elsewhere(self) -> Iterator[bytes]:
        return map(known_key, self._elsewhere)

    def reads(self) -> Iterator[Reading]:
        return readings_of(self.texts)

    def resolved(self, found: Found) -> Condition:
        texts = [texts_read(text, found) for text in self.texts]
        if not (any if self.lookup.operator in EQUALITY else all)(texts):
            return NoObject(self._text)
        return ByIndex(self.lookup, list(chain.from_iterable(texts)), (), self._text)

    def __str__(self) -> str:
        return str(self._text)


class ByPk(Condition):
    """An object has one of some primary keys."""

    __slots__ = ("_elsewhere", "_pks", "_text")

    def __init__(self, pks: Sequence[Text], elsewhere: Sequence[Key], text: object) -> None:
        self._pks = pks
        self._elsewhere = elsewhere
        self._text = text

    def node(self, partition: Partition) -> Node:
        return HasPrimaryKey(partition.pks, self._pks)

    @property
    def pks(self) -> list[bytes] | None:
        """The primary keys; None if some are values that the server reads first."""
        pks = [pk for pk in self._pks if isinstance(pk, bytes)]
        return pks if len(pks) == len(self._pks) else None

    def among(self, pks: Sequence[bytes]) -> ByPk:
        """The same condition for some of its primary keys."""
        return ByPk(pks, (), self._text)

    def references(self) -> Iterator[bytes]:
        yield from map(known_key, self._elsewhere)

    def reads(self) -> Iterator[Reading]:
        return readings_of(self._pks)

    def resolved(self, found: Found) -> Condition:
        return self.among(list(chain.from_iterable(texts_read(pk, found) for pk in self._pks)))

    def __str__(self) -> str:
        return str(self._text)


class NoObject(Condition):
    """A condition that no object meets, because no index can store the number that it asks for."""

    __slots__ = ("_text",)

    def __init__(self, text: object) -> None:
        self._text = text

    def node(self, partition: Partition) -> Node:
        return HasPrimaryKey(partition.pks, ())

    def __str__(self) -> str:
        return str(self._text)


class Missing(Condition):
    """A field has no value."""

    __slots__ = ("_field", "_sub", "_text")

    def __init__(self, field: ValueField[Any], sub: bytes | None, text: object) -> None:
        self._field = field
        self._sub = sub
        self._text = text

    def node(self, partition: Partition) -> Node:
        stored = stored_in(self._field, partition, self._sub)
        if self._field.has_subkeys and self._sub is None:
            stored = stored._replace(stored=b"key")
        index = self.whole_index(partition)
        return Empty(stored, b"" if index is None else index.key)

    def whole_index(self, partition: Partition) -> FieldIndex | None:
        field = self._field
        if not field.many and not field.has_subkeys:
            for index in field.place_in(partition).indexes:
                if index.kind.order and index.one_plain_text:
                    return index
        return None

    def __str__(self) -> str:
        return str(self._text)


class Member(Condition):
    """An object's primary key is a member of a set, list or sorted set.

    Args:
        key: its key.
        text: the condition as messages show it.
        stored: its type; empty if that is not known.
        required: true for a stored collection, whose list must exist.
    """

    __slots__ = ("_key", "_stored", "_text", "required")

    def __init__(self, key: Key, text: str, stored: bytes = b"", *, required: bool = False) -> None:
        self._key = key
        self._text = text
        self._stored = stored
        self.required = required

    def node(self, partition: Partition) -> Node:  # noqa: ARG002 - as of every condition
        return ListedIn(known_key(self._key), required=self.required, is_set=self._stored == b"set")

    def elsewhere(self) -> Iterator[bytes]:
        yield known_key(self._key)

    def references(self) -> Iterator[bytes]:
        if not self.required:  # it may be a field that a change takes along
            yield known_key(self._key)

    def reads(self) -> Iterator[Reading]:
        yield Reading(known_key(self._key), self._stored, required=self.required)

    def resolved(self, found: Found) -> Condition:
        (reading,) = self.reads()
        return ByPk(found[reading], (), self._text)

    def __str__(self) -> str:
        return str(self._text)
