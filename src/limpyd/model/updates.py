"""The request that sets several fields of one object at once."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MethodType
from typing import Any, Generic, Protocol, TypeVar, overload

from limpyd.commands.calls import calling_by_statement
from limpyd.commands.foreign_key_values import taking_foreign_keys
from limpyd.exceptions import InvalidPrimaryKey, InvalidValue, shorten
from limpyd.expressions import Expression
from limpyd.fields import PKField, SingleValueField, ValueField, VersionField
from limpyd.fields.checks import integer
from limpyd.fields.declaration.setters import with_own_setters
from limpyd.fields.pk import pk_bytes
from limpyd.operands import Operand
from limpyd.query.bulk_writes import condition_of, is_computed
from limpyd.requests.request import Argument, Request
from limpyd.requests.step_results import UnknownResult, taking_results
from limpyd.schema.schema import Schema
from limpyd.scripts import updates
from limpyd.scripts.object_requests import NewObject
from limpyd.scripts.updates import Assigned
from limpyd.types import Encodable

R_co = TypeVar("R_co", covariant=True)

MISSING: Any = object()
"""Stands for an argument that is not given."""


def assigned(schema: Schema, values: Mapping[str, Any]) -> list[Assigned]:
    """New values of fields of any type, as an update takes them; None removes one.

    Raises:
        UnknownField: a name is no field.
        InvalidValue: there is none, one does not fit its field's type, or its field is the primary key.
        UnsupportedCommand: its field is the version.
    """
    if schema.own_setters:
        values = with_own_setters(schema, values, defaults=False)
    return assigned_as_given(schema, values if schema.lapses is None else schema.lapses.with_new_deadlines(values))


def assigned_as_given(schema: Schema, values: Mapping[str, Any]) -> list[Assigned]:
    """Returns the same for values that are not passed to the setters of users' field classes."""
    if not values:
        msg = f"{schema.name}: update needs the new value of at least one field"
        raise InvalidValue(msg)
    return [_assigned_one(schema, schema.field(name), value) for name, value in values.items()]


def _assigned_one(schema: Schema, field: Any, value: Any) -> Assigned:
    if isinstance(field, PKField):
        msg = f"{field} is the primary key, which cannot change; create another object"
        raise InvalidValue(msg)
    if isinstance(field, VersionField):
        field.refuse()
    if isinstance(value, Operand):
        from limpyd.query.computed.arithmetic import computed  # noqa: PLC0415 - most programs compute nothing

        program = computed(schema, field, value)
        return Assigned(field.name, field.layout_in, program)
    if isinstance(field, SingleValueField):
        return Assigned(field.name, field.layout_in, () if value is None else (field.encode_new(value),))
    return Assigned(field.name, field.layout_in, () if value is None else _making(field, value))


def _making(field: ValueField[Any], value: Any) -> tuple[Argument, ...]:
    """Returns the command that stores a value of many members, with its arguments; nothing for an empty value."""
    new = NewObject(None)
    field.add_to(new, field.place_in(field.model.keys.first)._replace(indexes=()), value)
    for _, command, args in new.members:
        return (command, *args)
    return ()


def expected_version(schema: Schema, if_version: int | None) -> int | None:
    """Returns the version that the object must have, if any; None, read from an object without one, counts as 0.

    Raises:
        InvalidValue: it is no number, or the model has no versions.
    """
    if if_version is MISSING:
        return None
    if schema.version is None:
        msg = f"{schema.name}: if_version needs a VersionField, and the model declares none"
        raise InvalidValue(msg)
    return 0 if if_version is None else integer("if_version", if_version, low=0)


def updating(
    schema: Schema,
    pk: bytes,
    values: Mapping[str, Any],
    if_: Expression | None,
    if_version: int | None,
    instance: Any = None,
) -> Request[int | None]:
    """The request that updates an object. Raises as `assigned`, `condition` and `expected_version`."""
    expected = expected_version(schema, if_version)
    condition, shown = condition_of(schema, if_), "" if if_ is None else repr(if_)
    if schema.own_setters:
        values = with_own_setters(schema, values, defaults=False)
    if schema.lapses is not None:
        values = schema.lapses.with_new_deadlines(values)

    def general() -> Request[int | None]:
        request = updates.update(
            schema,
            schema.keys.partition(pk),
            pk,
            assigned_as_given(schema, values),
            schema.version_sub,
            expected,
            condition,
            shown,
        )
        return request if instance is None else request.then(found)

    def found(version: int | None) -> int | None:
        instance._mark_existing()
        return version

    if condition is not None or is_computed(values):
        return general()
    statement = schema.statements[schema.keys.partition(pk)].update("update", values)
    if statement is None:
        return general()
    convert = _no_version if schema.version is None else int
    return statement.request(pk, values, convert, general, instance, expected)


