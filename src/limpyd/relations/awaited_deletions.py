"""The references within a slot whose writes wait for deletions that take several steps (see limpyd.deletions).

A deletion takes steps if a reference to anything that it deletes leads to another partition, and it asks others first
if one restricts it. Both can only become true as models are declared, so each model is looked at a few times at most.
"""

from __future__ import annotations

from typing import Any

from limpyd.keys import to_bytes
from limpyd.relations.references import CASCADE, RESTRICT, ReferenceField
from limpyd.utils.cached_properties import cached_property

TAKES_STEPS, ASKS = "takes steps", "asks"
IS_AWAITED = "is awaited"
"""The deletion of one of the objects, or of one that it goes with, takes steps and asks."""


class AwaitedDeletions:
    """The part of a schema that knows for which deletions its writes wait."""

    @cached_property
    def awaited(self) -> dict[bytes, Any]:
        """The models to whose objects those of this one refer within a slot, and for whose deletions writes wait."""
        return {}

    @cached_property
    def deletion_facts(self) -> set[str]:
        """The facts that hold of deletions of its objects."""
        return set()


def note_reference(field: ReferenceField[Any]) -> None:
    """Takes note of a reference that was connected."""
    holder: Any = field.model
    facts = {ASKS} if field.on_delete == RESTRICT else set[str]()
    if not field.is_local:
        facts.add(TAKES_STEPS)
    if field.on_delete == CASCADE:
        facts |= holder.deletion_facts - {IS_AWAITED}
    _add(field.target, facts)
    if IS_AWAITED in field.target.deletion_facts:
        _await_deletions(field)


def _add(schema: Any, facts: set[str]) -> None:
    """Adds facts to a model, and to those whose objects it goes with."""
    left = [schema]
    while left:
        one = left.pop()
        if not facts <= one.deletion_facts:
            one.deletion_facts.update(facts)
            if {TAKES_STEPS, ASKS} <= one.deletion_facts:
                _mark(one)
            references = (each for each in one.value_fields.values() if isinstance(each, ReferenceField))
            left += [each.target for each in references if each.on_delete == CASCADE and each.has_target]


def _mark(schema: Any) -> None:
    """Has the references within a slot wait that lead to a model, or to one that goes with it."""
    if IS_AWAITED not in schema.deletion_facts:
        schema.deletion_facts.add(IS_AWAITED)
        for field in schema.incoming:
            _await_deletions(field)


def _await_deletions(field: Any) -> None:
    holder, target = field.model, field.target
    if field.check and field.is_local and not field.waits:
        field.waits = True
        field.connect(target)
        holder.awaited[to_bytes(target.keys.tag)] = target
        holder.renew()
    if field.on_delete == CASCADE:
        _mark(holder)
