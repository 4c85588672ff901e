"""Index maintenance of a model: the knowledge of which indexes are built, and the operations that build and clear."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import InvalidValue, shorten
from limpyd.indexes.base import Index
from limpyd.indexes.maintenance import generators
from limpyd.indexes.maintenance.declarations import DeclaredIndex, IndexedModel
from limpyd.indexes.maintenance.generators import OnProgress
from limpyd.indexes.maintenance.partition_indexes import PartitionIndexes, Record
from limpyd.keys import Partition, to_bytes, to_text
from limpyd.keys.by_partition import ByPartition
from limpyd.requests.request import Program

MAX_AT_ONCE = 1_000_000
"""The most objects, entries or keys that a step may be asked to look at."""


class IndexMaintenance:
    """The indexes of a model on its database, as far as this process knows.

    Attributes:
        given_up: values of unique indexes that were given up, whose claims this process is to remove (limpyd.claims).
        recorded_at: the partitions of other models whose catalogs have the references of this one (limpyd.targets).
        restoring_since: when a restoring of claims was begun in this process; long ago if there is none.
        record: the record of where the objects are; None if the model has one partition with its own hash tag.
    """

    def __init__(self, model: IndexedModel) -> None:
        self._model = model
        self.given_up: list[Any] = []
        self.recorded_at: set[Partition] = set()
        self.restoring_since = float("-inf")
        self.record = partition_record(model)
        self._by_partition = self._none_known()

    def _none_known(self) -> ByPartition[PartitionIndexes]:
        keys = self._model.keys

        def made(partition: Partition) -> PartitionIndexes:
            indexes = known[partition] = PartitionIndexes(self._model, partition)
            # Last, as another thread that leaves the partition after this finds the indexes among those that are known.
            if keys.has_left(partition):
                indexes.has_moved = True
            return indexes

        known = ByPartition(made)
        return known

    def at(self, partition: Partition) -> PartitionIndexes:
        """Returns the indexes in a partition."""
        return self._by_partition[partition]

    def leave(self, partitions: Sequence[Partition] | None) -> None:
        """Leaves partitions, or all, because the model has others: nothing that was described for them is sent."""
        by_partition = self._by_partition
        if partitions is None:
            self._by_partition = self._none_known()
            partitions = list(by_partition)
        for partition in partitions:
            known = by_partition.pop(partition, None)
            if known is not None:
                known.has_moved, known.catalog = True, None
        if self.record is not None and by_partition is not self._by_partition:
            self.record.forget()

    def forget(self) -> None:
        """Forgets all catalogs, because the database is, or may be, another one."""
        if self.record is not None:
            self.record.forget()
        self.recorded_at.clear()
        for known in list(self._by_partition.values()):
            known.forget()

    def invalidate(self) -> None:
        """Forgets all catalogs; the next request that needs one asks for it."""
        for known in list(self._by_partition.values()):
            known.invalidate()

    @property
    def _indexes(self) -> list[DeclaredIndex]:
        """All indexes of the model, in the first partition."""
        return self.at(self._model.keys.first).indexes

    # --- building and clearing: what these return is to be awaited on the async face ---

    def rebuild(
        self,
        indexes: Sequence[DeclaredIndex] | None = None,
        progress: OnProgress | None = None,
        chunk_size: int | None = None,
    ) -> Any:
        """Builds some indexes, or all of the model.

        Raises:
            InvalidValue: `progress` is no function, or `chunk_size` no int of at least 1.
        """
        if progress is not None and not callable(progress):
            msg = f"{self._model.name}: progress takes a function, not {shorten(progress)}; pass chunk_size by name"
            raise InvalidValue(msg)
        self._check_size(chunk_size)
        names = [index.name for index in (self._indexes if indexes is None else indexes)]
        return self._run(self._rebuild(names, progress, chunk_size))

    def _rebuild(self, names: Sequence[bytes], progress: OnProgress | None, chunk_size: int | None) -> Program[None]:
        model, partitions = self._model, self._model.keys.partitions
        parts = [progress] * len(partitions)
        if progress is not None and len(partitions) > 1:
            counts = yield from generators.sizes(model, partitions)
            steps = [count * len(names) for count in counts]
            parts = [generators.part_of(progress, sum(steps[:at]), sum(steps)) for at in range(len(steps))]
        for partition, part in zip(partitions, parts, strict=True):
            yield from self._asked(partition)
            yield from generators.rebuild(model, partition, self.at(partition).named(names), part, chunk_size)

    def clear(self, indexes: Sequence[DeclaredIndex] | None = None, chunk_size: int | None = None) -> Any:
        """Clears some indexes, or all of the model, including those that are no longer declared."""
        self._check_size(chunk_size)
        return self._run(self._clear(None if indexes is None else [index.name for index in indexes], chunk_size))

    def _clear(self, names: Sequence[bytes] | None, chunk_size: int | None) -> Program[None]:
        for partition in self._model.keys.partitions:
            yield from self._asked(partition)
            if names is None:
                yield from generators.clear_all(self._model, partition)
            else:
                yield from generators.clear(self._model, partition, self.at(partition).named(names), chunk_size)

    def _asked(self, partition: Partition) -> Program[None]:
        """Reads the catalog, if this process does not know it."""
        declared = self.at(partition).declared
        if declared.guard() is None:
            yield declared.question()

    def _check_size(self, chunk_size: Any) -> None:
        if chunk_size is not None and not (type(chunk_size) is int and 1 <= chunk_size <= MAX_AT_ONCE):
            msg = f"{self._model.name}: chunk_size takes an int from 1 to {MAX_AT_ONCE}, not {shorten(chunk_size)}"
            raise InvalidValue(msg)

    def of(self, field: Any) -> list[DeclaredIndex]:
        """Returns the indexes of a field, including composite ones.

        Raises:
            InvalidValue: it has none.
        """
        found = [index for index in self._indexes if any(one is field.declaring for one in index.fields)]
        if not found:
            msg = f"{field} has no index; declare it with indexable=True"
            raise InvalidValue(msg)
        return found

    def one_of(self, field: Any, index_class: type[Index] | None, key: str | None, prefix: str | None) -> Index:
        """Returns the only index of a field with a class, a key and a prefix, as far as these are given.

        Raises:
            InvalidValue: there is none, or several.
        """
        indexes = self.of(field)
        found = [
            index
            for index in indexes
            if isinstance(index.as_a(index_class), index_class or Index)
            and key in {None, index.field_index.index.key}
            and prefix in {None, index.field_index.index.prefix}
        ]
        if len(found) != 1:
            which = ", ".join(index.description for index in found or indexes)
            msg = f"{field} has {'several' if found else 'no'} such indexes"
            msg += f"; select one of {which} by its class, key or prefix" if found else f"; it has {which}"
            raise InvalidValue(msg)
        mine = copy.copy(found[0].as_a(index_class))
        mine.on_field = IndexBuild(self, found[0])
        return mine

    def _run(self, program: Program[None]) -> Any:
        return self._model.model.database._run_program(program)


def partition_record(model: IndexedModel) -> Record | None:
    """Returns the record of where the objects of a model are; None if it has one partition with its own hash tag."""
    if not model.keys.has_record:
        return None
    from limpyd.indexes.maintenance.partition_record import PartitionRecord  # noqa: PLC0415 - most models have one

    return PartitionRecord(model, model.keys)


class IndexBuild:
    """The building and clearing of one index of a field."""

    def __init__(self, maintenance: IndexMaintenance, index: DeclaredIndex) -> None:
        self._maintenance = maintenance
        self._index = index

    def __str__(self) -> str:
        return str(self._index.field_index)

    def rebuild(self, progress: OnProgress | None, chunk_size: int | None) -> Any:
        return self._maintenance.rebuild([self._index], progress, chunk_size)

    def clear(self, chunk_size: int | None) -> Any:
        return self._maintenance.clear([self._index], chunk_size)

    def storage_key(self, *args: Any, transform_value: bool) -> str:
        field_index, value = self._index.field_index, args[-1]
        count = field_index.field.model.keys.count
        if count > 1:
            msg = f"{field_index} has keys in each of the {count} partitions of the model: no one key has all objects"
            raise InvalidValue(msg)
        sub = to_bytes(str(args[0])) if len(args) > 1 else None
        if not (field_index.kind.keys_by_value and field_index.index.alone):
            return to_text(field_index.key_and_text(b"", sub)[0])
        if not (transform_value and field_index.transforms):
            return to_text(b"".join(field_index.key_and_text(field_index.filter_text("eq", value), sub)))
        texts = field_index.indexed_texts(field_index.field.encode(value))
        if len(texts) != 1:
            msg = f"{field_index} keeps {len(texts) or 'nothing'} of {shorten(value)}: it has no one key"
            raise InvalidValue(msg)
        return to_text(b"".join(field_index.key_and_text(texts[0], sub)))
