"""The Lua of statements for an index. Each kind of index has a template, with sections, in statements/lua/entries/.

In general scripts lua/library/index_kinds/ does the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from limpyd.indexes.field_index import FieldIndex
from limpyd.requests.request import Argument
from limpyd.statements.lua_normalizers import normalizer_call
from limpyd.statements.script_source import FOLDER, indented

SECTION = r"(?m)^-- \[(.+)\]\n"
NAMES = r"\$(?:i|key|number|value|new|old|score)\b"


@cache
def sections(name: str) -> dict[str, str]:
    """The sections of a template, by their names; none if there is no such file."""
    path = FOLDER / f"{name}.lua"
    if not path.exists():
        return {}
    _, *parts = re.split(SECTION, path.read_text("utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


def of_kind(kind: Argument) -> dict[str, str]:
    """The sections of the template of a kind of index; none if it has none."""
    return sections(f"entries/{_text(kind)}")


class EntryCode:
    """The Lua of a statement that changes, or checks, one index for one value.

    Args:
        key: the Lua expression of the index's key, or of the prefix of its keys.
        kind: the kind of the index, or of the check (see lua/library/index_kinds.lua).
        number: its number in the statement; the names of its locals end in it.
        claim: the number of the claim of the statement that a refusal names; for a composite index the expression of
            its key.
        value: the expression of the stored value; `false` if the value is removed.
        new: the expression of the text of the new value; empty if the script computes it.
        before: the expression of the old value, if there may be one.
        index: the index; None for a check.
    """

    def __init__(
        self,
        key: str,
        kind: Argument,
        number: int,
        claim: int | str,
        value: str = "false",
        new: str = "false",
        before: str = "false",
        index: FieldIndex | None = None,
    ) -> None:
        self._sections = of_kind(kind)
        self._before = before
        self._value = value
        self._old = self._made("old", index, before) if self._sections.get("remove") else None
        self._new = self._made("new", index, value) if not new else None
        self._number = number
        has_score = before != "false" and "$score" in self._sections.get("undo add", "")
        self._score = normalizer_call(index, before) if index is not None and has_score else None
        score = "" if index is None else known_score(index, before)
        self._keeps_integers = index is not None and known_score(index, value) != ""
        if self._score and not score:
            score = f"score{number}()"
        self._names = {
            "$i": str(number),
            "$key": key,
            "$number": str(claim),
            "$value": value,
            "$new": f"new{number}" if self._new else new or value,
            "$old": f"old{number}" if self._old else before,
            "$score": score or f"score{number}",
        }
        if score:
            self._sections = {**self._sections, "read score": ""}

    @staticmethod
    def _made(what: str, index: FieldIndex | None, text: str) -> tuple[str, str] | None:
        """Returns the section of statements/lua/normalized.lua for the text in the index, and its expression."""
        made = None if index is None or text == "false" else normalizer_call(index, text)
        if made is None or made.expression == text:
            return None
        return f"{what} {'transform' if index is not None and index.asks_python else 'normalized'}", made.expression

    @property
    def old(self) -> str:
        """The expression of the text of the old value."""
        return self._names["$old"]

    @property
    def new(self) -> str:
        """The expression of the text of the new value."""
        return self._names["$new"]

    def lines(self, section: str) -> str:
        """A section of the template, filled in; empty if there is none."""
        return self._filled(self._sections.get(section, ""))

    def check_old(self) -> str:
        """Returns the lines that compute the text of the old value, if the script has to."""
        return self._forming(self._old)

    def check_new(self, is_exact: str = "") -> str:
        """Returns the lines that compute the text of the new value, if the script has to.

        Args:
            is_exact: the condition that the value is the text of an integer which Lua does not round; empty if unknown.
        """
        lines = self._forming(self._new)
        if not lines or not is_exact or not self._keeps_integers:
            return lines
        return f"new{self._number} = {self._value}\nif not {is_exact} then\n{indented(lines, '  ')}end\n"

    def remove(self, *, certain: bool = False) -> str:
        """Returns the lines that remove the entry of the old value, if there was one and it does not stay.

        Args:
            certain: true if there was an entry, and it does not stay.
        """
        lines = self.lines("remove")
        if not lines or (certain and self._old is None):
            return lines
        old, new = self.old, self.new
        condition = f"{old} and {old} ~= {new}" if self._old and new != "false" else old
        return f"if {condition} then\n{indented(lines, '  ')}end\n"

    def check(self) -> str:
        """Returns the lines that refuse a new value that belongs to another object, or refers to no object."""
        return self._unless_kept(self.lines("check"))

    def add(self) -> str:
        """Returns the lines that add the entry of the new value."""
        return self._unless_kept(self.lines("add"))

    def _unless_kept(self, lines: str) -> str:
        """Returns lines that run only if the texts of the two values differ."""
        if self._old is None or not lines:
            return lines
        return f"if {self.old} ~= {self.new} then\n{indented(lines, '  ')}end\n"

    def undo(self) -> str:
        """Returns the lines that undo `remove` and `add`."""
        only_removes = self._value == "false" and "remove" in self._sections
        undo = ("" if only_removes else self.lines("undo add")) + self.lines("undo remove")
        return self.score_before() + undo

    def score_before(self) -> str:
        """Returns the Lua function that computes the score of the old value; only `undo` needs it."""
        if self._score is None or self._names["$score"] != f"score{self._number}()":
            return ""
        lines = self._filled(sections("normalized")["score"])
        lines = lines.replace("$before", self._before).replace("$normalized", self._score.expression)
        return lines.replace("$function", self._score.function)

    @property
    def locals(self) -> list[str]:
        """The names of its locals."""
        made = [(self._old, f"old{self._number}"), (self._new, f"new{self._number}")]
        own = [name for what, name in made if what is not None]
        own += ["unknown" for what, _ in made if what is not None and what[0].endswith("transform")]
        return [*self.lines("locals").replace(",", " ").split(), *own]

    @property
    def functions(self) -> list[str]:
        """The functions of the library that it calls."""
        made = [what[1].partition("(")[0] for what in (self._old, self._new) if what is not None]
        return [name for name in made if name.startswith("form_")]

    @property
    def deferred(self) -> str:
        """The function of the library that computes the score of the old value; empty if none is needed."""
        return self._score.function if self._score is not None and self.score_before() else ""

    def _forming(self, made: tuple[str, str] | None) -> str:
        if made is None:
            return ""
        section, expression = made
        lines = self._filled(sections("normalized")[section])
        return lines.replace("$before", self._before).replace("$normalized", expression)

    def _filled(self, text: str) -> str:
        return re.sub(NAMES, lambda name: self._names[name[0]], text)


MAX_LOCALS = 175
"""The most locals for indexes and values. A Lua function may have 200; the templates need the others."""


MAX_REGISTERS = 224
"""The most registers for them. A Lua function has 250, for its locals and the arguments of a call."""


class NoRoom(Exception):
    """A statement would have more locals, or arguments of a command, than a function of Lua has room for."""


def locals_of(names: Iterable[str], entries: Sequence[EntryCode] = (), others: int = 0, arguments: int = 0) -> str:
    """Returns the names of a `local` line; at least one.

    Args:
        names: the names, without those of entries.
        entries: the entries of the statement.
        others: the number of other locals of the statement.
        arguments: the most arguments of a command that it calls.

    Raises:
        NoRoom: there are too many.
    """
    all_names = dict.fromkeys([*names, *(name for entry in entries for name in entry.locals)])
    linked = 5 * len(_shared(entries))
    scores = sum(bool(entry.score_before()) for entry in entries)
    count = len(all_names) + scores + linked + others
    if count > MAX_LOCALS or count + arguments > MAX_REGISTERS:
        raise NoRoom
    return ", ".join(all_names) or "_"


def required(entries: Iterable[EntryCode], more: Iterable[str] = ()) -> str:
    """Returns the `@requires` line for the library functions that entries and other lines call; empty for none."""
    functions = sorted({*more, *_shared(list(entries))})
    return f"-- @requires {' '.join(functions)}\n" if functions else ""


def _shared(entries: Sequence[EntryCode]) -> set[str]:
    """Returns the functions of the library that are linked at the top of the statement."""
    deferred = [entry.deferred for entry in entries if entry.deferred]
    several = (name for name in deferred if deferred.count(name) > 1)
    return {*several, *(name for entry in entries for name in entry.functions)}


def known_score(index: FieldIndex, old: str) -> str:
    """Returns the expression of the score of the old value, if that value is its own score; else an empty text."""
    return old if index.one_plain_text and index.field.codec.name in {"float", "int"} else ""


def follows(index: FieldIndex) -> bool:
    """Returns whether statements can update an index for a new value, given the old value."""
    known = index.of_values and index.one_text_per_value and bool(of_kind(index.kind_name))
    return known and ("remove" not in of_kind(index.kind_name) or normalizer_call(index, "") is not None)


def _text(argument: Argument) -> str:
    return argument.decode("ascii", "replace") if isinstance(argument, bytes) else str(argument)
