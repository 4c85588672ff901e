"""Functions that create an item from each row of a reply, generated for the number of values in a row.

Loops over names and decoders would take twice as long, which is a large part of the cost of a query in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from limpyd.types.untyped import UNTYPED

Decode = Callable[[Any], Any]
Make = Callable[[Iterable[tuple[Any, ...]]], list[Any]]
ERRORS = (TypeError, ValueError, AttributeError, OverflowError)
"""The exceptions of a decoder for a value that does not fit its type, or for None, where there is none."""

TEXTS = (bytes.decode, UNTYPED.decode)
"""The decoders of texts."""


def as_stored(stored: bytes) -> bytes:
    """Decode: what is stored, which is never missing."""
    return stored


def dict_maker(names: Sequence[str], decoders: Sequence[Decode]) -> Make:
    """Dicts of the values of rows."""
    return _maker(_a_dict(decoders), len(names))(None, *names, *decoders)


def tuple_maker(decoders: Sequence[Decode]) -> Make:
    """Tuples of the values of rows."""
    values = "".join(f"{_decoded(number, decode)}, " for number, decode in enumerate(decoders))
    return _maker(f"({values})", len(decoders))(None, *decoders, *decoders)


def instance_maker(
    make: Callable[[Any, dict[str, Any]], Any], names: Sequence[str], decoders: Sequence[Decode]
) -> Make:
    """Calls a function with the first value of each row, and a dict of the others."""
    made = f"make({_decoded(0, decoders[0])}, {_a_dict(decoders, first=1)})"
    return _maker(made, len(names))(make, *names, *decoders)


def object_maker(row: Callable[..., Any], names: Sequence[str], decoders: Sequence[Decode]) -> Make:
    """Calls a class with the values of each row, by name."""
    return _maker(f"make(**{_a_dict(decoders)})", len(names))(row, *names, *decoders)


def _a_dict(decoders: Sequence[Decode], first: int = 0) -> str:
    pairs = (f"name{number}: {_decoded(number, decode)}" for number, decode in enumerate(decoders) if number >= first)
    return "{" + ", ".join(pairs) + "}"


def _decoded(number: int, decode: Decode) -> str:
    """A value decoded; that of a text is a method, which is called faster, and fails if the text is not UTF-8."""
    if decode is as_stored:
        return f"value{number}"
    return f"value{number}.decode()" if decode in TEXTS else f"decode{number}(value{number})"


@cache
def _maker(item: str, width: int) -> Callable[..., Make]:
    names, decoders, values = (
        ", ".join(f"{what}{number}" for number in range(width)) for what in ("name", "decode", "value")
    )
    made: Callable[..., Make] = eval(  # noqa: S307 - of numbers, nothing else
        f"lambda make, {names}, {decoders}: lambda rows: [{item} for {values}, in rows]"
    )
    return made
