"""The error for a reference to an object that is not where the script looked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import InvalidValue, LimpydError, RelatedDoesNotExist, shorten
from limpyd.keys import to_text


def absent(claim: Any, referred: bytes, pk: bytes | None, claims: Sequence[Any]) -> LimpydError:
    """Returns the error for a reference whose target does not exist, or is in another partition.

    Args:
        claim: the value (see `Claim` in scripts/error_mapping.py).
        referred: the primary key that it refers to.
        pk: that of the object that would refer; None if it is minted, or not known.
        claims: all values that are written.
    """
    field: Any = claim.model.field(claim.field)
    there = field.target.keys.partition(referred)
    may_be_elsewhere = there.count > 1 and field.is_local
    here = _partition_of(field.model, pk, claims) if may_be_elsewhere else None
    if here is None or here.number == there.number:
        return RelatedDoesNotExist(
            claim.model.name, claim.field, field.target.name, to_text(referred), can_be_unchecked=not may_be_elsewhere
        )
    who = f"a new {field.model.name}" if pk is None else f"{field.model.name}({shorten(to_text(pk))})"
    return InvalidValue(
        f"{field}: {field.target.name}({shorten(to_text(referred))}) is in partition {there.number} of {there.count}, "
        f"and {who} in partition {here.number}; nothing was written. With colocate_with an object refers only to such "
        f"as are in its partition, and stays there: create another {field.model.name} beside that {field.target.name}"
    )


def _partition_of(model: Any, pk: bytes | None, claims: Sequence[Any]) -> Any:
    """Returns the partition of an object; of one that is not created yet that of the objects that it refers to."""
    if pk is not None:
        return model.keys.partition(pk)
    for claim in claims:
        field = model.foreign_keys_beside.get(claim.field)
        if field is not None and claim.stored:
            return model.keys.beside(field.target.keys.partition(claim.stored))
    return None
