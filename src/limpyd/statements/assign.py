"""Statements that give a field of one value another value, or remove it, and make its indexes follow.

Names and keys are arguments of their scripts, so fields that are alike share one, whatever their models are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.command_table import FREEING
from limpyd.indexes.kept import Kept
from limpyd.keys import Partition
from limpyd.requests import Argument, Subject
from limpyd.scripts.outcomes import Claim, Model
from limpyd.statements.entries import READ_SCORE, Entry, follows, known_score
from limpyd.statements.source import CompiledScript, compiled, filled
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
        names: its name and keys, as the script is told.
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
        names: tuple[bytes, ...],
    ) -> None:
        super().__init__(script, model, where, command, names, field, (Claim(model, name),))
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
    names = Names()
    target = names.target(storage)
    keys = [names.argument(key) for _, _, key in checks] if sets else []
    keys += [names.argument(index.key) for index in indexes]
    after_names = 2 + len(names.given)
    pk, value = (f"ARGV[{after_names + number}]" for number in range(2))
    entries: list[Entry] = []
    computed: list[Kept] = []
    for kind, _, _ in checks if sets else ():
        entries.append(Entry(keys[len(entries)], kind, len(entries), 0, "value", "value", "before"))
    for index in indexes:
        new = "value"
        if sets and index.form != b"text":
            new = f"ARGV[{after_names + 2 + len(computed)}]"
            computed.append(index)
        score = known_score(index, "before")
        entries.append(Entry(keys[len(entries)], index.kind, len(entries), 0, "value", new, "before", score))
    flags = {"allow-oom"} if command in FREEING else set()
    if sets and checks and model.crosses:
        flags.add("allow-cross-slot-keys")
    source = _source(command, target, entries, pk=pk, value=value)
    script = compiled(command.lower(), source, frozenset(flags))
    size = (storage.sub is not None) + sets
    return Assignment(script, model, where, command, field, name, size, computed, tuple(names.given))


class Names:
    """The names and keys that a script is told, each once, after the epoch."""

    def __init__(self) -> None:
        self.given: list[bytes] = []

    def argument(self, name: Argument) -> str:
        """Returns the expression of a name."""
        text = name if isinstance(name, bytes) else str(name).encode()
        if text not in self.given:
            self.given.append(text)
        return f"ARGV[{2 + self.given.index(text)}]"

    def target(self, storage: Storage) -> Target:
        """Returns the expressions of what a field is kept in."""
        before, in_the_middle, after = storage.prefix.partition(b"\0")
        key = f"{self.argument(before)} .. pk" + (f" .. {self.argument(after)}" if in_the_middle else "")
        return Target(key, "" if storage.sub is None else self.argument(storage.sub))


class Target(NamedTuple):
    """What a field is kept in, as expressions: a key, and the sub-key there, if it has one."""

    key: str
    sub: str


def _source(command: str, storage: Target, entries: Sequence[Entry], *, pk: str, value: str) -> str:
    sets, in_hash = command in SETS, bool(storage.sub)
    target = f"key, {storage.sub}" if in_hash else "key"
    read = f"call('{'HGET' if in_hash else 'GET'}', {target})"
    if in_hash:
        restore = f"if before then undo('HSET', {target}, before) else undo('HDEL', {target}) end"
    else:
        restore = "if before then undo('SET', key, before) else undo('DEL', key) end"
    removing = "if before then\n" + "".join(_removed(entry, sets) for entry in entries) + "end\n"
    names = [name for entry in entries for name in entry.locals]
    return filled(
        "assign",
        pk=pk,
        value=value,
        key=storage.key,
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
