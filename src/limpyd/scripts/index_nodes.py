"""Conditions that use an index, as scripts read them (see lua/library/conditions.lua)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from limpyd.requests.request import Argument
from limpyd.scripts.query_nodes import Node
from limpyd.scripts.query_values import Arguments, Stored, Text


class Kind(Protocol):
    """The attributes that a node uses of a kind of indexes, `limpyd.indexes.kind.IndexKind`."""

    @property
    def name(self) -> bytes: ...
    @property
    def redis_type(self) -> str: ...
    @property
    def keys_by_value(self) -> bool: ...
    @property
    def order(self) -> str | None: ...
    @property
    def several_of_each(self) -> bool: ...
    @property
    def values_tested_from(self) -> int | None: ...
    @property
    def scans(self) -> bool: ...


class OneOf(Node):
    """The condition that an object has one of some values.

    Attributes:
        kind: the kind of the index: a set or a sorted set for each value, or a hash from values to owners.
        key: the key of the hash, or the prefix of the keys of the sets.
        texts: the values; if there are none, no object matches.
        stored: for sets, where the values of the field are stored, if scripts may test an object by its stored value;
            else None.
        many: true if an object may have several of the values.
        more: true if there are further values, which are not sent in this request.
    """

    __slots__ = ("_is_known", "key", "kind", "many", "more", "stored", "texts")

    def __init__(
        self, kind: Kind, key: bytes, texts: Sequence[Text], stored: Stored | None = None, *, many: bool = False
    ) -> None:
        self.kind = kind
        self.key = key
        self.texts = tuple(texts) if len(texts) < 2 else tuple(dict.fromkeys(texts))  # noqa: PLR2004 - one is only one
        self.stored = stored
        self.many = many
        self.more = False
        self._is_known: bool | None = None

    @property
    def is_known(self) -> bool:
        """True if all values are known, so that a script need not read any first."""
        if self._is_known is None:
            self._is_known = all(isinstance(text, bytes) for text in self.texts)
        return self._is_known

    @property
    def can_be_scanned(self) -> bool:
        """True if a script can walk the objects value by value, for any number of values."""
        return self.kind.redis_type != "set" or self.stored is not None

    def add_to(self, arguments: Arguments) -> None:
        count = _count(self.texts, more=self.more)
        if self.kind.redis_type == "hash":
            arguments.args += (self.kind.name, self.key, b"1" if self.many else b"0", count)
        elif self.stored is not None and count != b"1":
            arguments.args += (b"eqin", self.key, *self.stored, count)
        else:
            arguments.args += (self.kind.name, self.key, count)
        arguments.add_texts(self.texts)

    def sliced(self, start: int, stop: int) -> OneOf:
        """Returns the same condition with some of the values."""
        part = OneOf(self.kind, self.key, self.texts[start:stop], self.stored, many=self.many)
        part.more = stop < len(self.texts)
        return part


class HasPrimaryKey(Node):
    """The condition that an object has one of some primary keys.

    Attributes:
        key: the set of primary keys.
        texts: the primary keys; if there are none, no object matches.
        more: true if there are further primary keys, which are not sent in this request.
    """

    __slots__ = ("is_known", "key", "more", "texts")
    many = False
    can_be_scanned = True

    def __init__(self, key: bytes, texts: Sequence[Text]) -> None:
        self.key = key
        self.texts = tuple(dict.fromkeys(texts))
        self.more = False
        self.is_known = all(isinstance(text, bytes) for text in self.texts)

    def add_to(self, arguments: Arguments) -> None:
        arguments.args += (b"pk", self.key, _count(self.texts, more=self.more))
        arguments.add_texts(self.texts)

    def sliced(self, start: int, stop: int) -> HasPrimaryKey:
        """Returns the same condition with some of the primary keys."""
        part = HasPrimaryKey(self.key, self.texts[start:stop])
        part.more = stop < len(self.texts)
        return part


class Interval(NamedTuple):
    """The values between two bounds; each bound may be excluded or missing.

    Attributes:
        above: `[` for an included lower bound, `(` for an excluded one; `-` if there is none; `^` if the values begin
            with it.
        low: the lower bound.
        below: `]` for an included higher bound, `)` for an excluded one; `+` if there is none.
        high: the higher bound.
    """

    above: bytes
    low: Text
    below: bytes
    high: Text


class Within(Node):
    """The condition that an object has a value within one of some intervals.

    Attributes:
        kind: the kind of the index.
        key: the key of the sorted set.
        stored: where the values of the field are stored.
        intervals: the intervals.
        checkable: true if scripts can test the stored value of an object, without a Python transform.
        one_text_per_value: true if the index has one entry for each value.
        more: true if there are further intervals, which are not sent in this request.
    """

    __slots__ = ("_is_known", "checkable", "intervals", "key", "kind", "more", "one_text_per_value", "stored")

    def __init__(
        self,
        kind: Kind,
        key: bytes,
        stored: Stored,
        intervals: Sequence[Interval],
        *,
        checkable: bool = True,
        one_text_per_value: bool = True,
    ) -> None:
        self.kind = kind
        self.key = key
        self.stored = stored
        self.intervals = tuple(intervals)
        self.checkable = checkable
        self.one_text_per_value = one_text_per_value
        self.more = False
        self._is_known: bool | None = None

    @property
    def is_known(self) -> bool:
        """True if all intervals are known, so that a script need not read a bound first."""
        if self._is_known is None:
            self._is_known = all(isinstance(each.low, bytes) for each in self.intervals)
        return self._is_known

    @property
    def many(self) -> bool:
        """True if an object may be within several of the intervals."""
        return self.kind.several_of_each or self.stored.stored in {b"set", b"list", b"zset"}

    @property
    def can_be_scanned(self) -> bool:
        """True if a script can walk the objects interval by interval."""
        return self.kind.scans and (self.checkable or (self.one_text_per_value and not self.many))

    def sliced(self, start: int, stop: int) -> Within:
        """Returns the same condition with some of the intervals."""
        part = Within(
            self.kind,
            self.key,
            self.stored,
            self.intervals[start:stop],
            checkable=self.checkable,
            one_text_per_value=self.one_text_per_value,
        )
        part.more = stop < len(self.intervals)
        return part

    def add_to(self, arguments: Arguments) -> None:
        args = arguments.args
        args += (self.kind.name, self.key)
        if self.kind.values_tested_from is not None:
            args += (*self.stored, b"value" if self.checkable else b"one" if self.one_text_per_value else b"several")
        args.append(_count(self.intervals, more=self.more))
        for above, low, below, high in self.intervals:
            args.append(above + below)
            arguments.add_texts((low, high))


class Near(Node):
    """The condition that an object has a place within a circle or a box.

    Attributes:
        kind: `geo` for fields of one place, `geos` for fields of many.
        key: the index.
        prefix: for fields of many places, the prefix of their keys.
        search: the arguments of GEOSEARCH that describe the area.
    """

    __slots__ = ("key", "kind", "prefix", "search")

    def __init__(self, kind: bytes, key: bytes, prefix: bytes, search: Sequence[Argument]) -> None:
        self.kind = kind
        self.key = key
        self.prefix = prefix
        self.search = tuple(search)

    def add_to(self, arguments: Arguments) -> None:
        arguments.args += (self.kind, self.key, self.prefix, len(self.search), *self.search)


def _count(several: Sequence[Any], *, more: bool) -> bytes:
    return b"%d+" % len(several) if more else b"%d" % len(several)
