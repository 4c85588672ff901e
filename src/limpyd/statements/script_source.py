"""Compiled scripts, made from the templates in statements/lua and the declarations of a class."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING

from limpyd.lua.linker import link
from limpyd.lua.overdue import Overdue

if TYPE_CHECKING:
    from limpyd.lua.expiring import Expiry

MAX_KEPT = 200
"""The most scripts that are kept to be shared by fields that are alike; there are a few dozen in all."""
FOLDER = Path(__file__).parent / "lua"


class CompiledScript:
    """A script compiled for the declarations of a class.

    Attributes:
        name: its name.
        source: its source.
        sha: its SHA1 digest, for EVALSHA.
        flags: its flags.
        guarded: false, since the script compares the epoch itself.
    """

    __slots__ = ("flags", "name", "sha", "source")
    guarded = False
    expires = False
    renewal: bytes | None = None
    overdue: Overdue | None = None
    feeds = b""
    """Only general scripts are parts of transactions, which look at these."""

    @property
    def with_promises(self) -> CompiledScript:
        """Itself: what rests on promises is written by general scripts."""
        return self

    def __init__(self, name: str, source: str, flags: frozenset[str] = frozenset()) -> None:
        shebang = "#!lua" + (f" flags={','.join(sorted(flags))}" if flags else "")
        if "-- @" in source:
            source = link(source, f"statements/{name}.lua")
        self.name = name
        self.flags = flags
        self.source = f"{shebang}\n{source}".encode("utf-8", "surrogateescape")
        self.sha = sha1(self.source, usedforsecurity=False).hexdigest().encode()


@lru_cache(MAX_KEPT)
def compiled(name: str, source: str, flags: frozenset[str]) -> CompiledScript:
    """Returns a script; the same one for equal sources."""
    return CompiledScript(name, source, flags)


@lru_cache(MAX_KEPT)
def expiring_script(script: CompiledScript, expiry: Expiry, *, crosses_slots: bool = False) -> CompiledScript:
    """Returns the same script for models whose objects or values expire.

    Args:
        script: the script.
        expiry: what it needs for that.
        crosses_slots: true if what it removes first has other hash tags.
    """
    from limpyd.lua.expiring import expiring  # noqa: PLC0415 - the objects of most models do not expire

    source = expiring(script.source.decode("utf-8", "surrogateescape"), script.name, expiry)
    flags = script.flags | {"allow-cross-slot-keys"} if crosses_slots else script.flags
    return CompiledScript(script.name, source.partition("\n")[2], flags)


@lru_cache(MAX_KEPT)
def recording_script(script: CompiledScript) -> CompiledScript:
    """Returns the same script for models with a feed of changes."""
    from limpyd.lua.recording import recording  # noqa: PLC0415 - most models have none

    source = recording(script.source.decode("utf-8", "surrogateescape"), script.name)
    return CompiledScript(script.name, source.partition("\n")[2], script.flags)


@lru_cache(MAX_KEPT)
def script_under_others(script: CompiledScript) -> CompiledScript:
    """Returns the same script for pipelines that write to several models (see statements/under_others.py)."""
    source = script.source.decode("utf-8", "surrogateescape").partition("\n")[2]
    return CompiledScript(script.name, _text("other_models") + source, script.flags)


def filled(name: str, **parts: str) -> str:
    """A Lua file of this package, its `$name` filled with parts: of a line `-- $name` the line, else the word.

    Every template may have `-- $guard` and `-- $undo_function`, which are files beside it; the guard reads the epoch as
    the part `epoch` says, if there is one.
    """
    text = _text(name)
    guard = _text("guard").replace("-- $epoch\n", parts.get("epoch", READ_EPOCH))
    parts = {"guard": guard, "undo_function": _text("undo"), **parts}
    text = re.sub(LINE, lambda line: indented(parts[line[2]], line[1]), text)
    return re.sub(WORD, lambda word: parts[word[1]], text)


def indented(text: str, by: str) -> str:
    """Returns a text with all lines indented."""
    return "".join(f"{by}{line}" if line.strip() else line for line in text.splitlines(keepends=True))


@cache
def _text(name: str) -> str:
    return (FOLDER / f"{name}.lua").read_text("utf-8")


READ_EPOCH = "local epoch = call('HGET', KEYS[2], ':epoch')\n"
LINE = r"(?m)^( *)-- \$(\w+)\n"
WORD = r"\$(\w+)"
