# Generated from asynchronous.py by `make faces`; edit that file.
"""Collections on the sync face."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from limpyd.commands.foreign_key_values import taking_foreign_keys
from limpyd.expressions import Expression
from limpyd.query.collection.limpyd2_names import DEFAULT_STORE_TTL
from limpyd.query.paging import Page
from limpyd.query.sync_aggregates import Aggregates

if TYPE_CHECKING:
    from limpyd.query.explanation import Explanation

Item = TypeVar("Item")
M = TypeVar("M")
Row = TypeVar("Row")


class Collection(Aggregates[Item, M]):
    """The objects that match some filters: their primary keys, or what these are turned into.

    It holds no results: iterating, counting or slicing it asks the server anew, in one request.
    Without a sort the order is the server's own, and may differ from one evaluation to the next.
    """

    __slots__ = ()

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        """One item, or a list of some, by position as in a list of all: `collection[0]`.

        The server gives only what is asked for.

        Raises:
            IndexError: there is no such position.
        """
        found: Item | list[Item] = self._run(lambda: self._at_position(index))
        return found

    # --- how many, and which ---

    def count(self) -> int:
        """Returns the number of objects that match (SCARD, SINTERCARD, ZCOUNT or a script)."""
        found: int = self._run(self._count)
        return found

    def exists(self) -> bool:
        """Returns whether any object matches; it stops at the first."""
        found: bool = self._run(lambda: self._count(limit=1).then(bool))
        return found

    def all(self) -> list[Item]:
        """A list of all that match."""
        found: list[Item] = self._run(self._items)
        return found

    def first(self) -> Item | None:
        """The first in order, or None; without an order that of the lowest primary key."""
        found: Item | None = self._run(self._first)
        return found

    def last(self) -> Item | None:
        """The last in order, or None; without an order that of the highest primary key."""
        found: Item | None = self._run(lambda: self._first(last=True))
        return found

    def get(self) -> Item:
        """The only one that matches.

        Raises:
            DoesNotExist: none matches.
            MultipleObjectsReturned: several match; it is a ValueError.
        """
        found: Item = self._run(self._the_one)
        return found

    # --- what each becomes ---

    def primary_keys(self) -> Collection[str, M]:
        """The same collection, of primary keys as text."""
        found: Collection[str, M] = self._primary_keys()
        return found

    def instances(self, lazy: bool = False, prefetch: Iterable[str] | None = None) -> Collection[M, M]:
        """The same collection, of instances.

        Args:
            lazy: each checks at its first use that it still exists.
            prefetch: fields whose values are read along, in the same request; they stand in `prefetched` of
                each instance, by name. The fields themselves ask Redis as always.

        Raises:
            UnknownField: a name is no field.
        """
        found: Collection[M, M] = self._instances(lazy, prefetch)
        return found

    def values(self, *names: str) -> Collection[dict[str, Any], M]:
        """The same collection, of dicts from names to values; of all fields if none is named.

        A field of one value without one is None; a set gives a set, a list a list, a hash a dict, and a sorted set a
        dict from members to scores. `author__name` is the name of the object that the field `author` refers to.

        Raises:
            UnknownField: a name is no field.
        """
        found: Collection[dict[str, Any], M] = self._values(names)
        return found

    @overload
    def values_list(self, *names: str, flat: Literal[False] = False) -> Collection[tuple[Any, ...], M]: ...
    @overload
    def values_list(self, *names: str, flat: Literal[True]) -> Collection[Any, M]: ...
    def values_list(self, *names: str, flat: bool = False) -> Collection[Any, M]:
        """The same collection, of tuples of values; with `flat` of the values of the one field that is named.

        Raises:
            UnknownField: a name is no field.
            InvalidFilter: `flat` with more than one name.
        """
        found: Collection[Any, M] = self._values_list(names, flat)
        return found

    def rows(self, row: Callable[..., Row]) -> Collection[Row, M]:
        """The same collection, of objects of a class, made of the fields that it names.

        Args:
            row: a dataclass, a NamedTuple, a TypedDict, a Struct of msgspec or a model of pydantic, which validates.

        Raises:
            UnknownField: it needs what is no field.
            InvalidFilter: it is none of these.
        """
        found: Collection[Row, M] = self._rows(row)
        return found

    # --- changing what is found ---

    def delete(self, chunk: int = 500) -> int:
        """Deletes all objects that match, with their index entries; how many there were.

        It takes two requests for each chunk. A chunk is one step, in which only what still matches is deleted. If
        it fails, nothing of that chunk was deleted; those before it are. Of several partitions, each has a share of the
        chunk, and its own step.

        Args:
            chunk: about how many objects a step deletes; of several partitions, all steps together.
        """
        found: int = self._database._run_program(self._deletion(chunk))
        return found

    @taking_foreign_keys
    def update(self, chunk: int = 500, *, if_: Expression | None = None, **values: Any) -> int:
        """Gives all objects that match new values, with their index entries; how many there were.

        A value may be an expression of the object's own fields, `votes=Post.votes + 1`, which the server computes of
        the values before the update.

        It takes two requests for each chunk. A chunk is one step, in which only what still matches is changed. If
        it fails, nothing of that chunk was changed; those before it are. Of several partitions, each has a share of the
        chunk, and its own step.

        Args:
            chunk: about how many objects a step changes; of several partitions, all steps together.
            if_: a condition on the object's own values, `Post.votes < 10`, which needs no index; what does not meet it
                stays as it is, and is not counted.
            values: the new values of fields of one value; None removes one.

        Raises:
            UnknownField: a name is no field.
            InvalidValue: a value does not fit its field's type, or its field has many values; or the result of an
                expression does not.
            InvalidFilter: the condition is not about the values of the object alone.
            UniquenessError: a value belongs to another object.
        """
        found: int = self._database._run_program(self._update(chunk, if_, values))
        return found

    # --- in parts ---

    def iterate(self, chunk: int = 1000) -> Iterator[Item]:
        """Goes through all that match in chunks, one request each, however many there are.

        No chunk keeps the server busy for long, and only one is held here. What matches all the while is yielded; what
        comes, goes or changes meanwhile may be or not. Without an order an object may come twice, if so many
        are taken away meanwhile that the server makes its set smaller, another server process takes over, or the
        object moves to another partition.

        In an order for which there is no index everything is sorted anew for each chunk. In that of an index, what
        has no value comes last, in no order.

        Args:
            chunk: about how many objects a request looks at.
        """
        found: Iterator[Item] = self._database._walk(self._steps(chunk))
        return found

    def page(self, size: int = 20, after: str | None = None, before: str | None = None) -> Page[Item]:
        """So many items in order, with the cursors of the next page and of the page before.

        A page begins right after the last object of the one before it, or ends right before the first one of the
        next, whatever came or went meanwhile.

        Args:
            size: how many items.
            after: the `cursor` of the page before; without any cursor, the first page is given. Without an order it is
                that of primary keys.
            before: the `previous` of the next page.

        Raises:
            InvalidValue: it is no cursor, or that of another order.
            InvalidFilter: both are given, or a stored collection in its own order is to go backwards.
        """
        found: Page[Item] = self._run(lambda: self._page(size, after, before))
        return found

    def store(self, key: str | None = None, ttl: int | None = DEFAULT_STORE_TTL) -> Collection[Item, M]:
        """Keeps the primary keys of what matches, in its order, as a list; the collection of those.

        Args:
            key: where; by default a new key. What is there is overwritten.
            ttl: for how many seconds; None for ever.
        """
        found: Collection[Item, M] = self._run(lambda: self._store(key, ttl))
        return found

    def from_stored(self, key: str) -> Collection[Item, M]:
        """The collection that was stored under a key, narrowed by what this one asks for. Nothing is sent yet.

        When it is evaluated it raises DoesNotExist if it is not there any more. Objects that were deleted meanwhile
        are left out.
        """
        found: Collection[Item, M] = self._from_stored(key)
        return found

    def explain(self, *, analyze: bool = False) -> Explanation:
        """Returns how this would be answered now: conditions and their sizes, commands, what is slow and the cure.

        It asks the server for the sizes; the result prints as a text.

        Args:
            analyze: also answer it, and count the commands that the server runs for that, and the values that those
                return, instead of sending what was found. That is a second request.
        """
        if analyze:
            analysis: Explanation = self._database._run_program(self._analysis())
            return analysis
        found: Explanation = self._run(self._explain)
        return found
