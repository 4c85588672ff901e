"""The errors for expressions that the server could not compute, or whose results it could not store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import InvalidValue, LimpydError, StoredValueError, shorten
from limpyd.keys import to_text

COMPUTATION = frozenset({b"unmet", b"incomputable", b"valueless", b"undecodable"})
"""The outcomes of expressions and conditions (see lua/library/journal.lua)."""


def computation_error(
    who: str, outcome: bytes, facts: Sequence[Any], fields: Sequence[str], unmet: LimpydError
) -> LimpydError:
    """The error that an outcome stands for.

    Args:
        who: the object.
        outcome: the outcome.
        facts: what follows it in the reply.
        fields: the fields that its number counts.
        unmet: the error for a condition that is not met.
    """
    if outcome == b"unmet":
        return unmet
    number, reason, *rest = facts
    field = "the condition" if number is None else fields[number]
    reason = to_text(reason)
    if outcome == b"incomputable":
        result = f"the result, {shorten(to_text(rest[0]))}," if rest else "the result"
        return InvalidValue(f"{who}: {field}: {result} {reason}; nothing was changed")
    if outcome == b"valueless":
        return InvalidValue(
            f"{who}: {field} has no value to compute with, and no {reason} counts as nothing; nothing was changed. "
            f"Give it a value, or update only objects that have one, with if_=~Model.field.is_null()"
        )
    stored, key = rest[0], to_text(rest[1])
    return StoredValueError(
        f"{who}: the key {key!r} holds {shorten(stored)}, which is no {reason} that the server computes with; nothing "
        f"was changed. Set {field} anew",
        key,
    )
