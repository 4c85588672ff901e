"""Columns: the values to read from each object that a query finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from limpyd.exceptions import InvalidFilter, StoredValueError, UnknownField, shorten
from limpyd.expressions import SEPARATOR
from limpyd.fields import Field, ValueField
from limpyd.fields.checks import as_bytes
from limpyd.keys import Partition, key_from_template, to_text
from limpyd.query.filters.lookups import stored_in
from limpyd.query.filters.model import check_lasting
from limpyd.requests.request import Argument
from limpyd.scripts.query_values import Stored

SORTED_SCORE: Final = "sorted_score"
"""Stands for the score in `values` of a collection sorted by score; None in others."""


MAX_REFERENCES = 30
"""The most references that a name may go through."""


class Column:
    """One value to read from each object.

    Attributes:
        name: the field's, or `pk`, or SORTED_SCORE.
        decode: makes a value of one that is stored; raises one of row_makers.ERRORS of None.
        plain: whether one stored value is read.
    """

    __slots__ = ("_field", "_sub", "decode", "name", "plain")
    is_away = False
    """True if the value is one of an object in another slot, which is read after this one."""

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

    @property
    def planned(self) -> Column:
        """The column that a plan reads."""
        return self

    @property
    def source(self) -> tuple[Any, bytes | None]:
        """The field with the value, which another model may have, and the sub-key there."""
        return self._field, self._sub

    @property
    def is_score(self) -> bool:
        """True if it is the score that the collection is sorted by."""
        return self._field is None

    def pattern(self, partition: Partition) -> bytes | None:
        """Returns the pattern by which SORT reads it with GET; None if it cannot."""
        prefix, stored, sub, _ = self.stored_in(partition, b"")
        if b"*" in prefix.removeprefix(partition.prefix):  # the part of a dynamic field's version
            return None
        if stored == b"entry" and sub and b"*" not in sub:
            return key_from_template(prefix, b"*") + b"->" + sub
        return {b"pk": b"#", b"string": key_from_template(prefix, b"*")}.get(stored)

    @property
    def group(self) -> str:
        """The text of the key that the column is read from, which columns of one hash share; empty without a key."""
        if not isinstance(self._field, ValueField):
            return ""
        return "in the hash" if self._field.stored_as == b"entry" else self._field.name

    def stored_in(self, partition: Partition, scores: bytes) -> Stored:
        """Returns where the values are stored."""
        if self._field is None:
            return Stored(scores, b"score")
        if not isinstance(self._field, ValueField):
            return Stored(b"", b"pk")
        stored = stored_in(self._field, partition, self._sub)
        return stored if self._sub is None else stored._replace(stored=b"entry")

    def args(self, partition: Partition, scores: bytes) -> tuple[Argument, ...]:
        """Returns the column as scripts take it (see lua/library/rows.lua)."""
        return self.stored_in(partition, scores)[:3]

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
        """Refuses a value that does not fit the field's type, and names the object if its primary key is known.

        Raises:
            StoredValueError: it does not.
        """
        field = self._field
        if reply is None or not isinstance(field, ValueField):
            return
        keys = field.model.keys
        prefix = field.place_in(keys.first if pk is None else keys.partition(pk)).prefix
        key = prefix if pk is None else key_from_template(prefix, pk)
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
                    error.args = (f"{str(error).rstrip('.')}. {field.model}.check() finds the object",)
                raise


class RelatedColumn(Column):
    """One value to read from the object that each object refers to.

    Args:
        name: the name, through the reference.
        reference: the field that refers.
        column: the value of the other object.
    """

    __slots__ = ("_column",)

    def __init__(self, name: str, reference: ValueField[Any], column: Column) -> None:
        super().__init__(name, reference)
        self._column = column
        self.plain = column.plain
        self.decode = column.decode

    @property
    def reference(self) -> Any:
        """The field that refers."""
        return self._field

    @property
    def inner(self) -> Column:
        """The column of the other object."""
        return self._column

    @property
    def is_away(self) -> bool:  # type: ignore[override]
        return not self.reference.is_local or self._column.is_away

    @property
    def planned(self) -> Column:
        """The column that is read first: the reference, if the value is one of another slot."""
        return Column(self.name, self._field) if self.is_away else self

    @property
    def source(self) -> tuple[Any, bytes | None]:
        return self._column.source

    @property
    def group(self) -> str:
        return ""

    def stored_in(self, partition: Partition, scores: bytes) -> Stored:
        return super().stored_in(partition, scores)._replace(stored=b"related")

    def args(self, partition: Partition, scores: bytes) -> tuple[Argument, ...]:
        target_partition = self.reference.target.keys.beside(partition)
        return (*super().args(partition, scores), *self._column.args(target_partition, b""))

    def refuse(self, reply: Any, pk: bytes | None = None) -> None:  # noqa: ARG002 - it is not the object's own value
        self._column.refuse(reply)


def columns_of(model: Any, names: Sequence[str], *, scored: bool) -> list[Column]:
    """Returns the columns with some names; without names, all fields.

    Args:
        model: the schema.
        names: those of fields.
        scored: whether SORTED_SCORE may be one; it is None where a collection is not sorted by score.

    Raises:
        UnknownField: a name is no field.
        InvalidFilter: a name is given twice, or is SORTED_SCORE where it may not be one.
    """
    strange = [name for name in names if not isinstance(name, str | Field)]
    if strange:
        msg = f"{model.name}: {shorten(strange[0])} is not the name of a field; pass names one by one"
        raise InvalidFilter(msg)
    names = [name.name if isinstance(name, Field) else name for name in names]
    if len(set(names)) != len(names):
        msg = f"{model.name}: name each field only once, not {', '.join(names)}"
        raise InvalidFilter(msg)
    if not names:
        readable = (name for name, field in model.fields.items() if not isinstance(field, ValueField) or field.readable)
        names = tuple(dict.fromkeys("pk" if name == model.pk_name else name for name in readable))
    return [_column(model, name, scored=scored) for name in names]


def _column(model: Any, name: Any, *, scored: bool) -> Column:
    if name == SORTED_SCORE:
        if not scored:
            msg = f"{model.name}: SORTED_SCORE is read by values() and values_list() of a collection only"
            raise InvalidFilter(msg)
        return Column(name, None)
    field_name, separator, rest = name.partition(SEPARATOR)
    field = model.field(field_name)
    if isinstance(field, ValueField):
        if separator and field.refers:
            return _related(model, name, field, rest)
        if not field.readable:
            msg = f"{model.name}: {field} is a {field.redis_type} that a query does not read; read it from the instance"
            raise InvalidFilter(msg)
        if separator and field.has_subkeys:
            return Column(name, field, as_bytes("a sub-key", rest))
    if separator:
        msg = f"{model.name}: {name} names no field"
        raise UnknownField(msg)
    return Column(name, field)


def _related(model: Any, name: str, field: Any, rest: str) -> Column:
    """The column of a value of the object that a field refers to."""
    if field.many:
        msg = f"{model.name}: {name} follows {field}, which refers to many objects; use instances(prefetch=[{name!r}])"
        raise InvalidFilter(msg)
    if name.count(SEPARATOR) > MAX_REFERENCES:
        msg = f"{model.name}: {shorten(name)} follows more than {MAX_REFERENCES} references"
        raise InvalidFilter(msg)
    column = _column(field.target, rest, scored=False)
    check_lasting(column._field, field)
    return RelatedColumn(name, field, column)


def reads(model: Any, name: str) -> bool:
    """Returns whether a name is one of a column: of a field, one of its sub-keys, or what an object refers to."""
    head, separator, _ = name.partition(SEPARATOR)
    field = model.fields.get(head)
    if not separator:
        return name == "pk" or field is not None
    return isinstance(field, ValueField) and (field.has_subkeys or (field.refers and not field.many))
