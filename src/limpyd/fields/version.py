"""VersionField: how often an object was updated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Never, Self, overload

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.exceptions import DeclarationError, UnsupportedCommand
from limpyd.fields.bound.value import BoundValue
from limpyd.fields.instancehash import InstanceHashField
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Argument, Request
from limpyd.scripts.writes import WriteStep

FIRST = 1
"""The version of a new object."""


class BoundVersion(BoundValue[Face]):
    """The version of one instance, which can only be read."""

    __slots__ = ()

    @command("HGET")
    def hget(self) -> Request[int | None]:
        """The version (HGET), or None if the object was stored before its model had versions."""
        return self._read("HGET", (self._field.sub,), self._value)

    get = hget

    @command("HEXISTS")
    def hexists(self) -> Request[bool]:
        """Returns whether there is a version (HEXISTS)."""
        return self._read("HEXISTS", (self._field.sub,), to_bool)

    exists = hexists


class VersionField(InstanceHashField[int]):
    """Counts the updates of an object: a new one has version 1, and each `update` adds 1 in the same step."""

    def __init__(self) -> None:
        super().__init__(int, default=FIRST)

    # Its commands are fewer than those of what it is stored as.
    @overload  # type: ignore[override]
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundVersion[Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundVersion[Async]: ...
    def __get__(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, instance: Any, owner: Any = None
    ) -> Any:
        return self if instance is None else BoundVersion(self, instance)

    def settle(self, partition: Partition, indexes: tuple[FieldIndex, ...], composites: Sequence[FieldIndex]) -> None:
        if composites:
            msg = f"{self} counts updates, and cannot be part of an index; leave it out of {composites[0].index}"
            raise DeclarationError(msg)
        super().settle(partition, indexes, composites)

    def setting(self, value: Any, partition: Partition) -> Never:
        """Refused: nobody sets a version.

        Raises:
            UnsupportedCommand: always.
        """
        self.refuse()

    def step(self, pk: bytes | None, command: str, *args: Argument) -> Never:
        """Refused, as is `setting`."""
        self.refuse()

    def counting(self, partition: Partition) -> WriteStep:
        """The write command that counts an update, in any object."""
        return WriteStep(self.name, self.layout_in(partition), "HINCRBY", (self.sub, 1))

    def refuse(self) -> Never:
        """Says that nobody sets a version.

        Raises:
            UnsupportedCommand: always.
        """
        msg = f"{self} counts the updates of an object, so it can only be read; `update` increments it"
        raise UnsupportedCommand(msg)
