"""Decoders of replies that differ between the two versions of the protocol.

limpyd's own connections speak version 2, which scripts do too; a connection of the user's may speak 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def pairs(reply: Any) -> Iterator[tuple[Any, Any]]:
    """The pairs of a map, or of a list of scored members: a dict, a flat list, or a list of pairs."""
    if not reply:
        return iter(())
    if isinstance(reply, dict):
        return iter(reply.items())
    if isinstance(reply[0], list):
        return ((first, second) for first, second in reply)
    return zip(reply[::2], reply[1::2], strict=True)


def mapping(reply: Any) -> dict[str, Any]:
    """A map whose keys are plain names, such as those of XINFO."""
    return {name.decode() if isinstance(name, bytes) else name: value for name, value in pairs(reply)}


def optional_float(reply: Any) -> float | None:
    """A score, or None."""
    return None if reply is None else float(reply)


def optional_int(reply: Any) -> int | None:
    """A number, or None."""
    return None if reply is None else int(reply)
