"""The commands that take members from an end of a Redis sorted set, some of which wait until there is one."""

from __future__ import annotations

from typing import Any, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.exceptions import InvalidValue
from limpyd.fields import checks
from limpyd.fields.sortedset.scores import BoundScores
from limpyd.requests.request import Argument, Request

T = TypeVar("T")
V = TypeVar("V")


class BoundSortedSetPops(BoundScores[T, V, Face]):
    """The commands that remove the members of the lowest or highest scores, and return them."""

    __slots__ = ()

    @command("ZPOPMIN")
    def zpopmin(self, count: int | None = None) -> Request[list[tuple[T, float]]]:
        """Removes up to `count` members (1 by default) of the lowest scores; returns them with their scores (ZPOPMIN).

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write(
            "ZPOPMIN", (checks.integer("ZPOPMIN's count", 1 if count is None else count, low=0),), self._scored
        )

    @command("ZPOPMAX")
    def zpopmax(self, count: int | None = None) -> Request[list[tuple[T, float]]]:
        """Removes up to `count` members (1 by default) of the highest scores; returns them with scores (ZPOPMAX).

        Raises as `zpopmin`.
        """
        return self._write(
            "ZPOPMAX", (checks.integer("ZPOPMAX's count", 1 if count is None else count, low=0),), self._scored
        )

    @command("ZMPOP")
    def zmpop(self, *, min: bool = False, max: bool = False, count: int = 1) -> Request[list[tuple[T, float]]]:
        """Removes up to `count` members of the lowest, or highest, scores and returns them with these (ZMPOP).

        Args:
            min: those of the lowest scores.
            max: those of the highest scores.
            count: how many at most.

        Raises:
            InvalidValue: not exactly one of `min` and `max` is set.
            DoesNotExist: the object was deleted.
        """
        args = self._mpop_args("ZMPOP", min, max, count)
        return self._in_general("ZMPOP", args, self._popped, key_at=2)

    @command("BZPOPMIN")
    def bzpopmin(self, timeout: checks.Timeout = 0) -> Request[tuple[T, float] | None]:
        """Removes the member of the lowest score, waiting until there is one (BZPOPMIN); None after the timeout.

        Args:
            timeout: how many seconds to wait; 0 or None for no limit.

        Raises:
            UnsupportedCommand: the field is indexed, and no script, which would keep the index, can wait.
            InvalidPrimaryKey: the instance was never stored, so nothing can arrive.
        """
        return self._pop_waiting("BZPOPMIN", timeout)

    @command("BZPOPMAX")
    def bzpopmax(self, timeout: checks.Timeout = 0) -> Request[tuple[T, float] | None]:
        """Removes the member of the highest score, waiting until there is one (BZPOPMAX); otherwise like `bzpopmin`."""
        return self._pop_waiting("BZPOPMAX", timeout)

    @command("BZMPOP")
    def bzmpop(
        self,
        timeout: checks.Timeout,
        *,
        min: bool = False,
        max: bool = False,
        count: int = 1,
    ) -> Request[list[tuple[T, float]]]:
        """As `zmpop`, waiting until there is a member (BZMPOP); otherwise like `bzpopmin`."""
        self._may_wait("BZMPOP")
        numkeys, *args = self._mpop_args("BZMPOP", min, max, count)
        seconds = checks.timeout("BZMPOP's timeout", timeout)
        return self._blocking(("BZMPOP", seconds, numkeys, self._key(), *args), self._popped, seconds)

    def _mpop_args(self, name: str, lowest: bool, highest: bool, count: int) -> tuple[Argument, ...]:
        if checks.flag(f"{name}'s min", lowest) == checks.flag(f"{name}'s max", highest):
            msg = f"{name} on {self._field} takes either min=True or max=True"
            raise InvalidValue(msg)
        return 1, "MIN" if lowest else "MAX", "COUNT", checks.integer(f"{name}'s count", count, low=1)

    def _popped(self, reply: Any) -> list[tuple[T, float]]:
        return self._scored(reply[1]) if reply else []

    def _pop_waiting(self, name: str, timeout: checks.Timeout) -> Request[tuple[T, float] | None]:
        self._may_wait(name)
        seconds = checks.timeout(f"{name}'s timeout", timeout)
        args = (name, self._key(), seconds)
        return self._blocking(args, lambda reply: (self._value(reply[1]), float(reply[2])) if reply else None, seconds)
