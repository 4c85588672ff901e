"""Requests that create objects."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any, TypeVar

from limpyd.exceptions import InvalidValue
from limpyd.fields.declaration.setters import with_own_setters
from limpyd.keys import Partition, to_bytes
from limpyd.model.primary_keys import given_pk, missing_pk
from limpyd.query.filters.model import unknown_field
from limpyd.requests.request import Request, resolved
from limpyd.schema.schema import Schema
from limpyd.scripts import object_requests
from limpyd.statements.create import Creation

R = TypeVar("R")


def new_object(
    schema: Schema, values: Mapping[str, Any], partition: Partition | None = None
) -> object_requests.NewObject:
    """Returns an object with these values and the defaults of the other fields. A value of None is not stored.

    Args:
        schema: its model.
        values: its values.
        partition: its partition; None for that of its primary key, or the one whose turn it is.

    Raises:
        UnknownField: a name is no field.
        InvalidValue: a value does not fit its field's type.
        InvalidPrimaryKey: it is missing, given though automatic, or of a wrong type.
    """
    known(schema, values)
    return object_with_pk(schema, given_pk(schema, values), values, partition=partition)


def object_with_pk(
    schema: Schema,
    pk: bytes | None,
    values: Mapping[str, Any],
    later: Container[str] = (),
    partition: Partition | None = None,
) -> object_requests.NewObject:
    """Returns the same for a primary key and names of fields that have been checked; `later` get their values later."""
    new = object_requests.NewObject(pk)
    if partition is None:
        partition = schema.keys.partition(pk)
    for name, field, place, sub in schema.layout(partition):
        value = values[name] if name in values else field.default_value()
        if value is None:
            if field.required and name not in later:
                raise field.without_value(pk)
            if sub is None:
                new.unset.append(place.prefix)
            continue
        field.add_to(new, place, value)
    if schema.dynamic:
        add_versions(schema, partition, new, values)
    for index in schema.composites(partition):
        entry = index.entry([new.value_in(place) for place in index.places])
        if entry is not None:
            new.entries += (index.kind_name, index.key, entry)
            new.claims.append((index, entry, None))
    return new


def add_versions(
    schema: Schema, partition: Partition, new: object_requests.NewObject, values: Mapping[str, Any]
) -> None:
    """Adds versions of dynamic fields, and their inventories, to a new object."""
    new.unset += schema.dynamic.inventories(partition)
    for name in values.keys() - schema.settable:
        field = schema.dynamic.version(name)
        if field is None or values[name] is None:
            continue
        before = len(new.hash), len(new.strings), len(new.members)
        field.add_to(new, field.place_in(partition), values[name])
        if before != (len(new.hash), len(new.strings), len(new.members)):  # else it has no members
            part = to_bytes(field.version_part)
            new.entries += (b"inv", field.version_of.inventory_prefix(partition), part)
            new.claims.append((field, part, None))


def known(schema: Schema, values: Mapping[str, Any]) -> None:
    """Refuses names that cannot have a value in a new object.

    Raises:
        UnknownField: a name is no field.
        UnsupportedCommand: it is the version.
    """
    unknown = values.keys() - schema.settable
    if unknown and schema.dynamic:
        unknown = {name for name in unknown if schema.dynamic.version(name) is None}
    if unknown:
        raise unknown_field(schema, min(unknown))
    if schema.version is not None and schema.version.name in values:
        schema.version.refuse()


def creation(schema: Schema, values: Mapping[str, Any], begun: Callable[[bytes | None], R]) -> Request[R]:
    """The request that creates an object; its result is made from the primary key, or from None if none is stored yet.

    Raises as `new_object`, and from the reply:
        UniquenessError: the primary key, or a unique value, belongs to another object.
        InvalidValue: all values are None, and there is no default.
    """
    if schema.own_setters:
        values = with_own_setters(schema, values)
    if not values and not (schema.has_defaults and schema.mints_pks):
        return _begun_without_values(schema, begun)
    schema.take_turn(values)
    are_given = bool(values)
    if schema.has_defaults:
        values = with_defaults(schema, values)
    if schema.required and schema.missing_required(values) is not None:
        known(schema, values)  # a misspelt name is why a value is missing
        schema.check_required(values)
    statement = schema.statements[schema.keys.first].creation
    if statement is not None and statement.takes(values, schema.pk_names):
        pk = given_pk(schema, values)
        own: Creation = schema.statements[schema.keys.partition(pk)].creation or statement
        request = None if pk and schema.deletions.leave_tombs else own.request(pk, values, begun, creation_in_general)
        if request is not None:
            return request if not schema.is_swept_by_creations else _after_sweep(schema, own.partition, request)
    known(schema, values)
    pk = given_pk(schema, values)
    partition = schema.keys.partition(pk)
    new = object_with_pk(schema, pk, values, partition=partition)
    if pk is None and new.empty:
        if not are_given:
            return resolved(None).then(begun)
        raise nothing_to_store(schema)
    created = object_requests.create(schema, partition, new).then(begun)
    return created if not schema.is_swept_by_creations else _after_sweep(schema, partition, created)


def _after_sweep(schema: Any, partition: Partition, request: Request[R]) -> Request[R]:
    """Returns a creation that is sent after the removal of some expired objects, if it is time."""
    return request.after(schema.sweeping.before_creation(partition))


def _begun_without_values(schema: Schema, begun: Callable[[bytes | None], R]) -> Request[R]:
    """The request for an instance that is stored with its first value.

    Raises:
        InvalidPrimaryKey: it has defaults, and so would be stored at once, without a primary key.
    """
    if schema.has_defaults:
        raise missing_pk(schema)
    if schema.parent is None:  # else there is no first value without an object that it refers to
        schema.take_turn({})
    return resolved(None).then(begun)


def creation_in_general(schema: Schema, partition: Partition, values: Mapping[str, Any]) -> Request[bytes]:
    """The request that creates an object with the general script."""
    return object_requests.create(schema, partition, new_object(schema, values, partition))


def with_defaults(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the values of a new object with the defaults of its other fields; each function is called once."""
    fields = [field for field in schema.value_fields.values() if field.default is not None]
    missing = [field for field in fields if field.name not in values and field is not schema.version]
    return {**{field.name: field.default_value() for field in missing}, **values}


def nothing_to_store(schema: Schema) -> InvalidValue:
    """The error for a new object all of whose values are None or without members."""
    return InvalidValue(
        f"{schema.name}: an object needs at least one value to be stored; {schema.name}() returns an instance that "
        "is stored with its first value"
    )
