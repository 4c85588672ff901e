"""The prepared statements of a model: which of its fields they know."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from limpyd.fields.single import SingleValueField
from limpyd.keys import Partition
from limpyd.model.instance_hash import InstanceHash
from limpyd.statements.create import MOST_ENTRIES, MOST_FIELDS, MOST_KEYS, Creation, Slot, enters
from limpyd.statements.delete import deletion
from limpyd.statements.entries import follows
from limpyd.statements.read import LoadStatement, ReadStatement
from limpyd.statements.statement import Statement

MOST_LOADS = 128
"""How many combinations of fields a model has statements for at a time, to read them together."""


class ModelStatements:
    """The statements that create, delete and load objects of a model, made when they are first used.

    Args:
        schema: the model.
    """

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self.subject = InstanceHash(schema.name)
        """The hash of an object, in messages."""
        self._reads: dict[tuple[Partition, str], ReadStatement] = {}
        self._loads: dict[tuple[Partition, tuple[str, ...]], LoadStatement] = {}

    def read(self, where: Partition, command: str) -> ReadStatement:
        """The statement of a command that reads the hash of an object."""
        try:
            return self._reads[where, command]
        except KeyError:
            statement = self._reads[where, command] = ReadStatement(command, where.hash_prefix, self.subject)
        return statement

    def load(self, where: Partition, names: tuple[str, ...]) -> LoadStatement:
        """The statement that reads some fields in the hash of an object.

        Raises:
            UnknownField: a name is no InstanceHashField.
        """
        try:
            return self._loads[where, names]
        except (KeyError, TypeError):  # or a name is none
            fields = [self._schema.hash_field(name) for name in names]
        statement = LoadStatement(where.hash_prefix, self.subject, fields)
        if len(self._loads) >= MOST_LOADS:
            self._loads.clear()
        self._loads[where, names] = statement
        return statement

    @cached_property
    def creation(self) -> Creation | None:
        """The statement that creates an object; None if only the general script can.

        Fields of many members, and those with an index of which only Python knows how many entries a value has, get no
        value by it; that one makes objects with a version, too.
        """
        schema = self._schema
        (where,) = schema.keys.partitions
        if schema.together(where) or schema.version is not None:
            return None
        slots = []
        for name, field, place, sub in schema.layout(where):
            if isinstance(field, SingleValueField) and all(map(enters, place.indexes)):
                slots.append(_slot(where, name, field, place, sub))
        taken = {slot.name for slot in slots}
        left = [place for name, _, place, _ in schema.layout(where) if name not in taken]
        others = [place.prefix for place in left if place.prefix != where.hash_prefix]
        others += schema.dynamic.inventories(where)
        if len(others) > MOST_KEYS or not _fit(slots):
            return None
        return Creation(schema, where, slots, others, mints=schema.mints_pks)

    @cached_property
    def deletion(self) -> Statement | None:
        """The statement that deletes an object to which none refers; None if only the general script can.

        That one deletes objects with an index of values of many members, of several fields, or of which only Python
        knows what it kept, and those with dynamic fields.
        """
        schema = self._schema
        (where,) = schema.keys.partitions
        if schema.together(where) or schema.dynamic:
            return None
        indexed = [slot for slot in schema.layout(where) if slot[2].indexes]
        prefixes = schema.key_prefixes(where)
        fits = all(
            isinstance(field, SingleValueField) and all(map(follows, place.indexes)) for _, field, place, _ in indexed
        )
        if not fits or len(prefixes) > MOST_KEYS:
            return None
        slots = [_slot(where, *slot) for slot in indexed]
        return deletion(schema, where, slots, prefixes) if _fit(slots) else None


def _fit(slots: Sequence[Slot]) -> bool:
    """Whether a function of Lua has locals enough for the fields and their indexes."""
    entries = sum(len(slot.checks) + len(slot.indexes) for slot in slots)
    return len(slots) <= MOST_FIELDS and entries <= MOST_ENTRIES


def _slot(where: Any, name: str, field: Any, place: Any, sub: bytes | None) -> Slot:
    checks = field.checks_in(where)
    return Slot(name, field.encode, place.prefix, sub, place.indexes, checks)
