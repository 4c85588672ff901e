"""Building and clearing of indexes, in short steps, so that other clients do not wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from limpyd.exceptions import IndexNotBuilt
from limpyd.indexes.maintenance import requests
from limpyd.indexes.maintenance.declarations import DeclaredIndex
from limpyd.keys import Partition
from limpyd.requests.request import Program, Request
from limpyd.requests.walks import Origin, attempt, walked
from limpyd.scripts.error_mapping import Model

OnProgress = Callable[[int, int], object]
"""Called with what is done, and the whole."""
SHARED_WALK = b"shared"
MAX_WALKS = 3
"""The most indexes that look for their keys each by itself, and resume where a process that ended had come. More share
one walk, which begins anew then."""
DEADLINES = b"deadline:object"
"""The index that is built first: an object whose deadline is over has no unique values, if another one has them."""
MAX_BEGINNINGS = 20
"""The most times that a rebuild may begin from the start again."""


def rebuild(
    model: Model,
    partition: Partition,
    indexes: Sequence[DeclaredIndex],
    progress: OnProgress | None,
    chunk_size: int | None = None,
) -> Program[None]:
    """Builds indexes. The progress counts objects, once for each index."""
    yield from Rebuild(model, partition, indexes, progress, chunk_size).all()


class Rebuild:
    """The rebuild of some indexes, one after the other: objects are entered first, then the entries are checked.

    If several indexes have many keys each, one walk through the keys of the database finds them all.
    """

    def __init__(
        self,
        model: Model,
        partition: Partition,
        indexes: Sequence[DeclaredIndex],
        progress: OnProgress | None,
        chunk_size: int | None,
    ) -> None:
        self._model = model
        self._partition = partition
        self._indexes = sorted(indexes, key=lambda index: index.name != DEADLINES)
        self._progress = progress
        self._chunk_size = chunk_size
        self._objects = 0
        self._shares = dict.fromkeys((index.name for index in indexes), 0.0)
        self._begun = dict.fromkeys(self._shares, 0)

    def all(self) -> Program[None]:
        """Builds the indexes."""
        self._objects, left = yield requests.begin_rebuild(self._model, self._partition, self._indexes)
        for index in self._indexes:
            if index not in left:
                self._shares[index.name] = 1.0
        waiting: list[tuple[DeclaredIndex, bytes]] = []
        walk_together = sum(1 for index in left if index.beginnings) > MAX_WALKS
        for index in left:
            waits_for = yield from self._steps(index, SHARED_WALK if walk_together and index.beginnings else b"")
            if waits_for is not None:
                waiting.append((index, waits_for))
        if waiting:
            yield from self._walk(waiting)
        for index, waits_for in waiting:
            waits_for_another = yield from self._steps(index, b"last:" + waits_for)
            if waits_for_another is not None:  # it was begun anew by another process, which may be gone
                yield from self._steps(index, b"")

    def _walk(self, waiting: Sequence[tuple[DeclaredIndex, bytes]]) -> Program[None]:
        """Finds the keys that indexes wait for, and sends them."""
        found: list[list[bytes]] = [[] for _ in waiting]
        beginnings = [
            (beginning.partition(b"\0")[0], some)
            for (index, _), some in zip(waiting, found, strict=True)
            for beginning in index.beginnings
        ]
        common = _common_beginning([beginning for beginning, _ in beginnings])
        origin, cursor, again = Origin(), b"0", True
        while again or cursor != b"0":
            (after, keys), again = yield from attempt(origin, requests.scan(common, cursor), cursor)
            cursor = b"0" if again else after
            for key in keys:
                for beginning, some in beginnings:
                    if key.startswith(beginning):
                        some.append(key)
            for (index, waits_for), some in zip(waiting, found, strict=True):
                if len(some) >= requests.CHUNK or (some and cursor == b"0"):
                    yield from self._tell(index, waits_for, some)
                    some.clear()

    def _tell(self, index: DeclaredIndex, waits_for: bytes, keys: Sequence[bytes]) -> Program[None]:
        for at in range(0, len(keys), requests.CHUNK):
            yield from self._steps(index, b"keys:" + waits_for, keys[at : at + requests.CHUNK])

    def _steps(self, index: DeclaredIndex, key_source: bytes, keys: Sequence[bytes] = ()) -> Program[bytes | None]:
        """Continues until the index is built; or until it waits for a walk of keys, which is returned."""
        while True:
            done = yield from self._step(index, key_source, keys)
            keys = ()
            self._begun[index.name] += done.begun
            if self._begun[index.name] > MAX_BEGINNINGS:
                raise _interrupted(self._model, index)
            self._shares[index.name] = done.share
            if self._progress is not None:
                self._progress(round(sum(self._shares.values()) * self._objects), self._objects * len(self._indexes))
            if done.built or done.waits_for is not None:
                waits_for: bytes | None = done.waits_for
                return waits_for

    def _step(self, index: DeclaredIndex, key_source: bytes, keys: Sequence[bytes]) -> Program[requests.Progress]:
        model, partition = self._model, self._partition
        step = partial(requests.rebuild, model, partition, index, self._chunk_size, key_source, keys)
        if index.is_claimed:
            from limpyd.claims.steps import with_claims  # noqa: PLC0415 - few models have several partitions

            return (yield from with_claims(model, partition, step))
        done: requests.Progress = yield step()
        return done


def sizes(model: Model, partitions: Sequence[Partition]) -> Program[list[int]]:
    """Returns the number of objects in each of some partitions."""
    found = []
    for partition in partitions:
        objects = yield Request((b"SCARD", partition.pks), int, readonly=True, subject=model)
        found.append(objects)
    return found


def part_of(progress: OnProgress, finished: int, whole: int) -> OnProgress:
    """Returns the progress of a part of the work, which is reported as that of the whole."""
    return lambda done, _: progress(min(finished + done, whole), whole)


def _common_beginning(texts: Sequence[bytes]) -> bytes:
    """Returns the common prefix of some texts."""
    first, last = min(texts), max(texts)
    return first[: next((at for at, (one, other) in enumerate(zip(first, last)) if one != other), len(first))]  # noqa: B905


def _interrupted(model: Model, index: DeclaredIndex) -> IndexNotBuilt:
    error = IndexNotBuilt(model.name, index.field_index.field.name, str(index.field_index.index))
    error.add_note(
        f"the rebuild had to start again {MAX_BEGINNINGS} times: a process whose {model.name} does not declare "
        "this index writes objects, or the index is cleared; stop that process first"
    )
    return error


def clear(
    model: Model, partition: Partition, indexes: Sequence[DeclaredIndex], chunk_size: int | None = None
) -> Program[None]:
    """Removes all entries of indexes. They count as not built from the first step on."""
    names = [index.name for index in indexes]
    keys = [key for index in indexes for key in index.keys]
    beginnings = [beginning for index in indexes for beginning in index.beginnings]
    for index in indexes:
        if index.is_claimed:
            keys += map(partition.nonces_of, index.keys)
            beginnings += map(partition.nonces_of, index.beginnings)
    own = {index.field_index.template for index in indexes}
    spared = [key for index in indexes for key in index.spared if key not in own]
    yield from walked(
        lambda cursor: requests.clear(model, partition, names, keys, beginnings, cursor, spared, chunk_size)
    )


def clear_all(model: Model, partition: Partition) -> Program[None]:
    """Removes all entries of the indexes of a model, including indexes that are no longer declared."""
    nonces = [partition.nonces_of(partition.prefix + b"uniq:")] if partition.count > 1 else []
    beginnings = [*partition.index_prefixes, *nonces]
    yield from walked(lambda cursor: requests.clear(model, partition, None, [], beginnings, cursor))
