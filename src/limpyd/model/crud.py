"""Requests that create and look up objects."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar, get_args

from limpyd.exceptions import DoesNotExist, InvalidFilter, InvalidPrimaryKey, InvalidValue
from limpyd.expressions import Expression
from limpyd.fields.declaration.setters import with_own_setters
from limpyd.fields.pk import pk_bytes
from limpyd.keys import Partition, to_bytes, to_text
from limpyd.model.primary_keys import given_pk, missing_pk
from limpyd.query.filters.conditions import Condition
from limpyd.query.filters.model import unknown_field
from limpyd.query.filters.parsing import parse
from limpyd.query.planning.plans import AnyPlan, plan_for
from limpyd.query.results.projections import RawPrimaryKeys
from limpyd.query.single_object import exactly_one
from limpyd.requests.request import Request, resolved
from limpyd.schema.schema import Schema
from limpyd.scripts import object_requests
from limpyd.statements.create import Creation
from limpyd.statements.read import Read
from limpyd.types import Encodable

R = TypeVar("R")
ENCODABLE = get_args(Encodable)


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
            return request
    known(schema, values)
    pk = given_pk(schema, values)
    partition = schema.keys.partition(pk)
    new = object_with_pk(schema, pk, values, partition=partition)
    if pk is None and new.empty:
        if not are_given:
            return resolved(None).then(begun)
        raise nothing_to_store(schema)
    return object_requests.create(schema, partition, new).then(begun)


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


class Sought(NamedTuple):
    """The object that a lookup asks for."""

    conditions: tuple[Condition, ...]

    @property
    def text(self) -> str:
        """The same, in messages."""
        return ", ".join(map(str, self.conditions))


def sought(schema: Schema, method: str, pk: Any, filters: Mapping[str, Any]) -> Sought:
    """The conditions of a lookup by primary key, by filters, or by both.

    Raises:
        InvalidFilter: neither is given.
    """
    wanted = dict(filters)
    if isinstance(pk, Expression):
        return Sought(parse(schema, wanted, (pk,)))
    if pk is not None:
        wanted["pk"] = to_text(pk) if isinstance(pk, bytes) else pk  # messages show it
    if (pk is not None and "pk" in filters) or ("pk" in wanted and schema.pk_name != "pk" and schema.pk_name in wanted):
        msg = f"{schema.name}.{method}: the primary key is passed twice; pass it once"
        raise InvalidPrimaryKey(msg)
    if not wanted:
        msg = f"{schema.name}.{method} needs a primary key or filters"
        raise InvalidFilter(msg)
    return Sought(parse(schema, wanted))


class Lookup(Read[R]):
    """The request for the object with a primary key (SISMEMBER).

    Args:
        schema: the model.
        given: the primary key, as it was given.
        convert: makes the result of the primary key, as it is stored.
    """

    __slots__ = ("_convert", "_given", "_schema")

    def __init__(self, schema: Schema, given: Any, convert: Callable[[bytes], R]) -> None:
        stored = schema.pk_field.encode(given)
        self.statement = schema.statements[schema.keys.partition(stored)].exists
        self.needs = self.origin = None
        self.may_be_stale = True
        self.followups = ()
        self._pk = stored
        self._args = ()
        self._schema = schema
        self._given = given
        self._convert = convert

    def transactional(self) -> Request[R]:
        queried = _queried(self._schema, self._given, {}).then(self._convert)
        return queried if queried.transactional is None else queried.transactional()

    def decode(self, reply: int) -> R:
        if not reply:
            msg = f"no {self._schema.name} matches {sought(self._schema, 'get', self._given, {}).text}"
            raise DoesNotExist(msg)
        return self._convert(self._pk)


PLAIN_PKS = frozenset({str, int, bytes})
"""The types of most primary keys as they are given."""


def lookup(schema: Schema, pk: Any, filters: Mapping[str, Any], convert: Callable[[bytes], R]) -> Request[R]:
    """The request for the one object sought; its result is made of the primary key.

    Raises (from the reply):
        DoesNotExist: there is none.
        MultipleObjectsReturned: there are several.
    """
    if type(pk) in PLAIN_PKS and not filters:  # the most frequent lookup needs no plan
        return Lookup(schema, pk, convert)
    return _queried(schema, pk, filters).then(convert)


def _queried(schema: Schema, pk: Any, filters: Mapping[str, Any]) -> Request[bytes]:
    wanted = sought(schema, "get", pk, filters)

    def plan(conditions: Sequence[Condition]) -> AnyPlan:
        return plan_for(schema, conditions, existing=True)

    found = schema.queries.templates.request(
        ("get",), wanted.conditions, lambda conditions: plan(conditions).pks(limit=2)
    )
    return exactly_one(
        found,
        lambda: plan(wanted.conditions).only(RawPrimaryKeys()),
        lambda: f"no {schema.name} matches {wanted.text}",
        lambda: f"several {schema.name} objects match {wanted.text}; get returns one. Add filters, or use collection",
    )


def existence(schema: Schema, pk: Any, filters: Mapping[str, Any]) -> Request[bool]:
    """Returns the request that finds out whether there is such an object."""
    if not filters and (type(pk) in PLAIN_PKS or isinstance(pk, ENCODABLE)):
        stored = schema.pk_field.encode(pk)
        return Read(schema.statements[schema.keys.partition(stored)].exists, stored, (), bool)

    def first(conditions: Sequence[Condition]) -> Request[list[bytes]]:
        return plan_for(schema, conditions, existing=True).pks(limit=1)

    conditions = sought(schema, "exists", pk, filters).conditions
    return schema.queries.templates.request(("exists",), conditions, first).then(bool)


def distinct(schema: Schema, pks: Iterable[Any]) -> list[bytes]:
    """Primary keys as they are stored, without repetition."""
    return list(dict.fromkeys(pk_bytes(schema.name, pk) for pk in pks))


def existing(schema: Schema, pks: list[bytes]) -> Request[list[bytes]]:
    """The request that returns the primary keys that exist, among the given ones (SMISMEMBER)."""
    return plan_for(schema, ()).existing(pks)
