"""Storing of a collection: its primary keys as a list, which is the collection from then on."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import uuid4

from limpyd.exceptions import InvalidValue
from limpyd.fields.checks import as_bytes, integer
from limpyd.keys import to_bytes, to_text
from limpyd.query.collection.base import CollectionBase
from limpyd.query.filters.conditions import Condition, Member
from limpyd.query.query import Query, Scope
from limpyd.requests.request import Request

Item = TypeVar("Item")
M = TypeVar("M")


class Storing(CollectionBase[Item, M]):
    """The part of a collection that stores it, and reads what is stored."""

    __slots__ = ()

    @property
    def stored_key(self) -> str | None:
        """The key of the stored collection that this is, or None."""
        return self._query.stored_key

    def _store(self, key: str | bytes | None, ttl: int | None) -> Request[Any]:
        if ttl is not None:
            integer("store's ttl", ttl, low=1)
        keys = self._schema.keys
        if key is None:
            new = uuid4().hex
            key = keys.partition_of_text(to_bytes(new)).stored_collection(new)
        name = as_bytes("store's key", key)
        if not name:
            msg = f"{self._schema.name}: store takes a key, or None for a new one; not {key!r}"
            raise InvalidValue(msg)
        if any(partition.owns(name) for partition in keys.partitions):
            msg = f"{self._schema.name}: {key!r} is a key of the model itself; store the collection under another"
            raise InvalidValue(msg)
        return self._plan().store(name, ttl or 0).then(lambda _: self._stored_as(name, (), None))

    def _from_stored(self, key: str | bytes) -> Any:
        return self._stored_as(as_bytes("a stored collection's key", key), self._query.conditions, self._query.scope)

    def _stored_as(self, key: bytes, conditions: tuple[Condition, ...], scope: Scope | None) -> Any:
        listed = Member(key, f"stored as {to_text(key)!r}", b"list", required=True)
        return self._with(Query((*conditions, listed), (), self._query.projection, to_text(key), scope))
