"""The error for a script that would make more changes than one step may."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import TooManyChanges, shorten
from limpyd.keys import to_text

REMOVALS = {"set": "spop(1000)", "list": "lpop(1000)", "zset": "zpopmin(1000)", "hash": "hdel(*names)"}
"""The call that removes some entries of a field, by its Redis type."""


def too_many_changes(model: Any, who: str, facts: list[Any], references: Sequence[Any]) -> TooManyChanges:
    """Returns the error for the outcome 'large' of lua/library/journal.lua.

    Args:
        model: the model.
        who: the object, or objects, in the message.
        facts: the facts of the outcome.
        references: the references that the outcome counts from 1 on.
    """
    changes, found_pk, reference, key = facts
    pk = to_text(found_pk or b"")
    if reference is not None:
        by = references[reference - 1]
        holder, field = by.model.name, by.name
        why = f"{holder} objects whose {field} refers to deleted objects are among them"
        chunks = f"in chunks: {holder}.collection({field}=…).delete()"
        if by.many or by.dynamic:
            cure = f"Delete those first, {chunks}; or remove the references from the {field} of each"
        else:
            cure = f"Delete those first, or clear their {field}, {chunks} or .update({field}=None)"
    elif key is not None:
        found = model.field_at(key, None)
        field, how = to_text(key), "SPOP, LTRIM, ZREM or HDEL"
        if found is not model:
            field, how = found.name, REMOVALS.get(model.type_of(key), "delete() of its versions")
        why = f"{field} of {model.name}({shorten(pk)}) has many entries"
        cure = f"Remove these first, in parts, with {how}"
    else:
        why = f"{model.name} objects that the query finds in one step are too many"
        cure = "Select them in parts, such as with pk__in=[…]"
    return TooManyChanges(who, pk, int(changes), int(model.max_changes), why, cure)
