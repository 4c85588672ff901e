"""The declaration of a model when its class is created, and when it moves to another database."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.model.class_body import check_body
from limpyd.model.hooks import run_after_commands, run_hook
from limpyd.model.partitions import check_children, join_family, place_of
from limpyd.query.collection.manager import checked_manager
from limpyd.relations.resolution import connect, disconnect, reconnect
from limpyd.relations.reverse import Reverse
from limpyd.schema.declared_fields import check_names, declared_fields
from limpyd.schema.dynamic import set_attribute
from limpyd.schema.schema import Schema


def declare(model: Any, core: Any) -> None:
    """Gives a class its schema, and registers it on its database, unless it is abstract.

    Args:
        model: the class.
        core: the class that all models come from.

    Raises:
        DeclarationError: a part of the declaration is not possible.
    """
    if not model.__module__.startswith("limpyd."):
        check_body(model)
    check_names(model)
    model.abstract = vars(model).get("abstract") is True
    if model.abstract:
        return
    database: Any = getattr(model, "database", None)
    if not isinstance(database, model._database_type):
        found = "it has none" if database is None else f"it has {_kind_of(database)}"
        msg = (
            f"{model.__name__} needs a database: set `database = {model._database_type.__name__}(…)` on it or on "
            f"a base class, or `abstract = True` if it stores nothing itself; {found}"
        )
        raise DeclarationError(msg)
    manager = checked_manager(model, model.collection_manager)
    if manager is not model.collection_manager:  # it was given with parameters
        model.collection_manager = manager
    if model.__post_init__ is not core.__post_init__:
        run_hook(model, core)
    if hasattr(model, "post_command"):
        run_after_commands(model, core)
    name = vars(model).get("model_name", model.__name__.lower())
    parent, partitions = place_of(model, database)
    schema: Schema = _schema_class(model)(
        model, name, model.namespace, model.lockable, database.layout, partitions, parent
    )
    _ = schema.feeds  # raises if the feed cannot be declared like that
    database = _placed(model, database._models.place_for(model, schema.keys.tag))
    replaced = database._models.declared_before(model, schema.keys.tag)
    if replaced is not None:
        check_children(schema, replaced._schema)
        disconnect(database, replaced, Reverse)
    database._models.register(model, schema.keys)
    _set_fields(model, schema)
    try:
        connect(database, Reverse)
    except BaseException:
        database._models.unregister(schema.keys.tag)
        if replaced is not None:
            reconnect(database, replaced, Reverse)
        raise
    join_family(schema, None if replaced is None else replaced._schema)


def _schema_class(model: Any) -> type[Schema]:
    """Returns the class of the schema of a model."""
    if not any(_expires(field) for field in declared_fields(model).values()):
        return Schema
    from limpyd.schema.expiring import ExpiringSchema  # noqa: PLC0415 - nothing of most models expires

    return ExpiringSchema


def _expires(field: Any) -> bool:
    return getattr(field, "is_deadline", False) or getattr(field, "lapses", False)


def _placed(model: Any, database: Any) -> Any:
    if database is not model.database:
        model.database = database
    return database


def _set_fields(model: Any, schema: Schema) -> None:
    """Gives a class its schema, and the fields that this has made of what is declared."""
    model._schema = schema
    for field_name, field in schema.fields.items():
        setattr(model, field_name, field)
    for field_name, dynamic in schema.dynamic.items():
        setattr(model, field_name, dynamic)
    if schema.dynamic and model.__setattr__ is object.__setattr__:
        setattr(model, "__setattr__", set_attribute)  # noqa: B010 - other models pay nothing for it
    model.pk = schema.pk_field


def move(model: Any, database: Any) -> None:
    """Moves a model, and its subclasses on the same database, to another database.

    Raises:
        DeclarationError: it is no database of its face, or has a model of the same name.
    """
    if not isinstance(database, model._database_type):
        msg = f"{model.__name__}.use_database takes a {model._database_type.__name__}, not {_kind_of(database)}"
        raise DeclarationError(msg)
    old: Any = getattr(model, "database", None)
    if old is database:
        return
    if old is not None and old.layout != database.layout:
        msg = (
            f"{model.__name__} is declared for the layout {old.layout!r} of keys, and {database!r} has "
            f"{database.layout!r}; declare the model on a database of that layout"
        )
        raise DeclarationError(msg)
    moved = _with_subclasses(model, old)
    concrete = [each for each in moved if not each.abstract and not _is_replaced(each, old)]
    for each in concrete:
        database._models.check_free(each, each._schema.keys.tag)
    for each in concrete:
        if old is not None:
            old._models.unregister(each._schema.keys.tag)
        database._models.register(each, each._schema.keys)
        each._schema.forget()
    for each in moved:
        each.database = database
    connect(database, Reverse)


def _kind_of(database: Any) -> str:
    """Returns the name of a wrong database for a message; a URL is not quoted, because it may contain a password."""
    return f"the class {database.__name__}" if isinstance(database, type) else f"a {type(database).__name__}"


def _is_replaced(model: Any, database: Any) -> bool:
    """Returns whether another class was declared in the place of a model."""
    return database is not None and database._models.get(model._schema.keys.tag) is not model


def _with_subclasses(model: type[Any], database: Any) -> list[type[Any]]:
    """A model, and its subclasses whose base classes are all on the same database."""
    found = [model]
    for subclass in model.__subclasses__():
        if getattr(subclass, "database", None) is database:
            found += _with_subclasses(subclass, database)
    return list(dict.fromkeys(found))
