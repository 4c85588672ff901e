"""Links Lua: a script gets what it requires from the library, each file once, after those that it requires itself.

Files say in comments what they need and give; `python -m tools.lua declare` writes the first two, the tests check them:

    -- @requires NAME …    what a file uses of others. In a script it also marks where the library is put
    -- @provides NAME …    what a library file gives; `table.name` for what it puts into a table that it requires
    -- @defers NAME …      inside of a function: the files that provide these are put there, so that their functions
                           are made only when that one is called; `table.*` for all that others put into a table
    -- @guarded            in a script: lua/library/guard.lua is put here, which may refuse to run it
    -- @optional NAME      in a library file: it is left out of scripts that are linked without this
    -- @choose TABLE NAME  here each file that provides `TABLE.…` is put, to be run if the variable NAME is that name
    -- @scripts NAME …     here these scripts become functions of the table `scripts`, each if it is `wanted`

A file that is needed in several functions is put before all of them, so nothing appears twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from limpyd.lua.parts import LuaPart
from limpyd.lua.regions import Region

PACKAGE = Path(__file__).parents[1]
OF_REQUESTS = ("scripts", "changes", "claims", "targets", "deletions", "pipelines")
OF_MODELS = (
    "indexes/maintenance",
    "integrity",
    "migrations",
    "query/results",
    "relations",
    "relocation",
    "repartitioning",
)
FOLDERS = tuple(PACKAGE / folder for folder in (*OF_REQUESTS, *OF_MODELS))
"""The folders of scripts, each of which lies beside the module that builds its requests."""
LIBRARY = Path(__file__).parent / "library"

SHEBANG = r"\A#!lua.*\n"
NO_NOTHING = "KEYS[#KEYS] = nil -- the one that is never written\n"
COMMENTS = r"(?m)^[ \t]*--.*\n"
BLANK_LINES = r"\n{3,}"


class LinkError(Exception):
    """A Lua file requires what no file of the library provides, or two do, or files require each other in a circle."""


@cache
def library() -> dict[str, LuaPart]:
    """The files of the library by their names."""
    paths = sorted(LIBRARY.rglob("*.lua"))
    return {path.relative_to(LIBRARY).with_suffix("").as_posix(): read_part(path) for path in paths}


@cache
def providers() -> dict[str, LuaPart]:
    """Returns the file of the library that provides each name.

    Raises:
        LinkError: two provide one.
    """
    found: dict[str, LuaPart] = {}
    for part in library().values():
        for name in part.provides:
            if name in found:
                msg = f"{name} is provided by {found[name].label} and {part.label}"
                raise LinkError(msg)
            found[name] = part
    return found


@cache
def choices(table: str) -> dict[str, LuaPart]:
    """Returns the files that put something into a table, by its name there."""
    return {name.partition(".")[2]: part for name, part in providers().items() if name.startswith(f"{table}.")}


def read_part(path: Path) -> LuaPart:
    """A Lua file."""
    return LuaPart(label_of(path), path.read_text("utf-8"))


def expanded(names: Iterable[str]) -> Iterator[str]:
    """Names, where `table.*` stands for all that files put into a table."""
    for name in names:
        table, dot, all_of_it = name.partition(".")
        yield from (f"{table}.{each}" for each in choices(table)) if dot and all_of_it == "*" else (name,)


def label_of(path: Path) -> str:
    """The name of a Lua file in messages."""
    root = LIBRARY if path.is_relative_to(LIBRARY) else path.parent
    return path.relative_to(root.parent).as_posix()


def script_path(name: str) -> Path:
    """Returns the path of a script."""
    return script_paths()[name]


@cache
def script_paths() -> dict[str, Path]:
    """The paths of all scripts by their names."""
    return {path.stem: path for folder in FOLDERS for path in sorted(folder.glob("*.lua"))}


def script_text(name: str) -> str:
    """Returns the text of a script; it takes the last key away, which is never written (see `lua.script.evalsha`)."""
    text = script_path(name).read_text("utf-8")
    shebang = re.match(SHEBANG, text)
    at = shebang.end() if shebang else 0
    return text[:at] + NO_NOTHING + text[at:]


def link(text: str, label: str, without: frozenset[str] = frozenset()) -> str:
    """A script, with all that it requires of the library.

    Args:
        text: the script.
        label: its name, for messages.
        without: the names of what is left out, as library files have them behind `@optional`.

    Raises:
        LinkError: what it requires, or what that requires in turn, cannot be had.
    """
    return _Linked(LuaPart(label, text), without).text()


class _Linked:
    """A script and the files of the library that are linked to it."""

    def __init__(self, script: LuaPart, without: frozenset[str]) -> None:
        self._script = script
        self._without = without
        self._top = Region()
        self._regions: dict[tuple[LuaPart, int], Region] = {}
        self._own: dict[LuaPart, Region] = {}  # of each script within it
        self._region_of: dict[LuaPart, Region] = {}
        self._needs: dict[LuaPart, list[tuple[int, LuaPart]]] = {}
        self._order: dict[LuaPart, None] = {}  # each after those that it needs
        self._parts_in: dict[Region, list[LuaPart]] = {}
        self._put: set[LuaPart] = set()
        self._find(script, [])
        self._place()

    def text(self) -> str:
        """All of it."""
        text = "".join(self._rendered(self._script, self._top, comments=True))
        left = [part.label for part in self._order if part.provides and part not in self._put]
        if left:
            names = ", ".join(left)
            msg = f"{self._script.label} has no line '-- @requires' for {names}, which several of its functions defer"
            raise LinkError(msg)
        return re.sub(BLANK_LINES, "\n\n", text)

    def _needed(self, part: LuaPart) -> list[tuple[int, LuaPart]]:
        """The files that a file needs, and in which of its pieces, without those that are left out."""
        if part not in self._needs:
            wanted = self._wanted(part)
            self._needs[part] = [(number, each) for number, each in wanted if self._without.isdisjoint(each.optional)]
        return self._needs[part]

    def _wanted(self, part: LuaPart) -> Iterator[tuple[int, LuaPart]]:
        """The files that a file needs, and in which of its pieces."""
        for number, (_, directive, names) in enumerate(part.pieces):
            for name in expanded(names):
                if directive in {"requires", "defers"}:
                    provider = providers().get(name)
                    if provider is None:
                        msg = f"{part.label} {directive} {name}, which no file of the library provides"
                        raise LinkError(msg)
                    yield number, provider
                elif directive == "scripts":
                    yield number, _script_part(name)
            if directive == "choose":
                yield from ((number, provider) for provider in choices(names[0]).values())
            elif directive == "guarded" and part is self._script:
                yield number, library()["guard"]

    def _find(self, part: LuaPart, path: list[LuaPart]) -> None:
        if part in path:
            circle = " → ".join(each.label for each in [*path[path.index(part) :], part])
            msg = f"files require each other in a circle: {circle}"
            raise LinkError(msg)
        if part not in self._order:
            for _, needed in self._needed(part):
                self._find(needed, [*path, part])
            self._order[part] = None

    def _place(self) -> None:
        """Finds out where each file is to be put: who needs it comes first, so that is known of those."""
        self._region_of[self._script] = self._top
        for part in reversed(self._order):
            home = self._region_of[part]
            for number, needed in self._needed(part):
                region, directive = home, part.pieces[number].directive
                if directive in {"defers", "scripts", "choose"}:
                    region = self._regions.setdefault((part, number), Region(home))
                if directive in {"scripts", "choose"}:
                    region = self._own[needed] = Region(region)
                known = self._region_of.get(needed)
                self._region_of[needed] = region if known is None else known.common(region)
        for part in self._order:
            self._parts_in.setdefault(self._region_of[part], []).append(part)

    def _rendered(self, part: LuaPart, region: Region, *, comments: bool = False) -> Iterator[str]:
        """The text of a file, with what is to be put into it."""
        for number, (text, directive, names) in enumerate(part.pieces):
            yield text if comments else re.sub(COMMENTS, "", text)
            if directive == "requires" and part is self._script:
                yield from self._library_in(region)
            elif directive == "guarded" and part is self._script:
                yield from self._guard(region)
            elif directive == "defers" and (part, number) in self._regions:
                yield from self._library_in(self._regions[part, number])
            elif directive == "choose":
                yield from self._library_in(self._regions[part, number])
                for name, chosen in choices(names[0]).items():
                    if chosen in self._own:
                        yield f"if {names[1]} == '{name}' then\n"
                        yield from self._library_in(self._own[chosen])
                        yield "end\n"
            elif directive == "scripts":
                yield from self._library_in(self._regions[part, number])
                for name in names:
                    script = _script_part(name)
                    yield f"if wanted.{name} then\n"
                    yield from self._library_in(self._own[script])
                    yield f"function scripts.{name}()\n"
                    yield from self._body(script, self._own[script])
                    yield "end\nend\n"

    def _guard(self, region: Region) -> Iterator[str]:
        """The guard, after what it requires."""
        guard = library()["guard"]
        for part in self._required_by(guard):
            if self._region_of[part] is region and part not in self._put:
                self._put.add(part)
                yield from self._body(part, region)

    def _required_by(self, part: LuaPart) -> Iterator[LuaPart]:
        """Yields a file, after those that it needs."""
        for _, needed in self._needed(part):
            yield from self._required_by(needed)
        yield part

    def _library_in(self, region: Region) -> Iterator[str]:
        """The files of the library that are to be put into a region, if they are not there yet."""
        for part in self._parts_in.get(region, ()):
            if part.provides and part not in self._put:
                self._put.add(part)
                yield from self._body(part, region)

    def _body(self, part: LuaPart, region: Region) -> Iterator[str]:
        """A file, under its name."""
        yield f"-- {part.label}\n"
        body = "".join(self._rendered(part, region))
        yield body.strip("\n") + "\n"


@cache
def _script_part(name: str) -> LuaPart:
    """A script as a part of another one: its guard is left out."""
    return LuaPart(label_of(script_path(name)), re.sub(SHEBANG, "", script_text(name)))
