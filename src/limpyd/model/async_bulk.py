"""The bulk operations of models on the async face.

What does them is imported when it is called for.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any, Self

from limpyd.model.async_construction import AsyncConstruction
from limpyd.model.bulk import (
    USUAL_CHUNK,
    BulkCreated,
    BulkDeleted,
    BulkUpdated,
    OnConflict,
    OnMissing,
    OnProgress,
    PkAndValues,
)
from limpyd.model.bulk_input import async_run_bulk
from limpyd.types import Encodable


class AsyncBulkOperations(AsyncConstruction):
    """The part of a model that creates, updates and deletes many objects."""

    abstract = True

    @classmethod
    async def bulk_create(
        cls,
        objects: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        *,
        chunk: int = USUAL_CHUNK,
        on_conflict: OnConflict = "raise",
        pks: bool = False,
        progress: OnProgress | None = None,
    ) -> BulkCreated:
        """Creates many objects, chunk by chunk, each in one request: an iterable of any length, in constant memory.

        Each object is created as `create` does it, all or nothing by itself; defaults apply.

        The iterable may be an asynchronous one.

        Args:
            objects: the values of each object.
            chunk: how many objects a request carries at most; fewer if they are large.
            on_conflict: what becomes of an object whose primary key or unique value belongs to another one: "raise"
                ends with it, "skip" passes over it, "update" gives the values that one (as `update` does).
            pks: give the primary keys in the result.
            progress: called after each chunk with the number of objects done so far.

        Raises:
            BulkError: an object was refused: it names the position, and its `__cause__` says why. Those before it
                are created; neither it nor any after it is, but for those that `done_after` names.
        """
        from limpyd.model.bulk_create import BulkCreate  # noqa: PLC0415 - see above

        return await async_run_bulk(
            cls.database, BulkCreate(cls._declared(), chunk, on_conflict, pks, progress), objects
        )

    @classmethod
    async def bulk_update(
        cls,
        objects: Iterable[PkAndValues] | AsyncIterable[PkAndValues],
        *,
        chunk: int = USUAL_CHUNK,
        on_missing: OnMissing = "raise",
        progress: OnProgress | None = None,
    ) -> BulkUpdated:
        """Gives many objects new values, chunk by chunk, each in one request: an iterable of any length.

        Each object is updated as `update` does it, all or nothing by itself.

        The iterable may be an asynchronous one.

        Args:
            objects: pairs of a primary key, or instance, and values; or values, the primary key among them.
            chunk: how many objects a request carries at most; fewer if they are large.
            on_missing: whether an object that does not exist is refused, "raise", or counted, "skip".
            progress: called after each chunk with the number of objects done so far.

        Raises:
            BulkError: an object was refused: it names the position, and its `__cause__` says why. Those before it
                are updated; neither it nor any after it is, but for those that `done_after` names.
        """
        from limpyd.model.bulk_changes import BulkUpdate  # noqa: PLC0415 - see above

        return await async_run_bulk(cls.database, BulkUpdate(cls._declared(), chunk, on_missing, progress), objects)

    @classmethod
    async def bulk_delete(
        cls,
        objects: Iterable[Encodable | Self] | AsyncIterable[Encodable | Self],
        *,
        chunk: int = USUAL_CHUNK,
        on_missing: OnMissing = "raise",
        progress: OnProgress | None = None,
    ) -> BulkDeleted:
        """Deletes many objects, chunk by chunk, each in one request and one atomic step.

        The iterable may be an asynchronous one.

        Args:
            objects: their primary keys, or instances.
            chunk: how many objects a request carries at most.
            on_missing: whether an object that does not exist is refused, "raise", or counted, "skip".
            progress: called after each chunk with the number of objects done so far.

        Raises:
            BulkError: an object does not exist: it names the position. Those before it are deleted; none after it is,
                but for those that `done_after` names.
        """
        from limpyd.model.bulk_changes import BulkDelete  # noqa: PLC0415 - see above

        return await async_run_bulk(cls.database, BulkDelete(cls._declared(), chunk, on_missing, progress), objects)
