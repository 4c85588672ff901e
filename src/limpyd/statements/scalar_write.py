"""The Lua of statements that set or remove the values of fields of one value, and update their indexes.

Names and keys are arguments of the scripts, so fields that are alike share a script.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from limpyd.indexes.composite import CompositeFieldIndex
from limpyd.keys import Partition
from limpyd.scripts.error_mapping import Model
from limpyd.statements.composite_entries import CompositeEntry, CompositePart, composite_entry
from limpyd.statements.index_entries import EntryCode, locals_of, required, sections
from limpyd.statements.operations import Written, operations_of
from limpyd.statements.parameters import Parameters
from limpyd.statements.scalar_field import ScalarField
from limpyd.statements.script_source import CompiledScript, compiled, filled, indented


class FieldChange(NamedTuple):
    """The change of a field: it gets a value, or loses it."""

    scalar_field: ScalarField
    removes: bool = False


class WriteScript(NamedTuple):
    """A script, and the names and keys that it takes."""

    script: CompiledScript
    names: tuple[bytes, ...]


def write_script(
    name: str,
    model: Model,
    partition: Partition,
    changes: Sequence[FieldChange],
    version: bytes | None = None,
    composites: Sequence[CompositeFieldIndex] = (),
    result: str = "",
) -> WriteScript:
    """Returns the script.

    Args:
        name: its name.
        model: the model.
        partition: the partition.
        changes: the changes of fields.
        version: the sub-key of the version, if the script increments it.
        composites: the composite indexes of these fields.
        result: the expression of the reply; empty for the reply of the last command, or the new version.

    Raises:
        NoRoom: there are too many fields and indexes.
    """
    names = _names(partition, changes, version, composites)
    parts = _Parts(names, {(place.prefix, place.sub) for index in composites for place in index.places})
    for scalar_field, removes in changes:
        parts.add_field(scalar_field, removes=removes)
    for index in composites:
        parts.add_composite(index)
    if version is not None:
        parts.given["key"] = names.key_of(partition.hash_prefix)
    counting = _counting(names.argument(version), parts.next_argument()) if version is not None else {}
    source = _source(parts.written, parts.joined, parts.given, counting, result)
    return WriteScript(compiled(name, source, _flags(model, changes, version)), tuple(names.given))


class _Parts:
    """The parts of a script, while they are put together.

    Args:
        names: the parameters of the script.
        in_several: the prefixes and sub-keys of the fields of composite indexes.

    Attributes:
        given: the expressions of its locals that come from arguments.
        written: the fields, with the Lua for each.
        joined: the Lua for each composite index.
    """

    def __init__(self, names: Parameters, in_several: Container[tuple[bytes, bytes]]) -> None:
        self.given = {"pk": f"ARGV[{names.end}]"}
        self.written: list[Written] = []
        self.joined: list[CompositeEntry] = []
        self._names = names
        self._in_several = in_several
        self._known: dict[tuple[bytes, bytes], Written] = {}
        self._last = names.end
        self._entries = 0

    def next_argument(self) -> str:
        """The expression of the argument that follows those of its parts so far."""
        self._last += 1
        return f"ARGV[{self._last}]"

    def add_field(self, scalar_field: ScalarField, *, removes: bool) -> None:
        """Adds a field that gets a new value, or that loses its own."""
        names, claim = self._names, len(self.written)
        before, value = f"before{claim}", "false" if removes else f"value{claim}"
        own = []
        if not removes:
            self.given[value] = self.next_argument()
            own = [
                EntryCode(names.argument(key), kind, self._entries + number, claim, value, value)
                for number, (kind, _, key) in enumerate(scalar_field.checks)
            ]
        for number, index in enumerate(scalar_field.indexes, self._entries + len(own)):
            new = value if removes or index.form == b"text" else self.next_argument()
            own.append(EntryCode(names.argument(index.key), index.kind_name, number, claim, value, new, before, index))
        self._entries += len(own)
        may_expire = not own and (scalar_field.prefix, scalar_field.sub or b"") not in self._in_several
        self._add(scalar_field.prefix, scalar_field.sub or b"", before, value, own, may_expire=may_expire)

    def add_composite(self, index: CompositeFieldIndex) -> None:
        """Adds a composite index; its fields that are not written are read."""
        parts = []
        for place in index.places:
            read = f"before{len(self.written)}"
            one = self._known.get((place.prefix, place.sub)) or self._add(place.prefix, place.sub, read, read, [])
            parts.append(CompositePart(one.before, one.value, place.form))
        self.joined.append(composite_entry(index, self._names.argument(index.key), self._entries, parts))
        self._entries += 1

    def _add(
        self, prefix: bytes, sub: bytes, before: str, value: str, entries: list[EntryCode], *, may_expire: bool = False
    ) -> Written:
        sub_key = self._names.argument(sub) if sub else ""
        key = "key" if sub_key else f"key{len(self.written)}"
        self.given[key] = self._names.key_of(prefix)
        one = Written(before, value, key, sub_key, entries, may_expire)
        self._known[prefix, sub] = one
        self.written.append(one)
        return one


def _names(
    partition: Partition,
    changes: Sequence[FieldChange],
    version: bytes | None,
    composites: Sequence[CompositeFieldIndex],
) -> Parameters:
    """Returns the parameters of the script, in the same positions for fields that are alike."""
    names = Parameters()
    if version is not None:
        names.key_of(partition.hash_prefix)
        names.argument(version)
    for scalar_field, removes in changes:
        names.key_of(scalar_field.prefix)
        if scalar_field.sub is not None:
            names.argument(scalar_field.sub)
        keys = [
            *(index.key for index in scalar_field.indexes),
            *(key for _, _, key in (() if removes else scalar_field.checks)),
        ]
        for key in keys:
            names.argument(key)
    for index in composites:
        names.argument(index.key)
        for place in index.places:
            names.key_of(place.prefix)
            if place.sub:
                names.argument(place.sub)
    return names


def _counting(sub: str, expected: str) -> dict[str, str]:
    """The sections that increment the version."""
    return {
        section: text.replace("$sub", sub).replace("$expected", expected)
        for section, text in sections("version").items()
    }


def _flags(model: Model, changes: Sequence[FieldChange], version: bytes | None) -> frozenset[str]:
    flags = set()
    if version is None and all(change.removes for change in changes):
        flags.add("allow-oom")
    if model.crosses_slots and any(change.scalar_field.checks for change in changes if not change.removes):
        flags.add("allow-cross-slot-keys")
    return frozenset(flags)


def _source(
    written: Sequence[Written],
    all_joined: Sequence[CompositeEntry],
    given: Mapping[str, str],
    counting: Mapping[str, str],
    result: str,
) -> str:
    entries = [*(entry for one in written for entry in one.entries), *(one.entry for one in all_joined)]
    follow = "".join(map(_followed, written)) + "".join(one.follow() for one in all_joined)
    # What has to be taken back least comes last: the values, unless that takes the command that writes them, which an
    # account may lack.
    values_first = any("'HSET'" in entry.undo() for entry in entries)
    operations = operations_of(written, last=not values_first)
    write = counting.get("write", "") + "".join(operation.write for operation in operations)
    undo = "".join(operation.undo for operation in reversed(operations)) + counting.get("undo", "")
    undo_follow = "".join(entry.undo() for entry in reversed(entries))
    check = counting.get("check", "") + "".join(map(_checked, written)) + "".join(one.check() for one in all_joined)
    used = set(re.findall(r"\w+", check + write + follow + undo + undo_follow + result))
    read = [one for one in written if one.before in used]
    names = [one.before for one in read]
    names += [name for operation in operations for name in operation.locals]
    names += [name for one in all_joined for name in one.names]
    names += counting.get("locals", "").split(",")
    return filled(
        "write",
        requires=required(entries, [name for one in all_joined for name in one.functions]),
        pk=given["pk"],
        values="".join(f"local {name} = {expression}\n" for name, expression in given.items() if name != "pk"),
        locals=locals_of(
            filter(None, map(str.strip, names)), entries, len(given), 2 * sum(bool(one.sub) for one in written)
        ),
        read=_read(read, counted=counting.get("sub")),
        check=check,
        first=write if values_first else follow,
        second=follow if values_first else write,
        result=result or counting.get("result", "result\n").strip(),
        undo=undo_follow + undo if values_first else undo + undo_follow,
    )


def _read(written: Sequence[Written], counted: str | None) -> str:
    """Returns the lines that read the old values of fields."""
    lines = ""
    found = {one.before: one.sub for one in written if one.sub}
    if counted is not None:
        found["version"] = counted.strip()
    subs = ", ".join(found.values())
    if len(found) == 1:
        (name,) = found
        lines += _read_one(name, "key", f"call('HGET', key, {subs})")
    elif found:
        replies = ", ".join(f"reply[{number}]" for number in range(1, len(found) + 1))
        lines += f"at = key\nreply = call('HMGET', key, {subs})\nif reply.err then failed = reply break end\n"
        lines += f"{', '.join(found)} = {replies}\n"
    for one in written:
        if not one.sub:
            lines += _read_one(one.before, one.key, "call('GET', at)")
    return lines


def _read_one(name: str, key: str, call: str) -> str:
    return f"at = {key}\n{name} = {call}\nif type({name}) == 'table' then failed = {name} break end\n"


def _checked(one: Written) -> str:
    """Returns the lines that check the new values, and compute the texts of the old ones."""
    old = "".join(entry.check_old() for entry in one.entries)
    lines = f"if {one.before} then\n{indented(old, '  ')}end\n" if old else ""
    for entry in one.entries:
        lines += (entry.check() if one.value != "false" else "") + entry.lines("read score")
    return _if_changed(one, lines)


def _followed(one: Written) -> str:
    """Returns the lines that update the indexes."""
    if one.value != "false":
        return _if_changed(one, "".join(entry.remove() + entry.add() for entry in one.entries))
    return _if_changed(one, "".join(entry.remove() or entry.lines("take out") for entry in one.entries))


def _if_changed(one: Written, lines: str) -> str:
    return f"if {one.before} ~= {one.value} then\n{indented(lines, '  ')}end\n" if lines else ""
