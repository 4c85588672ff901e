"""The claims of the values of a chunk of a bulk operation: one assumption, with one conversation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol, Self, TypeVar

from limpyd.claims.claim import PartitionClaim, claim_of
from limpyd.claims.conversation import claimed
from limpyd.exceptions import ServerError
from limpyd.keys import Partition
from limpyd.requests.guards import Guard
from limpyd.requests.promise import Promise
from limpyd.requests.promise_guards import Bar, PromiseGuard
from limpyd.requests.request import MAX_TRIES, Request
from limpyd.requests.scattered import Rounds, Scattered

Place = tuple[bytes, bytes]
"""The key of an index, and a value in it."""


class ChunkClaims(Promise):
    """The assumption that a partition may have some values, unless others have them.

    The script refuses the objects whose values others have, each as if it had found the value in its own partition.
    What it was sent with and has not used it gives up.
    """

    __slots__ = ("_asked", "_claims", "_model", "_partition")

    def __init__(self, model: Any, partition: Partition) -> None:
        super().__init__()
        self._model = model
        self._partition = partition
        self._claims: dict[Place, PartitionClaim] = {}
        self._asked = 0

    def add(self, key: bytes, text: bytes, pk: bytes | None, *, within_write_only: bool = False) -> None:
        """Adds a value of an object.

        Args:
            key: the key of the index of the partition.
            text: the value.
            pk: the primary key of the object; None for a new one whose key is minted.
            within_write_only: leave out a value whose claim needs a request; the script asks for it if it is needed.
        """
        if (key, text) not in self._claims:
            claim = claim_of(self._model, self._partition, key, text, pk)
            if claim.guard() is not None or not within_write_only:
                self._claims[key, text] = claim

    @property
    def values(self) -> frozenset[Place]:
        """The values, each with the name of its index."""
        return frozenset((claim.value.index_name, claim.value.text) for claim in self._claims.values())

    @property
    def unanswered(self) -> list[PartitionClaim]:
        """The claims that are to be made."""
        return [claim for claim in self._claims.values() if claim.guard() is None and claim.owner is None]

    def request_with(self, request: Request[Any]) -> Request[Any]:
        """Returns a request that rests on the claims; its result is None if its script asked for more claims alone."""
        decode, retry_with = request.decode, request.retry_with
        asking = request.assuming(self) if self._claims else request

        def retry_unless_claims(sent: Request[Any], reply: Any) -> Request[Any] | None:
            if reply[0] == b"promise":
                reply = self._others_asked_for(reply)
            return None if retry_with is None or len(reply) == 1 else retry_with(sent, reply)

        asking.decode = lambda reply: None if reply[0] == b"promise" else decode(reply)
        asking.retry_with = retry_unless_claims
        return asking

    def _others_asked_for(self, reply: list[Any]) -> list[Any]:
        """Notes the claims that the script asked for, to be made anew; returns the reply without them."""
        self._asked += 1
        if self._asked > MAX_TRIES:
            msg = (
                f"{self._model}: nothing was changed in {MAX_TRIES} tries: each time other processes had given the "
                "objects of a chunk other unique values. Try again later"
            )
            raise ServerError(msg)
        others = reply[:1]
        for key, text, pk in zip(reply[1::3], reply[2::3], reply[3::3], strict=True):
            if not key.startswith(b"uniq:", len(self._partition.prefix)):
                others += (key, text, pk)
                continue
            claim = self._claims.get((key, text))
            if claim is None:
                claim = self._claims[key, text] = claim_of(self._model, self._partition, key, text, pk)
            claim.invalidate()
        return others

    @property
    def about(self) -> ChunkClaims:
        return self

    @property
    def model(self) -> Any:
        return self._model

    def guard(self) -> Guard | None:
        texts: list[bytes] = []
        times: dict[Bar, int] = {}
        for (key, text), claim in self._claims.items():
            guard = claim.guard()
            if guard is None and claim.owner is None:
                return None
            texts += (key, text, b"" if guard is None else guard.epoch, claim.owner or b"")
            for bar, time in guard.times.items() if isinstance(guard, PromiseGuard) else ():
                times[bar] = min(time, times.get(bar, time))
        return PromiseGuard.of(b"\0", b"".join(b"%b%b" % (len(text).to_bytes(4), text) for text in texts), times)

    def merged(self, other: Self) -> Self:  # noqa: ARG002 - it is about itself alone
        return self

    def invalidate(self) -> None:
        for claim in self._claims.values():
            claim.invalidate()

    def conversation(self) -> Rounds[None]:
        return claimed(self.unanswered)


class Claiming(Protocol):
    """A chunk."""

    claims: ChunkClaims


ChunkT = TypeVar("ChunkT", bound=Claiming)


def without_common_values(chunks: Iterable[ChunkT]) -> list[ChunkT]:
    """Returns the chunks that do not want a value that one before them wants, which would wait for its write."""
    found: list[ChunkT] = []
    seen: set[Place] = set()
    for chunk in chunks:
        values = chunk.claims.values
        if seen.isdisjoint(values):
            found.append(chunk)
            seen |= values
    return found


def claimed_together(chunks: Sequence[Claiming]) -> Request[None] | None:
    """Returns the request that makes the claims of some chunks, whose values differ; None if there is nothing to do."""
    claims = [claim for chunk in chunks for claim in chunk.claims.unanswered]
    return Scattered(lambda: claimed(claims), subject=claims[0].value.model) if claims else None