def _no_version(_reply: Any) -> None:
    """Decode: the object has no version."""


def by_name_only(method: str, first: str, given: tuple[Any, ...]) -> None:
    """Refuses positional values.

    Raises:
        TypeError: there are some.
    """
    if given:
        msg = (
            f"{method} takes the values by name, {method}({first}name='x'), or from a dict, "
            f"{method}({first}**values); not {shorten(given[0])}"
        )
        raise TypeError(msg)


class OnInstance(Protocol[R_co]):
    """`update` of an instance."""

    def __call__(self, *, if_: Expression | None = None, if_version: int | None = ..., **values: Any) -> R_co: ...


class OnClass(Protocol[R_co]):
    """`update` of a model."""

    def __call__(
        self, pk: Encodable, /, *, if_: Expression | None = None, if_version: int | None = ..., **values: Any
    ) -> R_co: ...


class Update(Generic[R_co]):
    """Sets several fields of an object, with all their indexes, in one atomic step and one request.

    `person.update(name="x", tags=["a"])`, or `Person.update(pk, name="x", tags=["a"])`. A value is given
    as the constructor takes it, and replaces the whole value of its field; None removes it. A value may be an
    expression of the object's own fields, `votes=Post.votes + 1`, which the server computes of the values before the
    update. Returns the new version, or None if the model has no VersionField.

    Args:
        pk: the primary key; only for `update` of the model, not of an instance.
        if_: the condition that the object's values must meet, `Post.votes < 10`; it needs no index.
        if_version: the version that the object must have; None, read from an object without one, counts as 0.
        values: the new values, by field.

    Raises:
        UnknownField: a name is no field.
        InvalidValue: a value does not fit its field's type, or there is none; or the result of an expression does not.
        InvalidFilter: the condition is not about the values of the object alone.
        InvalidPrimaryKey: the instance has no primary key yet, or none is given.
        DoesNotExist: there is no such object.
        ConditionFailed: the object does not meet the condition; nothing is changed.
        StaleObject: the object has another version; nothing is changed.
        UniquenessError: a value belongs to another object; nothing is changed.
    """

    @overload
    def __get__(self, instance: None, owner: Any) -> OnClass[R_co]: ...
    @overload
    def __get__(self, instance: object, owner: Any) -> OnInstance[R_co]: ...
    def __get__(self, instance: Any, owner: Any) -> Any:
        return MethodType(_of_model, owner) if instance is None else MethodType(_in_instance, instance)


@taking_foreign_keys
def _of_model(
    model: Any,
    pk: Encodable = MISSING,
    /,
    *given: Any,
    if_: Expression | None = None,
    if_version: int | None = MISSING,
    **values: Any,
) -> Any:
    schema: Schema = model._declared()
    by_name_only(f"{schema.name}.update", "pk, ", given or ((pk,) if isinstance(pk, Mapping) else ()))
    if pk is MISSING:
        msg = (
            f"{schema.name}.update takes the primary key of an object first: {schema.name}.update(pk, …); "
            f"to change all that match, {schema.name}.collection(…).update(…)"
        )
        raise InvalidPrimaryKey(msg)
    stored = pk_bytes(schema.name, pk)
    try:
        return model._asked(lambda: updating(schema, stored, values, if_, if_version))
    except UnknownResult as error:
        with taking_results(model.database, error):
            return model.database._run(updating(schema, stored, values, if_, if_version))


def _describe(
    instance: Any, /, *given: Any, if_: Expression | None = None, if_version: int | None = MISSING, **values: Any
) -> Request[int | None]:
    by_name_only("update", "", given)
    pk = instance._pk_bytes
    if pk is None:
        msg = f"{instance!r} was never stored; create it with its values instead"
        raise InvalidPrimaryKey(msg)
    return updating(instance._schema, pk, values, if_, if_version, instance)


def _frequent(instance: Any, values: Any) -> Any:
    """Returns the statement of a frequent update of these fields; None if there is none."""
    if type(values) is not dict:
        return None
    schema: Schema = instance._schema
    return schema.statements[schema.keys.partition(instance._pk_bytes)].direct_update("update", values)


def _as_update(call: Any, shown: Any) -> Any:
    call.__name__, call.__doc__, call.__signature__ = "update", Update.__doc__, inspect.signature(shown.__call__)
    return call


_of_model = _as_update(_of_model, OnClass)
_in_instance = _as_update(calling_by_statement(_describe, _frequent), OnInstance)
