"""The values of one object, read at once."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import InvalidPrimaryKey
from limpyd.query.collection.core import CollectionCore
from limpyd.query.filters.conditions import ByPk
from limpyd.query.query import Query
from limpyd.query.single_object import exactly_one, names_of_one_value
from limpyd.requests.request import Request
from limpyd.scripts.error_mapping import shown


def values(instance: Any, names: tuple[str, ...]) -> Request[dict[str, Any]]:
    """The request for some values of an object, by name; for those of all fields of one value if none is named.

    Raises:
        UnknownField: a name is no field.
        InvalidFilter: a name is given twice, or is that of a field that a query does not read.
        InvalidPrimaryKey: the instance was never stored.
    """
    return read(instance, alone(instance)._values(names or names_of_one_value(instance._schema)))


def row(instance: Any, made: Any) -> Request[Any]:
    """The request for an object of a class of rows, made of the values of the fields that it names.

    Raises:
        UnknownField: the class needs what is no field.
        InvalidFilter: it is no class of rows.
        InvalidPrimaryKey: the instance was never stored.
    """
    return read(instance, alone(instance)._rows(made))


def alone(instance: Any) -> CollectionCore[Any, Any]:
    """The collection of the object alone."""
    pk = instance._pk_bytes
    if pk is None:
        msg = f"{instance!r} was never stored; it has no values to read"
        raise InvalidPrimaryKey(msg)
    return CollectionCore(type(instance), instance._schema, Query((ByPk([pk], (), instance),)))


def read(instance: Any, found: CollectionCore[Any, Any]) -> Request[Any]:
    """The request for what the collection of an object is turned into.

    Raises (from the reply):
        DoesNotExist: the object was deleted.
    """

    def gone() -> str:
        return f"there is no {shown(instance._schema, instance._pk_bytes)}: it was deleted, or never created"

    def exists(item: Any) -> Any:
        instance._mark_existing()
        return item

    return exactly_one(found._items(), lambda: found._plan().only(found._query.projection), gone, gone).then(exists)
