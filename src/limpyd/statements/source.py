"""Scripts that are compiled: put together from the templates beside this file, and from what a class declares."""

from __future__ import annotations

from functools import cache
from hashlib import sha1
from pathlib import Path

FOLDER = Path(__file__).parent / "lua"


class CompiledScript:
    """A script that was made for what a class declares.

    Attributes:
        name: what it is for.
        source: what the server runs.
        sha: the digest by which a server knows it.
        flags: what the server is told of it.
        guarded: whether guards are added to its arguments: never, it has one of its own.
    """

    __slots__ = ("flags", "name", "sha", "source")
    guarded = False

    def __init__(self, name: str, source: str, flags: frozenset[str] = frozenset()) -> None:
        shebang = "#!lua" + (f" flags={','.join(sorted(flags))}" if flags else "")
        self.name = name
        self.flags = flags
        self.source = f"{shebang}\n{source}".encode("utf-8", "surrogateescape")
        self.sha = sha1(self.source, usedforsecurity=False).hexdigest().encode()


@cache
def template(name: str) -> str:
    """A Lua file of this package, with the guard in its place."""
    text = (FOLDER / f"{name}.lua").read_text("utf-8")
    return text.replace("-- $guard\n", (FOLDER / "guard.lua").read_text("utf-8"))
