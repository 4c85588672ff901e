"""The copying of the objects of one model, and the removal of copies of what has changed or is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from limpyd.exceptions import LimpydError
from limpyd.keys import Partition, to_text
from limpyd.relocation import copies, states
from limpyd.relocation.beginning import overtaken
from limpyd.relocation.copies import Copy, by_partition
from limpyd.relocation.places import Catalog, Place, Steps
from limpyd.requests.request import Request
from limpyd.requests.walks import Origin, attempt
from limpyd.schema.schema import Schema


class Copying:
    """The copying of the objects of a model.

    Args:
        origin: the database where they are.
        source: the model there.
        destination: the database where they go.
        target: the model there.

    Attributes:
        mark: the mark of the move at its origin.
        changed: how many objects the present pass has found that were not as they had been copied.
        copied: how many copies were made.
        unindexed: the primary keys of objects that an index refused, each with the error.
    """

    def __init__(self, origin: Place, source: Schema, destination: Place, target: Schema) -> None:
        self._origin = origin
        self._source = source
        self._destination = destination
        self._target = target
        self._waiting: dict[Partition, list[bytes]] = {}
        self.mark = b""
        self.changed = 0
        self.copied = 0
        self.unindexed: list[tuple[str, LimpydError]] = []

    def compare(self, old: Partition, cursor: bytes, walk: Origin) -> Steps[tuple[bytes, int]]:
        """Compares some objects, and copies those that have changed; returns the next cursor, and how many they were.

        The cursor is empty if the walk has to begin again.
        """
        (after, found), again = yield self._origin.run(attempt(walk, copies.digests(self._source, old, cursor), cursor))
        yield from self._bring(old, dict(found), is_last=False)
        return (b"" if again else after), len(found)

    def begin_pass(self) -> None:
        """Forgets what waited for this pass, which looks at all objects."""
        self.changed, self._waiting = 0, {}

    def bring_refused(self) -> Steps[None]:
        """Copies objects that an index has refused; if it still does, without index entries."""
        waiting, self._waiting = self._waiting, {}
        for old, pks in waiting.items():
            yield from self._bring(old, dict.fromkeys(pks, b""), is_last=True)

    def _bring(self, old: Partition, found: Mapping[bytes, bytes], *, is_last: bool) -> Steps[None]:
        """Copies those of some objects that are not as they were copied.

        Args:
            old: the partition that has them.
            found: the digest of each, by primary key.
            is_last: true to copy those that an index refuses, too.
        """
        here, target = self._destination, self._target
        homes = by_partition(target, found)
        known = yield here.ask(*(copies.noted(target, new, pks) for new, pks in homes.items()))
        changed: list[bytes] = []
        stale: dict[Partition, list[bytes]] = {}
        for (new, pks), noted in zip(homes.items(), known, strict=True):
            for pk, digest in zip(pks, noted, strict=True):
                if digest != found[pk]:
                    changed.append(pk)
                    if digest is not None:
                        stale.setdefault(new, []).append(pk)
        self.changed += len(changed)
        yield from self._remove(stale)
        while changed:
            [(looked, packed)] = yield self._origin.ask(copies.pack(self._source, old, changed))
            changed = changed[looked:]
            yield from self._add(old, packed, is_last=is_last)

    def _add(self, old: Partition, packed: Sequence[Copy], *, is_last: bool) -> Steps[None]:
        target = self._target
        by_pk = {copy.pk: copy for copy in packed}
        homes = by_partition(target, by_pk)
        results = yield self._destination.ask(
            *(copies.add(target, new, [by_pk[pk] for pk in pks], is_last=is_last) for new, pks in homes.items())
        )
        for added in results:
            self.copied += added.objects
            if is_last:
                self.unindexed += ((to_text(pk), error) for pk, error in added.refused)
            elif added.refused:
                self._waiting.setdefault(old, []).extend(pk for pk, _ in added.refused)

    def remove_what_is_gone(self) -> Steps[None]:
        """Removes the copies of objects that are no more.

        If all objects have a copy, or wait for one, and are as many as these, there are none. While the model is in
        use, that may be wrong, and a later pass finds them.
        """
        here, there = self._destination, self._origin
        copied, count = yield from self.sizes()
        waiting = sum(map(len, self._waiting.values()))
        for new in self._target.keys.partitions if copied + waiting > count else ():
            walk, cursor, again = Origin(), b"0", True
            while again or cursor != b"0":
                (after, found), again = yield here.run(attempt(walk, _noted(self._target, new, cursor), cursor))
                cursor = b"0" if again else after
                homes = by_partition(self._source, dict.fromkeys(found))
                asked = [_exist(self._source, old, pks) for old, pks in homes.items()]
                *exist, root = yield there.ask(*asked, states.state(Catalog(self._source, self._source.keys.root)))
                if root.leaving != self.mark:  # they may be gone because the server has lost its data
                    raise overtaken(self._source.name)
                gone = [
                    pk
                    for pks, those in zip(homes.values(), exist, strict=True)
                    for pk, exists in zip(pks, those, strict=True)
                    if not exists
                ]
                yield from self._remove({new: gone} if gone else {})

    def _remove(self, stale: Mapping[Partition, Sequence[bytes]]) -> Steps[None]:
        if stale:
            yield self._destination.ask(*(copies.remove(self._target, new, pks) for new, pks in stale.items()))

    def sizes(self) -> Steps[tuple[int, int]]:
        """Returns how many copies there are, and how many objects (HLEN, SCARD)."""
        noted = yield self._destination.ask(*(copies.count(self._target, new) for new in self._target.keys.partitions))
        exist = yield self._origin.ask(*(count(self._source, old) for old in self._source.keys.partitions))
        return sum(noted), sum(exist)


def count(schema: Schema, partition: Partition) -> Request[int]:
    """Returns the number of objects in a partition (SCARD)."""
    return Request((b"SCARD", partition.pks), int, readonly=True, subject=schema)


def _noted(schema: Schema, partition: Partition, cursor: bytes) -> Request[tuple[bytes, list[bytes]]]:
    """Finds some copies (HSCAN)."""

    def decode(reply: Any) -> tuple[bytes, list[bytes]]:
        return reply[0], reply[1][::2]

    args = (b"HSCAN", partition.copied, cursor, b"COUNT", copies.FOUND)
    return Request(args, decode, readonly=True, subject=schema)


def _exist(schema: Schema, partition: Partition, pks: Sequence[bytes]) -> Request[list[int]]:
    """Returns 1 for each object that exists, and 0 for others (SMISMEMBER)."""
    return Request((b"SMISMEMBER", partition.pks, *pks), list, readonly=True, subject=schema)
