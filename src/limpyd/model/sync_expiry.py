# Generated from async_expiry.py by `make faces`; edit that file.
"""The removal of expired objects, and values, on the sync face."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from limpyd.model.sync_construction import Construction

if TYPE_CHECKING:
    from limpyd.model.sync_sweeper import Sweeper


class Expiry(Construction):
    """The part of a model that removes objects, and values, whose deadline is over."""

    abstract = True
    _names_may_be_fields = True

    @classmethod
    def sweep(cls) -> int:
        """Removes all objects and values whose deadline is over, with their index entries; returns how many.

        It takes many short steps. Nobody finds such objects or values in any case: each creation removes a few objects,
        and each script all values. So this is only needed to free memory sooner, or if so many values may be over that
        their removal takes others long.

        Raises:
            UnsupportedCommand: the model has neither a DeadlineField nor a field with `expires=True`.
        """
        from limpyd.schema.sweeping import sweeping  # noqa: PLC0415 - the objects of most models do not expire

        found: int = cls.database._run_program(sweeping(cls._declared()))
        return found

    @classmethod
    def sweeping(cls, every: float | timedelta = 10) -> Sweeper:
        """Sweeps again and again in the background, as long as the block of a `with` statement runs.

            with Session.sweeping(every=10):
                serve()

        A sweep that fails, such as for lack of a connection, is logged, and tried again the next time. When the block
        ends, the sweep that is running ends after its present step, of a few milliseconds. Several processes may sweep
        the same model.

        Args:
            every: seconds from the end of a sweep to the beginning of the next one, or a timedelta.

        Raises:
            UnsupportedCommand: the model has neither a DeadlineField nor a field with `expires=True`.
            InvalidValue: the time is not positive.
        """
        from limpyd.model.sync_sweeper import Sweeper  # noqa: PLC0415 - few programs sweep
        from limpyd.schema.sweeping import interval  # noqa: PLC0415 - as above

        return Sweeper(cls, interval(cls._declared(), every))
