"""Messages for the findings of scripts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import ConstraintError, StoredValueError, shorten
from limpyd.indexes.maintenance.declarations import DeclaredIndex
from limpyd.integrity.expected_keys import Declared
from limpyd.integrity.findings import Finding, Kind
from limpyd.integrity.requests import Found
from limpyd.keys import to_text

OF_KEYS = {
    "orphan": "an index of this name is not declared",
    "half": "it belongs to an object that does not exist",
    "expiring": "it expires, and should not",
    "unfreed": "its object has a deadline, but the server would keep it after that",
    "lasting": "this stored collection does not expire",
}
PROBLEMS = {
    b"malformed": "is not an entry of this index",
    b"stale": "belongs to an object that does not have this value, or does not exist",
    b"score": "has another score than its object",
}


def finding_of(found: Found, declared: Declared, what: str) -> Finding:
    """A finding with what is to be said of it."""
    kind, key, pk, _, _, repaired = found
    found_kind: Any = kind.decode()
    return Finding(
        found_kind, declared.model.name, to_text(key), None if pk is None else to_text(pk), what, bool(repaired)
    )


def of_key(found: Found, declared: Declared) -> Finding:
    """Returns the finding on a key."""
    kind, fact, other = found[0].decode(), found[3], found[4]
    if kind == "unexplained":
        what = f"this {fact.decode()} belongs to no field, nor to the model itself"
    elif kind == "mistyped":
        what = f"it holds a {fact.decode()}, but should hold a {other.decode()}"
    elif kind == "half" and other is not None:
        what = "the model has no objects; if its set of primary keys was lost, restore it"
    else:
        what = OF_KEYS[kind]
    return finding_of(found, declared, what)


def of_entry(found: Found, declared: Declared, index: DeclaredIndex) -> Finding:
    """Returns the finding on an entry of an index."""
    what = f"{_shown(found[3])} {PROBLEMS[found[4]]} ({declared.described(index)})"
    return finding_of(found, declared, what)


def of_object(found: Found, declared: Declared, indexes: Sequence[DeclaredIndex]) -> Finding:
    """Returns the finding on an object."""
    kind, fact, other = found[0].decode(), found[3], found[4]
    if kind == "bare":
        what = "it has a primary key, but no data" + (", but others refer to it" if fact else "")
    elif kind == "unexplained":
        what = f"{_shown(fact)} in this hash belongs to no field"
    elif kind == "expiring":
        what = f"{_shown(fact)} in this hash is indexed, but expires"
    elif kind == "dangling":
        field = declared.references[other - len(indexes) - 1].field
        what = f"{field} refers to {_shown(fact)}, which is not the primary key of a {field.target.name}"
    elif kind == "missing":
        index = indexes[other - 1]
        what = f"{_shown(fact)} is missing ({declared.described(index)})"
    elif kind == "conflict":
        owner, number = other
        what = f"{_shown(fact)} belongs to {_shown(owner)} as well ({declared.described(indexes[number - 1])})"
    else:
        reason, number = other
        what = f"{_shown(fact)} cannot be indexed: {to_text(reason)} ({declared.described(indexes[number - 1])})"
    return finding_of(found, declared, what)


def of_inventory(found: Found, declared: Declared) -> Finding:
    """Returns the finding on the inventory of a dynamic field."""
    kind, _, _, part, number, _ = found
    field = list(declared.model.dynamic.values())[number - 1]
    lacks = (
        "is not listed here, but the object has it"
        if kind == b"missing"
        else "is listed, but the object does not have it"
    )
    return finding_of(found, declared, f"the version {_shown(part)} of {field.name} {lacks}")


def of_value(declared: Declared, field: Any, key: bytes, pk: bytes, text: bytes, refusal: StoredValueError) -> Finding:
    """Returns the finding on a value that is not of its field's type."""
    what = f"{field} holds {shorten(text)}, which is not a valid {field.codec.name}: {refusal.__cause__}"
    return Finding("undecodable", declared.model.name, to_text(key), to_text(pk), what)


def of_constraint(declared: Declared, field: Any, key: bytes, pk: bytes, error: ConstraintError) -> Finding:
    """Returns the finding on a value that breaks a constraint."""
    return Finding(
        "constraint", declared.model.name, to_text(key), to_text(pk), f"{field} {error.refused}: {error.demand}"
    )


def of_counter(found: Found, declared: Declared) -> Finding:
    """Returns the finding on the counter of primary keys."""
    last = "there is none" if found[3] is None else f"it is {to_text(found[3])}"
    if found[4] is not None:
        return finding_of(found, declared, f"{last}, but there is an object {to_text(found[4])}")
    first, step = declared.partition.number + 1, declared.partition.count
    return finding_of(found, declared, f"{last}, but the numbers of this partition are {first}, {first + step}, …")


def of_place(declared: Declared, pk: bytes) -> Finding:
    """Returns the finding on an object in a partition that its primary key does not name."""
    key, right = declared.partition.pks, declared.model.keys.partition(pk)
    what = f"it belongs to {to_text(right.pks)!r} by its primary key"
    return Finding("misplaced", declared.model.name, to_text(key), to_text(pk), what)


def of_index(kind: Kind, declared: Declared, name: bytes, what: str, *, repaired: bool) -> Finding:
    """Returns the finding on an index as a whole."""
    model, meta = declared.model, declared.partition.meta
    return Finding(kind, model.name, to_text(meta), None, f"{to_text(name)}: {what}", repaired)


def _shown(value: bytes) -> str:
    """Returns a stored value for messages."""
    return shorten(to_text(value))
