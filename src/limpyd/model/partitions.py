"""The partitions of the objects of a model: their number, and the model that they are shared with."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import DeclarationError, shorten
from limpyd.fields import Field
from limpyd.keys.layouts import checked_partitions
from limpyd.schema.schema import Schema, naming


def place_of(model: Any, database: Any) -> tuple[Schema | None, int]:
    """Returns the model in whose partitions the objects of a model are, if there is one, and the number of partitions.

    Raises:
        DeclarationError: the number is none, or the objects cannot be in the partitions of that model.
    """
    with naming(model):
        parent = _declared(model, "colocate_with")
        if parent is not None:
            schema = _checked_parent(model, database, parent)
            return schema, schema.keys.count
        return None, _partitions_of(model, database)


def _partitions_of(model: Any, database: Any) -> int:
    """Returns the number of partitions of a model: its own, or that of its database.

    Raises:
        DeclarationError: it is no number of partitions.
    """
    declared = _declared(model, "partitions")
    partitions: int = database.partitions if declared is None else checked_partitions(declared)
    return partitions


def _declared(model: Any, setting: str) -> Any:
    """Returns a setting of a model; None if it has none, or has something else of that name."""
    found = getattr(model, setting, None)
    return None if hasattr(type(found), "__get__") or isinstance(found, Field) else found


def _checked_parent(model: Any, database: Any, parent: Any) -> Schema:
    """Returns the schema of the model that another one is declared with.

    Raises:
        DeclarationError: the objects cannot be in its partitions.
    """
    if not _is_model(parent):
        msg = f"colocate_with takes the class of a model, not {shorten(parent)}"
        raise DeclarationError(msg)
    name = parent.__name__
    if parent.abstract:
        msg = f"colocate_with = {name}, which is abstract, so there are no objects of it; name a subclass"
        raise DeclarationError(msg)
    if database.layout != "limpyd":
        msg = f"colocate_with = {name}: the layout {database.layout!r} of keys has no hash tags; leave it out"
        raise DeclarationError(msg)
    if parent.database._models is not model.database._models:
        msg = f"colocate_with = {name}, which is on another database; both must be on the same database"
        raise DeclarationError(msg)
    if parent.namespace != model.namespace:
        msg = (
            f"colocate_with = {name}, which is in the namespace {parent.namespace!r}, and this model in "
            f"{model.namespace!r}; both must be in the same one, because keys beside those of {name} have its namespace"
        )
        raise DeclarationError(msg)
    if _nearest(model, "partitions") <= _nearest(model, "colocate_with"):
        msg = f"colocate_with = {name}: its partitions are those of {name}; leave out partitions"
        raise DeclarationError(msg)
    _refuse_circle(model, parent)
    schema: Schema = parent._declared()
    return schema


def _is_model(given: Any) -> bool:
    return isinstance(given, type) and hasattr(given, "_declared")


def _nearest(model: Any, setting: str) -> float:
    """Returns the position of the class that declares a setting among a model and its bases."""
    declaring = (at for at, base in enumerate(model.__mro__) if vars(base).get(setting) is not None)
    return next(declaring, float("inf"))


def _refuse_circle(model: Any, parent: Any) -> None:
    """Refuses a class that is declared again with one of its children as its parent.

    Raises:
        DeclarationError: it is.
    """
    ancestor: Any = parent._schema
    while ancestor is not None:
        same = (ancestor.model.__module__, ancestor.model.__qualname__) == (model.__module__, model.__qualname__)
        if same:
            msg = f"colocate_with = {parent.__name__}, which is itself declared with colocate_with = {model.__name__}"
            raise DeclarationError(msg)
        ancestor = ancestor.parent


def check_children(schema: Schema, replaced: Schema) -> None:
    """Refuses a class that is declared again in other partitions, while others are declared with it.

    Raises:
        DeclarationError: there are such.
    """
    children = ", ".join(child.name for child in replaced.children)
    if children and schema.keys.places != replaced.keys.places:
        msg = (
            f"{schema.name} is declared again with {schema.keys.placed} instead of {replaced.keys.placed}, and "
            f"{children} with colocate_with = {schema.name}: begin a new process, or give one of them another name"
        )
        raise DeclarationError(msg)


def join_family(schema: Schema, replaced: Schema | None) -> None:
    """Makes a model, its parent and its children known to each other.

    Args:
        schema: the model.
        replaced: the one in whose place it was declared, if there is one.
    """
    if replaced is not None:
        schema.children = replaced.children
        for child in schema.children:
            child.parent = schema
        if replaced.parent is not None:
            replaced.parent.children.remove(replaced)
    if schema.parent is not None:
        schema.parent.children.append(schema)
