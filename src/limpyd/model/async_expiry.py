"""The removal of expired objects on the async face."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from limpyd.model.async_construction import AsyncConstruction


class AsyncExpiry(AsyncConstruction):
    """The part of a model that removes objects whose deadline is over."""

    abstract = True
    _names_may_be_fields = True

    @classmethod
    def sweep(cls) -> Coroutine[Any, Any, int]:
        """Removes all objects whose deadline is over, with their index entries, in many short steps; returns how many.

        Nobody finds such objects in any case. Creations remove a few of them each, too, so this is only needed to free
        memory sooner.

        Raises:
            UnsupportedCommand: the model has no DeadlineField.
        """
        from limpyd.schema.sweeping import sweeping  # noqa: PLC0415 - the objects of most models do not expire

        found: Coroutine[Any, Any, int] = cls.database._run_program(sweeping(cls._declared()))
        return found
