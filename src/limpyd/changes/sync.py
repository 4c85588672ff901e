# Generated from asynchronous.py by `make faces`; edit that file.
"""Reading the feed of changes of a model on the sync face."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, overload

from limpyd.changes.change import Change
from limpyd.changes.groups import GroupReading, delete_group
from limpyd.changes.reading import Reading

MIN_IDLE_TIME = timedelta(minutes=1)
"""After this time without a sign of life a worker loses its changes to another one, unless it is told otherwise."""


class Changes:
    """The feed of changes of a model: `Order.changes`.

    Args:
        model: the class of the model.
    """

    __slots__ = ("_model",)

    def __init__(self, model: Any) -> None:
        self._model = model

    @overload
    def __call__(
        self, last_id: str = "0", *, block: int | timedelta | None = None, count: int = 100
    ) -> ChangeReader: ...
    @overload
    def __call__(
        self,
        last_id: str = "0",
        *,
        group: str,
        consumer: str | None = None,
        block: int | timedelta | None = None,
        count: int = 100,
        min_idle_time: int | timedelta = MIN_IDLE_TIME,
    ) -> GroupReader: ...
    def __call__(
        self,
        last_id: str = "0",
        *,
        group: str | None = None,
        consumer: str | None = None,
        block: int | timedelta | None = None,
        count: int = 100,
        min_idle_time: int | timedelta = MIN_IDLE_TIME,
    ) -> ChangeReader | GroupReader:
        """Begins to read changes. Nothing is sent until you iterate (XRANGE, XREAD; with a group a script: XREADGROUP).

        Args:
            last_id: "0" for all changes that there are; "$" for those from the first iteration on; the position of
                another reader, to go on after it; or, in a model of one partition, the id of a change.
            group: the name of a group, whose workers share all changes. Each is given to one of them, until it is
                acknowledged. A new group begins at `last_id`, which must be "0" or "$".
            consumer: the name of this worker in the group; one that no other has by default.
            block: for how many milliseconds to wait if there are no more changes; 0 for as long as it takes. By default
                the iteration ends at once.
            count: the most changes that a request reads from each partition.
            min_idle_time: after how many milliseconds without a sign of life a worker of the group counts as dead, so
                that another one gets its changes. It must be longer than a worker needs for one change.

        Raises:
            InvalidValue: an argument is none of these.
        """
        schema = self._model._declared()
        if group is None:
            return ChangeReader(Reading(schema, last_id, block, count))
        return GroupReader(GroupReading(schema, group, consumer, last_id, block, count, min_idle_time))

    def delete_group(self, group: str) -> bool:
        """Deletes a group with all that it knows (XGROUP DESTROY); returns whether there was one."""
        deleted: bool = self._model.database._run_program(delete_group(self._model._declared(), group))
        return deleted


class ChangeReader:
    """A reader of changes: iterate over it.

    Args:
        reading: what it reads.
    """

    __slots__ = ("_reading",)

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @property
    def position(self) -> str:
        """The position after the last change that was returned; pass it as `last_id` to go on from there."""
        return self._reading.position

    def __iter__(self) -> Iterator[Change]:
        """Yields the changes of each object in order; those of several partitions about in the order of their times.

        Raises:
            ChangesLost: the last change was trimmed, and perhaps others that were not read.
            StoredValueError: an entry of the stream is no change.
        """
        reading = self._reading
        while True:
            found = reading.model.model.database._run_program(reading.next())
            if not found:
                return
            for change in found:
                reading.pass_by(change)
                yield change


class GroupReader:
    """A worker of a group: iterate over it. A change is acknowledged when the next one is asked for.

    Args:
        reading: what it reads.
    """

    __slots__ = ("_acknowledged", "_reading")

    def __init__(self, reading: GroupReading) -> None:
        self._reading = reading
        self._acknowledged: Change | None = None

    @property
    def consumer(self) -> str:
        """The name of this worker in the group."""
        return self._reading.consumer

    def acknowledge(self, change: Change) -> bool:
        """Acknowledges a change before the next one is asked for (XACK).

        Returns:
            False if this worker counted as dead, and another one has taken the change over.
        """
        reading = self._reading
        done: bool = reading.model.model.database._run_program(reading.acknowledge(change))
        if done:
            self._acknowledged = change
        return done

    def __iter__(self) -> Iterator[Change]:
        """Yields the changes that this worker gets; those of each object in order.

        If the body of the loop raises, or leaves the loop, its change is not acknowledged, and will be given again: to
        a worker of the same name, or to another one when this one counts as dead.

        Raises:
            ChangesLost: the group fell behind, and changes were trimmed before they were acknowledged.
            StoredValueError: an entry of the stream is no change.
        """
        reading = self._reading
        while True:
            found = reading.model.model.database._run_program(reading.next())
            if not found:
                return
            for change in found:
                yield change
                if self._acknowledged != change and not self.acknowledge(change):
                    break
