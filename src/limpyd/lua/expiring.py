"""The scripts of models whose objects or values expire: those of all, with another beginning (lua/expiring.lua)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Protocol

from limpyd.types.moments import MARK

BEGINNING = Path(__file__).with_suffix(".lua")
FREEING = BEGINNING.with_name("freed_values.lua")
RENEWING = BEGINNING.with_name("renewed_deadlines.lua")
SHEBANG = re.compile(r"\A#!lua.*\n")
COMMENTS = re.compile(r"(?m)^ *--.*\n")
RUNNERS = {
    "local call, try = redis.call, redis.pcall\n": (
        "local call, try = of_living(redis.call), of_living(redis.pcall)\n"
    ),
    "local call = redis.pcall\n": "local call = of_living(redis.pcall)\n",
    "local call = redis.call\n": "local call = of_living(redis.call)\n",
}
"""The lines that name the functions that run commands: those of general scripts, of statements, and of claims."""

FUNCTION = "local function run_script()\n"
CALL = "end\nlocal reply = run_script()\n"
RENEWAL = "renew_deadlines(reply)\n"
END = "settle_expiries()\nreturn reply\n"
"""What surrounds scripts that write (lua/freed_values.lua)."""


class Lapses(Protocol):
    """The values of a model that lapse, as its scripts know them."""

    @property
    def names(self) -> bytes:
        """The part of the name of the key that is never written that is about them (see lua/lapsing.lua)."""
        ...


class NoRunner(Exception):
    """A script does not ask whether objects exist by the functions that leave out those whose deadline is over."""


def expiring(source: str, name: str, *, renews: bool, lapses: bool) -> str:
    """Returns the source of a script for models whose objects or values expire.

    Args:
        source: that of the script for other models.
        name: its name.
        renews: true if writes renew deadlines.
        lapses: true if values lapse.

    Raises:
        NoRunner: it asks in another way whether an object exists.
    """
    shebang = SHEBANG.match(source)
    first_line = shebang[0] if shebang else ""
    body = source[len(first_line) :]
    for line, instead in RUNNERS.items():
        body = body.replace(line, instead, 1)
    if body == source[len(first_line) :] and "ISMEMBER" in body:
        raise NoRunner(name)
    beginning = _lua(BEGINNING)
    if lapses:
        from limpyd.lua.lapsing import beginning as of_lapsing  # noqa: PLC0415 - the values of most models do not

        beginning += of_lapsing()
    if "no-writes" in first_line:
        # What is removed before it reads frees memory.
        return (first_line.replace("no-writes", "allow-oom") if lapses else first_line) + beginning + body
    renewing, renewal = (_lua(RENEWING), RENEWAL) if renews else ("", "")
    return f"{first_line}{beginning}{_lua(FREEING)}{renewing}{FUNCTION}{body}\n{CALL}{renewal}{END}"


def marked(nothing: bytes, renewal: bytes | None, lapses: Lapses | None) -> bytes:
    """Returns the key that is never written, with the mark of moments in its name.

    Args:
        nothing: the key.
        renewal: how writes renew deadlines, which stands before the mark: a sub-key and milliseconds.
        lapses: the values that lapse, whose names stand before that.
    """
    before = b"" if lapses is None else lapses.names
    if renewal:
        before += b"renews:" + renewal + b":"
    return nothing.removesuffix(b"nothing") + before + MARK + b":nothing"


@cache
def _lua(path: Path) -> str:
    return COMMENTS.sub("", path.read_text("utf-8"))
