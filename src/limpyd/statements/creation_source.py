"""The Lua of the statement that creates an object of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from limpyd.indexes.composite import CompositeFieldIndex
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.requests.request import Argument
from limpyd.statements.index_entries import EntryCode, locals_of, of_kind
from limpyd.statements.lua_text import key, key_of, literal, tag
from limpyd.statements.scalar_field import ScalarField
from limpyd.statements.script_source import filled, indented

MAX_FIELDS = 50
"""With more fields there are not locals enough in a function of Lua, nor registers for the arguments of one HSET."""
MAX_ENTRIES = 40
"""The same of indexes, and checks of references."""
MAX_KEYS = 100
"""The most keys of an object that one command names."""


def enters(index: FieldIndex) -> bool:
    """Returns whether a statement can enter new values into an index: each has one entry, in a key known beforehand."""
    return index.of_values and index.one_text_per_value and bool(of_kind(index.kind_name))


def is_entered(index: CompositeFieldIndex) -> bool:
    """Returns the same for a composite index."""
    return bool(of_kind(index.kind_name))


class Gathered(NamedTuple):
    """A field of many members, for new objects.

    Attributes:
        name: its name.
        prefix: the prefix of its keys, or their template.
        make: returns the command that stores a value, its arguments, and the keys of the sets of its index
            entries; None for a value without members.
    """

    name: str
    prefix: bytes
    make: Callable[[Any], tuple[str, Sequence[Argument], Sequence[bytes]] | None]


class Layout(NamedTuple):
    """The layout of new objects of a model.

    Attributes:
        scalar_fields: the fields of one value.
        composites: the composite indexes of these fields.
        gathered: the fields of many members.
        others: the prefixes of all other keys of an object.
        version: the sub-key and the value of the version, if the model has one.
        mints: whether primary keys are automatic.
    """

    scalar_fields: Sequence[ScalarField]
    composites: Sequence[CompositeFieldIndex]
    gathered: Sequence[Gathered]
    others: Sequence[bytes]
    version: tuple[bytes, bytes] | None
    mints: bool


class _CreatedField(NamedTuple):
    """A field, or a composite index without a field: the expression of its value, and its entries."""

    scalar_field: ScalarField | None
    value: str
    entries: list[EntryCode]


def _places(partition: Partition, layout: Layout) -> list[_CreatedField]:
    places: list[_CreatedField] = []
    at = 5 if layout.gathered else 4
    number = 0
    for claim, field in enumerate(layout.scalar_fields):
        value = f"ARGV[{at}]"
        at += 1
        made = [(kind, name, value) for kind, _, name in field.checks]
        for index in field.indexes:
            text = value if index.form == b"text" else f"ARGV[{at}]"
            at += text != value
            made.append((index.kind_name, index.key, text))
        entries = [
            EntryCode(key(partition, name), kind, n, claim, value, text)
            for n, (kind, name, text) in enumerate(made, number)
        ]
        number += len(entries)
        places.append(_CreatedField(field, value, entries))
    for claim, index in enumerate(layout.composites, len(places)):
        value = f"ARGV[{at}]"
        at += 1
        entry = EntryCode(key(partition, index.key), index.kind_name, number, claim, value, value)
        places.append(_CreatedField(None, value, [entry]))
        number += 1
    return places


def creation_source(partition: Partition, layout: Layout) -> str:
    """Returns the script.

    Raises:
        NoRoom: there are too many fields and indexes.
    """
    places = _places(partition, layout)
    pairs = {
        number: f"{literal(one.scalar_field.sub)}, {one.value}"
        for number, one in enumerate(places, 1)
        if one.scalar_field and one.scalar_field.sub is not None
    }
    version = ", ".join(map(literal, layout.version or ()))
    follow, undo, names = "", "", []
    for number, (scalar_field, value, entries) in enumerate(places, 1):
        lines = ""
        if scalar_field is not None and scalar_field.sub is None:
            own_key = key_of(partition, scalar_field.prefix, "pk")
            lines += f"at = {own_key}\nreply = call('SET', at, {value})\n"
            lines += f"if reply.err then failed = reply break end\nset{number} = true\n"
            names.append(f"set{number}")
            undo = f"if set{number} then undo('DEL', {own_key}) end\n" + undo
        for entry in entries:
            lines += entry.lines("create") or entry.lines("check") + entry.lines("add")
            undo = entry.lines("undo add") + undo
        if lines:
            follow += f"if whole or string.byte(given, {number}) == 49 then\n{indented(lines, '  ')}end\n"
    own = [one.scalar_field.prefix for one in places if one.scalar_field is not None and one.scalar_field.sub is None]
    gathered = [each.prefix for each in layout.gathered]
    others = [prefix for prefix in dict.fromkeys([*own, *gathered, *layout.others]) if prefix != partition.hash_prefix]
    every = [*([version] if version else []), *pairs.values()]
    return filled(
        "create",
        tag=tag(partition),
        whole=literal(b"1" * len(places)),
        locals=locals_of(
            names,
            [entry for one in places for entry in one.entries],
            arguments=max(2 * len(every), 1 + len(others)),
        ),
        **_counting(partition, layout.mints),
        hash=key_of(partition, partition.hash_prefix, "pk"),
        keys=", ".join(["hash", *(key_of(partition, prefix, "pk") for prefix in others)]),
        store_whole=f"call('HSET', hash, {', '.join(every)})" if every else "0",
        first=f"{{ {version} }}, 2" if version else "{}, 0",
        collect="".join(_collected(number, pair) for number, pair in pairs.items()),
        follow=follow,
        member_locals="local gathered, entered = {}, {}\n" if gathered else "",
        members=_members(partition, layout, len(places)) if gathered else "",
        undo=(filled("members_undo") if gathered else "") + undo,
    )


def _counting(partition: Partition, mints: bool) -> dict[str, str]:
    """Returns the parts of the script that give an object its primary key."""
    if not mints or partition.count == 1:
        added = filled("mint", count="call('INCR', at)", first="1") if mints else filled("add_given_pk")
        return {"counter": "", "list": added, "uncount": "undo(counted == 1 and 'DEL' or 'DECR', KEYS[4])"}
    counter = filled("counter", step=str(partition.count))
    uncount = "if counted == first then undo('DEL', KEYS[4]) else undo('DECRBY', KEYS[4], raised) end"
    return {"counter": counter, "list": filled("mint", count="count_up()", first="first"), "uncount": uncount}


def _collected(number: int, pair: str) -> str:
    """Returns the Lua that collects a sub-key and its value, if the object gets one."""
    into = "values[last + 1], values[last + 2], last"
    return f"if string.byte(given, {number}) == 49 then {into} = {pair}, last + 2 end\n"


def _members(partition: Partition, layout: Layout, marked: int) -> str:
    """Returns the Lua that stores the members of the fields of many."""
    keys = ", ".join(key_of(partition, each.prefix, "pk") for each in layout.gathered)
    last = 4 + marked + sum(len(scalar_field.computed) for scalar_field in layout.scalar_fields)
    return filled("members", none=literal(b"0" * len(layout.gathered)), places=keys, last=str(last))
