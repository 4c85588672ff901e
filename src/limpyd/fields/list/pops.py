"""The commands that take members from an end of a Redis list, some of which wait until there is one."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.commands.overloads import overloaded
from limpyd.fields import checks
from limpyd.fields.bound.sort import BoundSort
from limpyd.requests.request import Argument, Request

T = TypeVar("T")
V = TypeVar("V")

End = Literal["LEFT", "RIGHT"]
ENDS = ("LEFT", "RIGHT")


class BoundListPops(BoundSort[T, V, Face]):
    """The commands that remove members from the ends of a list, and return them."""

    __slots__ = ()

    @command("LPOP")
    def lpop_many(self, count: int) -> Request[list[T]]:
        """The same as `lpop` with `count` (LPOP with a count)."""
        return self._write("LPOP", (checks.integer("LPOP's count", count, low=0),), self._values)

    @overloaded("LPOP", ("count", lpop_many))
    def lpop(self, count: None = None) -> Request[T | None]:
        """Removes the first member and returns it, or None (LPOP).

        Args:
            count: remove up to so many from the first on, and return a list of them.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("LPOP", (), self._value)

    @command("RPOP")
    def rpop_many(self, count: int) -> Request[list[T]]:
        """The same as `rpop` with `count` (RPOP with a count)."""
        return self._write("RPOP", (checks.integer("RPOP's count", count, low=0),), self._values)

    @overloaded("RPOP", ("count", rpop_many))
    def rpop(self, count: None = None) -> Request[T | None]:
        """Removes the last member and returns it, or None (RPOP). Raises as `lpop`.

        Args:
            count: remove up to so many, the last one first, and return a list of them.
        """
        return self._write("RPOP", (), self._value)

    @command("LMPOP")
    def lmpop(self, direction: End = "LEFT", count: int = 1) -> Request[list[T]]:
        """Removes up to `count` members from an end and returns them (LMPOP). Raises as `lpop`."""
        return self._in_general("LMPOP", self._mpop_args("LMPOP", direction, count), self._popped, key_at=2)

    @command("BLPOP")
    def blpop(self, timeout: checks.Timeout = 0) -> Request[T | None]:
        """Removes the first member and returns it, waiting until there is one (BLPOP); None after the timeout.

        Args:
            timeout: how many seconds to wait; 0 or None for no limit.

        Raises:
            UnsupportedCommand: the field is indexed, and no script, which would keep the index, can wait.
            InvalidPrimaryKey: the instance was never stored, so nothing can arrive.
        """
        return self._pop_waiting("BLPOP", timeout)

    @command("BRPOP")
    def brpop(self, timeout: checks.Timeout = 0) -> Request[T | None]:
        """Removes the last member and returns it, waiting until there is one (BRPOP); otherwise like `blpop`."""
        return self._pop_waiting("BRPOP", timeout)

    @command("BLMPOP")
    def blmpop(self, timeout: checks.Timeout, direction: End = "LEFT", count: int = 1) -> Request[list[T]]:
        """Removes up to `count` members from an end, waiting until there is one (BLMPOP); otherwise like `blpop`."""
        self._may_wait("BLMPOP")
        numkeys, *args = self._mpop_args("BLMPOP", direction, count)
        seconds = checks.timeout("BLMPOP's timeout", timeout)
        return self._blocking(("BLMPOP", seconds, numkeys, self._key(), *args), self._popped, seconds)

    def _mpop_args(self, name: str, direction: str, count: int) -> tuple[Argument, ...]:
        end = checks.one_of(f"{name}'s direction", direction, ENDS)
        return 1, end, "COUNT", checks.integer(f"{name}'s count", count, low=1)

    def _popped(self, reply: Any) -> list[T]:
        return self._values(reply[1]) if reply else []

    def _pop_waiting(self, name: str, timeout: checks.Timeout) -> Request[T | None]:
        self._may_wait(name)
        args = (name, self._key(), checks.timeout(f"{name}'s timeout", timeout))
        return self._blocking(args, lambda reply: self._value(reply[1]) if reply else None, args[-1])
