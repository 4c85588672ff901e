"""get_or_create and get_or_connect: they find an object by the values that a new one would have."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from limpyd.exceptions import (
    ConstraintError,
    InvalidFilter,
    InvalidPrimaryKey,
    InvalidValue,
    LimpydError,
    UnsupportedCommand,
    shorten,
)
from limpyd.expressions import SEPARATOR, Comparison, Expression
from limpyd.fields import ValueField
from limpyd.fields.declaration.setters import with_own_setters
from limpyd.fields.pk import pk_bytes
from limpyd.keys import Partition
from limpyd.model.crud import known, object_with_pk, with_defaults
from limpyd.model.primary_keys import automatic_pk, given_pk
from limpyd.model.updates import assigned
from limpyd.operands import Operand
from limpyd.query.filters.composites import composites
from limpyd.query.filters.conditions import ByIndex, Condition
from limpyd.query.filters.lookups import serving
from limpyd.query.filters.parsing import condition_of
from limpyd.query.planning.assumptions import assumed
from limpyd.query.planning.plan import Plan
from limpyd.requests.request import Request
from limpyd.schema.schema import Schema
from limpyd.scripts import object_requests
from limpyd.scripts.update_or_create import update_or_create as updating

MADE_OF_MEMBERS = frozenset({"list", "set"})
"""The Redis types whose values are made of their members alone."""


def get_or_create(
    schema: Schema, method: str, pk: Any, defaults: Mapping[str, Any] | None, filters: Mapping[str, Any]
) -> Request[tuple[bytes, bool]]:
    """The request that finds the one object that has some values, or creates it with them.

    It is one step on the server: if several callers run at once, one creates the object and the others find it.

    Raises:
        UnknownField: a name is no field.
        InvalidFilter: an object cannot be found, or not be created, by a value.
        InvalidValue: a value does not fit its field's type.
        InvalidPrimaryKey: it is automatic, so no object can be created with it; or missing, or given twice.
        UnsupportedCommand: the model has several partitions, and neither the primary key nor a unique value is given,
            nor an object that is always in the same partition.
        ConstraintError (from the reply): an object would be created without a value of a required field.
    """
    values, others, conditions = _sought(schema, method, pk, defaults, filters)
    by_automatic_pk = schema.mints_pks and "pk" in values
    if by_automatic_pk and method != "get_or_connect":
        raise automatic_pk(schema, values["pk"])
    text = ", ".join(map(str, conditions))

    def request_in(partition: Partition, gone: LimpydError | None = None) -> Request[tuple[bytes, bool]]:
        absent: LimpydError | None
        if by_automatic_pk:  # it can be found but not given, so what is absent stays absent
            new, absent = object_requests.NewObject(None), automatic_pk(schema, values["pk"])
        else:
            created = {**others, **_created(schema, method, values, others)}
            new, absent = _new_object(schema, partition, created, text)
        request = object_requests.get_or_create(
            schema, partition, Plan(schema, partition, conditions).search, new, gone or absent, sought=text
        )
        return request.assuming(*assumed(schema, conditions, (), partition))

    return _where_it_is(schema, method, values, others, conditions, request_in)


def update_or_create(
    schema: Schema,
    pk: Any,
    defaults: Mapping[str, Any] | None,
    create_defaults: Mapping[str, Any] | None,
    filters: Mapping[str, Any],
) -> Request[tuple[bytes, bool]]:
    """The request that finds the one object that has some values and gives it others, or creates it with both.

    It is one step on the server, as `get_or_create`. Raises as that.
    """
    method = "update_or_create"
    for given in (defaults, create_defaults):
        if given is not None and not isinstance(given, Mapping):
            msg = f"{schema.name}.{method} takes defaults and create_defaults as dicts, not {shorten(given)}"
            raise InvalidValue(msg)
    if not defaults:
        return get_or_create(schema, method, pk, create_defaults, filters)
    created_with = defaults if create_defaults is None else create_defaults
    known(schema, defaults)
    values, created_with, conditions = _sought(schema, method, pk, created_with, filters)
    if schema.mints_pks and "pk" in values:
        raise automatic_pk(schema, values["pk"])
    both = sorted(defaults.keys() & values.keys())
    if both:
        msg = f"{schema.name}.{method}: {both[0]} is passed twice, to find an object and among defaults; pass it once"
        raise InvalidFilter(msg)
    computed = sorted(name for name, value in created_with.items() if isinstance(value, Operand))
    if computed:
        msg = (
            f"{schema.name}.{method}: {computed[0]} cannot be computed for a new object, which has no values yet; pass "
            f"its values as create_defaults={{{computed[0]!r}: …}}"
        )
        raise InvalidFilter(msg)
    text = ", ".join(map(str, conditions))
    created = {**created_with, **_created(schema, method, values, created_with)}

    def request_in(partition: Partition, gone: LimpydError | None = None) -> Request[tuple[bytes, bool]]:
        new, absent = _new_object(schema, partition, created, text)
        search = Plan(schema, partition, conditions).search
        request = updating(
            schema, partition, search, assigned(schema, defaults), schema.version_sub, new, gone or absent, sought=text
        )
        return request.assuming(*assumed(schema, conditions, (), partition))

    return _where_it_is(schema, method, values, created_with, conditions, request_in)


def _where_it_is(
    schema: Schema,
    method: str,
    values: Mapping[str, Any],
    others: Mapping[str, Any],
    conditions: Sequence[Condition],
    request_in: Callable[..., Request[tuple[bytes, bool]]],
) -> Request[tuple[bytes, bool]]:
    """Returns the request to the partition of the object; raises as `_partition`."""
    is_placed = schema.keys.count == 1 or schema.parent is not None or "pk" in values
    if not is_placed and schema.claimed_index is not None:
        from limpyd.claims.unique_value import UniqueValue  # noqa: PLC0415 - few models have several partitions
        from limpyd.model.unique_values import where_it_is  # noqa: PLC0415
        from limpyd.query.merging.claimed_plan import by_unique  # noqa: PLC0415

        unique = by_unique(conditions)
        if unique is not None:
            name = unique.field_index.key.removeprefix(schema.keys.first.prefix + b"uniq:")
            of_pk = None if schema.mints_pks else schema.keys.partition(given_pk(schema, others))
            return where_it_is(schema, UniqueValue(schema, name, unique.texts[0]), request_in, of_pk)
    if not is_placed and schema.mints_pks and all(condition.beside() is None for condition in conditions):
        from limpyd.model.anywhere import anywhere  # noqa: PLC0415 - few models have several partitions

        return anywhere(schema, values, conditions, request_in)
    return request_in(_partition(schema, method, values, conditions))


def _partition(schema: Schema, method: str, values: Mapping[str, Any], conditions: Sequence[Condition]) -> Partition:
    """Returns the partition of an object that is sought by some values.

    Raises:
        UnsupportedCommand: it may be in any of several.
    """
    if schema.keys.count == 1:
        return schema.keys.first
    if "pk" in values:
        return schema.keys.partition(pk_bytes(schema.name, values["pk"]))
    named = [numbers for condition in conditions if (numbers := condition.beside()) is not None]
    if named and len(named[0]) == 1:
        return schema.keys.partitions[next(iter(named[0]))]
    cure = "use get and create" if schema.mints_pks else f"pass the primary key, as {schema.pk_name}=…"
    beside = " or ".join(schema.foreign_keys_beside) if schema.parent is not None else ""
    cure += f", or, as long as there are no objects, set partitions = 1 on {schema.name}"
    cure = f"pass {beside} as well" if beside else cure
    msg = (
        f"{schema.name}.{method}: {', '.join(map(str, conditions))} does not say in which of the {schema.keys.count} "
        f"partitions of {schema.name} the object is, and no step finds or creates an object in all of them; {cure}"
    )
    raise UnsupportedCommand(msg)


def _new_object(
    schema: Schema, partition: Partition, values: Mapping[str, Any], sought: str
) -> tuple[object_requests.NewObject, ConstraintError | None]:
    """The object to create, and the error if it lacks a required value: it is raised if no object is found."""
    known(schema, values)
    values = with_defaults(schema, values)
    new = object_with_pk(schema, given_pk(schema, values), values, schema.required, partition)
    missing = schema.missing_required(values)
    if missing is None:
        return new, None
    reason = f"no object matches {sought}, and a new one needs the value among its defaults"
    return new, schema.value_fields[missing].without_value(new.pk, reason)


def _sought(
    schema: Schema, method: str, pk: Any, defaults: Mapping[str, Any] | None, filters: Mapping[str, Any]
) -> tuple[dict[str, Any], Mapping[str, Any], tuple[Condition, ...]]:
    """The values that an object is sought by, the others of a new object, and the conditions that it meets."""
    values, others = _values(schema, method, pk, filters), defaults or {}
    known(schema, others)
    if schema.own_setters:
        values, others = _as_stored(schema, values, others)
    return values, others, _conditions(schema, method, values)


def _values(schema: Schema, method: str, pk: Any, filters: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the object has, by field; the primary key under `pk`."""
    if isinstance(pk, Expression):
        msg = f"{schema.name}.{method}: {pk!r} does not define the values of a new object; use plain field names"
        raise InvalidFilter(msg)
    pks = [filters[name] for name in dict.fromkeys(("pk", schema.pk_name)) if name in filters]
    pks += [] if pk is None else [pk]
    if len(pks) > 1:
        msg = f"{schema.name}.{method}: the primary key is passed twice; pass it once"
        raise InvalidPrimaryKey(msg)
    values = {name: value for name, value in filters.items() if name not in {"pk", schema.pk_name}}
    for name, value in values.items():
        if SEPARATOR in name:
            msg = f"{schema.name}.{method}: {name} does not define the value of a new object; use plain field names"
            raise InvalidFilter(msg)
        if value is None:
            msg = (
                f"{schema.name}.{method}: no object can be found by {name}=None; leave it out, or find objects "
                f"without a value with collection({name}{SEPARATOR}isnull=True)"
            )
            raise InvalidFilter(msg)
    known(schema, values)
    if pks:
        values["pk"] = pks[0]
    if not values:
        msg = f"{schema.name}.{method} needs a primary key or filters"
        raise InvalidFilter(msg)
    return values


