"""Which fields of a model the statement that creates objects gives values."""

from __future__ import annotations

from typing import Any

from limpyd.fields.single import SingleValueField
from limpyd.statements.create import MOST_FIELDS, MOST_KEYS, Creation, Slot, enters


def creation(schema: Any) -> Creation | None:
    """Returns the statement that creates an object of a model; None if only the general script can.

    Fields of many members, and those with an index of which only Python knows how many entries a value has, get no
    value by it.
    """
    (where,) = schema.keys.partitions
    if schema.together(where):
        return None
    slots = []
    for name, field, place, sub in schema.layout(where):
        settable = isinstance(field, SingleValueField) and field is not schema.version
        if settable and all(map(enters, place.indexes)):
            checks = field.checks_in(where)
            slots.append(Slot(name, field.encode, field.default_value, place.prefix, sub, place.indexes, checks))
    taken = {slot.name for slot in slots}
    left = [(field, place) for name, field, place, _ in schema.layout(where) if name not in taken]
    others = [place.prefix for _, place in left if place.prefix != where.hash_prefix]
    others += schema.dynamic.inventories(where)
    if len(slots) > MOST_FIELDS or len(others) > MOST_KEYS or any(field.default is not None for field, _ in left):
        return None
    return Creation(schema, where, slots, others, mints=schema.mints_pks)
