"""What each object that is found becomes: its primary key, an instance, a dict, a tuple, a row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from limpyd.exceptions import InvalidFilter, StoredValueError, UnknownField, shorten
from limpyd.expressions import SEPARATOR
from limpyd.fields import Field, ValueField
from limpyd.fields.checks import as_bytes
from limpyd.keys import Partition, placed, to_text
from limpyd.query.following import Follow, followed, target_of
from limpyd.query.meanings import stored_in
from limpyd.query.row_makers import ERRORS, Decode, Make, dict_maker, instance_maker, object_maker, tuple_maker
from limpyd.query.unclear import any_missing, mistyped, undecodable
from limpyd.requests import Argument, returned
from limpyd.scripts.leaves import Stored

SORTED_SCORE: Final = "sorted_score"
"""Stands for the score in `values` of a collection sorted by score."""


class Column:
    """One value that is read of each object.

    Attributes:
        name: the field's, or `pk`, or SORTED_SCORE.
        decode: makes a value of one that is stored; raises one of row_makers.ERRORS of None.
        plain: whether one stored value is read.
    """

    __slots__ = ("_field", "_sub", "decode", "name", "plain")

    def __init__(self, name: str, field: Field[Any] | None, sub: bytes | None = None) -> None:
        self.name = name
        self._field = field
        self._sub = sub
        self.plain = True
        if isinstance(field, ValueField):
            self.plain = sub is not None or field.decodes_plainly
            self.decode: Callable[[Any], Any] = field.codec.decode if self.plain else field.decode_reply
        else:
            self.decode = float if field is None else to_text

    def pattern(self, where: Partition) -> bytes | None:
        """What GET of SORT is given to read it; None if it cannot."""
        prefix, stored, sub, _ = self.where(where, b"")
        if b"*" in prefix.removeprefix(where.prefix):  # the part of a dynamic field's version
            return None
        if stored == b"entry" and sub and b"*" not in sub:
            return placed(prefix, b"*") + b"->" + sub
        return {b"pk": b"#", b"string": placed(prefix, b"*")}.get(stored)

    @property
    def group(self) -> str:
        """What tells the key that it is read from: those of one hash have one; empty where there is none."""
        if not isinstance(self._field, ValueField):
            return ""
        return "in the hash" if self._field.stored_as == b"entry" else self._field.name

    def where(self, where: Partition, scores: bytes) -> Stored:
        """Where the values are."""
        if self._field is None:
            return Stored(scores, b"score")
        if not isinstance(self._field, ValueField):
            return Stored(b"", b"pk")
        stored = stored_in(self._field, where, self._sub)
        return stored if self._sub is None else stored._replace(stored=b"entry")

    def values(self, replies: Sequence[Any]) -> list[Any]:
        """The values of some objects.

        Raises:
            StoredValueError: what is stored does not fit the field's type.
        """
        decode = self.decode
        try:
            if None in replies:
                return [None if reply is None else decode(reply) for reply in replies]
            return list(map(decode, replies))
        except (ValueError, OverflowError):
            for reply in replies:
                self.refuse(reply)
            raise

    def refuse(self, reply: Any, pk: bytes | None = None) -> None:
        """Refuses a value that does not fit the field's type, of the object with a primary key if that is known.

        Raises:
            StoredValueError: it does not.
        """
        field = self._field
        if reply is None or not isinstance(field, ValueField):
            return
        prefix = field.place(None).prefix
        key = prefix if pk is None else placed(prefix, pk)
        texts = reply if isinstance(reply, list) else [reply]
        if isinstance(reply, list) and field.stored_as == b"hash":
            texts = reply[1::2]
        elif isinstance(reply, list) and field.stored_as == b"zset":
            texts = reply[::2]
        for stored in texts:
            try:
                field.decode(stored, key, pk)
            except StoredValueError as error:
                if pk is None:
                    error.args = (f"{str(error).rstrip('.')}. {field.model}.check() tells which object has it",)
                raise


class Shape:
    """What the objects that are found become.

    Attributes:
        columns: what is read of each; nothing but the primary keys if there are none.
        recurs: whether there is one for all collections that are in this shape.
        follows: the references of which the objects are to be read as well.
        asked: the method of a collection that gives it this shape, and its arguments.
    """

    recurs = False
    follows: tuple[Any, ...] = ()
    columns: tuple[Column, ...] = ()
    asked: tuple[Any, ...] = ()
    _entries: tuple[Partition, tuple[bytes, ...] | None] | None = None
    _gets: tuple[Partition, tuple[Argument, ...] | None] | None = None

    @property
    def text(self) -> str:
        """How messages show it."""
        return ""

    def gets(self, where: Partition) -> tuple[Argument, ...] | None:
        """The GET arguments of SORT that read the columns; None if it cannot read one."""
        if self._gets is None or self._gets[0] is not where:
            patterns = [column.pattern(where) for column in self.columns]
            readable = all(pattern is not None for pattern in patterns)
            args = tuple(arg for pattern in patterns for arg in ("GET", pattern or b"")) if readable else None
            self._gets = (where, args)
        return self._gets[1]

    def entries(self, where: Partition) -> tuple[bytes, ...] | None:
        """The prefix of the hashes and the sub-keys to read, if all columns are entries of those; else None."""
        if self._entries is None or self._entries[0] is not where:
            places = [column.where(where, b"") for column in self.columns]
            all_entries = bool(places) and all(place.stored == b"entry" for place in places)
            if all_entries and len({place.prefix for place in places}) == 1 and b"\0" not in places[0].prefix:
                self._entries = (where, (places[0].prefix, *(place.sub for place in places)))
            else:
                self._entries = (where, None)
        return self._entries[1]

    def items(self, replies: list[Any]) -> list[Any]:
        """The items that a reply stands for: primary keys, or the values of the columns of each object in turn."""
        raise NotImplementedError

    def whole(self, replies: list[Any]) -> list[Any] | None:  # noqa: ARG002 - some ask
        """The items, if it is sure that every column of each has a value."""
        return None

    def read(self, replies: list[Any]) -> list[Any]:
        """The items; where a value does not fit its field's type, it is asked whose it is."""
        try:
            return self.items(replies)
        except StoredValueError as error:
            raise undecodable(self.columns, error) from error

    def read_sorted(self, replies: list[Any]) -> list[Any]:
        """The same of what SORT replied, which gives nothing for a key of another type."""
        items = self.whole(replies)
        if items is not None:
            return items
        items = self.read(replies)
        if any_missing([column.group for column in self.columns], replies):
            raise mistyped(items)
        return items

    def _columns_of(self, replies: list[Any]) -> list[list[Any]]:
        width = len(self.columns)
        return [column.values(replies[number::width]) for number, column in enumerate(self.columns)]


