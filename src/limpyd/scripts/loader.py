"""Loads the Lua files of this folder, each joined with the shared parts it names."""

from __future__ import annotations

import re
from functools import cached_property
from hashlib import sha1
from pathlib import Path

FOLDER = Path(__file__).parent
INCLUDE = r"(?m)^-- @include (.+)$"
WITHIN = r"(?m)^-- @script (.+)$"
SHEBANG = r"\A#!lua.*\n"
GUARDED = r"(?m)^-- @guarded$"


class Script:
    """A Lua script of the file `<name>.lua`, read when it is first needed.

    Args:
        name: the file.
        flags: what the server is told of it, if not what the file says.
    """

    def __init__(self, name: str, flags: str = "") -> None:
        self.name = name
        self._flags = flags

    def crossing_if(self, crosses: bool) -> Script:
        """The script; or the same, allowed to look at keys of other hash tags, which a cluster refuses otherwise."""
        return self._crossing if crosses else self

    @cached_property
    def _crossing(self) -> Script:
        return Script(self.name, ",".join([*sorted(self.flags), "allow-cross-slot-keys"]))

    @cached_property
    def source(self) -> bytes:
        """What the server runs: the file, with its `-- @include` lines replaced by the parts they name, each once.

        A `-- @script` line is replaced by whole scripts, each a function in the table `scripts` of Lua.
        """
        source = re.sub(GUARDED, lambda _: _part("guard"), _joined(self._text, set()))
        if self._flags:
            source = re.sub(r"#!lua( flags=\S+)?", f"#!lua flags={self._flags}", source, count=1)
        return source.encode()

    @cached_property
    def flags(self) -> frozenset[str]:
        """What the server is told of it."""
        first_line = self.source.split(b"\n", 1)[0].decode()
        return frozenset(first_line.partition("flags=")[2].split(",")) - {""}

    @cached_property
    def guarded(self) -> bool:
        """Whether it runs only under the epochs that its last arguments name (see lib/guard)."""
        return re.search(GUARDED, self._text) is not None

    @cached_property
    def within(self) -> frozenset[str]:
        """The names of the whole scripts that are parts of it."""
        return frozenset(name for line in re.findall(WITHIN, self._text) for name in line.split())

    @cached_property
    def _text(self) -> str:
        return (FOLDER / f"{self.name}.lua").read_text("utf-8")

    @cached_property
    def sha(self) -> bytes:
        """The digest by which a server knows it."""
        return sha1(self.source, usedforsecurity=False).hexdigest().encode()


def _part(name: str) -> str:
    """A shared part."""
    return (FOLDER / "lib" / f"{name}.lua").read_text("utf-8")


def _joined(text: str, known: set[str]) -> str:
    """A text with its parts, but for those that are known around it."""
    included = set(known)

    def parts(include: re.Match[str]) -> str:
        found = []
        for part in include[1].split():
            if part not in included:
                included.add(part)
                found.append(re.sub(INCLUDE, parts, _part(part)))
        return "\n".join(found)

    def scripts(within: re.Match[str]) -> str:
        bodies = {name: (FOLDER / f"{name}.lua").read_text("utf-8") for name in within[1].split()}
        for unwanted in (SHEBANG, GUARDED):  # what is around them is guarded for all
            bodies = {name: re.sub(unwanted, "", body) for name, body in bodies.items()}
        return "\n".join(
            f"scripts.{name} = function(KEYS, ARGV)\n{_joined(body, included)}\nend" for name, body in bodies.items()
        )

    return re.sub(WITHIN, scripts, re.sub(INCLUDE, parts, text))
