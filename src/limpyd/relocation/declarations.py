"""The models that can be moved to another database, and the databases that they can be moved to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from limpyd.exceptions import InvalidValue, UnsupportedCommand, shorten
from limpyd.keys import ModelKeys
from limpyd.relations.resolution import references_of
from limpyd.relocation.places import Place, name_of
from limpyd.schema.schema import Schema


def models_to_move(
    method: str, models: Sequence[Any], database: Any, destination: Any, progress: Any = None
) -> list[Schema]:
    """Returns the schemas of models that move together, in the order of their names.

    Args:
        method: the name of the method that was called.
        models: the models; the method was called on the first one.
        database: the database of that one.
        destination: the other database.
        progress: what is to be called with the progress.

    Raises:
        InvalidValue: a model is none, or on another database, or not connected with the first one by references or as
            one in the same partitions; one that is connected is missing; the destination is no database of this face,
            or the same one; one of the two, or a model, is in the layout of limpyd 2; or `progress` is no function.
        UnsupportedCommand: a model has unique values of dynamic fields, and is to have several partitions.
        DeclarationError: a model refers to one that is not declared.
    """
    who = f"{models[0].__name__}.{method}"
    if progress is not None and not callable(progress):
        msg = f"{who}: progress takes a function, not {shorten(progress)}"
        raise InvalidValue(msg)
    _check_databases(who, database, destination)
    schemas = [_schema(who, model, database) for model in models]
    connected = connected_with(schemas[0])
    missing = [schema for schema in connected if schema not in schemas]
    if missing:
        raise _are_missing(who, connected, missing)
    strange = [schema.name for schema in schemas if schema not in connected]
    if strange:
        msg = (
            f"{who}: {' and '.join(strange)} is not connected with {schemas[0].name} by references or colocate_with, "
            f"so it moves in a migration of its own; call {strange[0]}.{method}"
        )
        raise InvalidValue(msg)
    for schema in connected:
        _check_model(who, schema, destination)
    return connected


def connected_with(schema: Schema) -> list[Schema]:
    """Returns all models that are connected by references, or are in the same partitions, in the order of their names.

    Raises:
        DeclarationError: a model refers to one that is not declared.
    """
    found, left = {schema}, [schema]
    while left:
        new = {*_neighbours(left.pop())} - found
        found |= new
        left += new
    return sorted(found, key=lambda each: each.keys.tag)


def _neighbours(schema: Schema) -> Iterable[Schema]:
    yield from schema.children
    if schema.parent is not None:
        yield schema.parent
    for each in references_of(schema):
        yield each.target
    for reference in schema.incoming:
        holder: Any = reference.model
        yield holder
    for side in vars(schema.model).values():  # of dynamic fields, whose versions are the references
        field: Any = getattr(side, "field", None)
        if getattr(field, "refers", False) and getattr(field, "_target", None) is schema:
            yield field.model


def check_families(origin: Place, destination: Place) -> None:
    """Refuses models in the same partitions that are to have another number of them.

    An automatic primary key names its partition. So those of the objects that belong to one would lead to others.

    Raises:
        UnsupportedCommand: there are some, and they are to have several partitions, but not as many as they have.
    """
    for source, target in zip(origin.schemas, destination.schemas, strict=True):
        if source.parent is not None and target.keys.count not in {1, source.keys.count}:
            msg = (
                f"{source.name}: models in the partitions of others (colocate_with) can be moved to as many partitions "
                f"as they have here ({source.keys.count}), or to one, but not to {target.keys.count}: their primary "
                "keys lead to the partition. Export the objects, the parents first, and import them with new primary "
                "keys: `limpyd import --new-pks`"
            )
            raise UnsupportedCommand(msg)


def _schema(who: str, model: Any, database: Any) -> Schema:
    schema: Schema | None = getattr(model, "_schema", None) if isinstance(model, type) else None
    if schema is None:
        msg = f"{who}: with_models takes models, not {shorten(model)}"
        raise InvalidValue(msg)
    if schema.model.database is not database:
        msg = f"{who}: {schema.name} is on another database"
        raise InvalidValue(msg)
    return schema


def _are_missing(who: str, connected: Sequence[Schema], missing: Sequence[Schema]) -> InvalidValue:
    names = ", ".join(schema.name for schema in missing)
    paths = " ".join(f"{schema.model.__module__}:{schema.model.__qualname__}" for schema in connected)
    return InvalidValue(
        f"{who}: models that refer to each other, or are in the same partitions (colocate_with), move together; "
        f"{names} {'is' if len(missing) == 1 else 'are'} missing. Pass with_models=[{names}] too, or run `limpyd "
        f"migrate --to URL {paths}`"
    )


def _check_databases(who: str, database: Any, destination: Any) -> None:
    kind: Any = next(
        each for each in type(database).__mro__ if each.__name__ in {"RedisDatabase", "AsyncRedisDatabase"}
    )
    if not isinstance(destination, kind):
        msg = f"{who} takes the {kind.__name__} that the objects are to go to, not {shorten(destination)}"
        raise InvalidValue(msg)
    if destination is database:
        msg = f"{who}: the objects are at {name_of(database)} already; pass another database"
        raise InvalidValue(msg)


def _check_model(who: str, schema: Schema, destination: Any) -> None:
    if schema.keys.layout != ModelKeys.layout or destination.layout != ModelKeys.layout:
        msg = (
            f"{who}: data in the layout 'limpyd2' cannot be moved to another database. Move it to the layout "
            f"{ModelKeys.layout!r} first, where it is: declare {schema.name} without a layout, and call "
            "migrate_from_limpyd2, or `limpyd migrate` without --to"
        )
        raise InvalidValue(msg)
    indexes = schema.maintenance.at(schema.keys.first).indexes
    if schema.keys.count > 1 and any(index.is_claimed and b"\0" in index.field_index.key for index in indexes):
        msg = (
            f"{who}: models with unique values of dynamic fields, such as {schema.name}, cannot be moved to several "
            "partitions yet"
        )
        raise UnsupportedCommand(msg)
