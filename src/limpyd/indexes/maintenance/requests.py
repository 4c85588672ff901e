"""The requests of index maintenance: one function per Lua file, which documents the arguments."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from limpyd.exceptions import InvalidValue, LimpydError, UniquenessError
from limpyd.indexes.field_index import FieldIndex
from limpyd.indexes.maintenance.catalog import Catalog
from limpyd.indexes.maintenance.declarations import DeclaredIndex, IndexedModel
from limpyd.indexes.maintenance.refused_places import elsewhere
from limpyd.keys import Partition, literal_pattern, to_text
from limpyd.keys.moving import Told
from limpyd.lua.script import Script, evalsha
from limpyd.requests.guards import Guard
from limpyd.requests.key_scan import KeyScan
from limpyd.requests.request import Argument, Request
from limpyd.scripts.error_mapping import Model, about_a_key, expiring, shown
from limpyd.scripts.python_transforms import answer

R = TypeVar("R")

DECLARE = Script("declare")
LOOK = Script("declare", flags="no-writes")
"""The same for a process that only reads: it changes nothing, so a replica can run it."""
BEGIN_REBUILD = Script("begin_rebuild")
REBUILD = Script("rebuild")
CLEAR = Script("clear")
FORGET = Script("forget")

CERTAIN = 2
"""The position in the reply of `declare` that says whether the answer holds whatever objects come."""
SCANNED = 5000
"""The number of keys that one SCAN looks at."""
CHUNK = 500
"""The default number of objects, entries or keys that a step looks at, approximately."""


def declare(
    model: IndexedModel,
    partition: Partition,
    indexes: Sequence[DeclaredIndex],
    *,
    may_write: bool,
    compare: bool = True,
    learn: Callable[[Catalog], object] | None = None,
) -> Request[Catalog]:
    """Asks for the catalog of a model; if it may write, it also declares the indexes, keys and references of the model.

    If it may not write, but the answer is only valid while there are no objects, a second request declares them.

    Args:
        model: the model.
        partition: the partition.
        indexes: its indexes.
        may_write: true to declare.
        compare: true to compare the number of partitions first; else only a declaration in a new partition does so.
        learn: called with the catalog.

    Raises (from the reply):
        DifferentPartitions: the model has another number of partitions.
        ObjectsMoved: objects of the partition have moved, and the process has learned where they are.
        ObjectsOnTheirWay: some of them are on their way.
    """
    args: list[Argument] = [
        int(may_write),
        int(partition.trusts_indexes),
        new_epoch(),
        partition.recorded,
        int(compare),
    ]
    prefixes, references = (
        [*model.key_prefixes(partition), *model.dynamic.families(partition)],
        model.references(partition),
    )
    args += (len(prefixes), *prefixes, len(references))
    for reference in references:
        args += reference
    for index in indexes:
        args += (index.name, index.signature)
    for record in model.overdue_records(partition):
        args += record

    record = model.maintenance.record

    def decode(reply: list[Any]) -> Catalog:
        if reply[0] == b"partitions":
            raise elsewhere(model, partition, reply[1])
        none = b"" if partition.trusts_indexes else b":" + partition.pks
        catalog = Catalog(Guard(partition.meta, reply[0] or none), bool(reply[1]), frozenset(reply[3:]))
        if learn is not None:
            learn(catalog)
        return catalog

    def retried(asked: Request[Any], reply: list[Any]) -> Request[Any] | None:
        is_first = not compare and asked.args == request.args
        if reply[0] == b"partitions" and record is not None and is_first and Told.of(reply[1]) is None:
            record.forget()  # the objects may have been moved since it was compared
            return declare(model, partition, indexes, may_write=may_write, learn=learn)
        if reply[0] == b"unrecorded":
            return declare(model, partition, indexes, may_write=may_write, learn=learn)
        certain = len(reply) < CERTAIN + 1 or bool(reply[CERTAIN])
        return None if may_write or certain else declare(model, partition, indexes, may_write=True, learn=learn)

    request = _repeatable(DECLARE if may_write else LOOK, (partition.pks, partition.meta), args, decode, model)
    request.retry_with = retried
    return request.after(record.question(may_write=may_write)) if compare and record is not None else request


def new_epoch() -> bytes:
    """Returns a new random epoch."""
    return os.urandom(9).hex().encode()


class Progress(NamedTuple):
    """The progress of the rebuild of an index.

    Attributes:
        built: true if the index is built.
        begun: true if this step began from the start.
        objects: how many objects were looked at.
        given: how many entries these objects have.
        entries: how many entries were checked.
        all_objects: how many objects there are.
        waits_for: the walk for keys that the rebuild waits for; None if it does not wait.
    """

    built: bool
    begun: bool
    objects: int
    given: int
    entries: int
    all_objects: int
    waits_for: bytes | None = None

    @property
    def share(self) -> float:
        """The completed share of the rebuild, from 0 to 1."""
        if self.built or not self.all_objects:
            return 1.0
        return (min(self.objects / self.all_objects, 1) + min(self.entries / max(self.given, 1), 1)) / 2


def begin_rebuild(
    model: Model, partition: Partition, indexes: Sequence[DeclaredIndex]
) -> Request[tuple[int, list[DeclaredIndex]]]:
    """Begins the rebuild of some indexes, or continues it.

    It returns the number of objects, and the indexes whose rebuild is not finished.
    """

    def decode(reply: list[Any]) -> tuple[int, list[DeclaredIndex]]:
        objects, *names = reply
        return objects, [index for index in indexes if index.name in names]

    args: list[Argument] = [new_epoch()]
    for index in indexes:
        args += (index.name, index.signature)
    return _repeatable(BEGIN_REBUILD, (partition.pks, partition.meta), args, decode, model)


def rebuild(
    model: Model,
    partition: Partition,
    index: DeclaredIndex,
    chunk_size: int | None = None,
    key_source: bytes = b"",
    keys: Sequence[bytes] = (),
) -> Request[Progress]:
    """Does one step of the rebuild of an index.

    Args:
        model: the model.
        partition: the partition.
        index: the index.
        chunk_size: about how many objects or entries the step looks at.
        key_source: the source of the keys of the index, see indexes/maintenance/rebuild.lua.
        keys: keys that were found.

    Raises (from the reply):
        UniquenessError: two objects have one value.
        InvalidValue: an object has a value that cannot be indexed, or expires.
        WrongTypeError: a key holds something else than it should.
    """
    pattern = b"".join(map(_pattern, index.beginnings))
    args: list[Argument] = [
        index.name,
        index.signature,
        pattern,
        chunk_size or CHUNK,
        new_epoch(),
        key_source,
        len(keys),
        *keys,
        *index.given,
    ]

    def decode(reply: list[Any]) -> Progress:
        if reply[0] == b"ok":
            return Progress(bool(reply[1]), bool(reply[2]), *reply[3:])
        raise _refused_rebuild(model, index.field_index, reply)

    request = _repeatable(REBUILD, (partition.pks, partition.meta), args, decode, model)
    request.retry_with = answer
    return request


def _refused_rebuild(model: Model, index: FieldIndex, reply: list[Any]) -> LimpydError:
    """Returns the error for a value or a key that prevents the rebuild."""
    outcome, *facts = reply
    if outcome == b"unique":
        pk, stored, owner, sub = facts
        value = model.value_of(index.field_names, stored)
        value = value if sub is None else {to_text(sub): value}
        return UniquenessError(model.name, index.field_names, value, to_text(owner), to_text(pk))
    if outcome == b"unindexable":
        stored, reason, _, pk = facts
        return InvalidValue(f"{shown(model, pk)}: {index.refusal(stored, to_text(reason))}. The index is not built")
    if outcome == b"expiring":
        *facts, pk = facts
        return _expiring(model, pk, facts)
    who = str(index) if facts[3] is None else shown(model, facts[3])
    return about_a_key(model, who, outcome, facts[:3])


def _expiring(model: Model, pk: bytes, facts: list[Any]) -> InvalidValue:
    """Returns the error for a value that expires and cannot be indexed."""
    _, key, sub = facts
    field, who = model.field_at(key, sub), shown(model, pk)
    cure = f"Remove the expiries of all such values with {model.name}.check(repair=['expiring'])"
    if field is not model:
        command = "persist()" if sub is None else f"hpersist({to_text(sub)!r})" if field.has_subkeys else "hpersist()"
        cure += f", or this one with {who}.{field.name}.{command}"
    return expiring(who, field, facts, f"{cure}; then rebuild it. The index is not built")


def clear(
    model: Model,
    partition: Partition,
    names: Sequence[bytes] | None,
    keys: Sequence[bytes],
    beginnings: Sequence[bytes],
    cursor: bytes,
    spared: Sequence[bytes] = (),
    chunk_size: int | None = None,
) -> Request[bytes]:
    """Removes some of the keys of indexes, and returns the next cursor.

    Args:
        model: the model.
        partition: the partition.
        names: the indexes, which count as not built from now on; None for all in the catalog.
        keys: keys to remove.
        beginnings: the prefixes of other keys to remove.
        cursor: the cursor of the walk for these keys.
        spared: the templates of keys of other indexes that begin like these.
        chunk_size: about how many keys of the database a step looks at.
    """
    args: list[Argument] = [new_epoch(), *([b"*"] if names is None else [len(names), *names])]
    args += (len(keys), *keys)
    if beginnings:
        pattern = _pattern(beginnings[0]) if len(beginnings) == 1 else partition.pattern
        args += (cursor, pattern, chunk_size or CHUNK, len(spared), *spared, *beginnings)
    return _repeatable(CLEAR, (partition.meta,), args, bytes, model)


def forget(model: Model, partition: Partition, names: Sequence[bytes]) -> Request[int]:
    """Removes cleared indexes from the catalog; returns how many were in it."""
    return _repeatable(FORGET, (partition.meta,), [new_epoch(), *names], int, model)


def _pattern(beginning: bytes) -> bytes:
    """Returns the pattern of keys with a prefix; a text after the position of a sub-key is compared by the script."""
    return literal_pattern(beginning.partition(b"\0")[0]) + b"*"


def scan(beginning: bytes, cursor: bytes) -> Request[tuple[bytes, list[bytes]]]:
    """Finds some keys with a prefix, and returns the next cursor."""
    args = (b"SCAN", cursor, b"MATCH", _pattern(beginning), b"COUNT", SCANNED)
    return KeyScan(args, tuple, readonly=True)


def _repeatable(
    script: Script, keys: Sequence[bytes], args: Sequence[Argument], decode: Callable[[Any], R], model: Model
) -> Request[R]:
    """Returns the request of a script that may run twice, so that it may be sent again after a lost connection."""
    script = script.linked_for(model)
    everything = evalsha(script, keys, args)
    return Request(everything, decode, readonly=True, script=script, subject=model)
