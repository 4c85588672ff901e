"""Commands that may wait on the server, which no script can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from limpyd.commands.faces import Face
from limpyd.exceptions import InvalidPrimaryKey, UnsupportedCommand
from limpyd.fields.bound.existence import existence_check
from limpyd.fields.bound.value import BoundValue
from limpyd.requests.request import Argument, Request
from limpyd.server import Needs

R = TypeVar("R")


class BoundBlocking(BoundValue[Face]):
    """A field that can be waited for, of one instance."""

    __slots__ = ()

    def _blocking(
        self,
        args: tuple[Argument, ...],
        decode: Callable[[Any], R],
        timeout: str | float,
        *,
        readonly: bool = False,
        needs: Needs | None = None,
    ) -> Request[R]:
        """A command that may wait on the server, which no script can; so it is sent as it is.

        Args:
            args: the command and its arguments.
            decode: turns the reply into the result.
            timeout: for how many seconds it may wait; 0 for as long as it takes.
            readonly: it changes nothing.
            needs: the servers that support its arguments, if fewer than support the command.

        Raises:
            InvalidPrimaryKey: the instance was never stored, so nothing can arrive.
        """
        instance = self._instance
        if instance._pk_bytes is None:
            msg = (
                f"{args[0]!s} on {self!r}: the object is not stored yet, so nothing can arrive; set one of its "
                "fields first"
            )
            raise InvalidPrimaryKey(msg)
        # Of an object that was deleted nothing would ever arrive.
        return Request(
            args,
            decode,
            readonly=readonly,
            subject=self._field,
            blocking=True,
            timeout=float(timeout),
            preflight=existence_check(instance).exact(),
            needs=needs,
        )

    def _may_wait(self, name: str) -> None:
        """Scripts update the indexes, and a script cannot wait."""
        if self._field.indexed:
            msg = (
                f"{self._field} is indexed, and {name} cannot update the index: a command that waits on the server "
                "cannot be part of a script. Use the command that does not wait, or a field without an index"
            )
            raise UnsupportedCommand(msg)
        feed = self._field.model.feed
        if feed is not None and feed.records(self._field.name):
            msg = (
                f"{self._field} is recorded by {self._field.model.name}.{feed.name}, and {name} cannot add to a feed: "
                "what waits on the server cannot be part of a script. Use the command that does not wait, or leave the "
                "field out with ChangeFeed(fields=[…])"
            )
            raise UnsupportedCommand(msg)
        if self._field.constraints:
            msg = (
                f"{self._field} has constraints, and {name} cannot check them: what waits on the server cannot be part "
                f"of a script. Use the command that does not wait, or a field without constraints"
            )
            raise UnsupportedCommand(msg)
