"""Statements that give a field of one value another value, or remove it, and make its indexes follow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.command_table import FREEING
from limpyd.indexes.kept import Kept
from limpyd.keys import Partition
from limpyd.requests import Argument, Subject
from limpyd.scripts.outcomes import Claim, Model
from limpyd.statements.entries import READ_SCORE, Entry, follows, known_score
from limpyd.statements.lua_text import key_of, literal, tag
from limpyd.statements.source import CompiledScript, filled
from limpyd.statements.statement import Statement


class Storage(NamedTuple):
    """Where a field keeps its one value.

    Attributes:
        prefix: what its keys begin with, or stands around the primary key in them.
        sub: its sub-key, if it is an entry of a hash.
    """

    prefix: bytes
    sub: bytes | None


class Assignment(Statement):
    """A statement that makes indexes follow a value.

    Args:
        script: what the server runs.
        model: the model.
        where: the partition.
        command: the command.
        field: the field, for messages.
        name: its name.
        size: how many arguments the command has, beside the key; with more or fewer it is another one.
        computed: the indexes that do not keep the value itself.
    """

    __slots__ = ("_computed", "_size")

    def __init__(
        self,
        script: CompiledScript,
        model: Model,
        where: Partition,
        command: str,
        field: Subject,
        name: str,
        size: int,
        computed: Sequence[Kept],
    ) -> None:
        super().__init__(script, model, where, command, (), field, (Claim(model, name),))
        self._size = size
        self._computed = computed

    @property
    def given_names(self) -> list[str]:
        if self.command in REMOVES:
            return []
        return ["the value", *(f"what {index} keeps of it" for index in self._computed)]

    def given(self, args: Sequence[Argument]) -> Sequence[Argument] | None:
        """Returns what a call gives, of the arguments of its command; None if they are not those of the statement.

        Raises:
            InvalidValue: an index cannot keep the value.
        """
        if len(args) != self._size:
            return None
        if self.command in REMOVES:
            return ()
        stored: Any = args[-1]
        if not self._computed:
            return (stored,)
        return (stored, *(text for index in self._computed for text in index.kept(stored)))


SETS = frozenset({"HSET", "SET"})
REMOVES = frozenset({"HDEL", "DEL"})


def assignment(
    model: Model,
    where: Partition,
    field: Subject,
    name: str,
    command: str,
    storage: Storage,
    indexes: Sequence[Kept],
    checks: Sequence[tuple[bytes, bytes, bytes]],
) -> Assignment | None:
    """Returns the statement of HSET, SET, HDEL or DEL on a field; None if only the general script can do it.

    Args:
        model: the model.
        where: the partition.
        field: the field, for messages.
        name: its name.
        command: the command.
        storage: where its value is kept.
        indexes: its indexes.
        checks: what new values must meet, each a kind, a form and a key.
    """
    if not (command in SETS or command in REMOVES) or not all(map(follows, indexes)):
        return None
    sets = command in SETS
    entries: list[Entry] = []
    computed: list[Kept] = []
    for number, (kind, _, key) in enumerate(checks if sets else ()):
        entries.append(Entry(where, kind, key, number, 0, "value", "value", "before"))
    for index in indexes:
        new = "value"
        if sets and index.form != b"text":
            new = f"ARGV[{4 + len(computed)}]"
            computed.append(index)
        score = known_score(index, "before")
        entries.append(Entry(where, index.kind, index.key, len(entries), 0, "value", new, "before", score))
    flags = {"allow-oom"} if command in FREEING else set()
    if sets and checks and model.crosses:
        flags.add("allow-cross-slot-keys")
    script = CompiledScript(command.lower(), _source(where, command, storage, entries), frozenset(flags))
    size = (storage.sub is not None) + sets
    return Assignment(script, model, where, command, field, name, size, computed)


def _source(where: Partition, command: str, storage: Storage, entries: Sequence[Entry]) -> str:
    sets, sub = command in SETS, storage.sub
    target = "key" if sub is None else f"key, {literal(sub)}"
    read = f"call('{'GET' if sub is None else 'HGET'}', {target})"
    if sub is None:
        restore = "if before then undo('SET', key, before) else undo('DEL', key) end"
    else:
        restore = f"if before then undo('HSET', {target}, before) else undo('HDEL', {target}) end"
    removing = "if before then\n" + "".join(_removed(entry, sets) for entry in entries) + "end\n"
    names = [name for entry in entries for name in entry.locals]
    return filled(
        "assign",
        tag=tag(where),
        key=key_of(where, storage.prefix, "pk"),
        locals=", ".join(names) if names else "_",
        read=read,
        after="value" if sets else "false",
        check="".join((entry.lines("check") if sets else "") + entry.lines(READ_SCORE) for entry in entries),
        write=f"call('{command}', {target}{', value' if sets else ''})",
        follow="".join(_followed(entry) for entry in entries) if sets else removing,
        undo="".join(entry.lines("undo add") + entry.lines("undo remove") for entry in reversed(entries)),
        restore=restore,
    )


def _removed(entry: Entry, sets: bool) -> str:
    """What takes the old value out of an index: of one that keeps one entry of each object only if no other comes."""
    return entry.lines("remove") or ("" if sets else entry.lines("take out"))


def _followed(entry: Entry) -> str:
    removed = entry.lines("remove")
    return (f"if before then\n{removed}end\n" if removed else "") + entry.lines("add")
