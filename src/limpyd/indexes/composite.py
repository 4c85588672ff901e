"""Indexes of several fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from limpyd.exceptions import DeclarationError, InvalidValue
from limpyd.expressions import EQUALITY
from limpyd.indexes.base import Index
from limpyd.indexes.equality import OWNERS, SETS
from limpyd.indexes.field_index import FieldIndex, IndexedField, kind_name
from limpyd.indexes.kind import IndexKind
from limpyd.indexes.limpyd2 import IndexStorage, Limpyd2Entries, limpyd2_storage
from limpyd.indexes.normalizers import form
from limpyd.keys import Partition
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.lua.arguments import IndexRow
from limpyd.scripts.index_nodes import OneOf
from limpyd.scripts.query_nodes import Node
from limpyd.scripts.query_values import Stored, Text

SCORED_SETS = IndexKind(b"scored", "zset", keys_by_value=True, owners_rank=3)
ONE_VALUE = frozenset({b"entry", b"string"})
"""The storage of fields of one value."""


class CompositeIndex(Index):
    """An index of several fields; see its subclasses. All of them must be of one value."""

    settings = frozenset({"key", "name"})
    alone = False
    by_score: ClassVar[bool] = False
    """True if the second of its fields gives scores, and entries are found by the first alone."""

    def compose(self, texts: Sequence[bytes]) -> bytes:
        """Returns the entry for the texts of all fields."""
        return b"".join(map(_netstring, texts))

    def names(self, field: IndexedField) -> tuple[str, ...]:
        """The names of all its fields; the field of the declaration first."""
        raise NotImplementedError

    def final_form(self, field: IndexedField) -> str:
        return field.codec.normal

    def field_index(self, field: IndexedField, partition: Partition) -> CompositeFieldIndex:
        return CompositeFieldIndex(self, field, partition)

    def final_forms(self, fields: Sequence[IndexedField]) -> list[str]:
        """Returns the form of the value of each field."""
        return [field.codec.normal for field in fields]

    def fields(self, field: IndexedField) -> tuple[IndexedField, ...]:
        """Returns all its fields.

        Raises:
            DeclarationError: there is no such field, or it is not of one value.
        """
        names = self.names(field)
        found = []
        for name in names:
            sibling = field.sibling(name)
            if sibling is None:
                msg = f"{field}: {self} names the field {name!r}, which the model does not have"
                raise DeclarationError(msg)
            if sibling.stored_as not in ONE_VALUE:
                msg = (
                    f"{field}: {self} takes fields of one value; declare {sibling} as a StringField or an "
                    f"InstanceHashField, or leave it out"
                )
                raise DeclarationError(msg)
            found.append(sibling)
        if len(set(names)) < len(names):
            msg = (
                f"{field}: {self} names a field twice, or the field that it is declared on; name each of the other "
                "fields once"
            )
            raise DeclarationError(msg)
        if self.all_steps(field):
            msg = f"{field}: {self} stores values unchanged; it takes no transform"
            raise DeclarationError(msg)
        return tuple(found)


class EqualIndexWith(CompositeIndex):
    """Sets of primary keys by the values of several fields; finds the objects with a value in each by one command.

    An object without a value in one of the fields is not in the index.

    Attributes:
        other_fields: the names of the other fields.
        unique: whether no two objects may have the same values in all fields.
    """

    kind = SETS
    limpyd2 = Limpyd2Entries("equal-with", "text", SETS)
    operators = frozenset()
    settings = CompositeIndex.settings | {"other_fields", "unique"}
    handle_uniqueness = False

    other_fields: Sequence[str] = ()
    unique: bool = False

    def renamed(self, names: Mapping[str, str]) -> Self:
        mine = super().renamed(names)
        mine.other_fields = [names.get(name, name) for name in self.other_fields]
        return mine

    @property
    def identity(self) -> tuple[object, ...]:
        return (*super().identity, *self.other_fields)

    def names(self, field: IndexedField) -> tuple[str, ...]:
        others = self.other_fields
        if isinstance(others, str | bytes) or not others or not all(isinstance(name, str) for name in others):
            msg = f"{field}: {self} takes the names of other fields, such as other_fields=['city'], not {others!r}"
            raise DeclarationError(msg)
        return (field.name, *others)

    def kind_for(self, field: IndexedField) -> IndexKind:  # noqa: ARG002 - as of every index
        return OWNERS if self.unique else SETS

    def storage(self, field: IndexedField, partition: Partition) -> IndexStorage:
        if isinstance(partition, Limpyd2Partition):
            return limpyd2_storage(self, field, partition, unique=self.unique)
        return super().storage(field, partition)

    def name_in_keys(self, field: IndexedField) -> str:
        return "+".join(self.names(field))


class ScoredEqualIndex(CompositeIndex):
    """A sorted set of primary keys per value, in the order of another field of numbers.

    Finds the objects with one of some values, in that order. An object without a score is not in the index.

    Attributes:
        score_field: the name of the other field.
    """

    kind = SCORED_SETS
    by_score = True
    limpyd2 = Limpyd2Entries("equal-scored", "text")
    operators = EQUALITY
    settings = CompositeIndex.settings | {"handle_uniqueness", "prefix", "score_field"}

    score_field: str = ""

    def names(self, field: IndexedField) -> tuple[str, ...]:
        if not self.score_field or not isinstance(self.score_field, str):
            msg = f"{field}: {self} takes the name of another field: score_field='…'"
            raise DeclarationError(msg)
        return (field.name, self.score_field)

    def final_forms(self, fields: Sequence[IndexedField]) -> list[str]:
        field, score = fields
        if not score.codec.number:
            msg = (
                f"{field}: {self} takes scores from {score}, which holds {score.codec.name}; scores must be "
                "numbers, dates or times"
            )
            raise DeclarationError(msg)
        return [field.codec.normal, score.codec.number]

    def renamed(self, names: Mapping[str, str]) -> Self:
        mine = super().renamed(names)
        mine.score_field = names.get(self.score_field, self.score_field)
        return mine

    def compose(self, texts: Sequence[bytes]) -> bytes:
        text, score = texts
        return b"%s:%s" % (score, text)

    def node(self, index: FieldIndex, operator: str, values: Sequence[Text], sub: bytes | None, stored: Stored) -> Node:  # noqa: ARG002
        return OneOf(index.kind, index.key, values)


class CompositeFieldIndex(FieldIndex):
    """An index of several fields in one partition.

    Attributes:
        index: its declaration.
        field: the field on which it is declared.
        fields: all its fields; the field of the declaration first.
        places: where the values of each field are stored, and their form in the index.
        kind: its kind.
        key: its key, or the prefix of its keys.
        form: the fields for scripts (see lua/library/composite_entry.lua).
        row: kind, form and key for scripts.
        name: the names of the fields in messages.
    """

    __slots__ = ("_joined", "name", "places")

    index: CompositeIndex

    def __init__(self, index: CompositeIndex, field: IndexedField, partition: Partition) -> None:
        self.index = index
        self.field = field
        self.fields = index.fields(field)
        forms = index.final_forms(self.fields)
        self.places = [
            one.stored_in(partition)._replace(form=final.encode())
            for one, final in zip(self.fields, forms, strict=True)
        ]
        self.name = ", ".join(one.name for one in self.fields)
        self.kind, self.key, _, one_owner = index.storage(field, partition)
        self.kind_name = kind_name(self.kind, partition, one_owner=one_owner)
        self.declared_key = self.key.removeprefix(partition.prefix)
        self._joined = isinstance(partition, Limpyd2Partition) and not index.by_score
        spec = b"".join(_netstring(text) for place in self.places for text in place)
        self.form = b":" + spec if self._joined else spec
        self.row = IndexRow(b"&" + self.kind_name, self.form, self.key)
        self._final_name = forms[0]
        self._final = form(forms[0])
        self._steps = []
        self._filter_encoder = None
        self._as_stored = self.of_values = False

    @property
    def score_field(self) -> IndexedField | None:
        return self.fields[1] if self.index.by_score else None

    @property
    def field_names(self) -> str:
        return self.name

    def signature(self, stored: bytes) -> bytes:  # noqa: ARG002 - as of every index
        return b" ".join((self.row.kind, *(b"%s %s" % (place.stored, place.form) for place in self.places)))

    @property
    def model(self) -> Any:
        """The model of the fields."""
        return self.field.model

    def has(self, field: object) -> bool:
        """Returns whether a field is one of its fields."""
        return any(one is field for one in self.fields)

    def entry(self, stored: Sequence[bytes | None]) -> bytes | None:
        """Returns the entry for the values of all fields; None if a value is missing.

        Raises:
            InvalidValue: one cannot be indexed.
        """
        texts = []
        for place, value in zip(self.places, stored, strict=True):
            if value is None:
                return None
            try:
                texts.append(form(place.form.decode())(value))
            except ValueError as error:
                raise self.refusal(value, str(error)) from error
        return b":".join(texts) if self._joined else self.index.compose(texts)

    def refusal(self, stored: bytes, reason: str) -> InvalidValue:
        refused = (field for field, place in zip(self.fields, self.places, strict=True) if _refuses(place, stored))
        return self._refusal_of(next(refused, self.field), stored, reason)

    def values(self, entry: bytes) -> Mapping[str, Any]:
        """Returns the values in an entry, by field."""
        if self._joined:
            return {self.name: entry}
        found: dict[str, Any] = {}
        for field in self.fields:
            length, _, rest = entry.partition(b":")
            text, entry = rest[: int(length)], rest[int(length) :]
            try:
                found[field.name] = field.codec.decode(text)
            except ValueError:
                found[field.name] = text
        return found


def _refuses(place: Stored, value: bytes) -> bool:
    try:
        form(place.form.decode())(value)
    except ValueError:
        return True
    return False


def _netstring(text: bytes) -> bytes:
    return b"%d:%s" % (len(text), text)
