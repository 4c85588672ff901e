"""SORT: the members of a list, a set or a sorted set in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, Literal, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.commands.overloads import overloaded
from limpyd.exceptions import InvalidValue, MissingArgument
from limpyd.fields import checks
from limpyd.fields.bound.arguments import limit_args
from limpyd.fields.bound.members import BoundMembers
from limpyd.keys import to_text
from limpyd.requests.request import Argument, Request

T = TypeVar("T")
V = TypeVar("V")
Patterns = str | bytes | Sequence[str | bytes]


class SortDestination(Generic[T]):
    """A field in which SORT can store its result: a list."""

    __slots__ = ()


class BoundSort(BoundMembers[Face], Generic[T, V, Face]):
    """A field whose members SORT can sort."""

    __slots__ = ()

    @command("SORT")
    def _sort_store(
        self,
        start: int | None = None,
        num: int | None = None,
        by: str | bytes | None = None,
        get: Patterns | None = None,
        *,
        desc: bool = False,
        alpha: bool = False,
        store: SortDestination[T],
        groups: Literal[False] = False,
    ) -> Request[int]:
        """The same as `sort` with `store` (SORT with STORE)."""
        return self._stored_in_order(store, sort_args("SORT", start, num, by, _patterns(get), desc, alpha))

    @command("SORT_RO")
    def _sort_groups(
        self,
        start: int | None = None,
        num: int | None = None,
        by: str | bytes | None = None,
        get: Patterns = (),
        *,
        desc: bool = False,
        alpha: bool = False,
        store: None = None,
        groups: Literal[True],
    ) -> Request[list[tuple[str | None, ...]]]:
        """The same as `sort` with `groups` (SORT_RO with GET)."""
        checks.on("SORT", "groups", groups)
        patterns = _patterns(get)
        if len(patterns) < 2:  # noqa: PLR2004 - as redis-py has it
            msg = f"SORT with groups on {self._field} needs at least two patterns in get"
            raise InvalidValue(msg)
        return self._rows(patterns, sort_args("SORT", start, num, by, patterns, desc, alpha))

    @command("SORT_RO")
    def _sort_values(
        self,
        start: int | None = None,
        num: int | None = None,
        by: str | bytes | None = None,
        get: Patterns = (),
        *,
        desc: bool = False,
        alpha: bool = False,
        store: None = None,
        groups: Literal[False] = False,
    ) -> Request[list[str | None]]:
        """The same as `sort` with `get` (SORT_RO with GET)."""
        args = sort_args("SORT", start, num, by, _patterns(get), desc, alpha)
        return self._read("SORT_RO", tuple(args), _texts)

    @overloaded("SORT_RO", ("get", _sort_values), ("groups", _sort_groups), ("store", _sort_store))
    def sort(
        self,
        start: int | None = None,
        num: int | None = None,
        by: str | bytes | None = None,
        get: None = None,
        *,
        desc: bool = False,
        alpha: bool = False,
        store: None = None,
        groups: Literal[False] = False,
    ) -> Request[list[T]]:
        """The members in order, of numbers by default (SORT_RO).

        Args:
            start: how many to pass over; needs `num`.
            num: how many to give; needs `start`.
            by: a pattern of keys whose values give the order, `*` standing for the member.
            get: a pattern, or several, of keys whose values are returned instead, as text, one after the other; `#` is
                the member itself.
            desc: from the largest to the smallest.
            alpha: in the order of texts.
            store: a ListField of an instance, whose value is replaced by the result; returns how many it has, as
                `sort_store`.
            groups: with several patterns in `get`, return a tuple for each member, as `sort_get`.

        Raises:
            ServerError: a member is no number and `alpha` is not set; or the server refuses patterns.
        """
        return self._read("SORT_RO", tuple(sort_args("SORT", start, num, by, (), desc, alpha)), self._values)

    @command("SORT_RO")
    def sort_get(
        self,
        *get: str | bytes,
        start: int | None = None,
        num: int | None = None,
        by: str | bytes | None = None,
        desc: bool = False,
        alpha: bool = False,
    ) -> Request[list[tuple[str | None, ...]]]:
        """For each member, in order, the values of some keys, as text (SORT_RO with GET).

        Args:
            get: patterns of keys, `*` standing for the member; `#` is the member itself.
            start: how many to pass over; needs `num`.
            num: how many to give; needs `start`.
            by: a pattern of keys whose values give the order.
            desc: from the largest to the smallest.
            alpha: in the order of texts.

        Raises:
            ServerError: as for `sort`.
        """
        if not get:
            msg = f"SORT with GET on {self._field} needs at least one pattern, such as '#'"
            raise MissingArgument(msg)
        return self._rows(get, sort_args("SORT", start, num, by, get, desc, alpha))

    @command("SORT")
    def sort_store(
        self,
        destination: SortDestination[T],
        start: int | None = None,
        num: int | None = None,
        by: str | bytes | None = None,
        *,
        desc: bool = False,
        alpha: bool = False,
    ) -> Request[int]:
        """Makes a list of the members in order (SORT with STORE); returns how many it has.

        Args:
            destination: a ListField of an instance, whose value is replaced.
            start: how many to pass over; needs `num`.
            num: how many to store; needs `start`.
            by: a pattern of keys whose values give the order.
            desc: from the largest to the smallest.
            alpha: in the order of texts.

        Raises:
            UniquenessError: another object has one of the members; nothing is changed.
            DoesNotExist: one of the objects was deleted.
            ServerError: as for `sort`.
        """
        return self._stored_in_order(destination, sort_args("SORT", start, num, by, (), desc, alpha))

    def _rows(self, patterns: Sequence[str | bytes], args: list[Argument]) -> Request[list[tuple[str | None, ...]]]:
        width = len(patterns)

        def rows(reply: list[bytes | None]) -> list[tuple[str | None, ...]]:
            texts = _texts(reply)
            return [tuple(texts[at : at + width]) for at in range(0, len(texts), width)]

        return self._read("SORT_RO", tuple(args), rows)

    def _stored_in_order(self, destination: SortDestination[T], args: list[Argument]) -> Request[int]:
        (target,) = self._checked_fields("SORT", (destination,), b"list")
        args = [*args, "STORE", target._key()]
        return self._write_multi_key("SORT", *args, decode=int, changes=target, scopes=(b"nothing", b"whole"))


def sort_args(
    name: str,
    start: int | None,
    num: int | None,
    by: str | bytes | None,
    get: Iterable[str | bytes],
    desc: bool,
    alpha: bool,
) -> list[Argument]:
    """The arguments of SORT."""
    args: list[Argument] = []
    if by is not None:
        args += ("BY", checks.as_bytes(f"{name}'s by", by))
    args += limit_args(name, "start", start, num)
    for each in get:
        args += ("GET", checks.as_bytes(f"{name}'s get", each))
    return [*args, *checks.flags(name, desc=desc, alpha=alpha)]


def _patterns(get: Patterns | None) -> Sequence[str | bytes]:
    return () if get is None else (get,) if isinstance(get, str | bytes) else tuple(get)


def _texts(reply: list[bytes | None]) -> list[str | None]:
    return [None if value is None else to_text(value) for value in reply]
