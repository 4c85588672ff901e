"""Loads the Lua files of this folder, each joined with the shared parts it names."""

from __future__ import annotations

import re
from functools import cached_property
from hashlib import sha1
from pathlib import Path

FOLDER = Path(__file__).parent
INCLUDE = r"(?m)^-- @include (.+)$"


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
        flags = re.match(r"#!lua(?: flags=(\S+))?", self.source.decode())
        own = [flags[1]] if flags and flags[1] else []
        return Script(self.name, ",".join([*own, "allow-cross-slot-keys"]))

    @cached_property
    def source(self) -> bytes:
        """What the server runs: the file, with its `-- @include` lines replaced by the parts they name, each once."""
        included: set[str] = set()

        def parts(include: re.Match[str]) -> str:
            found = []
            for part in include[1].split():
                if part not in included:
                    included.add(part)
                    found.append(re.sub(INCLUDE, parts, (FOLDER / "lib" / f"{part}.lua").read_text("utf-8")))
            return "\n".join(found)

        source = (FOLDER / f"{self.name}.lua").read_text("utf-8")
        if self._flags:
            source = re.sub(r"#!lua( flags=\S+)?", f"#!lua flags={self._flags}", source, count=1)
        return re.sub(INCLUDE, parts, source).encode()

    @cached_property
    def sha(self) -> bytes:
        """The digest by which a server knows it."""
        return sha1(self.source, usedforsecurity=False).hexdigest().encode()
