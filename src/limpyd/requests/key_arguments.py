"""The keys among the arguments of commands."""

from __future__ import annotations

from collections.abc import Sequence

from limpyd.requests.resp import Argument

KEYS_OF_SCRIPT = 3
"""The position of the first key among the arguments of EVALSHA, after their number."""
CROSS_SLOT = "allow-cross-slot-keys"
"""The flag of scripts that use keys of several slots."""


def first_key(args: Sequence[Argument]) -> bytes | None:
    """Returns the first key of a command: every key has a colon, and no word or number that comes before it."""
    for arg in args[1:]:
        if isinstance(arg, bytes) and b":" in arg:
            return arg
    return None


def first_key_of_script(args: Sequence[Argument]) -> bytes | None:
    """Returns the first key of an EVALSHA."""
    return bytes(args[KEYS_OF_SCRIPT]) if int(args[KEYS_OF_SCRIPT - 1]) else None  # type: ignore[arg-type]
