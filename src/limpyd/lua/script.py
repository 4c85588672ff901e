"""Lua scripts, each linked when it is first needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha1
from typing import Protocol

from limpyd.keys import nothing_beside
from limpyd.lua.linker import LuaPart, label_of, link, script_path, script_text
from limpyd.requests.resp import Argument
from limpyd.utils.cached_properties import cached_property


class OfModel(Protocol):
    """The attributes of a model that decide which form of a script its requests run."""

    crosses_slots: bool
    expires: bool


def evalsha(script: Script, keys: Sequence[Argument], args: Iterable[Argument] = ()) -> tuple[Argument, ...]:
    """The command that runs a script, which is given one key more, the last, that is never written.

    The script takes that away before it looks at its keys.
    """
    if not keys:
        return (b"EVALSHA", script.sha, 0, *args)
    first = keys[0]
    nothing = nothing_beside(first if isinstance(first, bytes) else str(first).encode())
    if script.expires:
        from limpyd.lua.expiring import marked  # noqa: PLC0415 - the objects of most models do not expire

        nothing = marked(nothing)
    return (b"EVALSHA", script.sha, b"%d" % (len(keys) + 1), *keys, nothing, *args)


class Script:
    """A Lua script of the file `<name>.lua`, read when it is first needed.

    Args:
        name: the file.
        flags: its flags, if not those that the file says.
        expires: true if it is for models whose objects expire (see lua/expiring.py).
    """

    def __init__(self, name: str, flags: str = "", *, expires: bool = False) -> None:
        self.name = name
        self.expires = expires
        self._flags = flags

    def of(self, model: OfModel) -> Script:
        """The script, as the requests of a model run it."""
        script = self.expiring if model.expires else self
        return script.allow_cross_slot(model.crosses_slots)

    @cached_property
    def expiring(self) -> Script:
        """The same for models whose objects expire."""
        return self if self.expires else Script(self.name, self._flags, expires=True)

    def allow_cross_slot(self, crosses_slots: bool) -> Script:
        """The script; or the same, allowed to look at keys of other hash tags, which a cluster refuses otherwise."""
        return self._across_slots if crosses_slots else self

    @cached_property
    def _across_slots(self) -> Script:
        return Script(self.name, ",".join([*sorted(self.flags), "allow-cross-slot-keys"]), expires=self.expires)

    @cached_property
    def source(self) -> bytes:
        """The source that the server runs: the file, with what it requires of the library."""
        source = link(self._text, label_of(script_path(self.name)))
        if self._flags:
            source = re.sub(r"#!lua( flags=\S+)?", f"#!lua flags={self._flags}", source, count=1)
        if self.expires:
            from limpyd.lua.expiring import expiring  # noqa: PLC0415 - as above

            source = expiring(source, self.name)
        return source.encode()

    @cached_property
    def flags(self) -> frozenset[str]:
        """The flags of the script."""
        first_line = self.source.split(b"\n", 1)[0].decode()
        return frozenset(first_line.partition("flags=")[2].split(",")) - {""}

    @cached_property
    def guarded(self) -> bool:
        """True if it runs only under the epochs that its last arguments name (see lua/library/guard.lua)."""
        return "guarded" in self._part.directives

    @cached_property
    def within(self) -> frozenset[str]:
        """The names of the whole scripts that are parts of it."""
        return frozenset(self._part.names("scripts"))

    @cached_property
    def requires(self) -> frozenset[str]:
        """The names that it uses of the library."""
        return frozenset(self._part.names("requires"))

    @cached_property
    def _part(self) -> LuaPart:
        return LuaPart(self.name, self._text)

    @cached_property
    def _text(self) -> str:
        return script_text(self.name)

    @cached_property
    def sha(self) -> bytes:
        """The digest by which a server knows it."""
        return sha1(self.source, usedforsecurity=False).hexdigest().encode()
