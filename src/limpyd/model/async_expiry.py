"""The removal of expired objects, and values, on the async face."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from limpyd.model.async_construction import AsyncConstruction

if TYPE_CHECKING:
    from limpyd.model.async_sweeper import AsyncSweeper


class AsyncExpiry(AsyncConstruction):
    """The part of a model that removes objects, and values, whose deadline is over."""

    abstract = True
    _names_may_be_fields = True

    @classmethod
    def sweep(cls) -> Coroutine[Any, Any, int]:
        """Removes all objects and values whose deadline is over, with their index entries; returns how many.

        It takes many short steps. Nobody finds such objects or values in any case: each creation removes a few objects,
        and each script all values. So this is only needed to free memory sooner, or if so many values may be over that
        their removal takes others long.

        Raises:
            UnsupportedCommand: the model has neither a DeadlineField nor a field with `expires=True`.
        """
        from limpyd.schema.sweeping import sweeping  # noqa: PLC0415 - the objects of most models do not expire

        found: Coroutine[Any, Any, int] = cls.database._run_program(sweeping(cls._declared()))
        return found

    @classmethod
    def sweeping(cls, every: float | timedelta = 10) -> AsyncSweeper:
        """Sweeps again and again in the background, as long as the block of a `with` statement runs.

            async with Session.sweeping(every=10):
                await serve()

        A sweep that fails, such as for lack of a connection, is logged, and tried again the next time. When the block
        ends, the sweep that is running ends after its present step, of a few milliseconds. Several processes may sweep
        the same model.

        Args:
            every: seconds from the end of a sweep to the beginning of the next one, or a timedelta.

        Raises:
            UnsupportedCommand: the model has neither a DeadlineField nor a field with `expires=True`.
            InvalidValue: the time is not positive.
        """
        from limpyd.model.async_sweeper import AsyncSweeper  # noqa: PLC0415 - few programs sweep
        from limpyd.schema.sweeping import interval  # noqa: PLC0415 - as above

        return AsyncSweeper(cls, interval(cls._declared(), every))