class RowShape(Shape):
    """Something made of the values of columns.

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


class PrimaryKeys(Shape):
    """Primary keys as text."""

    recurs = True
    asked = ("_primary_keys",)

    def items(self, replies: list[Any]) -> list[Any]:
        try:
            return [pk.decode() for pk in replies]
        except UnicodeDecodeError:
            return [to_text(pk) for pk in replies]


class RawPrimaryKeys(Shape):
    """Primary keys as they are stored."""

    def items(self, replies: list[Any]) -> list[Any]:
        return replies


class Instances(Shape):
    """Instances; lazy ones check at their first use that the object exists."""

    def __init__(self, model: Any, *, lazy: bool) -> None:
        self._make = model._lazy if lazy else model._connected
        self._lazy = lazy
        self.asked = ("_instances", lazy, None)

    @property
    def text(self) -> str:
        return ".instances(lazy=True)" if self._lazy else ".instances()"

    def items(self, replies: list[Any]) -> list[Any]:
        return list(map(self._make, replies))


class Prefetched(RowShape):
    """Instances with some values read along."""

    def __init__(self, model: Any, columns: Sequence[Column], pk: Column, *, lazy: bool) -> None:
        pk.decode = bytes  # instances keep it as it is stored
        new = object.__new__

        def prefetched(pk: bytes, values: dict[str, Any]) -> Any:
            instance = new(model)
            instance._pk_bytes = pk
            instance._prefetched = values
            instance._seen = model._schema.unseen if lazy else model._schema.era
            instance.__post_init__()
            return instance

        names = ["pk", *(column.name for column in columns)]
        super().__init__((pk, *columns), partial(instance_maker, prefetched, names))

    @property
    def text(self) -> str:
        return f".instances(prefetch={self._names[1:]})"


class Dicts(RowShape):
    """A dict of values by name."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__(columns, partial(dict_maker, [column.name for column in columns]))
        self.asked = ("_values", tuple(self._names))

    @property
    def text(self) -> str:
        return f".values({', '.join(map(repr, self._names))})"


