"""Primary keys of new objects: given, or minted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.exceptions import InvalidPrimaryKey, shorten
from limpyd.fields.pk import new_pk
from limpyd.schema.schema import Schema


def given_pk(schema: Schema, values: Mapping[str, Any]) -> bytes | None:
    """The primary key among the values of a new object; None if it is minted.

    Raises:
        InvalidPrimaryKey: it is missing, given though automatic, or of a wrong type.
        ConstraintError: it breaks a constraint of the field of the primary key.
    """
    name = schema.pk_name
    if schema.mints_pks and "pk" not in values and name not in values:
        return None
    if name != "pk" and name in values and "pk" in values:
        msg = f"{schema.name}: the primary key is passed twice, as pk and as {name}; pass it once"
        raise InvalidPrimaryKey(msg)
    given = values.get("pk", values.get(name))
    if schema.mints_pks:
        if given is not None:
            raise automatic_pk(schema, given)
        return None
    if given is None:
        raise missing_pk(schema)
    return new_pk(schema.pk_field, given)


def automatic_pk(schema: Schema, given: Any) -> InvalidPrimaryKey:
    """The error for a primary key that is given to a new object, though it is automatic."""
    name = schema.pk_name
    return InvalidPrimaryKey(
        f"{schema.name}.{name} is automatic, so {shorten(given)} cannot be the primary key of a new object; leave "
        f"it out, declare a PKField, or use {schema.name}({given!r}) to get an existing one"
    )


def missing_pk(schema: Schema) -> InvalidPrimaryKey:
    """The error for a new object without a primary key, though it is not automatic."""
    return InvalidPrimaryKey(f"{schema.name} needs its primary key: {schema.name}({schema.pk_name}=…, …)")
