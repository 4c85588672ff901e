"""The statement that creates an object of a model: one for all subsets of its fields of one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, TypeVar

from limpyd.command_table import Needs
from limpyd.indexes.composite import KeptTogether
from limpyd.indexes.kept import Kept
from limpyd.keys import Partition
from limpyd.requests import Argument, Request
from limpyd.resp import pack_bytes
from limpyd.scripts.outcomes import Claim, Model, refusal
from limpyd.statements.entries import Entry, locals_of, of_kind
from limpyd.statements.lua_text import key, key_of, literal, tag
from limpyd.statements.slot import Slot
from limpyd.statements.source import CompiledScript, filled, indented
from limpyd.statements.statement import Prepared, Statement

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")

General = Callable[[Any, bytes | None, Mapping[str, Any]], Request[bytes]]
"""Gives the request of the general script for a model, a primary key and the values of fields."""

MOST_FIELDS = 50
"""With more fields there are not locals enough in a function of Lua, nor registers for the arguments of one HSET."""
MOST_ENTRIES = 40
"""The same of indexes, and checks of references."""
MOST_KEYS = 100
"""How many keys of an object one command names."""


def enters(index: Kept) -> bool:
    """Whether a statement can enter new values into an index: each has one entry, in a key known beforehand."""
    return index.of_values and index.keeps_one and bool(of_kind(index.kind))


def is_entered(index: KeptTogether) -> bool:
    """The same of an index of several fields."""
    return bool(of_kind(index.kind.removeprefix(b"&")))


class Gathered(NamedTuple):
    """A field of many members of new objects.

    Attributes:
        name: its name.
        prefix: what its keys begin with, or stands around the primary key in them.
        make: makes of a value the command that stores it, its arguments, and the keys of the sets that its indexes
            keep; None of one without members.
    """

    name: str
    prefix: bytes
    make: Callable[[Any], tuple[str, Sequence[Argument], Sequence[bytes]] | None]


class Layout(NamedTuple):
    """What new objects of a model are made of.

    Attributes:
        slots: the fields of one value.
        together: the indexes of several of them.
        gathered: the fields of many members.
        others: what all other keys of objects begin with.
        version: the sub-key and the value of the version, if it has one.
        mints: whether primary keys are automatic.
    """

    slots: Sequence[Slot]
    together: Sequence[KeptTogether]
    gathered: Sequence[Gathered]
    others: Sequence[bytes]
    version: tuple[bytes, bytes] | None
    mints: bool


class Creation(Statement):
    """The statement, and what a call makes of the values of an object."""

    __slots__ = ("_blank", "_gathered", "_names", "_slots", "_together", "_versioned", "_whole")

    def __init__(self, model: Model, where: Partition, layout: Layout) -> None:
        slots = layout.slots
        crosses = model.crosses and any(slot.checks for slot in slots)
        flags = frozenset({"allow-cross-slot-keys"} if crosses else ())
        source = _source(where, layout, _places(where, layout))
        more_keys = (where.seq,) if layout.mints else ()
        super().__init__(CompiledScript("create", source, flags), model, where, "HSET", more_keys=more_keys)
        self._slots = [(slot.name, slot.encode, slot.computed) for slot in slots]
        self._blank = {slot.name: (b"",) * (1 + len(slot.computed)) for slot in slots}
        self._whole = b"1" * len(slots)
        self._together = [(index, [field.name for field in index.fields]) for index in layout.together]
        self._gathered = [(each.name, each.make) for each in layout.gathered]
        self._versioned = layout.version is not None
        if not layout.gathered:
            self._pack = pack_bytes
        self._names = frozenset({*(slot.name for slot in slots), *(each.name for each in layout.gathered)})

    def takes(self, values: Mapping[str, Any], pk_names: AbstractSet[str]) -> bool:
        """Tells whether it can give all fields that are named their values, beside the primary key."""
        names = values.keys()
        return names <= self._names or names - pk_names <= self._names

    def request(
        self, pk: bytes | None, values: Mapping[str, Any], convert: Callable[[bytes], R], general: General
    ) -> PreparedCreation[R] | None:
        """The request that creates an object with these values, defaults included; None if there is nothing to store.

        Args:
            pk: the primary key, unless it is minted.
            values: the values.
            convert: makes the result of the primary key.
            general: gives the request of the general script.

        Raises:
            InvalidValue: a value does not fit its field's type, or an index cannot keep it.
        """
        marks = self._whole
        given: list[Argument] = [marks]
        found: dict[str, bytes] = {}
        for name, encode, computed in self._slots:
            value = values.get(name)
            if value is None:
                given += self._blank[name]
            else:
                stored = found[name] = encode(value)
                given.append(stored)
                for index in computed:
                    given += index.kept(stored)
        if len(found) < len(self._slots):
            marks = b"".join([b"1" if name in found else b"0" for name, _, _ in self._slots])
        for together, names in self._together:
            entry = together.entry([found.get(name) for name in names])
            marks += b"0" if entry is None else b"1"
            given.append(b"" if entry is None else entry)
        given[0] = marks
        is_empty = not found and not self._versioned
        if self._gathered:
            members, more = self._members(values)
            given = [marks, members, *given[1:], *more]
            is_empty = is_empty and not more
        if pk is None and is_empty:
            return None
        return PreparedCreation(self, pk, given, convert, values, general)

    def _members(self, values: Mapping[str, Any]) -> tuple[bytes, list[Argument]]:
        """What is told of the fields of many members: of each whether it gets some, and of those that do all."""
        marks = b""
        given: list[Argument] = []
        for name, make in self._gathered:
            value = values.get(name)
            made = None if value is None else make(value)
            marks += b"0" if made is None else b"1"
            if made is not None:
                command, args, keys = made
                given += (command, len(args), *args, len(keys), *keys)
        return marks, given

    @property
    def name(self) -> str:
        return "create"

    @property
    def given_names(self) -> list[str]:
        marked = [*(name for name, _, _ in self._slots), *(str(index.index) for index, _ in self._together)]
        names = [f"a 1 for each of {', '.join(marked)} that gets a value, else 0"]
        if self._gathered:
            names.append(f"a 1 for each of {', '.join(name for name, _ in self._gathered)} that gets members, else 0")
        for name, _, computed in self._slots:
            names += (name, *(f"what {index} keeps of it" for index in computed))
        names += (f"what {index.index} keeps of {', '.join(fields)}" for index, fields in self._together)
        if self._gathered:
            names.append("of each that gets members: a command, a count and arguments, a count and keys of indexes …")
        return names

    def refusal(self, reply: list[Any], pk: bytes | None, values: Sequence[Argument], needs: Needs | None) -> Exception:
        claims, at = [], 1 + bool(self._gathered)
        for name, _, computed in self._slots:
            stored: Any = values[at]
            claims.append(Claim(self.model, name, stored))
            at += 1 + len(computed)
        for index, _ in self._together:
            entry: Any = values[at]
            claims.append(Claim(self.model, index.name, entry))
            at += 1
        return refusal(self.model, reply, pk, claims, needs=needs)


class PreparedCreation(Prepared[R_co]):
    """The request that creates an object.

    Args:
        statement: the statement.
        pk: the primary key, unless it is minted.
        values: what the call gives.
        convert: makes the result of the primary key.
        fields: the values of the fields.
        general: gives the request of the general script for them.
    """

    __slots__ = ("_fields", "_general")

    statement: Creation

    def __init__(
        self,
        statement: Creation,
        pk: bytes | None,
        values: Sequence[Argument],
        convert: Callable[[bytes], R_co],
        fields: Mapping[str, Any],
        general: General,
    ) -> None:
        self.statement = statement
        self.needs = None
        self._instance = None
        self._pk = pk
        self._values = values
        self._convert = convert
        self._fields = fields
        self._general = general

    def part(self) -> Request[R_co]:
        return self._general(self.statement.model, self._pk, self._fields).then(self._convert)

    def then(self, convert: Callable[[R_co], S]) -> Request[S]:
        first = self._convert
        return PreparedCreation(
            self.statement, self._pk, self._values, lambda pk: convert(first(pk)), self._fields, self._general
        )

    def decode(self, reply: Any) -> R_co:
        if type(reply) is list:
            raise self._refusal(reply)
        return self._convert(reply)


class _Place(NamedTuple):
    """A field, or an index of several: what stores it, the expression of its value, and what its indexes need."""

    slot: Slot | None
    value: str
    entries: list[Entry]


def _places(where: Partition, layout: Layout) -> list[_Place]:
    places: list[_Place] = []
    at = 5 if layout.gathered else 4
    number = 0
    for claim, slot in enumerate(layout.slots):
        value = f"ARGV[{at}]"
        at += 1
        made = [(kind, name, value) for kind, _, name in slot.checks]
        for index in slot.indexes:
            text = value if index.form == b"text" else f"ARGV[{at}]"
            at += text != value
            made.append((index.kind, index.key, text))
        entries = [
            Entry(key(where, name), kind, n, claim, value, text) for n, (kind, name, text) in enumerate(made, number)
        ]
        number += len(entries)
        places.append(_Place(slot, value, entries))
    for claim, index in enumerate(layout.together, len(places)):
        value = f"ARGV[{at}]"
        at += 1
        kind = index.kind.removeprefix(b"&")
        places.append(_Place(None, value, [Entry(key(where, index.key), kind, number, claim, value, value)]))
        number += 1
    return places


def _source(where: Partition, layout: Layout, places: Sequence[_Place]) -> str:
    subs = [
        (number, one.slot.sub, one.value)
        for number, one in enumerate(places, 1)
        if one.slot and one.slot.sub is not None
    ]
    pairs = [f"{literal(sub)}, {value}" for _, sub, value in subs]
    version = ", ".join(map(literal, layout.version or ()))
    collect, follow, undo, names = "", "", "", []
    for number, sub, value in subs:
        collect += (
            f"if string.byte(given, {number}) == 49 then "
            f"values[last + 1], values[last + 2], last = {literal(sub)}, {value}, last + 2 end\n"
        )
    for number, (slot, value, entries) in enumerate(places, 1):
        lines = ""
        if slot is not None and slot.sub is None:
            own_key = key_of(where, slot.prefix, "pk")
            lines += f"at = {own_key}\nreply = call('SET', at, {value})\n"
            lines += f"if reply.err then failed = reply break end\nset{number} = true\n"
            names.append(f"set{number}")
            undo = f"if set{number} then undo('DEL', {own_key}) end\n" + undo
        for entry in entries:
            lines += entry.lines("create") or entry.lines("check") + entry.lines("add")
            undo = entry.lines("undo add") + undo
        if lines:
            follow += f"if whole or string.byte(given, {number}) == 49 then\n{indented(lines, '  ')}end\n"
    own = [one.slot.prefix for one in places if one.slot is not None and one.slot.sub is None]
    gathered = [each.prefix for each in layout.gathered]
    prefixes = dict.fromkeys([where.hash_prefix, *own, *gathered, *layout.others])
    every = ([version] if version else []) + pairs
    return filled(
        "create",
        tag=tag(where),
        whole=literal(b"1" * len(places)),
        locals=locals_of(names, [entry for one in places for entry in one.entries]),
        list=filled("mint" if layout.mints else "list_given"),
        hash=key_of(where, where.hash_prefix, "pk"),
        keys=", ".join(key_of(where, prefix, "pk") for prefix in prefixes),
        store_whole=f"call('HSET', hash, {', '.join(every)})" if every else "0",
        first=f"{{ {version} }}, 2" if version else "{}, 0",
        collect=collect,
        follow=follow,
        member_locals="local gathered, entered = {}, {}\n" if gathered else "",
        members=_members(where, layout, len(places)) if gathered else "",
        undo=(filled("members_undo") if gathered else "") + undo,
    )


def _members(where: Partition, layout: Layout, marked: int) -> str:
    """What stores the members of the fields of many."""
    keys = ", ".join(key_of(where, each.prefix, "pk") for each in layout.gathered)
    last = 4 + marked + sum(len(slot.computed) for slot in layout.slots)
    return filled("members", none=literal(b"0" * len(layout.gathered)), places=keys, last=str(last))
