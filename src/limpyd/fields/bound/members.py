"""Fields of many members that are bound to an instance: what sets, lists, sorted sets and hashes share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import ref

from limpyd.commands.faces import Face, Sync
from limpyd.commands.iteration import Items, Unread, unread_length
from limpyd.exceptions import InvalidValue, MissingArgument
from limpyd.fields.bound.arguments import LISTS
from limpyd.fields.bound.blocking import BoundBlocking
from limpyd.fields.bound.key_commands import BoundKey
from limpyd.fields.bound.value import MAX_ARGUMENTS
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Request

R = TypeVar("R")


class BoundMembers(BoundKey[Face], BoundBlocking[Face]):
    """A field of many members, of one instance."""

    __slots__ = ("_unread",)

    _unread: Unread | None

    def _run(self, request: Request[Any], again: Callable[[], Request[Any]] | None = None) -> Any:
        self._unread = None  # whatever is asked in between, the length may be another then
        return self._instance.database._run(request, again)

    def _some(
        self, name: str, members: tuple[Any, ...], encode: Callable[[Any], bytes] | None = None
    ) -> tuple[bytes, ...]:
        """The stored forms of members, of which a command needs at least one.

        Args:
            name: the command.
            members: the members.
            encode: gives the stored form; by default that of members that are looked for.
        """
        stored_form = self._field.encode if encode is None else encode
        if len(members) != 1:
            if not members:
                msg = f"{name} on {self._field} needs at least one member"
                raise MissingArgument(msg)
            return tuple([stored_form(member) for member in members])
        (member,) = members
        if isinstance(member, LISTS):
            msg = f"{name} on {self._field} takes its members one by one: {name.lower()}(*members)"
            raise InvalidValue(msg)
        return (stored_form(member),)

    def _write_some(
        self,
        command: str,
        members: tuple[bytes, ...],
        decode: Callable[[Any], R],
        combine: Callable[[list[R]], R] = sum,  # type: ignore[assignment] # of numbers, as most replies are
    ) -> Request[R]:
        """A command on any number of members, and nothing else, all in one step.

        Args:
            command: the command.
            members: the members.
            decode: turns the reply into the result.
            combine: makes one result of those of several parts.
        """
        if len(members) <= MAX_ARGUMENTS:
            return self._write(command, members, decode)
        return self._write_many(command, (), members, combine=combine)

    def _iterate(self, items: list[R]) -> Items[R]:
        """Iterates over what was read, so that list() asks no second time."""
        iterator = Items(items)
        self._unread = ref(iterator)
        return iterator

    def _hinted(self) -> int | None:
        """The length of what is about to be iterated over, if that is why it is asked."""
        unread = getattr(self, "_unread", None)
        self._unread = None
        return unread_length(unread)

    def _sync_only(self, instead: str) -> None:
        """Refuses Python's own syntax on the async face, where it cannot await.

        Raises:
            TypeError: it is asked of an asynchronous instance.
        """
        if self._instance._awaits:
            msg = f"{self!r} is asynchronous, and this syntax cannot be awaited; use {instead}"
            raise TypeError(msg)
        self._instance.database._at_once(
            f"Python's own syntax on {self!r}", "use its commands, such as the commands for its length and its members"
        )

    def _async_only(self) -> None:
        """Refuses `async for` on the sync face.

        Raises:
            TypeError: it is asked of a synchronous instance.
        """
        if not self._instance._awaits:
            msg = f"{self!r} is not asynchronous; use a plain `for`"
            raise TypeError(msg)
        self._instance.database._at_once(
            f"Python's own syntax on {self!r}", "use its commands, such as the commands for its length and its members"
        )

    def __bool__(self: BoundMembers[Sync]) -> bool:
        """Returns whether there is any member (EXISTS)."""
        self._sync_only("await ….exists()")
        return bool(self._asked(lambda: self._read("EXISTS", (), to_bool)))
