"""Moving: the objects of a model under the names of another, since a class or a field has another name now."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.model.schema import Schema
from limpyd.moving.former import check_fields, former
from limpyd.moving.programs import Moved, move
from limpyd.moving.route import route
from limpyd.requests import Program
from limpyd.upkeep.programs import OnProgress


def from_model(schema: Schema, name: Any, progress: OnProgress | None) -> Program[Moved]:
    """Moves the objects of a model to what it is called now.

    Raises:
        InvalidValue: the former name is that of no model, or still that of one.
    """
    if not isinstance(name, str):
        msg = f"{schema.name}.rename_from takes the former name, 'model' or 'namespace:model', not {shorten(name)}"
        raise InvalidValue(msg)
    source = former(schema, name, {})
    tag = source.keys.tag
    if tag == schema.keys.tag:
        msg = f"{schema.name} is called {tag!r} now; give the name that it had before"
        raise InvalidValue(msg)
    declared = schema.model.database._models.get(tag)  # type: ignore[attr-defined]
    if declared is not None:
        msg = (
            f"{tag!r} is still the name of {declared.__module__}.{declared.__qualname__}, whose objects these are; "
            f"take that class away first"
        )
        raise InvalidValue(msg)
    return move(route(source, schema, {}), progress)


def from_field(schema: Schema, old: Any, new: str, progress: OnProgress | None) -> Program[Moved]:
    """Moves the values of a field to what it is called now.

    Raises:
        UnknownField: the new name is that of no field.
        InvalidValue: the former name is still that of a field, or no name of one.
    """
    names = {new: old}
    check_fields(schema, names)
    return move(route(former(schema, schema.keys.tag, names), schema, names), progress)
