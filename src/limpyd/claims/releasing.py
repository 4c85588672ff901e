"""The removal of the claims of many values that were given up, by the operation that has given them up."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TypeVar

from limpyd.claims import requests
from limpyd.claims.conversation import by_partition
from limpyd.exceptions import LimpydError
from limpyd.requests.request import Program

R = TypeVar("R")

MOST = 500
"""The most values of a partition whose claims are removed at once."""


def releasing(model: Any, program: Program[R]) -> Program[R]:
    """Runs a program, and then removes the claims of values that partitions have given up."""
    result = yield from program
    yield from release_given_up(model)
    return result


def release_given_up(model: Any) -> Program[None]:
    """Removes the claims of values that partitions have given up.

    If some cannot be removed now, that does no harm: whoever wants such a value takes its claim over.
    """
    with suppress(LimpydError):
        yield from _all_released(model)


def _all_released(model: Any) -> Program[None]:
    left = list(model.keys.partitions)
    while left:
        taken = yield [requests.take_given_up(model, partition, MOST) for partition in left]
        homes = by_partition([one for some in taken for one in some], lambda one: one.value.home)
        if homes:
            yield [requests.release(home, some) for home, some in homes]
        left = [partition for partition, some in zip(left, taken, strict=True) if len(some) == MOST]
