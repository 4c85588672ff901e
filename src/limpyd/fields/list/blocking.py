"""The commands of a Redis list that wait until there is a member."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.exceptions import UnsupportedCommand
from limpyd.fields import checks
from limpyd.fields.bound.sort import BoundSort
from limpyd.requests.request import Argument, Request

T = TypeVar("T")
V = TypeVar("V")
End = Literal["LEFT", "RIGHT"]
ENDS = ("LEFT", "RIGHT")


class BoundListBlocking(BoundSort[T, V, Face]):
    """The commands of a list that wait, and what they share with those that do not."""

    __slots__ = ()

    @command("BLPOP")
    def blpop(self, timeout: checks.Timeout = 0) -> Request[T | None]:
        """Removes the first member and returns it, waiting until there is one (BLPOP); None if time runs out.

        Args:
            timeout: how many seconds to wait; 0 or None for no limit.

        Raises:
            UnsupportedCommand: the field is indexed, and no script, which would keep the index, can wait.
            InvalidPrimaryKey: the instance was never stored, so nothing can arrive.
        """
        return self._pop_waiting("BLPOP", timeout)

    @command("BRPOP")
    def brpop(self, timeout: checks.Timeout = 0) -> Request[T | None]:
        """Removes the last member and returns it, waiting until there is one (BRPOP); else as `blpop`."""
        return self._pop_waiting("BRPOP", timeout)

    @command("BLMPOP")
    def blmpop(self, timeout: checks.Timeout, direction: End = "LEFT", count: int = 1) -> Request[list[T]]:
        """Removes up to `count` members from an end, waiting until there is one (BLMPOP); else as `blpop`."""
        self._may_wait("BLMPOP")
        numkeys, *args = self._mpop_args("BLMPOP", direction, count)
        seconds = checks.timeout("BLMPOP's timeout", timeout)
        return self._blocking(("BLMPOP", seconds, numkeys, self._key(), *args), self._popped, seconds)

    @command("BLMOVE")
    def blmove(
        self,
        destination: BoundListBlocking[T, Any, Any],
        timeout: checks.Timeout,
        src: End = "LEFT",
        dest: End = "RIGHT",
    ) -> Request[T | None]:
        """Moves a member to another list of the same object, waiting until there is one (BLMOVE); else as `blpop`.

        Raises:
            UnsupportedCommand: a field is indexed; the destination is a version of a dynamic field; or they are of
                two objects, of which the other one may be deleted while this one waits.
        """
        return self._moved_waiting(destination, timeout, src, dest)

    @command("BLMOVE")
    def brpoplpush(self, destination: BoundListBlocking[T, Any, Any], timeout: checks.Timeout = 0) -> Request[T | None]:
        """Moves the last member before the first of another list (BLMOVE, the successor of BRPOPLPUSH); as `blmove`."""
        return self._moved_waiting(destination, timeout, "RIGHT", "LEFT")

    def _moved_waiting(
        self, destination: BoundListBlocking[T, Any, Any], timeout: checks.Timeout, src: str, dest: str
    ) -> Request[T | None]:
        self._may_wait("BLMOVE")
        (target,) = self._together("BLMOVE", (destination,), b"list")
        destination._may_wait("BLMOVE")
        if destination._field.version_of is not None:
            msg = (
                f"BLMOVE to {destination!r}: what waits on the server cannot be part of a script, so it cannot note "
                f"that the object has this version of {destination._field.version_of.name}; use lmove"
            )
            raise UnsupportedCommand(msg)
        if target._instance._pk_bytes != self._instance._pk_bytes or target._field.model is not self._field.model:
            msg = (
                f"BLMOVE from {self!r} to {destination!r}: the other object may be deleted while it waits, and would "
                f"come back by half; move within one object, or use lmove"
            )
            raise UnsupportedCommand(msg)
        ends = (checks.one_of("BLMOVE's src", src, ENDS), checks.one_of("BLMOVE's dest", dest, ENDS))
        seconds = checks.timeout("BLMOVE's timeout", timeout)
        return self._blocking(("BLMOVE", self._key(), target._key(), *ends, seconds), self._value, seconds)

    def _mpop_args(self, name: str, direction: str, count: int) -> tuple[Argument, ...]:
        end = checks.one_of(f"{name}'s direction", direction, ENDS)
        return 1, end, "COUNT", checks.integer(f"{name}'s count", count, low=1)

    def _popped(self, reply: Any) -> list[T]:
        return self._values(reply[1]) if reply else []

    def _pop_waiting(self, name: str, timeout: checks.Timeout) -> Request[T | None]:
        self._may_wait(name)
        args = (name, self._key(), checks.timeout(f"{name}'s timeout", timeout))
        return self._blocking(args, lambda reply: self._value(reply[1]) if reply else None, args[-1])
