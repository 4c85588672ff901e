"""A model as it was under its former names: a schema that no class has any more."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from limpyd.exceptions import DeclarationError, InvalidValue, shorten
from limpyd.fields import Field, ValueField
from limpyd.indexes.base import Declared
from limpyd.indexes.multi import declared
from limpyd.keys import ModelKeys
from limpyd.keys.limpyd2 import Limpyd2Keys
from limpyd.schema.schema import Schema


def previous_schema(
    schema: Schema,
    name: str,
    fields: Mapping[str, str],
    partitions: int | None = None,
    parent: Schema | None = None,
) -> Schema:
    """The schema of a model as it was.

    Args:
        schema: the schema as it is.
        name: what the model was called: `model` or `namespace:model`.
        fields: what fields were called, by their names now.
        partitions: how many partitions it had; None for as many as now.
        parent: the model in whose partitions it was; None for the one in whose it is now, if any.

    Raises:
        InvalidValue: the name is that of no model.
    """
    was: dict[str, Field[Any]] = {
        old: _renamed(schema.fields[now], old, fields) for now, old in _all_names(schema.fields, fields).items()
    }
    was.update((old, schema.dynamic[now].as_it_was(old)) for now, old in _all_names(schema.dynamic, fields).items())
    made = _schema(schema, name, was, ModelKeys.layout, partitions or schema.keys.count, parent or schema.parent)
    vars_of_model: Any = made.model
    vars_of_model.database = schema.model.database
    return made


def in_layout_of_limpyd2(schema: Schema, name: str) -> Schema:
    """The schema of a model as limpyd 2 has it: without the indexes that it does not know.

    Args:
        schema: the schema as it is.
        name: what the model is called there: `model` or `namespace:model`.

    Raises:
        InvalidValue: the name is that of no model, or a field's name has no place in that layout.
    """
    was = {each: _with_known_indexes(field) for each, field in schema.fields.items()}
    for each, dynamic in schema.dynamic.items():
        declared: Any = _with_known_indexes(dynamic.template)
        was[each] = dynamic.as_it_was(each, declared)
    return _schema(schema, name, was, Limpyd2Keys.layout)


def _schema(
    schema: Schema,
    name: str,
    fields: Mapping[str, Field[Any]],
    layout: str,
    partitions: int = 1,
    parent: Schema | None = None,
) -> Schema:
    namespace, _, model = name.rpartition(":")
    try:
        return Schema(
            type(schema.name, (), dict(fields)), model, namespace, schema.lockable, layout, partitions, parent
        )
    except DeclarationError as error:
        msg = f"{shorten(name)} is not the name of a model: {error}; pass 'model' or 'namespace:model'"
        raise InvalidValue(msg) from None


def check_fields(schema: Schema, fields: Mapping[str, str]) -> None:
    """Refuses names of fields that cannot have been renamed so.

    Raises:
        UnknownField: a new name is that of no field.
        InvalidValue: a former name is still that of a field, or no name of one.
    """
    for now, old in fields.items():
        field = schema.dynamic[now] if now in schema.dynamic else schema.field(now)
        if isinstance(field, ValueField) and field.version_of is not None:
            msg = (
                f"{schema.name}.{now} is a version of the dynamic field {field.version_of.name}: pass the name of "
                "the dynamic field if it was renamed; to move one version, write its value to the other version, "
                "and delete the first"
            )
            raise InvalidValue(msg)
        if field is schema.pk_field:
            msg = (
                f"{schema.name}.{now} is the primary key: nothing is stored under its name, so there is nothing to move"
            )
            raise InvalidValue(msg)
        if not isinstance(old, str) or not old.isidentifier():
            msg = (
                f"{schema.name}.{now}: {shorten(old)} cannot have been the name of a field; pass the name as it "
                "was in the class, such as 'title'"
            )
            raise InvalidValue(msg)
        if old in schema.fields or old in schema.dynamic:
            msg = (
                f"{schema.name}.{old} is still a field, so its values do not belong to {now}; rename one field at "
                "a time"
            )
            raise InvalidValue(msg)
    if len(set(fields.values())) < len(fields):
        msg = f"{schema.name}: two fields cannot have had the same name: {', '.join(sorted(fields.values()))}"
        raise InvalidValue(msg)


def _redeclared(field: Field[Any]) -> Field[Any]:
    """A declaration of its own that is like that of a field."""
    was: Field[Any] = copy.copy(field.declaration)
    was.declaration = was
    return was


def _given(field: Field[Any]) -> Sequence[Declared]:
    """The indexes that are declared on a field, or for it."""
    if not isinstance(field, ValueField) or not field.indexable:
        return ()
    return field.declared_indexes or field.inherited_indexes() or ()


def _with_known_indexes(field: Field[Any]) -> Field[Any]:
    was = _redeclared(field)
    indexes = _given(field)
    if isinstance(was, ValueField) and indexes:
        known = [index for given in indexes for index in declared(given).expanded()]
        was.declared_indexes = [index for index in known if not index.limpyd2_lacks(was)]
        was.unique = was.unique and any(index.handle_uniqueness for index in was.declared_indexes)
        was.indexable = was.unique or bool(was.declared_indexes)
    return was


def _all_names(now: Iterable[str], fields: Mapping[str, str]) -> dict[str, str]:
    return {name: fields.get(name, name) for name in now}


def _renamed(field: Field[Any], name: str, fields: Mapping[str, str]) -> Field[Any]:
    was = _redeclared(field)
    was.name = name
    indexes = _given(field)
    if indexes:
        was.declared_indexes = [declared(index).renamed(fields) for index in indexes]  # type: ignore[attr-defined]
    return was
