"""Steps of maintenance that enter values which are unique over partitions: their claims are made when a step asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from limpyd.claims.chunk_claims import ChunkClaims, claimed_together
from limpyd.keys import Partition
from limpyd.requests.request import Program, Request
from limpyd.requests.walks import Origin, ServerChanged

R = TypeVar("R")


class _Step:
    """A step, and the claims that it rests on."""

    def __init__(self, model: Any, partition: Partition) -> None:
        self.claims = ChunkClaims(model, partition)


def with_claims(model: Any, partition: Partition, request_of: Callable[[], Request[R]]) -> Program[R]:
    """Sends a request whose script enters values in a partition, and claims those that it asks for.

    The script refuses values that objects of other partitions have, as if they had them in this one.
    """
    step = _Step(model, partition)
    while True:
        result: R | None = yield step.claims.request_with(request_of())
        if result is not None:
            return result
        question = claimed_together([step])
        if question is not None:
            yield question


def attempt_with_claims(
    model: Any, partition: Partition, origin: Origin, request_of: Callable[[], Request[R]], cursor: bytes
) -> Program[tuple[R | None, bool]]:
    """Returns the result of a step of a walk, and whether the walk has to begin again; then there may be no result."""
    try:
        result = yield from with_claims(model, partition, lambda: origin.step(request_of(), cursor))
    except ServerChanged as change:
        return change.result, True
    return result, False
