"""The statement that deletes an object of a model to which no other one refers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from limpyd.indexes.composite import KeptTogether
from limpyd.keys import Partition
from limpyd.requests import Request, Unclear
from limpyd.scripts.outcomes import Model
from limpyd.statements.entries import Entry, locals_of, required
from limpyd.statements.lua_text import key, key_of, literal, tag
from limpyd.statements.slot import Slot
from limpyd.statements.source import CompiledScript, filled, indented
from limpyd.statements.statement import Prepared, Statement
from limpyd.statements.together import Part, joined

R = TypeVar("R")


def deletion(
    model: Model,
    where: Partition,
    slots: Sequence[Slot],
    together: Sequence[KeptTogether],
    prefixes: Sequence[bytes],
) -> Statement:
    """Returns the statement.

    Args:
        model: the model.
        where: the partition.
        slots: its indexed fields.
        together: its indexes of several of them.
        prefixes: what all keys of an object begin with, that of its hash first.
    """
    source = _source(where, slots, together, prefixes)
    return Deletion(CompiledScript("delete", source, frozenset({"allow-oom"})), model, where, "UNLINK")


class Deletion(Statement):
    """The statement."""

    __slots__ = ()

    @property
    def name(self) -> str:
        return "delete"

    @property
    def given_names(self) -> list[str]:
        return []


class PreparedDeletion(Prepared[R]):
    """The request that deletes an object."""

    __slots__ = ()
    complete = False

    def decode(self, reply: Any) -> R:
        if type(reply) is list:
            if reply == [b"undecided"]:
                raise Unclear(lambda _: self.part(), lambda: self._convert(None))
            raise self._refusal(reply)
        return self._convert(None)


def request(statement: Statement, pk: bytes, part: Callable[[], Request[None]]) -> Request[None]:
    """Returns the request that deletes an object; `part` gives the one that the general script serves."""
    return PreparedDeletion(statement, pk, (), lambda _: None, part)


def _source(
    where: Partition, slots: Sequence[Slot], together: Sequence[KeptTogether], prefixes: Sequence[bytes]
) -> str:
    hash_key = key_of(where, where.hash_prefix, "pk")
    in_hash = [slot for slot in slots if slot.sub is not None]
    names, read, follow = [], "", ""
    entries: list[Entry] = []
    if in_hash:
        subs = ", ".join(literal(slot.sub or b"") for slot in in_hash)
        read = f"at = {hash_key}\nlocal held = call('HMGET', at, {subs})\nif held.err then failed = held break end\n"
    for number, slot in enumerate(slots):
        value = f"value{number}"
        names.append(value)
        if slot.sub is None:
            lines = f"at = {key_of(where, slot.prefix, 'pk')}\n{value} = call('GET', at)\n"
            lines += f"if type({value}) == 'table' then failed = {value} break end\n"
        else:
            lines = f"{value} = held[{in_hash.index(slot) + 1}]\n"
        steps = ""
        for index in slot.indexes:
            entry = Entry(key(where, index.key), index.kind, len(entries), number, before=value, index=index)
            entries.append(entry)
            steps += (
                entry.check_old() + entry.lines("read score") + (entry.remove(certain=True) or entry.lines("take out"))
            )
        follow += f"{lines}if {value} then\n{indented(steps, '  ')}end\n" if steps else lines
    values = {(slot.prefix, slot.sub or b""): f"value{number}" for number, slot in enumerate(slots)}
    functions: list[str] = []
    for index in together:
        parts = [Part(values[place.prefix, place.sub], "false", place.form) for place in index.places]
        one = joined(index, key(where, index.key), len(entries), parts)
        entries.append(one.entry)
        names += one.names
        functions += one.functions
        follow += one.make + one.remove()
    return filled(
        "delete",
        keys_declared=str(len(prefixes)),
        tag=tag(where),
        requires=required(entries, functions),
        locals=locals_of(names, entries),
        hash=hash_key,
        keys=", ".join(key_of(where, prefix, "pk") for prefix in prefixes),
        read=read,
        follow=follow,
        undo="".join(entry.undo() for entry in reversed(entries)),
    )
