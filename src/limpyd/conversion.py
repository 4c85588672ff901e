"""What becomes of an instance that is to be converted to a dict: an error that says how its values are asked for.

FastAPI encodes an object that it does not know as `dict(object)`, or else as `vars(object)`, whatever that holds. So
the former gives it something that cannot be encoded, and whose error holds the advice.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, NoReturn

ENCODERS = "fastapi.encoders"


class Unencodable:
    """Stands for the values of an object that holds none."""

    __slots__ = ("_advice",)

    def __init__(self, advice: str) -> None:
        self._advice = advice

    def keys(self) -> NoReturn:
        """Refuses `dict(…)`."""
        raise TypeError(self._advice)

    def __repr__(self) -> str:
        return f"<{self._advice}>"


ITEMS = "values(…).all(), values_list(…).all() or rows(…).all()"


def encoding(depth: int = 2) -> bool:
    """Whether the method that asks was called by FastAPI's encoder."""
    return sys._getframe(depth).f_globals.get("__name__") == ENCODERS


def pairs_of(advice: str) -> Iterator[tuple[str, Any]]:
    """What an instance is iterated as: by FastAPI's encoder, what it then fails to encode.

    Raises:
        TypeError: anybody else iterates it.
    """
    if not encoding(3):
        raise TypeError(advice)
    return iter([("values", Unencodable(advice))])
