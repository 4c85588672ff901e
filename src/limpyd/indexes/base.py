"""The declaration of an index on a field."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Protocol, Self

from limpyd.exceptions import DeclarationError, InvalidFilter, shorten
from limpyd.indexes.custom import CustomIndex
from limpyd.indexes.encoding import Transform
from limpyd.indexes.field_index import FieldIndex, IndexedField
from limpyd.indexes.kind import IndexKind
from limpyd.indexes.limpyd2 import IndexStorage, Limpyd2Entries, limpyd2_storage
from limpyd.indexes.numbers import NeverStored
from limpyd.indexes.settings import reason_against
from limpyd.keys import Partition
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.scripts.query_nodes import Node
from limpyd.scripts.query_values import Stored, Text
from limpyd.utils.suggestions import did_you_mean


class OnField(Protocol):
    """An index of a field, which can be built and cleared."""

    def rebuild(self, progress: Callable[[int, int], object] | None, chunk_size: int | None) -> Any: ...
    def clear(self, chunk_size: int | None) -> Any: ...
    def storage_key(self, *args: Any, transform_value: bool) -> str: ...


class Index(CustomIndex):
    """The declaration of an index: a class, or an instance with settings of its own.

    To write one, subclass an index of this package and set some of the attributes; `transform` may be a method
    `transform(self, value)`. Its result is indexed: one value, several in a list, tuple or set, or none for None.

    Attributes:
        prefix: the text between the name of the field and the operator in filters, as `year` in `born__year__gte=…`.
        key: a part of the keys, to distinguish two indexes of a field with the same class.
        transform: a function that makes the indexed value from the value of the field.
        handle_uniqueness: whether this index makes a unique field unique.
        name: its name in messages; if empty, the name of the class.
    """

    kind: ClassVar[IndexKind]
    operators: ClassVar[frozenset[str]]
    settings: ClassVar[frozenset[str]] = frozenset({"handle_uniqueness", "key", "name", "prefix", "transform"})

    prefix: str = ""
    key: str = ""
    transform: Transform | None = None
    handle_uniqueness: bool = True
    name: str = ""
    limpyd2_key: str = ""
    """The word in its keys in the layout of limpyd 2; empty for the one of its kind."""
    limpyd2: ClassVar[Limpyd2Entries | None] = None
    """Its entries and keys in the layout of limpyd 2; None if that has no such index."""
    only_equality: ClassVar[bool] = False
    """True if it only finds equal values: a unique field does not need it, and a reference finds who refers by it."""
    reuses_plans: ClassVar[bool] = False
    """True if `node` makes the same request for all values, so that a query is planned once for all of them."""
    compares_with_fields: ClassVar[bool] = True
    """True if a filter may compare with another field, whose value the server reads."""
    alone: ClassVar[bool] = True
    """True for an index of one field, not of several."""
    on_field: OnField | None = None
    """The index on a field that this is; set by `get_index` of the field."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "node" in vars(cls) and "reuses_plans" not in vars(cls):
            cls.reuses_plans = False
        given = {name: getattr(cls, name) for name in cls.settings & vars(cls).keys()}
        cls._checked(given)
        for name in {"key", "name", "prefix"} & given.keys():
            setattr(cls, name, given[name] or "")  # None, as in limpyd 2

    def __init__(self, **settings: Any) -> None:
        for setting, value in self._checked(settings).items():
            setattr(self, setting, value)

    @classmethod
    def configure(cls, **settings: Any) -> type[Self]:
        """Returns a subclass with other settings.

        Raises:
            DeclarationError: there is no such setting, or it is of a wrong type.
        """
        checked = cls._checked(settings)
        if callable(checked.get("transform")):
            checked["transform"] = staticmethod(checked["transform"])
        return type(checked.get("name") or cls.__name__, (cls,), checked)

    @classmethod
    def _checked(cls, settings: dict[str, Any]) -> dict[str, Any]:
        unknown = settings.keys() - cls.settings
        if unknown:
            name = min(unknown)
            known = ", ".join(sorted(cls.settings)) or "none"
            msg = f"{cls.__name__} has no setting {name!r}; it has {known}{did_you_mean(name, cls.settings)}"
            raise DeclarationError(msg)
        checked = {setting: value for setting, value in settings.items() if value is not None}
        for setting, value in checked.items():
            reason = reason_against(setting, value, usual=getattr(cls, setting))
            if reason:
                msg = f"{cls.__name__}: {setting}={value!r} {reason}"
                raise DeclarationError(msg)
        return checked

    def __str__(self) -> str:
        return self.name or type(self).__name__

    def __repr__(self) -> str:
        if self.on_field is not None:
            return f"<{self.on_field}>"
        changed = ", ".join(f"{name}={value!r}" for name, value in vars(self).items() if name in self.settings)
        return f"<{self}({changed})>"

    def rebuild(
        self,
        progress: Callable[[int, int], object] | None = None,
        *,
        chunk_size: int | None = None,
        aggressive_clear: bool = False,  # noqa: ARG002 - see rebuild_indexes
    ) -> Any:
        """Builds the index that `get_index` of a field gave; see `rebuild_indexes` of the field.

        Raises:
            DeclarationError: no field gave it.
        """
        return self._given().rebuild(progress, chunk_size)

    def clear(self, chunk_size: int | None = None, *, aggressive: bool = False) -> Any:  # noqa: ARG002 - see clear_indexes
        """Clears the index that `get_index` of a field gave; see `clear_indexes` of the field.

        Raises:
            DeclarationError: no field gave it.
        """
        return self._given().clear(chunk_size)

    def get_storage_key(self, *args: Any, transform_value: bool = True) -> str:
        """Returns the key with the entries of a value, for an index from `get_index` of a field: limpyd 2's name.

        Args:
            args: the value; of a HashField the sub-key before it.
            transform_value: whether to transform the value; False if it is transformed already.

        Raises:
            InvalidValue: the index keeps several texts of the value, or none; or the model has several partitions.
        """
        return self._given().storage_key(*args, transform_value=transform_value)

    def _given(self) -> OnField:
        if self.on_field is None:
            msg = (
                f"{self!r} is a declaration that belongs to no field; get the index of a field: "
                f"….get_field('name').get_index({self})"
            )
            raise DeclarationError(msg)
        return self.on_field

    @property
    def redis_type(self) -> str:
        """The Redis type of its keys."""
        return self.kind.redis_type

    @property
    def label(self) -> str:
        """The text that follows the field's name in keys; empty for an index without settings."""
        return ".".join(filter(None, (self.prefix.replace("__", "."), self.key)))

    @property
    def identity(self) -> tuple[object, ...]:
        """The settings that are the same in two indexes of a field that would share a key."""
        return self.kind.name, self.label

    def expanded(self) -> list[Index]:
        """Returns the indexes that this one stands for.

        Raises:
            DeclarationError: its class has no kind.
        """
        if not hasattr(self, "kind"):
            msg = f"{self} stores no entries: subclass EqualIndex, TextRangeIndex or NumberRangeIndex"
            raise DeclarationError(msg)
        return [self]

    def field_index(self, field: IndexedField, partition: Partition) -> FieldIndex:
        """The index of a field in a partition."""
        return FieldIndex(self, field, partition)

    def all_steps(self, field: IndexedField) -> tuple[Transform, ...]:  # noqa: ARG002 - some ask
        """Returns the steps of a value before its final form."""
        return (*self.steps, *self.own_steps)

    def storage(self, field: IndexedField, partition: Partition) -> IndexStorage:
        """Returns the keys and entries of the index of a field in a partition.

        Raises:
            DeclarationError: the layout of the keys there has no such index.
        """
        if isinstance(partition, Limpyd2Partition):
            return limpyd2_storage(self, field, partition)
        kind = self.kind_for(field)
        return IndexStorage(kind, kind.key(partition, self.name_in_keys(field), self.label), self.final_form(field))

    def final_form(self, field: IndexedField) -> str:
        """Returns the form of a value in the index, after all other steps."""
        raise NotImplementedError

    def name_in_keys(self, field: IndexedField) -> str:
        """Returns the name of its field, or fields, in its keys."""
        return field.key_name

    def kind_for(self, field: IndexedField) -> IndexKind:  # noqa: ARG002 - some ask
        """Returns the kind of the index of a field."""
        return self.kind

    def limpyd2_form(self) -> str:
        """The form of its values in the layout of limpyd 2."""
        return self.limpyd2.form if self.limpyd2 else ""

    def limpyd2_lacks(self, field: IndexedField) -> str:  # noqa: ARG002 - some ask
        """Returns the reason why limpyd 2 has no such index of a field; empty if it has."""
        return "" if self.limpyd2 else "which has no such index"

    def as_a(self, index_class: type[Index] | None) -> Index:  # noqa: ARG002 - some ask
        """Returns the index; of a unique index the one whose values are unique, if only that is of the class."""
        return self

    def renamed(self, names: Mapping[str, str]) -> Self:  # noqa: ARG002 - some ask
        """Returns a copy with other names of its other fields."""
        return copy.copy(self)

    def node(self, index: FieldIndex, operator: str, values: Sequence[Text], sub: bytes | None, stored: Stored) -> Node:
        """Returns the condition of an operator and some values."""
        raise NotImplementedError

    def check_field(self, field: IndexedField) -> None:
        """Refuses a field that it cannot index.

        Raises:
            DeclarationError: it cannot.
        """

    def filter_values(self, index: FieldIndex, operator: str, value: Any, text: Callable[..., Text]) -> Sequence[Text]:
        """Returns the texts that a filter compares with: one, or those of `in` or `between`.

        Args:
            index: this index, on a field.
            operator: the operator.
            value: the filter's value.
            text: returns the text for one value, by this operator or another one.

        Raises:
            NeverStored: the value is a number that no object can have.
            InvalidFilter: the operator takes several values, and this is one, or not as many as it takes.
        """
        if operator not in {"in", "between"}:
            return [text(value)]
        if isinstance(value, str | bytes) or not isinstance(value, Iterable):
            msg = f"{index.field}: `{operator}` takes several values, such as a list, not {shorten(value)}"
            raise InvalidFilter(msg)
        if operator == "between":
            ends = list(value)
            if len(ends) != 2:  # noqa: PLR2004
                msg = f"{index.field}: `between` takes the lowest and the highest value, not {shorten(value)}"
                raise InvalidFilter(msg)
            return [text(ends[0], "gte"), text(ends[1], "lte")]
        texts = []
        for each in value:
            with suppress(NeverStored):
                texts.append(text(each))
        return texts

    def encode_filter(self, field: IndexedField, operator: str, value: Any) -> bytes:  # noqa: ARG002 - some ask
        """Returns the text of a filter's value before the final form."""
        return self.filter_encoder(field)(value)

    @property
    def encodes_uniformly(self) -> bool:
        """True if filters' values are encoded alike for all operators."""
        return type(self).encode_filter is Index.encode_filter

    def filter_encoder(self, field: IndexedField) -> Callable[[Any], bytes]:
        """Returns the function that encodes any value of a filter to that text."""
        return self.encode_result if self.all_steps(field) else field.encode


Declared = Index | type[Index]
"""The ways to declare an index on a field."""
