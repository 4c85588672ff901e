"""What Lua files say of layouts of arguments: the lines that read them, and the tables that tell what they are.

    -- @reads LAYOUT FROM    the lines up to `-- @end` read the layout into local variables, from a position in ARGV on
    -- @layout LAYOUT        the lines up to `-- @end` tell what stands in it

Layouts are those of limpyd/lua/arguments.py, by the names of the classes. Of many things the variables tell where the
first and the last one stand; of things whose width differs how many there are, and where the first one stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from limpyd.lua import arguments
from limpyd.lua.layouts import Field, fields_of

BLOCK = re.compile(r"(?m)^( *)-- @(reads|layout) (\w+) ?(\w*)\n((?: *(?:local |--   ).*\n)*) *-- @end\n")

WIDEST = 50
"""How long the values of a line are before another begins."""


@dataclass
class At:
    """A position in ARGV: from a variable on, or from the start."""

    base: str
    offset: int = 0

    def __str__(self) -> str:
        if not self.base:
            return str(self.offset)
        return f"{self.base} + {self.offset}" if self.offset else self.base

    def __add__(self, steps: int) -> At:
        return At(self.base, self.offset + steps)


def layouts() -> dict[str, type]:
    """The layouts by their names."""
    return {name: kind for name, kind in vars(arguments).items() if hasattr(kind, "_fields")}


def written(source: str) -> str:
    """A Lua source, with the lines that read layouts and tell of them as they should be; only what is used is read."""

    def block(found: re.Match[str]) -> str:
        indent, directive, name, start, _ = found.groups()
        fields = fields_of(layouts()[name])
        if directive == "layout":
            lines = list(_table(fields))
        else:
            at = At("", int(start)) if start.isdigit() else At(start)
            used = set(re.findall(r"\w+", _rest_of_block(source[found.end() :], indent)))
            lines = [indent + line for line in _reading(fields, at, used)]
        first = found[0].split("\n", 1)[0]
        return "\n".join([first, *lines, f"{indent}-- @end"]) + "\n"

    return BLOCK.sub(block, source)


def _rest_of_block(text: str, indent: str) -> str:
    """The lines up to the first that is indented less."""
    ends = indent and re.search(rf"(?m)^(?! {{{len(indent)}}})(?=.)", text)
    return text[: ends.start()] if ends else text


def _reading(fields: list[Field], at: At, used: set[str]) -> Iterator[str]:
    """The lines that read those of some fields that are used."""
    names: list[str] = []
    values: list[str] = []

    def flush() -> Iterator[str]:
        if names:
            yield f"local {', '.join(names)} = {', '.join(values)}"
        names.clear()
        values.clear()

    for number, field in enumerate(fields):
        first, last = f"first_{field.one}", f"last_{field.one}"
        if not field.many:
            if len(", ".join(values)) > WIDEST:
                yield from flush()
            if field.name in used:
                names.append(field.name)
                values.append(f"ARGV[{at}]")
            at += 1
            continue
        yield from flush()
        if field.width is None:
            reads = {f"{field.one}_count": f"tonumber(ARGV[{at}])", first: str(at + 1)}
            names += (name for name in reads if name in used)
            values += (value for name, value in reads.items() if name in used)
            break
        end = f"{at} + {'' if field.width == 1 else f'{field.width} * '}ARGV[{at}]"
        if first in used:
            names.append(first)
            values.append(str(at + 1))
        if last in used or _any_used(fields[number + 1 :], used):
            names.append(last)
            values.append(end)
        yield from flush()
        at = At(last, 1)
    yield from flush()


def _any_used(fields: list[Field], used: set[str]) -> bool:
    names = {name for field in fields for name in (field.name, f"first_{field.one}", f"last_{field.one}")}
    return bool(names & used) or any(f"{field.one}_count" in used for field in fields)


def _table(fields: list[Field], indent: str = "") -> Iterator[str]:
    """The lines that tell what the fields are: with their numbers, as far as those are always the same."""
    width = max(len(field.name) for field in fields) + 2
    known = True
    for number, field in enumerate(fields, start=1):
        place = f"{number:2} " if known and not indent else "   "
        meaning = field.meaning
        if field.many:
            meaning += ": a count, and for each" if field.row else ": a count, and those"
        yield f"--   {indent}{place}{field.name:{width}}{meaning}"
        if field.row:
            yield from _table(field.row, indent + "    ")
        known = known and not field.many
