"""The promises that rest on where objects were, when they leave a partition while their model is in use.

A check of a reference (see limpyd.targets) is a promise of the partition that has the object. A deletion at the new
partition bars what that has promised, but not what the former one has. So before the new one opens, all that the former
one has promised is barred, wherever anybody may refer to its objects; and so are sweeps that began there. And what is
barred in the former partition, if its objects refer to others, is barred in the new one as well. The notes of deletions
go with the objects.

`tests/protocols/moving_refs_model.py` explores that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from limpyd.deletions.recorded_references import Unknown, is_kept, unknown_references
from limpyd.exceptions import UnsupportedCommand
from limpyd.keys import Partition
from limpyd.lua.script import Script, evalsha
from limpyd.requests.in_place import in_place
from limpyd.requests.request import Argument, Program, Request
from limpyd.requests.walks import Origin, attempt
from limpyd.schema.schema import Schema

VOID = Script("void_promises")
RAISE = Script("raise_bars")
CARRY = Script("carry_promises")
ENTER = Script("enter_records")
DROP = Script("drop_records")

CHUNK = 500
"""About how many records a request is about."""


class Voided(NamedTuple):
    """The knowledge of a partition about references, when all that it has promised becomes void.

    Attributes:
        time: the time of its clock before which it is void; 0 if nobody refers to its objects.
        barred: the names of partitions, each followed by the time before which their promises are void here.
        references: the record of those who refer to its objects.
        closed: how many objects are closed by deletions.
        tombs: how many tombs there are.
    """

    time: int
    barred: list[bytes]
    references: bytes
    closed: int
    tombs: int


def check_references(schema: Schema, target: Schema, partitions: Sequence[Partition]) -> Program[None]:
    """Refuses to move objects to which others may refer that this process does not declare.

    Args:
        schema: the model as it is declared.
        target: the model as movers see it.
        partitions: those whose objects are to move.

    Raises:
        UnsupportedCommand: there is such a reference.
    """
    unknown = yield from unknown_reference(schema, target, partitions)
    if unknown is not None:
        model, field = unknown.names
        msg = (
            f"{schema.name}.repartition: {unknown.label} may refer to {schema.name} objects, and this process does "
            f"not know that reference. Import the module that declares {model} with its field {field}. "
            f"{unknown.removal(schema.name)}"
        )
        raise UnsupportedCommand(msg)


def unknown_reference(schema: Schema, target: Schema, partitions: Sequence[Partition]) -> Program[Unknown | None]:
    """Returns a reference to objects of some partitions that this process does not declare; None if all are known."""
    found: list[list[Unknown]] = yield [unknown_references(schema, each, target) for each in partitions]
    for unknown in dict.fromkeys(each for some in found for each in some):
        if (yield is_kept(unknown, target)):
            return unknown
    return None


def carry_promises(
    schema: Schema,
    target: Schema,
    old: Partition,
    homes: Sequence[Partition],
    home_of: Callable[[bytes], Partition | None],
) -> Program[None]:
    """Voids what a partition has promised, and brings what it knows of references to those that get its objects.

    Args:
        schema: the model as it is declared, which knows who refers to it.
        target: the model as movers see it.
        old: the partition, which is closed, as the others are.
        homes: the others.
        home_of: returns that of an object; None, or another one, if it stays.
    """
    yield from check_references(schema, target, [old])  # now that it is closed, nobody else can be recorded
    known: Voided = yield _void(target, old, is_referred=bool(schema.incoming))
    yield from _raise_bars(schema, target, old, known.time)
    if known.barred or known.references:
        args = (known.references, *known.barred)
        yield [_asked(CARRY, target, home, (home.barred, home.meta), args) for home in homes]
    if known.closed:
        yield from _carry_records(target, old, homes, home_of, "closing")
    if known.tombs:
        yield from _carry_records(target, old, homes, home_of, "tomb")


def _void(target: Schema, old: Partition, *, is_referred: bool) -> Request[Voided]:
    keys = (old.clock, old.barred, old.meta, old.closing, old.tomb)
    return _asked(VOID, target, old, keys, (int(is_referred),), lambda reply: Voided(*reply))


def _raise_bars(schema: Schema, target: Schema, old: Partition, time: int) -> Program[None]:
    """Bars what a partition has promised in all partitions that have, or may get, objects which refer to its own.

    It does not matter whether this process knows how many those are.
    """
    done: set[tuple[Schema, int]] = set()
    holders = {field.model: field.model.keys.count for field in schema.incoming}
    while left := [(holder, n) for holder, count in holders.items() for n in range(count) if (holder, n) not in done]:
        records = yield [_raise_bar(target, holder.keys.keys_of(number), old.tag, time) for holder, number in left]
        done.update(left)
        for (holder, _), record in zip(left, records, strict=True):
            holders[holder] = max(holders[holder], _most(record))


def _most(record: bytes) -> int:
    """Returns the greatest number of partitions that a record names (see limpyd.keys.moving)."""
    number = record.partition(b" ")[0].removeprefix(b"-")
    return int(number) if number.isdigit() else 0


def _raise_bar(target: Schema, partition: Partition, tag: bytes, time: int) -> Request[bytes]:
    args = evalsha(RAISE, (partition.barred, partition.meta), (tag, time))
    return Request(args, bytes, readonly=True, script=RAISE, subject=target)


def _carry_records(
    target: Schema,
    old: Partition,
    homes: Sequence[Partition],
    home_of: Callable[[bytes], Partition | None],
    word: str,
) -> Program[None]:
    """Brings what is noted of objects that move, or that were deleted (HSCAN): who closes them, or their tombs."""
    key, origin, cursor, again = getattr(old, word), Origin(), b"0", True
    while again or cursor != b"0":
        args = (b"HSCAN", key, cursor, b"COUNT", CHUNK)
        step = Request(args, _scanned, readonly=True, subject=target)
        (after, found), again = yield from attempt(origin, step, cursor)
        cursor = b"0" if again else after
        leaving: dict[Partition | None, list[bytes]] = {home: [] for home in homes}
        for pk, record in found:
            leaving.get(home_of(pk), []).extend((pk, record))
        some = {home: items for home, items in leaving.items() if home is not None and items}
        if some:
            yield [_asked(ENTER, target, home, (getattr(home, word),), items) for home, items in some.items()]
            yield _asked(DROP, target, old, (key,), [pk for items in some.values() for pk in items[::2]])


def _scanned(reply: Any) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    cursor, items = reply
    return cursor, [*items.items()] if isinstance(items, dict) else [*zip(items[::2], items[1::2], strict=True)]


def _asked(
    script: Script,
    target: Schema,
    partition: Partition,
    keys: Sequence[bytes],
    args: Sequence[Argument],
    decode: Callable[[Any], Any] = int,
) -> Request[Any]:
    request = Request(evalsha(script, keys, args), decode, readonly=True, script=script, subject=target)
    return in_place(request, target, partition)
