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

    kind: Annotated[bytes, "see add_entry"]
    form: Annotated[bytes, "what it keeps of a value, see forms"]
    key: Annotated[bytes, "its key, or what its keys begin with"]


class Value(NamedTuple):
    """A field of one value."""

    prefix: Annotated[bytes, "what its key begins with"]
    stored: Annotated[bytes, "how it is stored, see values and read_whole_value"]
    sub: Annotated[bytes, "its sub-key in the hash, or ''"]
    indexes: Annotated[Many[IndexRow], "its indexes, those of several fields last"]


class ValueCommand(NamedTuple):
    """A write command on a field of one value."""

    value: Value | Packed
    command: Annotated[str, "the command"]
    args: Annotated[Sequence[Argument], "the arguments that follow its key"]


class Place(NamedTuple):
    """A field of any type that a command may change."""

    owner: Annotated[int, "whose it is: 0 for the object that is written to, else which of the others"]
    prefix: Annotated[bytes, "what its key begins with"]
    stored: Annotated[bytes, "how it is stored, see read_whole_value"]
    scope: Annotated[bytes, "what the command can change of it, see change_detection"]
    first: Annotated[int, "which of the arguments beside the key is the first member"]
    step: Annotated[int, "how many arguments further the next one is"]
    indexes: Annotated[Many[IndexRow], "its indexes, those of several fields last"]


class MembersCall(NamedTuple):
    """A command, and where its key stands."""

    command: Annotated[str, "the command"]
    key_at: Annotated[int, "where among its arguments the key of the first place is to stand"]
    args: Annotated[Sequence[Argument], "its other arguments"]


class MembersCommand(NamedTuple):
    """A write command on fields of any type."""

    places: Annotated[Sequence[Place], "what it may change"]
    call: MembersCall


class UpdatedFields(NamedTuple):
    """The fields that are given new values."""

    hash_prefix: Annotated[bytes, "what the keys of the objects' hashes begin with"]
    version_sub: Annotated[bytes, "the sub-key of the version, or ''"]
    fields: Annotated[Sequence[Value | Packed], "the fields"]


class NewValue(NamedTuple):
    """A new value of a field."""

    field: Annotated[int, "the number of its field, counted from 0"]
    args: Annotated[Sequence[Argument], "what makes it (nothing, the value, or a command and its arguments)"]


class Updated(NamedTuple):
    """New values of an object."""

    version: Annotated[bytes | int, "the version that it is to have, or ''"]
    values: Annotated[Sequence[NewValue], "its values"]


class NewString(NamedTuple):
    """A value with a key of its own."""

    prefix: Annotated[bytes, "what its key begins with"]
    value: Annotated[bytes, "the value"]


class NewMembers(NamedTuple):
    """A value of many members."""

    prefix: Annotated[bytes, "what its key begins with"]
    command: Annotated[str, "the command that makes it"]
    args: Annotated[Sequence[Argument], "the arguments that follow its key"]


class NewObject(NamedTuple):
    """A new object; its index entries follow, each its kind, key and text."""

    pk: Annotated[bytes, "its primary key, or '' to mint it"]
    hash_prefix: Annotated[bytes, "what the key of its hash begins with"]
    unset: Annotated[Sequence[bytes], "what the keys of its own begin with that get no value"]
    texts: Annotated[Sequence[bytes], "the sub-keys and values for the hash, in turn"]
    strings: Annotated[Many[NewString], "values with keys of their own"]
    members: Annotated[Sequence[NewMembers], "values of many members"]


class KeysAndIndexes(NamedTuple):
    """The keys and indexes of objects of a model.

    The indexes of each of the sub-keys follow, and then, to the end, an `IndexedField` for each of the others.
    """

    prefixes: Annotated[Sequence[bytes], "what their keys begin with, that of the hash first"]
    composites: Annotated[Many[IndexRow], "the indexes of several fields, see composite_entry"]
    subs: Annotated[Sequence[bytes], "the sub-keys in the hash that are indexed"]


