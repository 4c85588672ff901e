"""Foreign-key fields as values: `group.owner.set(other.owner)` reads the other reference, and stores what it holds.

Encoding sends nothing, so it raises `NeedsReading`; the call reads the field, and is described anew with its value.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from limpyd.exceptions import InvalidValue

P = ParamSpec("P")
R = TypeVar("R")

READING = ("a foreign-key field as a value, which is read first,", "get its value before, and give that")


class NeedsReading(InvalidValue):
    """A value is a field of another object, which has to be read first.

    Attributes:
        bound: the field.
    """

    def __init__(self, message: str, bound: Any) -> None:
        super().__init__(message)
        self.bound = bound


def read_first(needed: NeedsReading, call: Callable[[Callable[[Any], Any]], Any]) -> Any:
    """Reads a field, and makes a call with its value: at once, or on the async face as a coroutine.

    Args:
        needed: what the call raised without it.
        call: makes the call; it is given what puts the value in the place of the field.

    Raises:
        NotInPipeline: a pipeline is open, which sends everything at its end.
    """
    bound = needed.bound
    instance = bound._instance
    instance.database._at_once(*READING)
    request = type(bound).get.describe(bound).exact()
    if not instance._awaits:
        return call(_replacing(bound, bound._run(request)))

    async def later() -> Any:
        return await call(_replacing(bound, await bound._run(request)))

    return later()


def _replacing(bound: Any, value: Any) -> Callable[[Any], Any]:
    """Returns a function that replaces a field by its value in arguments."""

    def replace(given: Any) -> Any:
        if given is bound:
            return value
        if isinstance(given, dict):
            return {replace(name): replace(each) for name, each in given.items()}
        if type(given) in {list, tuple, set, frozenset}:
            return type(given)(map(replace, given))
        return given

    return replace


def taking_foreign_keys(function: Callable[P, R]) -> Callable[P, R]:
    """Has a function take foreign-key fields among its values."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return cast("Any", function)(*args, **kwargs)
        except NeedsReading as needed:
            return read_first(needed, lambda replace: call(*replace(args), **replace(kwargs)))

    return cast("Callable[P, R]", call)