def _as_stored(
    schema: Schema, values: dict[str, Any], defaults: Mapping[str, Any]
) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """The values to find, and the further values of a new object, as the setters of their fields store them."""
    stored = {}
    for name, value in values.items():
        field: Any = schema.field(name)
        many = isinstance(field, ValueField) and field.many
        given = with_own_setters(schema, {name: [value] if many else value}, defaults=False).get(name, value)
        stored[name] = given[0] if many and isinstance(given, list) and len(given) == 1 else given
    others = with_own_setters(schema, {**dict.fromkeys(values), **defaults})
    return stored, {name: value for name, value in others.items() if name not in values or name in defaults}


def _conditions(schema: Schema, method: str, values: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Returns the conditions that an object with these values meets."""
    written = [Comparison(schema.field(name), (), "eq", value) for name, value in values.items()]
    by_composites, others = composites(schema, written)
    return (*by_composites, *(_condition(schema, method, comparison) for comparison in others))


def _condition(schema: Schema, method: str, comparison: Any) -> Condition:
    """Returns the condition that an object with a value meets: an index has the entry of that value."""
    field = comparison.field
    lookup = serving(field).get(("", "eq")) if isinstance(field, ValueField) and not field.has_subkeys else None
    if lookup is None or not lookup.field_index.transforms:
        return condition_of(schema, comparison)
    texts = lookup.field_index.indexed_texts(field.encode(comparison.value))
    if len(texts) != 1:
        msg = (
            f"{schema.name}.{method}: {comparison}: {lookup.field_index} keeps {len(texts)} entries for it, so it "
            "cannot find the object with this value; add an EqualIndex with another key before it, or use get and "
            "create"
        )
        raise InvalidFilter(msg)
    return ByIndex(lookup, texts, (), comparison)


def _created(schema: Schema, method: str, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The values that a new object is created with; of a field of many members the one that was sought."""
    created = {}
    for name, value in values.items():
        field: Any = schema.field(name)
        many = isinstance(field, ValueField) and field.many
        if many and field.redis_type not in MADE_OF_MEMBERS:
            msg = (
                f"{schema.name}.{method}: {name}={shorten(value)} is not a complete value of {field}, whose "
                "members are stored with more data; use get and create"
            )
            raise InvalidFilter(msg)
        if many and name in defaults:
            msg = (
                f"{schema.name}.{method}: {name} is passed twice, as the member to find and in defaults; a new "
                "object gets only the member to find, and you can add others afterwards"
            )
            raise InvalidFilter(msg)
        created[name] = [value] if many else value
    return created
