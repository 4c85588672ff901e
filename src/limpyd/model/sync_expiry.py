# Generated from async_expiry.py by `make faces`; edit that file.
"""The removal of expired objects on the sync face."""

from __future__ import annotations

from limpyd.model.sync_construction import Construction


class Expiry(Construction):
    """The part of a model that removes objects whose deadline is over."""

    abstract = True
    _names_may_be_fields = True

    @classmethod
    def sweep(cls) -> int:
        """Removes all objects whose deadline is over, with their index entries, in many short steps; returns how many.

        Nobody finds such objects in any case. Creations remove a few of them each, too, so this is only needed to free
        memory sooner.

        Raises:
            UnsupportedCommand: the model has no DeadlineField.
        """
        from limpyd.schema.sweeping import sweeping  # noqa: PLC0415 - the objects of most models do not expire

        found: int = cls.database._run_program(sweeping(cls._declared()))
        return found
