"""Requests as the bytes that are sent."""

from __future__ import annotations

import hiredis

Argument = bytes | str | int
_pack = hiredis.pack_command
INTS = frozenset({int, bool})


def pack(args: tuple[Argument, ...]) -> bytes:
    """A command and its arguments in the protocol's form.

    hiredis makes text of ints itself, and crashes the process if a signal handler raises while it does.
    """
    if not INTS.isdisjoint(map(type, args)):
        args = tuple([b"%d" % arg if isinstance(arg, int) else arg for arg in args])
    packed: bytes = _pack(args)  # type: ignore[arg-type] # it says that it takes a tuple of one
    return packed
