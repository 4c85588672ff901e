"""Arguments that commands of several Redis types take, and their replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from limpyd.exceptions import InvalidValue
from limpyd.fields import checks
from limpyd.requests.request import Argument

R = TypeVar("R")
LISTS = (list, tuple, set, frozenset)


def limit_args(name: str, start_name: str, start: int | None, num: int | None) -> list[Argument]:
    """LIMIT, how many to pass over, how many to give; nothing if neither is given.

    Raises:
        InvalidValue: only one of them is given.
    """
    if (start is None) != (num is None):
        msg = f"{name} takes both {start_name} and num, or neither"
        raise InvalidValue(msg)
    if start is None or num is None:
        return []
    return ["LIMIT", checks.integer(f"{name}'s {start_name}", start), checks.integer(f"{name}'s num", num)]


def unpacked(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments of which the first may be several in a list, as redis-py takes them."""
    return (*arguments[0], *arguments[1:]) if arguments and type(arguments[0]) in LISTS else arguments


def scan_args(name: str, match: str | bytes | None, count: int | None) -> list[Argument]:
    """The options of SSCAN, HSCAN and ZSCAN."""
    args: list[Argument] = []
    if match is not None:
        args += ("MATCH", checks.as_bytes(f"{name}'s match", match))
    if count is not None:
        args += ("COUNT", checks.integer(f"{name}'s count", count, low=1))
    return args


def scanned(decode: Callable[[Any], list[R]]) -> Callable[[Any], tuple[bytes, list[R]]]:
    """Decode: the next cursor, and some items."""
    return lambda reply: (reply[0], decode(reply[1]))
