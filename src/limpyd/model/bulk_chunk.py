"""A chunk of a bulk operation: the objects of one partition that one request carries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, Protocol, TypeVar

from limpyd.keys import Partition
from limpyd.requests.request import Request
from limpyd.schema.schema import Schema
from limpyd.scripts.bulk import Refused


class ChunkOutcome(Protocol):
    """The result of the request of a chunk."""

    @property
    def refused(self) -> Refused:
        """The refused object, if one was."""


Outcome = TypeVar("Outcome", bound=ChunkOutcome)


class Chunk(Generic[Outcome]):
    """Objects of one partition, in the order in which they were passed.

    Args:
        schema: their model.
        partition: their partition.

    Attributes:
        schema, partition: as passed.
        positions: the position of each object among those that were passed, counted from 0.
        outcome: the result of its request, once there is one.
        claims: the claims that its request rests on; None if no value is unique over several partitions.
    """

    def __init__(self, schema: Schema, partition: Partition) -> None:
        self.schema = schema
        self.partition = partition
        self.positions: list[int] = []
        self.outcome: Outcome | None = None
        self.claims: Any = None
        if partition.count > 1 and schema.claimed_index is not None:
            from limpyd.claims.chunk_claims import ChunkClaims  # noqa: PLC0415 - few models have several partitions

            self.claims = ChunkClaims(schema, partition)

    @property
    def size(self) -> int:
        """Returns about how many bytes the values take."""
        raise NotImplementedError

    def request(self) -> Request[Outcome | None]:
        """Returns the request for the objects, whose result is kept as the outcome of the chunk.

        There is none yet if the script asked for claims, which `claims` has noted.
        """
        self.outcome = None
        request: Request[Any] = self._request()
        if self.claims is not None:
            request = self.claims.request_with(request)
        return request.then(self._keep)

    def remove_processed(self) -> list[int]:
        """Removes the objects that were processed, and returns their positions."""
        outcome = self.outcome
        count = 0 if outcome is None else self._processed(outcome) if outcome.refused is None else outcome.refused[0]
        processed, self.positions = self.positions[:count], self.positions[count:]
        return processed

    def _request(self) -> Request[Outcome]:
        raise NotImplementedError

    def _processed(self, outcome: Outcome) -> int:  # noqa: ARG002 - those that process only a part look at it
        """Returns the number of processed objects, if none was refused; a subclass may leave some for the next step."""
        return len(self.positions)

    def _keep(self, outcome: Outcome | None) -> Outcome | None:
        self.outcome = outcome
        return outcome


def outcomes_of(chunks: Iterable[Chunk[Outcome]]) -> list[Outcome]:
    """Returns the outcomes of those chunks that have one."""
    return [chunk.outcome for chunk in chunks if chunk.outcome is not None]
