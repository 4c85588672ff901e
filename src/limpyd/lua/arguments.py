"""The layouts of the arguments of scripts, each declared once, as a named tuple.

Its fields follow each other. A field of many things is laid out as a count, and those; one that is a row, as its
fields. `make lua` writes into the Lua files the lines that read a layout (`-- @reads`), and the table that explains it
(`-- @layout`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar

from limpyd.requests.resp import Argument

T = TypeVar("T")


class Packed(tuple[Argument, ...]):
    """Arguments that are laid out already."""

    __slots__ = ()


Many = tuple[T, ...] | Packed
"""Some of a kind: or a count and those, laid out already."""


def packed(row: Sequence[Any]) -> Packed:
    """Returns the arguments that a row is laid out as."""
    args: list[Argument] = []
    lay_out(args, row)
    return Packed(args)


def rows(things: Sequence[Argument], width: int) -> Packed:
    """Returns as laid out rows that follow each other already, each of so many things."""
    return Packed((len(things) // width, *things))


def lay_out(args: list[Argument], row: Iterable[Any]) -> None:
    """Adds the arguments that a row is laid out as."""
    for part in row:
        kind = type(part)
        if kind is Packed:
            args += part
        elif kind is tuple or kind is list:
            args.append(len(part))
            if part and isinstance(part[0], tuple):
                for each in part:
                    lay_out(args, each)
            else:
                args += part
        elif isinstance(part, tuple):
            lay_out(args, part)
        else:
            args.append(part)


class IndexRow(NamedTuple):
    """An index, as writes know it."""

    kind: Annotated[bytes, "the name of its kind, see lua/library/index_kinds.lua"]
    form: Annotated[bytes, "the form of its texts, see lua/library/forms.lua"]
    key: Annotated[bytes, "its key, or the prefix of its keys"]


class Value(NamedTuple):
    """A field of one value."""

    prefix: Annotated[bytes, "the prefix of its key"]
    stored: Annotated[bytes, "how it is stored, see lua/library/values.lua"]
    sub: Annotated[bytes, "its sub-key in the hash, or ''"]
    indexes: Annotated[Many[IndexRow], "its indexes, those of several fields last"]


class ValueCommand(NamedTuple):
    """A write command on a field of one value."""

    value: Value | Packed
    command: Annotated[str, "the command"]
    args: Annotated[Sequence[Argument], "the arguments that follow its key"]


class ChangedField(NamedTuple):
    """A field of any type that a command may change."""

    owner: Annotated[int, "the number of its object: 0 for the one that is written to, else one of the others"]
    prefix: Annotated[bytes, "the prefix of its key"]
    stored: Annotated[bytes, "how it is stored, see lua/library/whole_value.lua"]
    scope: Annotated[bytes, "the part that the command can change, see lua/library/change_detection.lua"]
    first: Annotated[int, "the position of the first member among the arguments without the key"]
    step: Annotated[int, "the distance from one member to the next"]
    indexes: Annotated[Many[IndexRow], "its indexes, those of several fields last"]


class MembersCall(NamedTuple):
    """A command, and where its key stands."""

    command: Annotated[str, "the command"]
    key_at: Annotated[int, "the position of the first place's key among its arguments"]
    args: Annotated[Sequence[Argument], "its other arguments"]


class MembersCommand(NamedTuple):
    """A write command on fields of any type."""

    places: Annotated[Sequence[ChangedField], "the values that it may change"]
    call: MembersCall


class UpdatedFields(NamedTuple):
    """The fields that get new values."""

    hash_prefix: Annotated[bytes, "the prefix of the objects' hashes"]
    version_sub: Annotated[bytes, "the sub-key of the version, or ''"]
    condition: Annotated[Sequence[Argument], "a condition that objects must meet, see lua/library/expressions.lua"]
    fields: Annotated[Sequence[Value | Packed], "the fields"]


class NewValue(NamedTuple):
    """A new value of a field."""

    field: Annotated[int, "the number of its field, counted from 0"]
    args: Annotated[Sequence[Argument], "nothing, to remove it; a value, or its type and an expression; or a command"]


class Updated(NamedTuple):
    """New values of an object."""

    version: Annotated[bytes | int, "the version that the object must have, or ''"]
    values: Annotated[Sequence[NewValue], "its values"]


class NewString(NamedTuple):
    """A value with a key of its own."""

    prefix: Annotated[bytes, "the prefix of its key"]
    value: Annotated[bytes, "the value"]


class NewMembers(NamedTuple):
    """A value of many members."""

    prefix: Annotated[bytes, "the prefix of its key"]
    command: Annotated[str, "the command that stores it"]
    args: Annotated[Sequence[Argument], "the arguments that follow its key"]


class NewObject(NamedTuple):
    """A new object; its index entries follow, each its kind, key and text."""

    pk: Annotated[bytes, "its primary key, or '' to mint it"]
    hash_prefix: Annotated[bytes, "the prefix of its hash"]
    unset: Annotated[Sequence[bytes], "the prefixes of its other keys that get no value"]
    texts: Annotated[Sequence[bytes], "the sub-keys and values for the hash, in turn"]
    strings: Annotated[Many[NewString], "values with keys of their own"]
    members: Annotated[Sequence[NewMembers], "values of many members"]


class KeysAndIndexes(NamedTuple):
    """The keys and indexes of objects of a model.

    The indexes of each of the sub-keys follow, and then, to the end, an `IndexedField` for each of the others.
    """

    prefixes: Annotated[Sequence[bytes], "the prefixes of their keys, the one of the hash first"]
    composites: Annotated[Many[IndexRow], "the indexes of several fields, see lua/library/composite_entry.lua"]
    subs: Annotated[Sequence[bytes], "the sub-keys in the hash that are indexed"]


class Indexes(NamedTuple):
    """The indexes of a value."""

    indexes: Annotated[Many[IndexRow], "its indexes"]


class IndexedField(NamedTuple):
    """An indexed field with a key of its own."""

    prefix: Annotated[bytes, "the prefix of its key; of a dynamic field its family, see lua/library/dynamic_parts.lua"]
    stored: Annotated[bytes, "how it is stored, see lua/library/whole_value.lua"]
    indexes: Annotated[Many[IndexRow], "its indexes"]


class NumberRange(NamedTuple):
    """A range of an index of numbers."""

    key: Annotated[bytes, "the key of an index"]
    low: Annotated[bytes, "the lower end of the range, as ZRANGE BYSCORE takes it"]
    high: Annotated[bytes, "the higher end"]


class PlainQuery(NamedTuple):
    """A query for objects that are in some sets and within some ranges of numbers."""

    wanted: Annotated[bytes, "`pks`, `rows`, `named` (rows, each after its primary key) or `count`"]
    sets: Annotated[Sequence[bytes], "the sets that must all have the objects"]
    ranges: Annotated[Many[NumberRange], "the ranges that must all have them"]
    columns: Annotated[Sequence[bytes], "for rows, the prefix of the hashes and the sub-keys to read"]


class PageOfRange(NamedTuple):
    """A page of a range of an index of numbers; the columns for SORT follow."""

    low: Annotated[bytes, "the lower end of the range, as ZRANGE BYSCORE takes it"]
    high: Annotated[bytes, "the higher end"]
    offset: Annotated[int, "the number of objects to pass over"]
    limit: Annotated[int, "the most objects to return, 0 for all"]
    desc: Annotated[int, "1 if from the largest to the smallest"]


class ReadFirst(NamedTuple):
    """A value that only the server knows, which is read before the query."""

    at: Annotated[int, "the position in ARGV where the value is put"]
    key: Annotated[bytes, "its key"]
    stored: Annotated[bytes, "how it is stored, see lua/library/values.lua"]
    sub: Annotated[bytes, "its sub-key, or ''"]
    form: Annotated[bytes, "the form to compare it in, see lua/library/forms.lua"]
    under: Annotated[bytes, "a colon and the sub-key under which an index keeps it, or ''"]


class SortedBy(NamedTuple):
    """A sort key."""

    prefix: Annotated[bytes, "the prefix of the value's key, or the sorted set of scores"]
    stored: Annotated[bytes, "how it is stored, `pk`, `score`, `list` or `related`, or the command that counts members"]
    sub: Annotated[bytes, "its sub-key, or ''"]
    order: Annotated[bytes, "the comparison: `number` or `text`"]
    desc: Annotated[int, "1 if from the largest to the smallest"]
    missing: Annotated[bytes, "the position of objects without a value: `last`, `first` or `nowhere`"]
    index_key: Annotated[bytes, "the index that is in this order, or ''"]
    counter: Annotated[bytes, "the last primary key that the server gave, if it gives them, or ''"]


class ReadColumn(NamedTuple):
    """A value to read from each object."""

    prefix: Annotated[bytes, "the prefix of its key, or the sorted set of scores"]
    stored: Annotated[bytes, "how it is stored, or `pk` or `score`"]
    sub: Annotated[bytes, "its sub-key, or ''"]


class Query(NamedTuple):
    """A query; its conditions follow, as lua/library/query.lua has them."""

    wanted: Annotated[bytes, "the kind of result, see the script"]
    offset: Annotated[int, "the number of objects to pass over"]
    limit: Annotated[int, "the most objects to return, 0 for all"]
    further: Annotated[Sequence[Argument], "further arguments of the script"]
    references: Annotated[Many[ReadFirst], "values that are read first"]
    keys: Annotated[Many[SortedBy], "sort keys"]
    columns: Annotated[Many[ReadColumn], "the values to read from each object"]
