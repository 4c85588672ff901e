"""The statement that creates an object of a model: one for all subsets of its fields of one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple, TypeVar

from limpyd.command_table import Needs
from limpyd.indexes.kept import Kept
from limpyd.keys import Partition
from limpyd.requests import Argument, Request
from limpyd.scripts.outcomes import Claim, Model, refusal
from limpyd.statements.entries import Entry, sections
from limpyd.statements.lua_text import key as key_expression
from limpyd.statements.lua_text import key_of, literal, tag
from limpyd.statements.source import CompiledScript, filled, indented
from limpyd.statements.statement import Prepared, Statement

R = TypeVar("R")

MOST_FIELDS = 50
"""With more fields there are not locals enough in a function of Lua, nor registers for the arguments of one HSET."""
MOST_ENTRIES = 40
"""The same of indexes, and checks of references."""
MOST_KEYS = 100
"""How many keys of an object one command names."""


class Slot(NamedTuple):
    """A field of one value of new objects.

    Attributes:
        name: its name.
        encode: makes the stored value of a value.
        prefix: what its keys begin with, or stands around the primary key in them.
        sub: its sub-key, if it is an entry of the hash.
        indexes: its indexes.
        checks: what its values must meet, each a kind, a form and a key.
    """

    name: str
    encode: Callable[[Any], bytes]
    prefix: bytes
    sub: bytes | None
    indexes: Sequence[Kept]
    checks: Sequence[tuple[bytes, bytes, bytes]]


def enters(index: Kept) -> bool:
    """Whether a statement can enter new values into an index: each has one entry, in a key known beforehand."""
    return index.of_values and index.keeps_one and bool(sections(index.kind.decode("ascii", "replace")))


class Creation(Statement):
    """The statement, and what a call makes of the values of an object."""

    __slots__ = ("_names", "_slots")

    def __init__(
        self, model: Model, where: Partition, slots: Sequence[Slot], others: Sequence[bytes], *, mints: bool
    ) -> None:
        entries: list[Entry] = []
        places = []
        at = 4
        for number, slot in enumerate(slots):
            value = f"ARGV[{at}]"
            at += 1
            made = [(kind, key, value) for kind, _, key in slot.checks]
            for index in slot.indexes:
                if index.form == b"text":
                    made.append((index.kind, index.key, value))
                else:
                    made.append((index.kind, index.key, f"ARGV[{at}]"))
                    at += 1
            own = []
            for kind, key, text in made:
                own.append(Entry(key_expression(where, key), kind, len(entries), number, value, text, "false"))
                entries.append(own[-1])
            places.append((slot, value, own))
        crosses = model.crosses and any(slot.checks for slot in slots)
        flags = frozenset({"allow-cross-slot-keys"} if crosses else ())
        source = _source(where, places, others, mints=mints)
        super().__init__(
            CompiledScript("create", source, flags), model, where, "HSET", more_keys=(where.seq,) if mints else ()
        )
        self._slots = [
            (slot.name, slot.encode, [index for index in slot.indexes if index.form != b"text"]) for slot in slots
        ]
        self._names = frozenset(slot.name for slot in slots)

    def takes(self, names: AbstractSet[str]) -> bool:
        """Tells whether it can give all these fields values."""
        return names <= self._names

    def request(
        self, pk: bytes | None, values: Mapping[str, Any], part: Callable[[], Request[bytes]]
    ) -> Request[bytes] | None:
        """The request that creates an object with these values, defaults included; None if there is nothing to store.

        Raises:
            InvalidValue: a value does not fit its field's type, or an index cannot keep it.
        """
        marks = b""
        given: list[bytes] = []
        for name, encode, computed in self._slots:
            value = values.get(name)
            if value is None:
                marks += b"0"
                given += (b"", *(b"" for _ in computed))
            else:
                marks += b"1"
                stored = encode(value)
                given.append(stored)
                for index in computed:
                    given += index.kept(stored)
        if pk is None and b"1" not in marks:
            return None
        return PreparedCreation(self, pk, (marks, *given), bytes, part)

    @property
    def name(self) -> str:
        return "create"

    @property
    def given_names(self) -> list[str]:
        names = [f"a 1 for each of {', '.join(name for name, _, _ in self._slots)} that gets a value, else 0"]
        for name, _, computed in self._slots:
            names += (name, *(f"what {index} keeps of it" for index in computed))
        return names

    def refusal(self, reply: list[Any], pk: bytes | None, values: Sequence[Argument], needs: Needs | None) -> Exception:
        claims, at = [], 1
        for name, _, computed in self._slots:
            stored: Any = values[at]
            claims.append(Claim(self.model, name, stored))
            at += 1 + len(computed)
        return refusal(self.model, reply, pk, claims, needs=needs)


class PreparedCreation(Prepared[R]):
    """The request that creates an object."""

    __slots__ = ()

    def decode(self, reply: Any) -> R:
        if type(reply) is list:
            raise self._refusal(reply)
        return self._convert(reply)


def _source(
    where: Partition, places: Sequence[tuple[Slot, str, list[Entry]]], others: Sequence[bytes], *, mints: bool
) -> str:
    """The script.

    Args:
        where: the partition.
        places: of each field the expression of its value, and what becomes of its indexes.
        others: the prefixes of all keys of objects that get no value by it.
        mints: whether primary keys are automatic.
    """
    in_hash = [(number, slot, value) for number, (slot, value, _) in enumerate(places, 1) if slot.sub is not None]
    pairs = [f"{literal(slot.sub or b'')}, {value}" for _, slot, value in in_hash]
    collect, follow, undo, names = "", "", "", []
    for number, slot, value in in_hash:
        collect += (
            f"if string.byte(given, {number}) == 49 then "
            f"values[last + 1], values[last + 2], last = {literal(slot.sub or b'')}, {value}, last + 2 end\n"
        )
    for number, (slot, value, entries) in enumerate(places, 1):
        lines = ""
        if slot.sub is None:
            key = key_of(where, slot.prefix, "pk")
            lines += f"at = {key}\nreply = call('SET', at, {value})\n"
            lines += f"if reply.err then failed = reply break end\nset{number} = true\n"
            names.append(f"set{number}")
            undo = f"if set{number} then undo('DEL', {key}) end\n" + undo
        for entry in entries:
            lines += entry.lines("create") or entry.lines("check") + entry.lines("add")
            undo = entry.lines("undo add") + undo
            names += entry.locals
        if lines:
            follow += f"if whole or string.byte(given, {number}) == 49 then\n{indented(lines, '  ')}end\n"
    prefixes = [where.hash_prefix, *(slot.prefix for slot, _, _ in places if slot.sub is None), *others]
    return filled(
        "create",
        tag=tag(where),
        whole=literal(b"1" * len(places)),
        locals=", ".join(names) or "_",
        list=filled("mint" if mints else "list_given"),
        hash=key_of(where, where.hash_prefix, "pk"),
        keys=", ".join(key_of(where, prefix, "pk") for prefix in dict.fromkeys(prefixes)),
        store_whole=f"call('HSET', hash, {', '.join(pairs)})" if pairs else "0",
        collect=collect,
        follow=follow,
        undo=undo,
    )
