"""The Lua of statements for a composite index, which follows when any of its fields changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from limpyd.indexes.composite import CompositeFieldIndex
from limpyd.statements.index_entries import EntryCode, of_kind
from limpyd.statements.script_source import indented

FORMS = frozenset({b"text", b"float", b"decimal"})
"""The forms of its fields, if a statement is to know it: these refuse nothing."""


class CompositePart(NamedTuple):
    """A field of a composite index: the expressions of its old and its new value, and its form."""

    before: str
    after: str
    form: bytes


class CompositeEntry(NamedTuple):
    """The Lua of a statement for the index.

    Attributes:
        entry: the Lua for its entries.
        make: the lines that compute the texts of the old and the new values.
        functions: the functions of the library that these lines call.
    """

    entry: EntryCode
    make: str
    functions: list[str]

    @property
    def names(self) -> list[str]:
        """The names of its locals."""
        return [self.entry.old, self.entry.new]

    def check(self) -> str:
        """The lines that check whether the new entry may be added."""
        return self.make + self._if_new(self.entry.lines("check"))

    def follow(self) -> str:
        """The lines that update the index."""
        return self.remove() + self._if_new(self.entry.lines("add"))

    def remove(self) -> str:
        """The lines that remove the entry of the old values, unless it stays."""
        old, new = self.entry.old, self.entry.new
        return f"if {old} and {old} ~= {new} then\n{indented(self.entry.lines('remove'), '  ')}end\n"

    def _if_new(self, lines: str) -> str:
        old, new = self.entry.old, self.entry.new
        return f"if {new} and {old} ~= {new} then\n{indented(lines, '  ')}end\n" if lines else ""


def follows_composite(index: CompositeFieldIndex) -> bool:
    """Returns whether statements can make a composite index follow its fields."""
    is_netstrings = not index.form.startswith(b":")
    return bool(of_kind(index.kind_name)) and is_netstrings and all(place.form in FORMS for place in index.places)


def composite_entry(
    index: CompositeFieldIndex, key: str, number: int, parts: Sequence[CompositePart]
) -> CompositeEntry:
    """Returns the Lua of a statement for a composite index.

    Args:
        index: the index.
        key: the expression of its key.
        number: the number in the names of its locals.
        parts: its fields.
    """
    old, new = f"old{number}", f"new{number}"
    entry = EntryCode(key, index.kind_name, number, key, new, new, old)
    before = _text((part.before, part.form) for part in parts)
    after = _text((part.after, part.form) for part in parts)
    functions = [f"form_{part.form.decode()}" for part in parts if part.form != b"text"]
    return CompositeEntry(entry, f"{old} = {before}\n{new} = {after}\n", ["netstring", *functions])


def _text(values: Iterable[tuple[str, bytes]]) -> str:
    """Returns the expression of the entry for the values of all fields; it is false if a value is missing."""
    pairs = list(values)
    texts = [value if form == b"text" else f"form_{form.decode()}({value})" for value, form in pairs]
    all_given = " and ".join(value for value, _ in pairs)
    return f"{all_given} and {' .. '.join(f'netstring({text})' for text in texts)}"
