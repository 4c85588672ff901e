"""Functions that make something of each row of a reply, written out for as many values as a row has.

Loops over names and decoders would take twice as long, which is much of what a query costs in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

Decode = Callable[[Any], Any]
Make = Callable[[Iterable[tuple[Any, ...]]], list[Any]]
ERRORS = (TypeError, ValueError, AttributeError, OverflowError)
"""What a decoder raises of a value that does not fit its type, or of None, where there is none."""


def dict_maker(names: Sequence[str], decoders: Sequence[Decode]) -> Make:
    """Dicts of the values of rows."""
    return _maker(_a_dict(range(len(names))), len(names))(None, *names, *decoders)


def tuple_maker(decoders: Sequence[Decode]) -> Make:
    """Tuples of the values of rows."""
    values = "".join(f"decode{number}(value{number}), " for number in range(len(decoders)))
    return _maker(f"({values})", len(decoders))(None, *decoders, *decoders)


def instance_maker(
    make: Callable[[Any, dict[str, Any]], Any], names: Sequence[str], decoders: Sequence[Decode]
) -> Make:
    """Calls a function with the first value of each row, and a dict of the others."""
    made = f"make(decode0(value0), {_a_dict(range(1, len(names)))})"
    return _maker(made, len(names))(make, *names, *decoders)


def object_maker(row: Callable[..., Any], names: Sequence[str], decoders: Sequence[Decode]) -> Make:
    """Calls a class with the values of each row, by name."""
    return _maker(f"make(**{_a_dict(range(len(names)))})", len(names))(row, *names, *decoders)


def _a_dict(numbers: Iterable[int]) -> str:
    return "{" + ", ".join(f"name{number}: decode{number}(value{number})" for number in numbers) + "}"


@cache
def _maker(item: str, width: int) -> Callable[..., Make]:
    names, decoders, values = (
        ", ".join(f"{what}{number}" for number in range(width)) for what in ("name", "decode", "value")
    )
    made: Callable[..., Make] = eval(  # noqa: S307 - of numbers, nothing else
        f"lambda make, {names}, {decoders}: lambda rows: [{item} for {values}, in rows]"
    )
    return made
