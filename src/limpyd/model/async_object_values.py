"""The values of an object on the async face, read at once."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from limpyd.model import object_values
from limpyd.model.async_construction import AsyncConstruction

Row = TypeVar("Row")


class AsyncObjectValues(AsyncConstruction):
    """The part of an instance that reads the values of its object at once."""

    abstract = True
    _names_may_be_fields = True

    def values(self, *names: str) -> Coroutine[Any, Any, dict[str, Any]]:
        """Reads values of the object in one request: a dict from names to values.

        Without names it has those of all fields of one value, and the primary key as `pk`. A field of one value
        without one is None; where they are named, a set gives a set, a list a list, a hash a dict, and a sorted set a
        dict from members to scores. `hash__key` is one entry of a hash, and
        `author__name` the name of the object that the field `author` refers to.

        Raises:
            DoesNotExist: the object was deleted.
            UnknownField: a name is no field.
            StoredValueError: what is stored does not fit a field's type.
        """
        found: Coroutine[Any, Any, dict[str, Any]] = self._asked(lambda: object_values.values(self, names))
        return found

    def row(self, row: Callable[..., Row]) -> Coroutine[Any, Any, Row]:
        """Reads the values that a class names, in one request, and makes an object of it.

        Args:
            row: a dataclass, a NamedTuple, a TypedDict, a Struct of msgspec or a model of pydantic, which validates.

        Raises:
            DoesNotExist: the object was deleted.
            UnknownField: the class needs what is no field.
            InvalidFilter: it is none of these.
            StoredValueError: what is stored does not fit a field's type.
        """
        found: Coroutine[Any, Any, Row] = self._asked(lambda: object_values.row(self, row))
        return found
