"""The prepared statements of a model: which of its fields they know."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from limpyd.fields.single import SingleValueField
from limpyd.statements.create import MOST_ENTRIES, MOST_FIELDS, MOST_KEYS, Creation, Slot, enters
from limpyd.statements.delete import deletion
from limpyd.statements.entries import follows
from limpyd.statements.statement import Statement


class ModelStatements:
    """The statements that create and delete objects of a model, made when they are first used.

    Args:
        schema: the model.
    """

    def __init__(self, schema: Any) -> None:
        self._schema = schema

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
