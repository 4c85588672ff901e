"""The check of the claims of values that are unique over several partitions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any

from limpyd.claims import requests
from limpyd.claims.conversation import by_partition, owners_of
from limpyd.claims.held_values import walk_values
from limpyd.claims.requests import GivenUp, Held, InTheWay, Wanted
from limpyd.claims.restoring import restore
from limpyd.claims.unique_value import UniqueValue
from limpyd.exceptions import shorten
from limpyd.integrity.findings import Finding, Kind
from limpyd.integrity.report import Notes
from limpyd.keys import Partition, to_text
from limpyd.requests.request import Program, Request
from limpyd.requests.scattered import Scattered

IN_FLIGHT = 60
"""The seconds for which a claim may wait for its write."""


class ClaimCheck:
    """The check of the claims of a model, over all of its partitions.

    What a look finds may have changed since; so each finding is looked at again, in the order that makes it certain.
    """

    def __init__(self, model: Any, notes: Notes, repairs: AbstractSet[Kind]) -> None:
        self._model = model
        self._keys = model.keys
        self._partitions: Sequence[Partition] = model.keys.partitions
        self._notes = notes
        self._repairs = repairs

    def run(self) -> Program[None]:
        """Checks that each value which an object has is claimed; and then that each claim is that of such a value."""
        if "unclaimed" in self._repairs:
            yield Scattered(lambda: restore(self._model), subject=self._model, readonly=False)
        for partition in self._partitions:
            yield from walk_values(self._model, partition, b"nonce", partial(self._look_at_held, partition))
        if self._keys.move is None:  # else a claim may name a partition that has given the object to another one
            for partition in self._partitions:
                yield from walk_values(self._model, partition, b"claim", partial(self._look_at_claims, partition))

    # --- values that objects have ---

    def _look_at_held(self, partition: Partition, values: Sequence[tuple[UniqueValue, bytes]]) -> Program[None]:
        some = [Held(value, partition.number, nonce) for value, nonce in values]
        for home, held in by_partition(some, lambda one: one.value.home):
            records = yield _read(self._model, held[0].value.claims_in(home), [one.value for one in held])
            for one, record in zip(held, records, strict=True):
                if not self._is_claimed(one, record):
                    yield from self._look_again(one)

    def _is_claimed(self, held: Held, record: bytes | None) -> bool:
        """Returns whether a record is that of the claim by which a partition has a value."""
        if record is None or record[2:10] != held.nonce:
            return False
        return self._keys.at(held.number) in self._keys.holders(int.from_bytes(record[:2]))

    def _look_again(self, held: Held) -> Program[None]:
        """Looks at a value that was not claimed; it still is not, unless the claim has moved, or was given up since."""
        value, partition = held.value, self._keys.at(held.number)
        read = _read(self._model, value.claims_in(value.home), [value])
        (record,) = yield read.assuming(self._model.maintenance.at(value.home).assumed(writes=False))
        if self._is_claimed(held, record) or not (yield from self._still_has(held)):
            return
        (pk,) = yield _read(self._model, value.index_in(partition), [value])
        other = None if record is None else int.from_bytes(record[:2])
        if other is not None and other != held.number:
            way = InTheWay(is_old=False, number=other, nonce=b"", time=0)
            (owner,) = yield Scattered(lambda: owners_of([(value, way)]), subject=self._model)
            if owner is not None:
                return self._note("conflict", value, pk, f"belongs to {_shown(owner)} as well", repaired=False)
        repaired = "unclaimed" in self._repairs and (yield from self._claim(held))
        self._note("unclaimed", value, pk, "is not claimed", repaired=repaired)

    def _claim(self, held: Held) -> Program[bool]:
        """Claims a value that an object has; returns whether the claim is there."""
        value, partition = held.value, self._keys.at(held.number)
        wanted = Wanted(value, value.home, partition, held.nonce, b"")
        (answer,) = yield requests.claim(wanted.home, [wanted])
        done = isinstance(answer, int)
        if isinstance(answer, InTheWay):
            # It is one of nobody: it is voided where its write might come, and replaced.
            old = answer._replace(is_old=True)
            (owner,) = yield Scattered(lambda: owners_of([(value, old)]), subject=self._model)
            if owner is None or partition in self._keys.holders(answer.number):
                (taken,) = yield requests.take_over(wanted.home, [(wanted, answer)])
                done = taken is not None
        if done and not (yield from self._still_has(held)):
            yield requests.release(wanted.home, [GivenUp(value, held.nonce)])
        return done

    def _still_has(self, held: Held) -> Program[bool]:
        partition = self._keys.at(held.number)
        (nonce,) = yield _read(self._model, partition.nonces_of(held.value.index_in(partition)), [held.value])
        return bool(nonce == held.nonce)

    # --- claims ---

    def _look_at_claims(self, home: Partition, some: Sequence[tuple[UniqueValue, bytes]]) -> Program[None]:
        now = time.time()
        old = [(value, record) for value, record in some if now - int.from_bytes(record[10:]) / 1000 > IN_FLIGHT]
        nobodys = []
        for partition, claims in by_partition(old, lambda one: self._partitions[int.from_bytes(one[1][:2])]):
            key = partition.nonces_of(claims[0][0].index_in(partition))
            nonces = yield _read(self._model, key, [value for value, _ in claims])
            nobodys += [(*one, partition) for one, nonce in zip(claims, nonces, strict=True) if nonce != one[1][2:10]]
        if not nobodys:
            return
        again = yield _read(self._model, nobodys[0][0].claims_in(home), [value for value, _, _ in nobodys])
        left = [one for one, record in zip(nobodys, again, strict=True) if record == one[1]]
        repaired: AbstractSet[UniqueValue] = frozenset()
        if "abandoned" in self._repairs and left:
            repaired = yield from self._remove(home, left)
        for value, _, _ in left:
            what = "is claimed, but no object has it"
            self._note("abandoned", value, None, what, repaired=value in repaired)

    def _remove(
        self, home: Partition, claims: Sequence[tuple[UniqueValue, bytes, Partition]]
    ) -> Program[AbstractSet[UniqueValue]]:
        """Removes claims of nobody, after voiding them where their writes might come; returns the values."""
        tick = yield Request((b"INCR", home.clock), int, subject=self._model)
        removed = []
        for partition, some in by_partition(claims, lambda one: one[2]):
            void = [(value, InTheWay(True, partition.number, record[2:10], tick)) for value, record, _ in some]
            owners = yield requests.verify(partition, void)
            removed += [
                GivenUp(value, one.nonce) for (value, one), owner in zip(void, owners, strict=True) if owner is None
            ]
        if removed:
            yield requests.release(home, removed)
        return {one.value for one in removed}

    def _note(self, kind: Kind, value: UniqueValue, pk: bytes | None, what: str, *, repaired: bool) -> None:
        key, index = to_text(value.claims_in(value.home)), to_text(value.index_name)
        owner = None if pk is None else to_text(pk)
        self._notes.add(Finding(kind, self._model.name, key, owner, f"{_shown(value.text)} {what} ({index})", repaired))


def _read(model: Any, key: bytes, values: Sequence[UniqueValue]) -> Request[list[bytes | None]]:
    """Reads what a hash has of some values of an index (HMGET)."""
    return Request((b"HMGET", key, *(value.text for value in values)), list, readonly=True, subject=model)


def _shown(value: bytes) -> str:
    return shorten(to_text(value))
