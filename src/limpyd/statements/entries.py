"""What statements do to an index: one template of Lua for each kind of index, in lua/entries, in sections."""

from __future__ import annotations

import re
from functools import cache

from limpyd.indexes.kept import Kept
from limpyd.requests import Argument
from limpyd.statements.source import FOLDER

SECTION = r"(?m)^-- \[(.+)\]\n"
LOCALS = "locals"
READ_SCORE = "read score"


@cache
def sections(kind: str) -> dict[str, str]:
    """The sections of a kind's template; none if it has no template."""
    path = FOLDER / "entries" / f"{kind}.lua"
    if not path.exists():
        return {}
    _, *parts = re.split(SECTION, path.read_text("utf-8"))
    return dict(zip(parts[::2], parts[1::2], strict=True))


class Entry:
    """What a statement does to one index, or checks, for one value.

    Args:
        key: the expression of the key of the index, or of the beginning of its keys.
        kind: its kind (see lua/library/add_entry.lua), or that of what is checked.
        number: which of those of the statement it is; its locals have that name.
        claim: which of the statement's claims a refusal names.
        value: the expression of the stored value.
        new: the expression of what is kept of the new value.
        old: the expression of what is kept of the value before.
        score: that of its score, if it is known without a look.
    """

    def __init__(
        self,
        key: str,
        kind: Argument,
        number: int,
        claim: int,
        value: str,
        new: str,
        old: str,
        score: str = "",
    ) -> None:
        self._sections = sections(_text(kind))
        self._names = {
            "$i": str(number),
            "$key": f"({key})" if ".." in key else key,
            "$number": str(claim),
            "$value": value,
            "$new": new,
            "$old": old,
            "$score": score or f"score{number}",
        }
        if score:
            self._sections = {**self._sections, READ_SCORE: ""}

    def lines(self, section: str) -> str:
        """A section of the template, filled in; empty if there is none."""
        return re.sub(NAMES, lambda name: self._names[name[0]], self._sections.get(section, ""))

    @property
    def locals(self) -> list[str]:
        """The names of its locals."""
        return self.lines(LOCALS).replace(",", " ").split()


NAMES = r"\$(?:i|key|number|value|new|old|score)\b"


def known_score(index: Kept, old: str) -> str:
    """The expression of the score of a value before, if that is the value itself; else empty."""
    return old if index.keeps_one_text and index.field.codec.name in {"float", "int"} else ""


def follows(index: Kept) -> bool:
    """Whether statements can make an index follow a value, of which they know what it was."""
    if index.asks_python or not index.of_values or not sections(_text(index.kind)):
        return False
    return index.form == b"text" or index.kind == b"num"


def _text(argument: Argument) -> str:
    return argument.decode("ascii", "replace") if isinstance(argument, bytes) else str(argument)
