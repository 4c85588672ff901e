"""The scripts of models whose objects or values expire: those of all, with another beginning (lua/expiring.lua)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple, Self

from limpyd.commands.table import TABLE, Scope
from limpyd.lua.overdue import Overdue
from limpyd.types.moments import MARK

BEGINNING = Path(__file__).with_suffix(".lua")
MOMENTS, OWN_COMMANDS, LIVING, FREEING, RENEWING = (
    BEGINNING.with_name(f"{name}.lua")
    for name in ("moments", "own_commands", "living", "freed_values", "renewed_deadlines")
)
SHEBANG = re.compile(r"\A#!lua.*\n")
COMMENTS = re.compile(r"(?m)^ *--.*\n")
RUNNERS = ("local call, try = redis.call, redis.pcall\n", "local call = redis.pcall\n", "local call = redis.call\n")
"""The lines that name the functions that run commands: those of general scripts, of statements, and of claims."""
RUNNER = re.compile(r"redis\.p?call")

FUNCTION = "local function run_script()\n"
CALL = "end\nlocal reply = run_script()\n"
RENEWAL = "renew_deadlines(reply)\n"
END = "settle_expiries()\nreturn reply\n"
"""What surrounds scripts that write (lua/freed_values.lua)."""


class NoRunner(Exception):
    """A script does not ask whether objects exist by the functions that leave out those whose deadline is over."""


class Expiry(NamedTuple):
    """The parts of the beginning of a script of a model whose objects or values expire.

    Attributes:
        objects: true if objects expire.
        lapses: true if values lapse.
        targets: true if others refer to objects that expire.
        renews: true if writes renew the deadlines of objects.
        moments: true if its arguments may be moments from now.
        frees: true if it may write keys that the server frees after a deadline, or deadlines of objects.
        general: true if arguments name the commands that it runs.
    """

    objects: bool = False
    lapses: bool = False
    targets: bool = False
    renews: bool = False
    moments: bool = True
    frees: bool = True
    general: bool = True

    @classmethod
    def of(cls, objects: bool, overdue: Overdue | None, **more: bool) -> Self:
        """Returns the parts for a script of a model whose objects may expire, and that removes something first."""
        lapses, targets = (False, False) if overdue is None else (overdue.values, overdue.objects)
        return cls(objects, lapses, targets, **more)


def expiring(source: str, name: str, expiry: Expiry) -> str:
    """Returns the source of a script for models whose objects or values expire.

    Args:
        source: that of the script for other models.
        name: its name.
        expiry: what it needs for that.

    Raises:
        NoRunner: it asks in another way whether an object exists.
    """
    shebang = SHEBANG.match(source)
    first_line = shebang[0] if shebang else ""
    body = source[len(first_line) :]
    runners = [line for line in RUNNERS if line in body]
    if not runners and "ISMEMBER" in body:
        raise NoRunner(name)
    beginning, runner = _lua(BEGINNING) + (_lua(MOMENTS) if expiry.moments else ""), r"\g<0>"
    if runners and expiry.objects:
        beginning, runner = beginning + _lua(LIVING), f"of_living({runner})"
    if runners and expiry.general:
        beginning, runner = beginning + _lua(OWN_COMMANDS), f"of_all({runner})"
    for line in runners:
        body = body.replace(line, RUNNER.sub(runner, line), 1)
    if expiry.lapses or expiry.targets:
        from limpyd.lua import lapsing  # noqa: PLC0415 - scripts of most models remove nothing first

        beginning += lapsing.beginning(lapsing.VALUES) if expiry.lapses else ""
        beginning += lapsing.beginning(lapsing.TARGETS) if expiry.targets else ""
    if runners and expiry.objects and expiry.frees and "no-writes" not in first_line:
        renewing, renewal = (_lua(RENEWING), RENEWAL) if expiry.renews else ("", "")
        return f"{first_line}{beginning}{_freeing()}{renewing}{FUNCTION}{body}\n{CALL}{renewal}{END}"
    if not (expiry.lapses or expiry.targets):
        return first_line + beginning + body
    # What is removed before it reads frees memory.
    first_line = first_line.replace("no-writes", "allow-oom")
    if expiry.general:  # a function has at most 200 local variables, and the largest scripts need most of these
        return f"{first_line}{beginning}{FUNCTION}{body}\n{CALL}return reply\n"
    return first_line + beginning + body


def marked(nothing: bytes, renewal: bytes | None, overdue: Overdue | None) -> bytes:
    """Returns the key that is never written, with the mark of moments in its name.

    Args:
        nothing: the key.
        renewal: how writes renew deadlines, which stands before the mark: a sub-key and milliseconds.
        overdue: what the script removes first, which stands before that.
    """
    before = b"" if overdue is None else overdue.names
    if renewal:
        before += b"renews:" + renewal + b":"
    return nothing.removesuffix(b"nothing") + before + MARK + b":nothing"


@cache
def _lua(path: Path) -> str:
    return COMMENTS.sub("", path.read_text("utf-8"))


@cache
def _freeing() -> str:
    reads = {facts.name.partition(" ")[0] for facts in TABLE.values() if facts.scope is Scope.READ}
    return _lua(FREEING).replace("$reads", " ".join(sorted(reads)))