class Indexes(NamedTuple):
    """The indexes of a value."""

    indexes: Annotated[Many[IndexRow], "its indexes"]


class IndexedField(NamedTuple):
    """An indexed field with a key of its own."""

    prefix: Annotated[bytes, "what its key begins with; of a dynamic field its family, see dynamic_parts"]
    stored: Annotated[bytes, "how it is stored, see read_whole_value"]
    indexes: Annotated[Many[IndexRow], "its indexes"]


class NumberRange(NamedTuple):
    """A range of an index of numbers."""

    key: Annotated[bytes, "the key of an index"]
    low: Annotated[bytes, "the lower end of a range in it, as ZRANGE BYSCORE takes it"]
    high: Annotated[bytes, "the higher end"]


class PlainQuery(NamedTuple):
    """A query for those who are in some sets, and within some ranges of numbers."""

    wanted: Annotated[bytes, "`pks`, `rows`, `named` (rows, each after its primary key) or `count`"]
    sets: Annotated[Sequence[bytes], "the sets in which they are"]
    ranges: Annotated[Many[NumberRange], "the ranges within which they are"]
    columns: Annotated[Sequence[bytes], "for rows what the keys of hashes begin with, and the sub-keys that are read"]


class PageOfRange(NamedTuple):
    """A page of a range of an index of numbers; the columns for SORT follow."""

    low: Annotated[bytes, "the lower end of the range, as ZRANGE BYSCORE takes it"]
    high: Annotated[bytes, "the higher end"]
    offset: Annotated[int, "how many objects to pass over"]
    limit: Annotated[int, "how many to give at the most, 0 for all"]
    desc: Annotated[int, "1 if from the largest to the smallest"]


class ReadFirst(NamedTuple):
    """A value that only the server knows, which is read before the query."""

    at: Annotated[int, "where among the arguments it is to stand"]
    key: Annotated[bytes, "its key"]
    stored: Annotated[bytes, "how it is stored, see values"]
    sub: Annotated[bytes, "its sub-key, or ''"]
    form: Annotated[bytes, "the form to compare it in, see forms"]
    under: Annotated[bytes, "a colon and the sub-key under which an index keeps it, or ''"]


class SortedBy(NamedTuple):
    """A sort key."""

    prefix: Annotated[bytes, "what the key of the value begins with, or the sorted set of scores"]
    stored: Annotated[bytes, "how it is stored, or `pk`, `score` or `list`"]
    sub: Annotated[bytes, "its sub-key, or ''"]
    order: Annotated[bytes, "as what it is compared: `number` or `text`"]
    desc: Annotated[int, "1 if from the largest to the smallest"]
    missing: Annotated[bytes, "where what has no value comes: `last`, `first` or `nowhere`"]
    index_key: Annotated[bytes, "the index that is in this order, or ''"]
    counter: Annotated[bytes, "the last primary key that the server gave, if it gives them, or ''"]


class ReadColumn(NamedTuple):
    """A value that is read of each object."""

    prefix: Annotated[bytes, "what its key begins with, or the sorted set of scores"]
    stored: Annotated[bytes, "how it is stored, or `pk` or `score`"]
    sub: Annotated[bytes, "its sub-key, or ''"]


class Query(NamedTuple):
    """A query; its conditions follow, as library/query has them."""

    wanted: Annotated[bytes, "what is wanted, see the script"]
    offset: Annotated[int, "how many objects to pass over"]
    limit: Annotated[int, "how many to give at the most, 0 for all"]
    further: Annotated[Sequence[Argument], "further arguments of the script"]
    references: Annotated[Many[ReadFirst], "values that are read first"]
    keys: Annotated[Many[SortedBy], "sort keys"]
    columns: Annotated[Many[ReadColumn], "what is read of each object"]
