"""The declarations of fields that hold one value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Never, Self, TypeVar

from limpyd.commands.table import REMOVING
from limpyd.exceptions import ConstraintError, DeclarationError, InvalidValue, shorten
from limpyd.fields.declaration import constrained
from limpyd.fields.declaration.protocols import FieldModel
from limpyd.fields.declaration.setters import has_own_setter
from limpyd.fields.declaration.value import FieldPlace, ValueField
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.keys.by_partition import ByPartition
from limpyd.lua.arguments import Value, packed
from limpyd.requests.request import Argument
from limpyd.scripts.query_values import Stored
from limpyd.scripts.writes import WriteLayout, WriteStep
from limpyd.statements.assignment import assignment
from limpyd.statements.scalar_command import scalar_command
from limpyd.statements.scalar_field import ScalarField
from limpyd.statements.statement import Statement
from limpyd.types import Untyped

T = TypeVar("T")
DEADLINE_ENDING = "_deadline"
"""The ending of the name of the field with the deadlines of values, after that of the field with the values."""


class SingleValueField(ValueField[T]):
    """The declaration of a field of one value.

    Args:
        type: the Python type of the value. Without it what redis-py takes is taken, and text returned.
        default: the value a new object gets when none is given, or a function that makes it.
        indexable: objects can be found by the value.
        unique: no two objects have the same value; implies indexable.
        lockable: accepted for limpyd 2's sake; see ValueField.
    """

    def __init__(self, type: Any = Untyped, *, default: Any = None, unique: bool = False, **options: Any) -> None:
        super().__init__(type, unique=unique, **options)
        if unique and default is not None and not callable(default):
            msg = (
                "a unique field cannot have a constant default, because the second object would be refused; use a "
                "function"
            )
            raise DeclarationError(msg)
        self.default = default
        self._layouts: dict[Partition, WriteLayout] = {}

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: T | None) -> None: ...

    def attach(self, model: FieldModel) -> Self:
        mine = super().attach(model)
        mine._layouts = ByPartition(mine._settled_layout)
        if self.default is not None and not callable(self.default) and not has_own_setter(mine):
            _check_default(mine)
        return mine

    def _settled_layout(self, partition: Partition) -> WriteLayout:
        self._settled_place(partition)
        return self._layouts[partition]

    def settle(self, partition: Partition, indexes: tuple[FieldIndex, ...], composites: Sequence[FieldIndex]) -> None:
        super().settle(partition, indexes, composites)
        place = self._places[partition]
        self._layouts[partition] = packed(Value(place.prefix, place.stored, self._sub(), place.write_rows))

    def leave(self, partition: Partition) -> None:
        super().leave(partition)
        self._layouts.pop(partition, None)

    def stored_in(self, partition: Partition) -> Stored:
        return super().stored_in(partition)._replace(sub=self._sub())

    def layout(self, pk: bytes | None) -> WriteLayout:
        """The field of an object, as scripts/write.lua reads it."""
        return self._layouts[self.model.keys.partition(pk)]

    def layout_in(self, partition: Partition) -> WriteLayout:
        return self._layouts[partition]

    decodes_plainly = True

    def decode_reply(self, reply: bytes) -> T:
        return self.codec.decode(reply)

    def default_value(self) -> Any:
        return self.default() if callable(self.default) else self.default

    def prepared(self, partition: Partition, place: FieldPlace, command: str) -> Statement | None:
        deadline = None
        if self.deadline is not None:
            from limpyd.commands.deadline_changes import CHANGING  # noqa: PLC0415 - the values of most do not lapse

            deadline = self.deadline if command in CHANGING else None
        to_check = bool(self.constraints) and constrained.has_to_check(self, command)
        plain = not place.follows_writes or (place.only_constrained and not to_check)
        if plain or self.listing_in(partition) or " " in command:
            return super().prepared(partition, place, command) if deadline is None else None
        if to_check and command in REMOVING:
            return None
        scalar_field = self.scalar_field(partition)
        written = [self] if deadline is None else [self, deadline]
        composites = [index for index in self.model.composites(partition) if any(map(index.has, written))]
        its_deadline = None if deadline is None else deadline.scalar_field(partition)
        assigned = assignment(self.model, partition, command, self, scalar_field, composites, its_deadline)
        if assigned is not None or composites or deadline is not None:
            return assigned
        return scalar_command(self.model, partition, command, self, scalar_field)

    @property
    def deadline(self) -> Any:
        """The field with the deadlines of its values; None if these have none."""
        return self.sibling(self.name + DEADLINE_ENDING) if self.lapses else None

    def scalar_field(self, partition: Partition) -> ScalarField:
        """The field in a partition, as statements know it; without indexes of several fields."""
        place = self._places[partition]
        indexes = tuple(index for index in place.indexes if index.index.alone)
        sub = self.sub_key if self.stored_as == b"entry" else None
        computed = tuple(index for index in indexes if index.form != b"text")
        checks, unchecked = self.checks_in(partition), self.unchecked_encode
        limits = tuple((each.kind.name, each.argument) for each in self.constraints if each.argument)
        return ScalarField(self.name, self.encode_new, place.prefix, sub, indexes, checks, computed, unchecked, limits)

    def setting(self, value: T | None, partition: Partition) -> WriteStep:
        """The write command that stores a value, or with None removes it, in any object of a partition.

        Raises:
            InvalidValue: the value does not fit the field's type.
        """
        stored = None if value is None else self.encode_new(value)
        layout = self._layouts[partition]
        if self.stored_as == b"entry":
            args = (self.sub_key,) if stored is None else (self.sub_key, stored)
            return WriteStep(self.name, layout, "HDEL" if stored is None else "HSET", args)
        if stored is None:
            return WriteStep(self.name, layout, "DEL", ())
        return WriteStep(self.name, layout, "SET", (stored,))

    def step(self, pk: bytes | None, command: str, *args: Argument) -> WriteStep:
        """A write command on the field of an object."""
        return WriteStep(self.name, self.layout(pk), command, args)

    def _sub(self) -> bytes:
        return b""


def _check_default(field: SingleValueField[Any]) -> None:
    """Refuses a default that the field cannot hold.

    Raises:
        DeclarationError: it does not fit the field's type, or breaks a constraint.
    """
    try:
        field.encode_new(field.default)
    except ConstraintError as error:
        msg = f"{field}: its default {shorten(field.default)} breaks {error.constraint}; change one of them"
        raise DeclarationError(msg) from None
    except InvalidValue as error:
        msg = f"{field}: its default {shorten(field.default)} does not fit the field: {error}"
        raise DeclarationError(msg) from error
