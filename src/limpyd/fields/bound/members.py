"""Fields of many members: what sets, lists, sorted sets and hashes share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast
from weakref import ref

from limpyd.commands.faces import Face, Sync
from limpyd.commands.iteration import Items, Unread, unread_length
from limpyd.exceptions import InvalidValue, MissingArgument, shorten
from limpyd.fields import checks
from limpyd.fields.bound.blocking import BoundBlocking
from limpyd.fields.bound.key_commands import BoundKey
from limpyd.fields.bound.value import MOST_ARGUMENTS
from limpyd.fields.declaration.value import Place, ValueField
from limpyd.keys import Partition
from limpyd.requests.request import Argument, Request, to_bool
from limpyd.scripts.object_requests import NewObject
from limpyd.statements.members import members_write
from limpyd.statements.statement import Statement

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R")

LISTS = (list, tuple, set, frozenset)


class MembersField(ValueField[T]):
    """The declaration of a field of many members.

    Equal members are one member, so of equal values one form is stored: 1.50 as 1.5.
    """

    many = True

    def encode(self, value: T) -> bytes:
        codec = self.codec
        try:
            stored = codec.encode(value)
        except (TypeError, ValueError, OverflowError):
            stored = super().encode(value)  # which says what is wrong
        return stored if codec.canonical is None else codec.canonical(stored)

    @property
    def unchecked_encode(self) -> Callable[[Any], bytes]:
        plain = self.codec.canonical is None and type(self).encode is MembersField.encode
        return self.codec.encode if plain else self.encode

    def prepared(self, where: Partition, place: Place, command: str) -> Statement | None:
        if not place.followed or self.together or self.listing_in(where) or place.rescans_whole:
            return super().prepared(where, place, command)
        return members_write(self.model, where, command, self, place.prefix, place.indexes)

    def members(self, values: Any) -> list[bytes]:
        """The members of a new object's value.

        Raises:
            InvalidValue: it is no iterable of members, or one does not fit the field's type.
        """
        if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
            msg = f"{self} takes several members, such as a list, not {shorten(values)}"
            raise InvalidValue(msg)
        return [self.encode(value) for value in values]

    def _add_members(self, new: NewObject, place: Place, name: str, args: Sequence[Argument], step: int = 1) -> None:
        """Makes members part of a new object.

        Args:
            new: the object.
            place: where the field's values are kept.
            name: the command that stores the members.
            args: its arguments.
            step: how many of those there are for each member, which is the last of them.
        """
        if not args:
            new.unset.append(place.prefix)
            return
        new.members.append((place.prefix, name, args))
        for member in dict.fromkeys(args[step - 1 :: step]):
            self._claim(new, place, cast("bytes", member))


class BoundMembers(BoundKey[Face], BoundBlocking[Face]):
    """A field of many members, of one instance."""

    __slots__ = ("_unread",)

    _unread: Unread | None

    def _run(self, request: Request[Any]) -> Any:
        self._unread = None  # whatever is asked in between, the length may be another then
        return self._instance.database._run(request)

    def _some(self, name: str, members: tuple[Any, ...]) -> tuple[bytes, ...]:
        """The stored forms of members, of which a command needs at least one."""
        encode = self._field.encode
        if len(members) != 1:
            if not members:
                msg = f"{name} on {self._field} needs at least one member"
                raise MissingArgument(msg)
            return tuple([encode(member) for member in members])
        (member,) = members
        if isinstance(member, LISTS):
            msg = f"{name} on {self._field} takes its members one by one: {name.lower()}(*members)"
            raise InvalidValue(msg)
        return (encode(member),)

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
        if len(members) <= MOST_ARGUMENTS:
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
            msg = f"{self!r} is asynchronous, so this cannot be awaited; use {instead}"
            raise TypeError(msg)
        self._instance.database._at_once(
            f"{self!r} by Python's own syntax", "use its commands, such as those of its length and members"
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
            f"{self!r} by Python's own syntax", "use its commands, such as those of its length and members"
        )

    def __bool__(self: BoundMembers[Sync]) -> bool:
        """Returns whether there is any member (EXISTS)."""
        self._sync_only("await ….exists()")
        return bool(self._run(self._read("EXISTS", (), to_bool)))


def limit_args(name: str, start_name: str, start: int | None, num: int | None) -> list[Argument]:
    """LIMIT, how many to pass over, how many to give; nothing if neither is given.

    Raises:
        InvalidValue: only one of them is given.
    """
    if (start is None) != (num is None):
        msg = f"{name} takes both {start_name} and num, or neither"
        raise InvalidValue(msg)
    if start is None or num is None:
        return []
    return ["LIMIT", checks.integer(f"{name}'s {start_name}", start), checks.integer(f"{name}'s num", num)]


def unpacked(given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments of which the first may be several in a list, as redis-py takes them."""
    return (*given[0], *given[1:]) if given and type(given[0]) in LISTS else given


def scan_args(name: str, match: str | bytes | None, count: int | None) -> list[Argument]:
    """The options of SSCAN, HSCAN and ZSCAN."""
    args: list[Argument] = []
    if match is not None:
        args += ("MATCH", checks.as_bytes(f"{name}'s match", match))
    if count is not None:
        args += ("COUNT", checks.integer(f"{name}'s count", count, low=1))
    return args


def scanned(decode: Callable[[Any], list[R]]) -> Callable[[Any], tuple[bytes, list[R]]]:
    """Decode: the next cursor, and some items."""
    return lambda reply: (reply[0], decode(reply[1]))
