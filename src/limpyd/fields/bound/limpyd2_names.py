"""limpyd 2's names for what fields do: a value read and written alike, whatever the type of the field."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

from limpyd.utils import make_key

OF_MEMBERS = frozenset({"list", "set"})
"""The Redis types whose values are made of members alone."""


class Limpyd2FieldNames:
    """The part of a bound field with limpyd 2's names."""

    __slots__ = ()

    proxy_getter: ClassVar[str] = "get"
    """The command that `proxy_get` calls."""
    proxy_setter: ClassVar[str] = "set"
    """The command that `proxy_set` calls."""

    @property
    def name(self) -> str:
        """The name of the field."""
        name: str = getattr(self, "_field").name  # noqa: B009 - a slot of the class that has this part
        return name

    @property
    def database(self) -> Any:
        """The database of the model."""
        return getattr(self, "_instance").database  # noqa: B009

    @property
    def indexable(self) -> bool:
        """True if the field is declared indexable."""
        return bool(getattr(getattr(self, "_field"), "indexable", False))  # noqa: B009

    @property
    def unique(self) -> bool:
        """True if the field is declared unique."""
        return bool(getattr(getattr(self, "_field"), "unique", False))  # noqa: B009

    @property
    def connection(self) -> Any:
        """The client of redis-py on the database of the model, `database.connection`."""
        instance: Any = getattr(self, "_instance")  # noqa: B009 - a slot of the class that has this part
        return instance.database.connection

    @property
    def dynamic_part(self) -> str | None:
        """The part that identifies a version of a dynamic field; None for other fields."""
        field: Any = getattr(self, "_field")  # noqa: B009
        return None if getattr(field, "version_of", None) is None else field.version_part

    @property
    def dynamic_version_of(self) -> Any:
        """Of a version of a dynamic field that field, of the same instance; None of other fields."""
        field: Any = getattr(self, "_field")  # noqa: B009
        owner = getattr(field, "version_of", None)
        return None if owner is None else owner.__get__(getattr(self, "_instance"))  # noqa: B009

    def proxy_get(self) -> Any:
        """The whole value, by the command that the type of the field reads it with; on the async face to be awaited."""
        return getattr(self, self.proxy_getter)()

    def proxy_set(self, value: Any) -> Any:
        """Stores a value, or several members, by the command of the type; on the async face to be awaited.

        The members of a list, tuple or set are given to the command one by one. Of sets, lists, sorted sets and hashes
        they are added to those that are there.
        """
        setter = getattr(self, self.proxy_setter)
        field: Any = getattr(self, "_field")  # noqa: B009
        if (
            isinstance(value, list | tuple | set | frozenset)
            and getattr(field, "many", False)
            and field.redis_type in OF_MEMBERS
        ):
            return setter(*value)
        if isinstance(value, dict) and not _takes(setter, value):  # one of a user's, as limpyd 2 calls it
            return setter(**value)
        return setter(value)

    def make_key(self, *args: Any) -> str:
        """Parts joined by colons: `limpyd.utils.make_key`. The key of the field itself is `key`."""
        return make_key(*args)


def _takes(function: Callable[..., Any], value: Any) -> bool:
    """Returns whether a function can be called with a value by position."""
    try:
        inspect.signature(function).bind(value)
    except TypeError:
        return False
    return True
