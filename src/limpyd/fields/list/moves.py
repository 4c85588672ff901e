"""The commands that move a member to another Redis list, some of which wait until there is one."""

from __future__ import annotations

from typing import Any, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.exceptions import UnsupportedCommand
from limpyd.fields import checks
from limpyd.fields.bound.sort import BoundSort
from limpyd.fields.list.pops import ENDS, End
from limpyd.requests.request import Request
from limpyd.scripts.writes import REPLIED

T = TypeVar("T")
V = TypeVar("V")


class BoundListMoves(BoundSort[T, V, Face]):
    """The commands that take a member from an end of a list and add it to an end of another one."""

    __slots__ = ()

    @command("LMOVE")
    def lmove(
        self, destination: BoundListMoves[T, Any, Any], src: End = "LEFT", dest: End = "RIGHT"
    ) -> Request[T | None]:
        """Moves a member from an end to an end of another list, or of this one, and returns it, or None (LMOVE).

        Args:
            destination: a ListField of an instance.
            src: the end from which it is taken.
            dest: the end to which it is added.

        Raises:
            UniquenessError: a third object has it; nothing is changed.
            DoesNotExist: one of the objects was deleted.
        """
        return self._moved(destination, src, dest)

    @command("LMOVE")
    def rpoplpush(self, destination: BoundListMoves[T, Any, Any]) -> Request[T | None]:
        """Moves the last member before the first of another list (LMOVE, the successor of RPOPLPUSH); as `lmove`."""
        return self._moved(destination, "RIGHT", "LEFT")

    @command("BLMOVE")
    def blmove(
        self,
        destination: BoundListMoves[T, Any, Any],
        timeout: checks.Timeout,
        src: End = "LEFT",
        dest: End = "RIGHT",
    ) -> Request[T | None]:
        """Moves a member to another list of the same object, waiting for one (BLMOVE); otherwise like `blpop`.

        Raises:
            UnsupportedCommand: a field is indexed; the destination is a version of a dynamic field; or they are of
                two objects, of which the other one may be deleted while this one waits.
        """
        return self._moved_waiting(destination, timeout, src, dest)

    @command("BLMOVE")
    def brpoplpush(self, destination: BoundListMoves[T, Any, Any], timeout: checks.Timeout = 0) -> Request[T | None]:
        """Moves the last member before the first of another list (BLMOVE, the successor of BRPOPLPUSH); as `blmove`."""
        return self._moved_waiting(destination, timeout, "RIGHT", "LEFT")

    def _moved(self, destination: BoundListMoves[T, Any, Any], src: str, dest: str) -> Request[T | None]:
        (target,) = self._checked_fields("LMOVE", (destination,), b"list")
        args = (target._key(), checks.one_of("LMOVE's src", src, ENDS), checks.one_of("LMOVE's dest", dest, ENDS))
        if target._key() == self._key():
            return self._write_multi_key("LMOVE", *args, decode=self._value)
        return self._write_multi_key("LMOVE", *args, decode=self._value, changes=target, scopes=(b"reply", REPLIED))

    def _moved_waiting(
        self, destination: BoundListMoves[T, Any, Any], timeout: checks.Timeout, src: str, dest: str
    ) -> Request[T | None]:
        self._may_wait("BLMOVE")
        (target,) = self._checked_fields("BLMOVE", (destination,), b"list")
        destination._may_wait("BLMOVE")
        if destination._field.version_of is not None:
            msg = (
                f"BLMOVE to {destination!r}: a command that waits on the server cannot be part of a script, so it "
                f"cannot add this version to the inventory of {destination._field.version_of.name}; use lmove"
            )
            raise UnsupportedCommand(msg)
        if target._instance._pk_bytes != self._instance._pk_bytes or target._field.model is not self._field.model:
            msg = (
                f"BLMOVE from {self!r} to {destination!r}: the other object may be deleted during the wait, and a "
                "part of it would then be written again; move within one object, or use lmove"
            )
            raise UnsupportedCommand(msg)
        ends = (checks.one_of("BLMOVE's src", src, ENDS), checks.one_of("BLMOVE's dest", dest, ENDS))
        seconds = checks.timeout("BLMOVE's timeout", timeout)
        return self._blocking(("BLMOVE", self._key(), target._key(), *ends, seconds), self._value, seconds)
