"""AsyncRedisModel: models whose calls return a coroutine."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Self

from limpyd.commands.foreign_key_values import taking_foreign_keys
from limpyd.expressions import Expression
from limpyd.fields import AutoPKField
from limpyd.fields.pk import pk_bytes
from limpyd.model import lookups
from limpyd.model.async_bulk import AsyncBulkOperations
from limpyd.model.async_collection import AsyncModelCollection
from limpyd.model.async_expiry import AsyncExpiry
from limpyd.model.async_maintenance import AsyncMaintenance
from limpyd.model.async_object_values import AsyncObjectValues
from limpyd.model.async_transfer import AsyncTransfer
from limpyd.model.get_or_create import get_or_create, update_or_create
from limpyd.model.updates import Update
from limpyd.query.asynchronous import AsyncCollection
from limpyd.requests.request import Request
from limpyd.types import Encodable


class AsyncRedisModel(AsyncBulkOperations, AsyncExpiry, AsyncMaintenance, AsyncObjectValues, AsyncTransfer):
    """A class whose instances are objects in Redis, for asyncio.

    `await Person.create(name="x")` creates one, `await Person.get(1)` gets an existing one.

    Attributes:
        database: where the objects are; mandatory, and inherited.
        namespace: groups models; models of one name can live in different namespaces.
        abstract: whether the class only passes its fields on; not inherited.
        lockable: accepted for limpyd 2's sake; see SingleValueField.
        collection_manager: the class of its collections, a subclass of AsyncCollection with methods of its own.
        default_indexes: the indexes of the fields in the body of the class, and of its subclasses, that are indexable
            and declare none; None for those of the database, or of the type of each.
        model_name: the name in the keys, instead of the class's own in lower case; not inherited.
        partitions: the number of partitions, a power of two, at most 256; inherited. That of the database by default.
        colocate_with: the model in whose partitions its objects are, beside those that they refer to; inherited.
        pk: the primary key; automatic unless the class declares a PKField.
    """

    abstract = True

    pk = AutoPKField(is_default=True)
    collection = AsyncModelCollection()
    """The collection of the primary keys of all objects; called with filters, of those that match them all."""

    if not TYPE_CHECKING:  # so that type checkers see only those that models declare
        collection_manager = AsyncCollection

    update = Update[Coroutine[Any, Any, int | None]]()

    @classmethod
    def get(cls, pk: Encodable | Expression | None = None, /, **filters: Any) -> Coroutine[Any, Any, Self]:
        """The one object with a primary key, or that matches filters.

        Raises:
            DoesNotExist: there is none.
            MultipleObjectsReturned: several match; it is a ValueError.
            InvalidFilter: no index answers a filter, or neither key nor filters are given.
        """
        return cls.database._described(lambda: lookups.lookup(cls._declared(), pk, filters, cls._connected))

    @classmethod
    @taking_foreign_keys
    def get_or_connect(
        cls, pk: Encodable | None = None, /, *, defaults: Mapping[str, Any] | None = None, **filters: Any
    ) -> Coroutine[Any, Any, Self]:
        """The one object that matches, or a new one with the values it was sought by.

        Raises as `get_or_create`; but an automatic primary key finds its object, as `get` does, and is refused if
        there is none.
        """

        def describe() -> Request[Self]:
            request = get_or_create(cls._declared(), "get_or_connect", pk, defaults, filters)
            return request.then(lambda found: cls._connected(found[0]))

        return cls.database._described(describe)

    @classmethod
    @taking_foreign_keys
    def get_or_create(
        cls, pk: Encodable | None = None, /, *, defaults: Mapping[str, Any] | None = None, **filters: Any
    ) -> Coroutine[Any, Any, tuple[Self, bool]]:
        """The one object that matches, or a new one, and whether it is new.

        It is one step on the server: of several callers at once, one creates and the others find.

        Args:
            pk: the primary key.
            defaults: further values for a new object.
            filters: the values the object is sought by, and created with.

        Raises:
            InvalidPrimaryKey: it is automatic, so no object can be created with it.
            InvalidFilter: an object cannot be found, or not be created, by a value.
            MultipleObjectsReturned: several match.
            UniquenessError: a unique value of the new object belongs to another one.
        """

        def describe() -> Request[tuple[Self, bool]]:
            request = get_or_create(cls._declared(), "get_or_create", pk, defaults, filters)
            return request.then(lambda found: (cls._connected(found[0]), found[1]))

        return cls.database._described(describe)

    @classmethod
    @taking_foreign_keys
    def update_or_create(
        cls,
        pk: Encodable | None = None,
        /,
        *,
        defaults: Mapping[str, Any] | None = None,
        create_defaults: Mapping[str, Any] | None = None,
        **filters: Any,
    ) -> Coroutine[Any, Any, tuple[Self, bool]]:
        """The one object that matches, with new values, or a new one, and whether it is new.

        It is one step on the server: of several callers at once, one creates and the others update.

        Args:
            pk: the primary key.
            defaults: the new values of the object, which may be expressions, `Post.votes + 1`; and further values of a
                new one.
            create_defaults: further values of a new object, instead of `defaults`.
            filters: the values the object is sought by, and created with.

        Raises as `get_or_create` and `update`.
        """

        def describe() -> Request[tuple[Self, bool]]:
            request = update_or_create(cls._declared(), pk, defaults, create_defaults, filters)
            return request.then(lambda found: (cls._connected(found[0]), found[1]))

        return cls.database._described(describe)

    @classmethod
    def exists(cls, pk: Encodable | Expression | None = None, /, **filters: Any) -> Coroutine[Any, Any, bool]:
        """Returns whether there is an object with this primary key, or that matches the filters."""
        found: Coroutine[Any, Any, bool] = lookups.exists(cls, pk, filters)
        return found

    @classmethod
    def lazy_connect(cls, pk: Encodable, /) -> Self:
        """An instance whose first operation checks that the object exists; nothing is sent before."""
        return cls._lazy(pk_bytes(cls._declared().name, pk))

    @classmethod
    def from_pks(cls, pks: Iterable[Encodable], lazy: bool = False) -> Coroutine[Any, Any, list[Self]]:
        """The instances of these primary keys, without repetition, in their order; absent ones are left out.

        With `lazy` nothing is sent, and each checks at its first use that it exists.
        """
        wanted = lookups.distinct(cls._declared(), pks)
        if lazy:
            return cls._answered([cls._lazy(pk) for pk in wanted])

        def describe() -> Request[list[Self]]:
            request = lookups.existing(cls._declared(), wanted)
            return request.then(lambda found: [cls._connected(pk) for pk in found])

        return cls.database._described(describe)

    @classmethod
    def instances(cls, lazy: bool = False, **filters: Any) -> AsyncCollection[Self, Self]:
        """The instances of the objects that match all filters; like `collection(…).instances(lazy)`."""
        return cls.collection(**filters).instances(lazy)
