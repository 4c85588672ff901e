"""The declarations of fields of many members."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields.declaration import constrained
from limpyd.fields.declaration.value import FieldPlace, ValueField
from limpyd.fields.step_targets import FieldTarget
from limpyd.keys import Partition
from limpyd.requests.request import Argument
from limpyd.requests.step_results import StepResult
from limpyd.scripts.object_requests import NewObject
from limpyd.statements.members import members_write
from limpyd.statements.statement import Statement

T = TypeVar("T")


class MembersField(ValueField[T]):
    """The declaration of a field of many members.

    Equal members are one member, so of equal values one form is stored: 1.50 as 1.5.
    """

    many = True

    def encode(self, value: T) -> bytes:
        codec = self.codec
        try:
            stored = codec.encode(value)
        except (TypeError, ValueError, OverflowError):
            stored = super().encode(value)  # which says what is wrong
        return stored if codec.canonical is None else codec.canonical(stored)

    def encode_result(self, result: StepResult[Any]) -> bytes:
        codec = self.codec
        return result._argument_for(FieldTarget(self, None if codec.canonical is None else codec.normal))

    @property
    def unchecked_encode(self) -> Callable[[Any], bytes]:
        plain = not self.constraints and self.codec.canonical is None and type(self).encode is MembersField.encode
        return self.codec.encode if plain else self.encode_new

    def prepared(self, partition: Partition, place: FieldPlace, command: str) -> Statement | None:
        if place.only_constrained and not constrained.has_to_check(self, command):
            return super().prepared(partition, place, command)
        if not place.follows_writes or self.in_composite or self.listing_in(partition) or place.needs_whole_value:
            return super().prepared(partition, place, command)
        if self.unique and self.model.keys.count > 1:  # the values are claimed before the write
            return super().prepared(partition, place, command)
        return members_write(self.model, partition, command, self, place.prefix, place.indexes)

    def members(self, values: Any) -> list[bytes]:
        """The members of a new object's value.

        Raises:
            InvalidValue: it is no iterable of members, or one does not fit the field's type.
        """
        if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
            msg = f"{self} takes several members, such as a list, not {shorten(values)}"
            raise InvalidValue(msg)
        return [self.encode_new(value) for value in values]

    def _add_members(
        self, new: NewObject, place: FieldPlace, name: str, args: Sequence[Argument], step: int = 1
    ) -> None:
        """Makes members part of a new object.

        Args:
            new: the object.
            place: where the field's values are kept.
            name: the command that stores the members.
            args: its arguments.
            step: how many of those there are for each member, which is the last of them.
        """
        if self.constraints:
            members = args[step - 1 :: step]
            constrained.check_count(self, len(members if self.stored_as == b"list" else set(members)))
        if not args:
            new.unset.append(place.prefix)
            return
        new.members.append((place.prefix, name, args))
        for member in dict.fromkeys(args[step - 1 :: step]):
            self._claim(new, place, cast("bytes", member))
