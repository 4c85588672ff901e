"""Moves of a model's objects: from a former name of the class or of a field, or from the keys of limpyd 2."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields.declaration.single_value import DEADLINE_ENDING
from limpyd.indexes.maintenance.generators import OnProgress
from limpyd.indexes.maintenance.partition_record import PartitionRecord
from limpyd.keys import ModelKeys
from limpyd.migrations.generators import Moved, move
from limpyd.migrations.migration_plan import migration_plans
from limpyd.migrations.previous_schema import check_fields, in_layout_of_limpyd2, previous_schema
from limpyd.relations.resolution import references_of
from limpyd.requests.request import Program, Request
from limpyd.schema.schema import Schema
from limpyd.schema.sweeping import sweep_before_move


def from_model(schema: Schema, name: Any, progress: OnProgress | None) -> Program[Moved]:
    """Moves the objects of a model from a former name of its class to the current one.

    Args:
        schema: the model.
        name: the former name: `namespace:model` as in keys; or `model`, in the model's namespace and in any case.
        progress: called with the progress.

    Raises:
        InvalidValue: the former name is not valid, or a declared model still has it; or neither name has objects; or
            other models are in the partitions of this one.
        DifferentPartitions: the objects are in another number of partitions.
    """
    _check_movable(schema, "rename_from")
    if not isinstance(name, str):
        msg = f"{schema.name}.rename_from takes the former name, 'model' or 'namespace:model', not {shorten(name)}"
        raise InvalidValue(msg)
    namespace = schema.model.namespace
    names = [name] if ":" in name else [f"{namespace}:{each}" for each in dict.fromkeys((name, name.lower()))]
    _check_family(schema, names[0].rpartition(":")[0])
    sources = [previous_schema(schema, each, {}) for each in names]
    for source in sources:
        _check_not_in_use(schema, source.keys.tag)
    return _move_from_any(sources, schema, name, progress)


def _check_family(schema: Schema, namespace: str) -> None:
    """Refuses to move objects away from those whose partitions they are in.

    Raises:
        InvalidValue: other models are declared with `colocate_with` the model, or it was in another namespace.
    """
    if schema.children:
        children = " and ".join(child.name for child in schema.children)
        msg = (
            f"{schema.name}.rename_from: the objects of {children} are in its partitions (colocate_with), under its "
            f"former name; set model_name on {schema.name} to that name instead"
        )
        raise InvalidValue(msg)
    if schema.parent is not None and namespace != schema.model.namespace:
        msg = (
            f"{schema.name}.rename_from: its objects are in partitions of {schema.parent.name} (colocate_with), and "
            f"so were in the namespace {schema.model.namespace!r}, not in {namespace!r}"
        )
        raise InvalidValue(msg)


def _check_not_in_use(schema: Schema, tag: str) -> None:
    if tag == schema.keys.tag:
        msg = f"{schema.name} now has the name {tag!r}; pass its former name"
        raise InvalidValue(msg)
    declared = schema.model.database._models.get(tag)
    if declared is not None:
        msg = (
            f"{tag!r} is still the name of {declared.__module__}.{declared.__qualname__}, to which these objects "
            "belong; remove that class first"
        )
        raise InvalidValue(msg)


def _move_from_any(sources: list[Schema], schema: Schema, name: str, progress: OnProgress | None) -> Program[Moved]:
    """Moves the objects of the first schema that has objects.

    Raises:
        DifferentPartitions: they are in another number of partitions.
    """
    for source in sources:
        if source.keys.layout == ModelKeys.layout:
            yield PartitionRecord(source, source.keys).question(may_write=False)
            yield from sweep_before_move(source)
    moved = Moved(0, [], [])
    for source in sources:
        moved = yield from move(migration_plans(source, schema, {}), progress)
        if any(moved):
            return moved
    total = 0
    for partition in schema.keys.partitions:
        total += yield Request((b"SCARD", partition.pks), int, readonly=True, subject=schema)
    if not total:
        keys = " or ".join(
            f"{partition.prefix.decode()}*" for source in sources for partition in source.keys.partitions
        )
        msg = (
            f"{schema.name}.rename_from({shorten(name)}): there are no objects under that name ({keys}), and "
            f"{schema.name} has none yet; check how the name is written in the keys"
        )
        raise InvalidValue(msg)
    return moved


def from_limpyd2(schema: Schema, name: Any, progress: OnProgress | None) -> Program[Moved]:
    """Moves the objects of a model from the keys of limpyd 2.

    Raises:
        InvalidValue: the model is declared in the layout of limpyd 2, or the name is not a valid name.
    """
    _check_movable(schema, "migrate_from_limpyd2")
    if schema.keys.count > 1:
        msg = (
            f"{schema.name}.migrate_from_limpyd2: the objects are in one partition there, and the model is declared "
            f"with {schema.keys.count}; declare it with partitions = 1 to move them. To spread them over partitions "
            "then, export() them, and import_() them into a model of another name"
        )
        raise InvalidValue(msg)
    if name is not None and not isinstance(name, str):
        msg = f"{schema.name}.migrate_from_limpyd2 takes a name, 'model' or 'namespace:model', not {shorten(name)}"
        raise InvalidValue(msg)
    if name is None:
        return move(migration_plans(in_layout_of_limpyd2(schema, schema.keys.tag), schema, {}), progress)
    return _move_from_any([in_layout_of_limpyd2(schema, name)], schema, name, progress)


def _check_movable(schema: Schema, operation: str) -> None:
    """Refuses a move in a process that cannot update the records of references.

    Raises:
        InvalidValue: the model is declared in another layout.
        DeclarationError: a model that it refers to is not declared.
    """
    if schema.keys.layout != ModelKeys.layout:
        msg = (
            f"{schema.name}.{operation}: the model is declared on a database with the layout "
            f"{schema.keys.layout!r}; declare it on a database with the layout {ModelKeys.layout!r}, to which its "
            "objects move"
        )
        raise InvalidValue(msg)
    for field in references_of(schema):
        _ = field.target  # which raises the error


def from_field(schema: Schema, old: Any, new: str, progress: OnProgress | None) -> Program[Moved]:
    """Moves the values of a field from its former name to the current one.

    Raises:
        UnknownField: no field has the new name.
        InvalidValue: a field still has the former name, or it is not a valid name.
    """
    _check_movable(schema, "rename_field")
    names = {new: old}
    check_fields(schema, names)
    deadline = getattr(schema.field(new), "deadline", None) if new in schema.fields else None
    if deadline is not None:  # values and their deadlines go together
        names[deadline.name] = old + DEADLINE_ENDING
    return _move_after_sweep(previous_schema(schema, schema.keys.tag, names), schema, names, progress)


def _move_after_sweep(
    source: Schema, schema: Schema, names: Mapping[str, str], progress: OnProgress | None
) -> Program[Moved]:
    yield from sweep_before_move(source)
    return (yield from move(migration_plans(source, schema, names), progress))
