"""The removal of objects whose deadline is over: with creations, or when somebody asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from limpyd.exceptions import InvalidValue, UnsupportedCommand
from limpyd.keys import Partition
from limpyd.requests.request import Program, Request
from limpyd.scripts.sweeps import MOST, sweep, sweep_before, sweep_targets, sweep_values

EVERY = 50
"""A process removes objects before its first creation in a partition, and before each further one of so many.

It removes twice as many, so no more expired objects are left than there were at the most.
"""


class Sweeping:
    """The removal of objects of a model whose deadline is over.

    Args:
        schema: the model.
    """

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._until_next: dict[Partition, int] = {}

    def before_creation(self, partition: Partition) -> Request[Any] | None:
        """The request that removes some objects before a new one is created, if it is time."""
        left = self._until_next.get(partition, 0)
        self._until_next[partition] = (left or EVERY) - 1
        return None if left else sweep_before(self._schema, partition)

    def before_chunk(self, partition: Partition, pks: list[bytes], count: int) -> Request[Any]:
        """The request that removes some objects before a number of new ones, and those with given primary keys."""
        return sweep_before(self._schema, partition, min(2 * count, 4 * MOST), pks)

    def all(self, goes_on: Callable[[], bool] = lambda: True) -> Program[int]:
        """Removes all objects whose deadline is over, in many short steps, and returns their number.

        Args:
            goes_on: asked before each step; false to stop there.
        """
        schema, swept = self._schema, 0
        of_objects = sweep if schema.is_swept_by_creations else sweep_targets
        kinds = [*([of_objects] if schema.objects_expire else ()), *([sweep_values] if schema.lapses else ())]
        for partition in schema.keys.partitions:
            for sweep_some in kinds:
                is_done = False
                while not is_done and goes_on():
                    result = yield sweep_some(schema, partition)
                    swept += result.swept
                    is_done = result.is_done
        return swept


def sweep_before_move(schema: Any) -> Program[None]:
    """Removes the objects of a model whose deadline is over, before a mover takes its objects elsewhere.

    Other objects may have their unique values, and an index would refuse one of both where they arrive. Objects to
    which others refer are removed before anybody gets their values.

    Args:
        schema: the model as movers see it.
    """
    is_swept = schema.objects_expire and not schema.incoming
    for partition in schema.keys.partitions if is_swept else ():
        deadlines = yield Request((b"EXISTS", partition.deadlines), int, readonly=True, subject=schema)
        is_done = not deadlines  # as under a name that no objects have
        while not is_done:
            result = yield sweep_before(schema, partition)
            is_done = result is None or result.is_done  # None: it is too large for a step


def check_expires(schema: Any) -> None:
    """Refuses a sweep of a model whose objects do not expire.

    Raises:
        UnsupportedCommand: it is such a model.
    """
    if not (schema.objects_expire or schema.lapses):
        msg = (
            f"{schema.name} has no DeadlineField, so its objects do not expire, nor a field with expires=True: there "
            "is nothing to sweep"
        )
        raise UnsupportedCommand(msg)


def sweeping(schema: Any) -> Program[int]:
    """Removes all objects of a model whose deadline is over. Raises as `check_expires`."""
    check_expires(schema)
    swept: int = yield from schema.sweeping.all()
    return swept


def interval(schema: Any, every: float | timedelta) -> float:
    """Returns the seconds between the sweeps of a sweeper.

    Raises:
        InvalidValue: they are not a positive number.
        UnsupportedCommand: the objects of the model do not expire.
    """
    check_expires(schema)
    seconds = every.total_seconds() if isinstance(every, timedelta) else every
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < threading.TIMEOUT_MAX:
        msg = f"{schema.name}.sweeping: every={every!r} is not a positive number of seconds, nor such a timedelta"
        raise InvalidValue(msg)
    return float(seconds)
