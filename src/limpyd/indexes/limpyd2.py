"""Entries and keys of indexes in the layout of limpyd 2.

Those of unique fields are the same as of others; a `!` says that only one object may have a value, before the
kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import DeclarationError
from limpyd.indexes.normalizers import ENDING
from limpyd.keys.limpyd2 import Limpyd2Partition

NUMBERS = frozenset({"", "exact", "double", "numeral"})
"""The forms of numbers that are kept as they are; limpyd 2 knows no others."""


class Keeping(NamedTuple):
    """The entries and keys of an index of a field in a partition.

    Attributes:
        kind: its kind, as the scripts know it.
        key: its key, or the start of its keys.
        final: the form in which a value is kept, after all else was done to it.
    """

    kind: bytes
    key: bytes
    final: str


class Old(NamedTuple):
    """The keys and entries of a kind of index in limpyd 2.

    Attributes:
        kind: its kind here.
        key: the part of its keys that marks them, if the index says nothing else.
        final: the form of its values.
        by_value: whether it has a key for each value.
    """

    kind: bytes
    key: str
    final: str
    by_value: bool


KINDS = {
    b"eq": Old(b"eq", "", "text", by_value=True),
    b"num": Old(b"num", "number-range", "loose", by_value=False),
    b"nums": Old(b"num", "number-range", "loose", by_value=False),
    b"lex": Old(b"sep", "text-range", "text", by_value=False),
    b"&eq": Old(b"&eq", "equal-with", "text", by_value=True),
    b"&uniq": Old(b"&!eq", "equal-with", "text", by_value=True),
    b"&scored": Old(b"&scored", "equal-scored", "text", by_value=True),
}
SCORED = KINDS[b"&scored"]
UNIQUENESS = b":__uniqueness__"
"""The ending of the keys of the sets that keep the values of an index by score unique."""


def keeping(index: Any, field: Any, where: Limpyd2Partition) -> Keeping:
    """Returns how an index keeps a field's values in the layout of limpyd 2.

    Raises:
        DeclarationError: limpyd 2 has no such index.
    """
    unique = index.kind == b"uniq"
    deciding = index._of if unique else index
    reason = reason_against(deciding, field)
    if reason:
        msg = f"{field}: {deciding} cannot be kept in the layout of limpyd 2, {reason}"
        raise DeclarationError(msg)
    old = KINDS[deciding.kept_kind(field)]
    scored = unique and index.scored
    final = "double" if getattr(deciding, "raise_if_not_float", False) else old.final
    final = ENDING + UNIQUENESS.hex() if scored else final
    name = deciding.key or (SCORED.key if scored else deciding.limpyd2_key or old.key)
    key = where.index(field.key_name, deciding.prefix, name, by_sub_key=field.has_subkeys)
    return Keeping(b"!" + old.kind if unique else old.kind, key + b":" if old.by_value else key, final)


def keep_apart(indexes: Sequence[Any]) -> None:
    """Has the indexes of a field that have a key for each value refuse values whose keys would be those of others."""
    for kept in indexes:
        if kept.found_by == b"eq" and kept.index.alone:
            others = [other.key[len(kept.key) :] for other in indexes if other.key.startswith(kept.key)]
            kept.refine([f"apart:{rest.hex()}" for rest in others if rest])


def reason_against(index: Any, field: Any) -> str:
    """Returns the reason why limpyd 2 has no such index of a field; empty if it has."""
    old = KINDS.get(index.kept_kind(field))
    if old is None:
        return "which has none of its kind"
    if old.kind == b"num" and field.many:
        return "which keeps one number of each object"
    if old.kind == b"num" and not index.all_steps(field) and field.codec.number not in NUMBERS:
        return f"which has no order of {field.codec.name}"
    if not getattr(index, "case_sensitive", True):
        return "which tells upper and lower case apart; give it a transform"
    return ""
