"""What Lua files use of each other: declared in each, and checked.

python -m tools.lua            tells what is used and not declared, declared and not used, provided twice or by nobody
python -m tools.lua declare    writes the `-- @requires` and `-- @provides` lines as they should be, and those that
                               read arguments (tools/lua_layouts.py)
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from limpyd.lua.linker import LIBRARY, LinkError, expanded, link, read_part, script_paths
from limpyd.lua.parts import LuaPart
from tools import lua_layouts
from tools.lua_names import names_in

GLOBALS = {
    *("KEYS", "ARGV", "redis", "cjson", "cmsgpack", "bit", "struct", "string", "table", "math", "os", "_G"),
    *("assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawget", "rawset", "select"),
    *("setmetatable", "tonumber", "tostring", "type", "unpack"),
}
"""What servers give to each script."""
LINKED = {"scripts", "wanted"}
"""What the linker uses where scripts become functions."""
DECLARED = re.compile(r"(?m)^-- @(?:requires|provides) .*\n")
HEADER = re.compile(r"\A(?:#!lua.*\n)?(?:--.*\n)*")
WIDTH = 120


class File:
    """A Lua file: what it declares, and what is in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.source = path.read_text("utf-8")
        self.part: LuaPart = read_part(path)
        self.label = self.part.label
        self.names = names_in(self.source)
        self.is_library = path.is_relative_to(LIBRARY)

    @property
    def used(self) -> dict[str, int]:
        """The names that it has of others."""
        return {name: line for name, line in self.names.free.items() if name not in GLOBALS}

    def wanted(self) -> set[str]:
        """What it should require: what it uses and does not defer; into which tables others put things stays."""
        kept = {name for name in self.part.names("requires") if "." in name}
        return self.used.keys() - set(self.part.names("defers")) | kept

    def with_layouts(self) -> str:
        """Its source, with the lines that are made of layouts as they should be."""
        return lua_layouts.written(self.source)

    def given(self, used_by_others: set[str]) -> set[str]:
        """What it should provide."""
        if not self.is_library:
            return set()
        return self.names.put | self.names.top.keys() & used_by_others


def files() -> list[File]:
    """All Lua files, those of the library first."""
    return [File(path) for path in (*sorted(LIBRARY.rglob("*.lua")), *script_paths().values())]


def problems() -> Iterator[str]:
    """What is wrong with what the files declare, each with the file and the name."""
    every = files()
    providers: dict[str, File] = {}
    for file in every:
        for name in file.part.names("provides"):
            if name in providers:
                yield f"{file.label} provides {name}, which {providers[name].label} provides too"
            providers[name] = file
    required = {name for file in every for kind in ("requires", "defers") for name in expanded(file.part.names(kind))}
    chosen = {piece.names[0] for file in every for piece in file.part.pieces if piece.directive == "choose"}
    required |= {name for name in providers if name.partition(".")[0] in chosen}
    for file in every:
        yield from _problems_of(file, providers, required)
        if file.with_layouts() != file.source:
            yield f"{file.label} reads or explains arguments otherwise than they are laid out: make lua"
    for file in every:
        if not file.is_library:
            yield from _problems_when_linked(file)


def _problems_of(file: File, providers: dict[str, File], required: set[str]) -> Iterator[str]:
    declared = {*file.part.names("requires"), *expanded(file.part.names("defers"))}
    for name in declared:
        if name not in providers:
            yield f"{file.label} requires {name}, which no file provides"
        if name.split(".")[0] not in file.names.free:
            yield f"{file.label} requires {name}, which it does not use"
    for name, line in file.used.items():
        if name not in declared:
            yield f"{file.label}:{line} uses {name}, which it does not require"
    for name in file.part.provides:
        if name not in file.names.top and name not in file.names.put:
            yield f"{file.label} provides {name}, which it does not define"
        if name not in required:
            yield f"{file.label} provides {name}, which no file requires"
    yield from _problems_of_definitions(file, providers)


def _problems_of_definitions(file: File, providers: dict[str, File]) -> Iterator[str]:
    for name in file.names.put - set(file.part.provides):
        yield f"{file.label} defines {name}, which it does not provide"
    for name, local in file.names.top.items():
        owner = providers.get(name, file)
        if owner is not file and (file.is_library or name in file.part.names("requires")):
            yield f"{file.label}:{local.line} defines {name}, which {owner.label} provides"
        is_used = local.used or name in file.part.provides or (name in LINKED and file.part.names("scripts"))
        if not is_used:
            yield f"{file.label}:{local.line} defines {name}, which it neither uses nor provides"


def _problems_when_linked(file: File) -> Iterator[str]:
    try:
        names = names_in(link(file.source, file.label))
    except LinkError as error:
        yield str(error)
        return
    except SyntaxError:
        yield f"{file.label} cannot be parsed when it is linked"
        return
    for name in names.free.keys() - GLOBALS:
        yield f"{file.label} uses {name} when it is linked, which nothing defines where it is used"


def declare() -> None:
    """Writes into each file what it requires and provides, and the lines that are made of layouts."""
    for file in files():
        file.path.write_text(file.with_layouts(), "utf-8")
    every = files()
    used = {file.label: {name.split(".")[0] for name in file.used} for file in every}
    for file in every:
        by_others = set().union(*(names for label, names in used.items() if label != file.label))
        lines = _lines("requires", file.wanted()) + _lines("provides", file.given(by_others))
        first = DECLARED.search(file.source)
        at = first.start() if first is not None else len(HEADER.findall(file.source)[0])
        source = file.source[:at] + lines + DECLARED.sub("", file.source[at:])
        if source != file.source:
            file.path.write_text(source, "utf-8")


def _lines(directive: str, names: set[str]) -> str:
    """The lines that declare some names."""
    beginning = f"-- @{directive} "
    wrapped = textwrap.wrap(" ".join(sorted(names)), WIDTH - len(beginning), break_on_hyphens=False)
    return "".join(f"{beginning}{line}\n" for line in wrapped)


def main() -> int:
    """Checks, or declares."""
    if sys.argv[1:] == ["declare"]:
        declare()
    found = dict.fromkeys(problems())
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
