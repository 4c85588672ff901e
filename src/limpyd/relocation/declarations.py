"""The models that can be moved to another database, and the databases that they can be moved to."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import InvalidValue, UnsupportedCommand, shorten
from limpyd.keys import ModelKeys
from limpyd.relations.references import ReferenceField
from limpyd.relocation.places import name_of
from limpyd.schema.schema import Schema


def check_movable(schema: Schema, database: Any, destination: Any, progress: Any = None) -> None:
    """Refuses what cannot be moved, before anything is sent.

    Raises:
        InvalidValue: the destination is no database of this face, or the same one; one of the two, or the model, is in
            the layout of limpyd 2; or `progress` is no function.
        UnsupportedCommand: the model has references, others refer to it, or it is in the partitions of another one; or
            it has unique values of dynamic fields, and is to have several partitions.
    """
    who = f"{schema.name}.migrate_to"
    if progress is not None and not callable(progress):
        msg = f"{who}: progress takes a function, not {shorten(progress)}"
        raise InvalidValue(msg)
    kind: Any = next(
        each for each in type(database).__mro__ if each.__name__ in {"RedisDatabase", "AsyncRedisDatabase"}
    )
    if not isinstance(destination, kind):
        msg = f"{who} takes the {kind.__name__} that the objects are to go to, not {shorten(destination)}"
        raise InvalidValue(msg)
    if destination is database:
        msg = f"{who}: the objects are at {name_of(database)} already; pass another database"
        raise InvalidValue(msg)
    if schema.keys.layout != ModelKeys.layout or destination.layout != ModelKeys.layout:
        msg = (
            f"{who}: data in the layout 'limpyd2' cannot be moved to another database. Move it to the layout "
            f"{ModelKeys.layout!r} first, where it is: declare {schema.name} without a layout, and call "
            "migrate_from_limpyd2, or `limpyd migrate` without --to"
        )
        raise InvalidValue(msg)
    _check_relations(schema, who)
    indexes = schema.maintenance.at(schema.keys.first).indexes
    if schema.keys.count > 1 and any(index.is_claimed and b"\0" in index.field_index.key for index in indexes):
        msg = f"{who}: models with unique values of dynamic fields cannot be moved to several partitions yet"
        raise UnsupportedCommand(msg)


def _check_relations(schema: Schema, who: str) -> None:
    fields = [*schema.value_fields.values(), *(dynamic.template for dynamic in schema.dynamic.values())]
    if schema.incoming or any(isinstance(field, ReferenceField) for field in fields):
        raise has_references(schema.name)
    if schema.parent is not None or schema.children:
        msg = (
            f"{who}: models in the same partitions (colocate_with) cannot be moved to another database yet. Export "
            "their objects, the parents first, and import them there"
        )
        raise UnsupportedCommand(msg)


def has_references(model: str) -> UnsupportedCommand:
    """Returns the error for a model with references, or to which another model has ever referred."""
    return UnsupportedCommand(
        f"{model}.migrate_to: a model with references, or to which another model has ever referred, cannot be moved to "
        "another database yet. Export the objects of all of these models, and import them there, those that others "
        "refer to first"
    )
