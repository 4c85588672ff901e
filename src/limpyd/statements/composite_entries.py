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
    """A field of such an index: the expressions of its value before and after; and its form."""

    before: str
    after: str
    form: bytes


class CompositeEntry(NamedTuple):
    """The Lua of a statement for the index.

    Attributes:
        entry: what it does to its entries.
        make: works out what is kept of the values before, and of those after.
        functions: the functions of the library that this calls.
    """

    entry: EntryCode
    make: str
    functions: list[str]

    @property
    def names(self) -> list[str]:
        """The names of its locals."""
        return [self.entry.old, self.entry.new]

    def check(self) -> str:
        """Finds out what stands against what is kept."""
        return self.make + self._if_new(self.entry.lines("check"))

    def follow(self) -> str:
        """Makes the index follow."""
        return self.remove() + self._if_new(self.entry.lines("add"))

    def remove(self) -> str:
        """Takes what was kept of the values before out of the index, unless it stays."""
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
    """Returns what a statement does to an index.

    Args:
        index: the index.
        key: the expression of its key.
        number: its locals have that.
        parts: its fields.
    """
    old, new = f"old{number}", f"new{number}"
    entry = EntryCode(key, index.kind_name, number, key, new, new, old)
    before = _text((part.before, part.form) for part in parts)
    after = _text((part.after, part.form) for part in parts)
    functions = [f"form_{part.form.decode()}" for part in parts if part.form != b"text"]
    return CompositeEntry(entry, f"{old} = {before}\n{new} = {after}\n", ["netstring", *functions])


def _text(values: Iterable[tuple[str, bytes]]) -> str:
    """Returns the expression of the text that is kept of values, if there are all of them."""
    pairs = list(values)
    texts = [value if form == b"text" else f"form_{form.decode()}({value})" for value, form in pairs]
    there = " and ".join(value for value, _ in pairs)
    return f"{there} and {' .. '.join(f'netstring({text})' for text in texts)}"
