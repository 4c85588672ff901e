"""The check of one model: its keys as a walk finds them, then its objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from itertools import starmap
from typing import Any

from limpyd.exceptions import LimpydError, ObjectsMoved, WrongTypeError
from limpyd.indexes.maintenance import generators
from limpyd.indexes.maintenance.declarations import DeclaredIndex
from limpyd.indexes.maintenance.requests import declare
from limpyd.integrity import messages, requests, scans
from limpyd.integrity.deletion_check import look_at_deletions
from limpyd.integrity.expected_keys import Declared
from limpyd.integrity.findings import Finding, Kind
from limpyd.integrity.report import Notes
from limpyd.integrity.requests import Found
from limpyd.integrity.value_check import ValueCheck
from limpyd.keys import Partition
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.requests.request import Argument, Program, Request
from limpyd.requests.walks import Origin, attempt

LARGEST = 2**63 - 1
"""The last number that the server can count to."""
MAX_DIGITS = 19
NO_REPAIRS = b""


class ModelCheck:
    """The check of a model in one partition: programs, in the order in which they run."""

    def __init__(self, model: Any, partition: Partition, notes: Notes, repairs: AbstractSet[Kind]) -> None:
        self._declared = Declared(model, partition)
        self._model = model
        self._partition = partition
        self._notes = notes
        self._repairs = repairs
        self._kinds = " ".join(sorted(repairs)).encode()
        self._unbuilt: frozenset[bytes] = frozenset()
        self._highest = 0
        self._values = ValueCheck(self._declared, notes)
        self._keys: list[bytes] = []
        self._of_indexes: dict[bytes, tuple[DeclaredIndex, list[bytes]]] = {}
        self.possible = True
        """False if the keys that everything else depends on are not what they should be."""
        self.objects = 0

    @property
    def prefix(self) -> bytes | None:
        """The beginning of all its keys, and of no others; None if only the whole key tells."""
        return None if isinstance(self._partition, Limpyd2Partition) else self._partition.prefix

    def owns(self, key: bytes) -> bool:
        """Returns whether a key is one of the model's."""
        return self._partition.owns(key) if self.prefix is None else key.startswith(self.prefix)

    # --- before the walk: which indexes are built ---

    def begin(self) -> Program[None]:
        """Checks the records of the indexes in the catalog."""
        declared, partition = self._declared, self._partition
        indexes = list(declared.indexes.values())
        all_else = [(key, declared.expected(key)) for key in (partition.pks, partition.meta)]
        yield from self._model.sweeps(partition)  # or the first step is refused, if what is over is much
        found: list[Found] = yield requests.look_at_keys(declared, NO_REPAIRS, all_else)
        for one in found:
            if one[0] == b"mistyped":
                self.possible = False
                finding = messages.of_key(one, declared)
                self._notes.add(
                    finding._replace(what=f"{finding.what}; rename or delete this key: nothing else can be checked")
                )
        if not self.possible:
            return
        self.objects = yield scans.count("SCARD", partition.pks)
        known = yield declare(self._model, partition, indexes, may_write=False)
        self._unbuilt = known.unbuilt
        names = yield scans.known_indexes(partition)
        gone = [name for name, signature in names.items() if name not in declared.indexes and signature != b"-"]
        if self._repairs:
            yield declare(self._model, partition, indexes, may_write=True)
        for name in gone:
            what = "it counts as built, but is not declared"
            self._notes.add(
                messages.of_index("undeclared", declared, name, what, repaired="undeclared" in self._repairs)
            )

    def look_at_deletions(self) -> Program[None]:
        """Checks whether deletions that concern other partitions were finished."""
        if self.possible and self._declared.may_be_closing:
            repairs = "unfinished" in self._repairs
            yield from look_at_deletions(self._model, self._partition, self._notes, repairs=repairs)

    # --- the walk ---

    def look_at_keys(self, keys: Sequence[bytes]) -> Program[None]:
        """Checks some keys, and the entries in the keys of indexes.

        Keys are collected until there are many, because a walk finds only a few at a time of each model and index.
        """
        self._notes.keys += len(keys)
        self._keys += keys
        while len(self._keys) >= scans.MAX_KEYS:
            yield from self._look_at_types()

    def end_of_keys(self) -> Program[None]:
        """Checks the collected keys that are left."""
        while self._keys:
            yield from self._look_at_types()
        for index, keys in self._of_indexes.values():
            yield from self._look_at_entries(index, keys)
        self._of_indexes.clear()

    def _look_at_types(self) -> Program[None]:
        some, self._keys = self._keys[: scans.MAX_KEYS], self._keys[scans.MAX_KEYS :]
        expected = [(key, self._declared.expected(key)) for key in some]
        found: list[Found] = yield requests.look_at_keys(self._declared, self._kinds, expected)
        for one in found:
            self._notes.add(messages.of_key(one, self._declared))
        yield from self._look_at_inventories(list(filter(None, starmap(self._declared.version_at, expected))))
        for key, what in expected:
            index = what.kept_by
            if index is not None and index.name not in self._unbuilt:
                _, keys = self._of_indexes.setdefault(index.name, (index, []))
                keys.append(key)
                if len(keys) == scans.MAX_KEYS:
                    del self._of_indexes[index.name]
                    yield from self._look_at_entries(index, keys)

    def _look_at_inventories(self, items: Sequence[tuple[bytes, int, bytes]]) -> Program[None]:
        """Compares inventories of dynamic fields with what objects have (see steps.look_at_inventories)."""
        large = []
        for at in range(0, len(items), scans.MAX_OBJECTS):
            some = items[at : at + scans.MAX_OBJECTS]
            done: requests.InventoriesDone = yield requests.look_at_inventories(self._declared, self._kinds, some)
            for one in done.found:
                self._notes.add(messages.of_inventory(one, self._declared))
            large += done.large
        for pk in large:
            yield from self._look_at_large_inventories(pk)

    def _look_at_large_inventories(self, pk: bytes) -> Program[None]:
        """The same of an object with very many versions, in chunks."""
        for number, field in enumerate(self._model.dynamic.values(), 1):
            for listed in (True, False) if field.template.sub_key else (True,):
                origin, cursor, again = Origin(), b"0", True
                while again or cursor != b"0":
                    step = scans.scan_parts(self._declared, field, pk, cursor, listed=listed)
                    try:
                        (after, parts), again = yield from attempt(origin, step, cursor)
                    except WrongTypeError:  # a finding of its own
                        break
                    cursor = b"0" if again else after
                    yield from self._look_at_inventories([(pk, number, part) for part in parts])

    def _look_at_entries(self, index: DeclaredIndex, keys: list[bytes]) -> Program[None]:
        origin, cursor = Origin(), b"0"
        while keys:
            step = requests.look_at_entries(self._declared, self._kinds, index, cursor, keys)
            done, again = yield from attempt(origin, step, cursor)
            for one in done.found:
                self._notes.add(messages.of_entry(one, self._declared, index))
            self._notes.entries += done.looked
            keys, cursor = (keys, b"0") if again else (keys[done.done :], done.cursor)

    # --- after it: the objects, and indexes that are to be built ---

    def look_at_objects(self, progress: Callable[[int], object]) -> Program[None]:
        """Checks all objects; `progress` is called with the number of further checked objects."""
        built = [index for name, index in self._declared.indexes.items() if name not in self._unbuilt]
        given = [(index.name, *index.given) for index in built]
        given += [(b"", *reference.given) for reference in self._declared.references]
        given += self._declared.lasting
        origin, walk, again = Origin(), b"0", True
        while again or walk != b"0":
            (after, pks), again = yield from attempt(origin, scans.scan_objects(self._partition, walk), walk)
            walk = b"0" if again else after
            yield from self._look_at_inventories([(pk, 0, b"") for pk in pks] if self._model.dynamic else [])
            yield from self._look_at_some(built, given, pks)
            progress(len(pks))
        if self._highest:
            found: list[Found] = yield requests.look_at_counter(self._declared, self._kinds, self._highest)
            for one in found:
                self._notes.add(messages.of_counter(one, self._declared))

    def _look_at_some(
        self, built: Sequence[DeclaredIndex], given: Sequence[tuple[Argument, ...]], pks: list[bytes]
    ) -> Program[None]:
        if self._partition.count > 1:
            self._look_at_places(pks)
        if self._model.mints_pks:
            self._highest = max(self._highest, *map(_automatic, pks), 0)
        broken = yield from self._values.look_at(built, pks)
        origin, begin = Origin(), (0, b"0")
        while pks:
            some = pks[: 2 * scans.MAX_OBJECTS]
            step = partial(requests.look_at_objects, self._declared, self._kinds, given, begin, some, broken)
            done, again = yield from self._attempt(origin, step, begin[1])
            if done is None:
                begin = (begin[0], b"0")
                continue
            self._notes.objects += done.existing
            for one in done.found:
                finding = messages.of_object(one, self._declared, built)
                if finding.kind == "dangling" and "dangling" in self._repairs:
                    finding = yield from self._clear(finding, one, len(built))
                self._notes.add(finding)
            pks, begin = (pks, (begin[0], b"0")) if again else (pks[done.done :], (done.at, done.cursor))

    def _attempt(
        self, origin: Origin, step: Callable[[], Request[requests.ObjectsDone]], cursor: bytes
    ) -> Program[tuple[requests.ObjectsDone | None, bool]]:
        """Looks at some objects; returns what is done, and whether another server answered: then there may be none."""
        if "missing" not in self._repairs or self._model.claimed_index is None or self._partition.count == 1:
            return (yield from attempt(origin, step(), cursor))
        from limpyd.claims.steps import attempt_with_claims  # noqa: PLC0415 - few models have several partitions

        return (yield from attempt_with_claims(self._model, self._partition, origin, step, cursor))

    def _look_at_places(self, pks: Sequence[bytes]) -> None:
        """Checks that objects are in the partition of their primary keys.

        Raises:
            ObjectsMoved: another thread has found that they have moved.
        """
        keys = self._model.keys
        misplaced = [pk for pk in pks if keys.partition(pk) is not self._partition]
        if misplaced and keys.has_left(self._partition):
            raise ObjectsMoved(self._model.name, keys.count)
        for pk in misplaced:
            self._notes.add(messages.of_place(self._declared, pk))

    def _clear(self, finding: Finding, found: Found, indexes: int) -> Program[Finding]:
        """Clears a reference to an object that does not exist; records the reason if that is impossible."""
        _, _, pk, referred, number, _ = found
        field = self._declared.references[number - indexes - 1].field
        try:
            yield requests.clear_dangling(self._declared, field, pk or b"", referred)
        except LimpydError as refusal:
            return finding._replace(what=f"{finding.what}, and cannot be cleared: {refusal}")
        return finding._replace(repaired=True)

    def build(self) -> Program[None]:
        """Builds the indexes that are not built, if the repair includes that."""
        for name in sorted(self._unbuilt):
            index = self._declared.indexes[name]
            what, built = f"{self._declared.described(index)} does not contain all objects", False
            if "unbuilt" in self._repairs and not self._values.unsound.isdisjoint(field.name for field in index.fields):
                what = f"{what}, and cannot be built as long as values do not have the type of their field"
            elif "unbuilt" in self._repairs:
                try:
                    yield from generators.rebuild(self._model, self._partition, [index], None)
                    built = True
                except LimpydError as refusal:
                    what = f"{what}, and cannot be built: {refusal}"
            self._notes.add(messages.of_index("unbuilt", self._declared, name, what, repaired=built))


def _automatic(pk: bytes) -> int:
    """The number that an automatic primary key is; 0 if it is none."""
    if not pk.isdigit() or pk.startswith(b"0") or len(pk) > MAX_DIGITS:
        return 0
    number = int(pk)
    return number if number <= LARGEST else 0
