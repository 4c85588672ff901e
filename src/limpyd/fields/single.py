"""Fields that hold one value: what StringField and InstanceHashField share."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple, Self, TypeVar

from limpyd.exceptions import DeclarationError, UnsupportedCommand
from limpyd.faces import Face
from limpyd.fields.base import BoundField, Field, Owner
from limpyd.indexes import EqualIndex, Index, UniqueIndex
from limpyd.keys import Partition
from limpyd.scripts.calls import Indexes, Upkeep
from limpyd.types import Use

T = TypeVar("T")


class Place(NamedTuple):
    """Where a field's values are kept in one partition of its model.

    Attributes:
        prefix: the start of the keys that hold them; the primary key follows.
        upkeep: the field as the scripts know it.
        indexes: its indexes there.
        described: those, as the scripts know them; the end of `upkeep`.
    """

    prefix: bytes
    upkeep: Upkeep
    indexes: tuple[Index, ...]
    described: Indexes


class SingleValueField(Field[T]):
    """The declaration of a field of one value.

    Args:
        type: the Python type of the value; str by default.
        default: the value a new object gets when none is given, or a function that makes it.
        indexable: objects can be found by the value.
        unique: no two objects have the same value; implies indexable.
        lockable: accepted for limpyd 2's sake; no write needs a lock. It only turns off the guard
            of writes whose index has a Python `transform`.
    """

    stored_as: ClassVar[bytes]
    """How the scripts read the value (see scripts/lib/values.lua)."""

    def __init__(
        self,
        type: Any = str,  # noqa: A002 - the name users know
        *,
        default: Any = None,
        indexable: bool = False,
        unique: bool = False,
        lockable: bool = True,
    ) -> None:
        super().__init__(type, lockable=lockable)
        if unique and default is not None and not callable(default):
            msg = "a unique field cannot have a default: the second object would be refused; use a function"
            raise DeclarationError(msg)
        self.default = default
        self.indexable = indexable or unique
        self.unique = unique
        self._places: dict[Partition, Place] = {}
        self._operators: frozenset[str] = frozenset()

    @property
    def indexed(self) -> bool:
        return self.indexable

    @property
    def operators(self) -> frozenset[str]:
        return self._operators

    def attach(self, model: Owner) -> Self:
        mine = super().attach(model)
        mine._places = {partition: mine._place(partition) for partition in model.keys.partitions}
        indexes = mine.place(None).indexes
        mine._operators = frozenset().union(*(index.operators for index in indexes))
        if self.default is not None and not callable(self.default):
            mine.encode(self.default)
        return mine

    def place(self, pk: bytes | None) -> Place:
        """Where the value of an object is kept."""
        return self._places[self.model.keys.partition(pk)]

    def place_in(self, partition: Partition) -> Place:
        """Where the values of a partition's objects are kept."""
        return self._places[partition]

    def _place(self, where: Partition) -> Place:
        indexes: tuple[Index, ...] = ()
        if self.unique:
            indexes = (UniqueIndex(self.codec, where.unique(self.name)),)
        elif self.indexable:
            indexes = (EqualIndex(self.codec, where.equal_prefix(self.name)),)
        prefix = self._prefix(where)
        described: Indexes = (len(indexes),)
        for index in indexes:
            described += index.upkeep
        return Place(prefix, (prefix, self.stored_as, self._sub(), *described), indexes, described)

    def default_value(self) -> Any:
        """The value of a new object when none is given, or None."""
        return self.default() if callable(self.default) else self.default

    def _prefix(self, where: Partition) -> bytes:
        raise NotImplementedError

    def _sub(self) -> bytes:
        raise NotImplementedError


class BoundSingleValue(BoundField[Face]):
    """A field of one value, of one instance."""

    __slots__ = ()

    def _key(self) -> bytes:
        pk = self._instance._pk
        if pk is None:
            nothing: bytes = self._field.model.keys.partition(None).nothing
            return nothing
        prefix: bytes = self._field.place(pk).prefix
        return prefix + pk

    def _upkeep(self) -> Upkeep:
        upkeep: Upkeep = self._field.place(self._instance._pk).upkeep
        return upkeep

    def _usable(self, use: Use, command: str) -> None:
        """Refuses a command that would make no sense on the field's type."""
        field = self._field
        if not field.codec.use & use:
            msg = f"{field} holds {field.codec.name}; {command} would store what is no {field.codec.name}, or cut it"
            raise UnsupportedCommand(msg)