class Tuples(RowShape):
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


class Objects(RowShape):
    """Objects of a class that is made of values: a dataclass or a NamedTuple."""

    def __init__(self, row: Callable[..., Any], columns: Sequence[Column]) -> None:
        super().__init__(columns, partial(object_maker, row, [column.name for column in columns]))
        self._row = row
        self.asked = ("_rows", row)

    @property
    def text(self) -> str:
        return f".rows({getattr(self._row, '__name__', self._row)})"


def columns_of(model: Any, names: Sequence[str], *, scored: bool) -> list[Column]:
    """The columns of some names; all fields for none.

    Raises:
        UnknownField: a name is no field.
        InvalidFilter: a name is given twice, or SORTED_SCORE of a collection that is not sorted by score.
    """
    strange = next((name for name in names if not isinstance(name, str | Field)), None)
    if strange is not None:
        msg = f"{model.name}: {shorten(strange)} is no name of a field; give names one by one"
        raise InvalidFilter(msg)
    names = [name.name if isinstance(name, Field) else name for name in names]
    if len(set(names)) != len(names):
        msg = f"{model.name}: each field once, not {', '.join(names)}"
        raise InvalidFilter(msg)
    if not names:
        readable = (name for name, field in model.fields.items() if not isinstance(field, ValueField) or field.readable)
        names = tuple(dict.fromkeys("pk" if name == model.pk_name else name for name in readable))
    return [_column(model, name, scored=scored) for name in names]


def _column(model: Any, name: Any, *, scored: bool) -> Column:
    if name == SORTED_SCORE:
        if not scored:
            msg = f"{model.name}: SORTED_SCORE is there only in a collection sorted by score: .sort(by_score=…)"
            raise InvalidFilter(msg)
        return Column(name, None)
    field_name, separator, rest = name.partition(SEPARATOR)
    field = model.field(field_name)
    if isinstance(field, ValueField):
        if not field.readable:
            msg = f"{model.name}: {field} is a {field.redis_type} that a query does not read; read it from the instance"
            raise InvalidFilter(msg)
        if separator and field.has_subkeys:
            return Column(name, field, as_bytes("a sub-key", rest))
    if separator:
        msg = f"{model.name}: {name} names no field"
        raise UnknownField(msg)
    return Column(name, field)


def check_followed(follows: Sequence[Follow]) -> None:
    """Refuses names of what is to be read of referred objects, before anything is asked.

    Raises:
        UnknownField: a name is no field.
    """
    for field, names in follows:
        target = target_of(field)
        own, further = followed(target, names)
        columns_of(target, own, scored=False)
        check_followed(further)


def row_shape(model: Any, row: Any) -> Objects:
    """The shape of a class of rows.

    Raises:
        InvalidFilter: it is no dataclass and no NamedTuple, or it needs what is no field.
    """
    if dataclasses.is_dataclass(row) and isinstance(row, type):
        fields = {field.name: _required(field) for field in dataclasses.fields(row) if field.init}
    elif isinstance(row, type) and issubclass(row, tuple) and hasattr(row, "_fields"):
        defaults = getattr(row, "_field_defaults", {})
        names: tuple[str, ...] = getattr(row, "_fields", ())
        fields = {name: name not in defaults for name in names}
    else:
        msg = f"{model.name}: rows takes a dataclass or a NamedTuple, not {shorten(row)}"
        raise InvalidFilter(msg)
    known = [name for name in fields if name == "pk" or name in model.fields]
    missing = [name for name, required in fields.items() if required and name not in known]
    if missing or not known:
        msg = f"{model.name}: {row.__name__} needs {', '.join(missing) or 'fields'}, which {model.name} has not"
        raise UnknownField(msg)
    return Objects(row, columns_of(model, known, scored=False))


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
