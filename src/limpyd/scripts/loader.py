"""Loads the Lua files of this folder, each joined with the shared parts it names."""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent
_INCLUDE = re.compile(r"^-- @include (.+)$", re.MULTILINE)


class Script(NamedTuple):
    """A Lua script and the digest by which a server knows it."""

    name: str
    source: bytes
    sha: bytes


@cache
def load(name: str, flags: str = "") -> Script:
    """The script of the file `<name>.lua`, with its `-- @include` line replaced by the parts.

    Args:
        name: the file.
        flags: what the server is told of it, if not what the file says.
    """
    source = (FOLDER / f"{name}.lua").read_text("utf-8")

    def parts(include: re.Match[str]) -> str:
        return "\n".join((FOLDER / "lib" / f"{part}.lua").read_text("utf-8") for part in include[1].split())

    if flags:
        source = source.replace("#!lua", f"#!lua flags={flags}", 1)
    joined = _INCLUDE.sub(parts, source).encode()
    return Script(name, joined, sha1(joined, usedforsecurity=False).hexdigest().encode())
