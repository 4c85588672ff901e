"""The scripts of models whose objects expire: those of all models, with another beginning (lua/expiring.lua)."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from limpyd.types.moments import MARK

BEGINNING = Path(__file__).with_suffix(".lua")
SHEBANG = re.compile(r"\A#!lua.*\n")
COMMENTS = re.compile(r"(?m)^ *--.*\n")
RUNNERS = {
    "local call, try = redis.call, redis.pcall\n": (
        "local call, try = of_living(redis.call), of_living(redis.pcall)\n"
    ),
    "local call = redis.pcall\n": "local call = of_living(redis.pcall)\n",
}
"""The lines that name the functions that run commands: those of general scripts, and those of statements."""


class NoRunner(Exception):
    """A script does not ask whether objects exist by the functions that leave out those whose deadline is over."""


def expiring(source: str, name: str) -> str:
    """Returns the source of a script for models whose objects expire.

    Raises:
        NoRunner: it asks in another way whether an object exists.
    """
    shebang = SHEBANG.match(source)
    at = shebang.end() if shebang else 0
    body = source[at:]
    for line, instead in RUNNERS.items():
        body = body.replace(line, instead, 1)
    if body == source[at:] and "ISMEMBER" in body:
        raise NoRunner(name)
    return source[:at] + _beginning() + body


def marked(nothing: bytes) -> bytes:
    """Returns the key that is never written, with the mark of moments in its name."""
    return nothing.removesuffix(b"nothing") + MARK + b":nothing"


@cache
def _beginning() -> str:
    return COMMENTS.sub("", BEGINNING.read_text("utf-8"))
