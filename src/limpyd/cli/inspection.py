"""The data of models: generators that read their keys in chunks, on either face."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from limpyd.cli.model_paths import Model
from limpyd.indexes.maintenance.declarations import DeclaredIndex, declared_indexes
from limpyd.keys import Partition, prefix_of, to_bytes, to_text
from limpyd.keys.slots import slot_of
from limpyd.requests.request import Program, Request
from limpyd.requests.walks import Origin, attempt
from limpyd.scripts.key_info import CHUNK, KeyFacts, describe, found

OBJECTS, OTHERS = "objects", "others"


class Group(NamedTuple):
    """Keys of a kind: those of objects, of an index, or others.

    Attributes:
        keys: how many there are.
        memory: about how many bytes of memory they take.
        sampled: how many of them were looked at for that.
    """

    keys: int
    memory: int
    sampled: int


def partitions(model: Model) -> tuple[Partition, ...]:
    """Returns the partitions of a model."""
    found_in: tuple[Partition, ...] = model._schema.keys.partitions
    return found_in


def prefixes(model: Model) -> list[bytes]:
    """The prefixes of the keys of a model: that of its partition; or its record, and the prefix of all partitions.

    Those in the partitions of another model are written with a star for the number of the partition.
    """
    keys = model._schema.keys
    if not keys.has_record:
        return [keys.root.prefix]
    start = to_bytes(f"{{{keys.top.tag}")
    if keys.parent is None:
        return [keys.root.meta, start + b":"]
    numbers = b":*" if keys.count > 1 else b""
    return [keys.root.meta, b"%s%s}%s:" % (start, numbers, to_bytes(keys.name))]


def indexes(model: Model) -> list[DeclaredIndex]:
    """The indexes of a model, which are the same in all its partitions."""
    return declared_indexes(model._schema, model._schema.keys.first)


def count(model: Model) -> Program[int]:
    """Returns the number of objects of a model."""
    total = 0
    for partition in partitions(model):
        total += yield Request((b"SCARD", partition.pks), int, readonly=True, subject=model._schema)
    return total


def unbuilt(model: Model) -> Program[frozenset[bytes]]:
    """The names of the indexes that do not know all objects."""
    names: set[bytes] = set()
    for partition in partitions(model):
        known = yield model._schema.maintenance.at(partition).asking(may_write=False)
        names |= known.unbuilt
    return frozenset(names)


def keys_of(model: Model, limit: int) -> Program[list[KeyFacts]]:
    """The keys of a model, as many as are asked for; all if that is 0."""
    listed: dict[str, KeyFacts] = {}
    origin, cursor, more = Origin(), b"0", True
    while more and (not limit or len(listed) < limit):
        (after, keys), again = yield from attempt(origin, found(model._schema.keys, cursor), cursor)
        cursor, more = (b"0", True) if again else (after, after != b"0")
        facts = yield from _described(model, keys)
        listed.update({each.key: each for each in facts})
    return list(listed.values())[: limit or None]


def _described(model: Model, keys: Iterable[bytes]) -> Program[list[KeyFacts]]:
    """The facts of some keys, which are asked for by slot."""
    by_slot: dict[int, list[bytes]] = {}
    for key in keys:
        by_slot.setdefault(slot_of(key), []).append(key)
    found_in = yield [describe(model._schema, some) for some in by_slot.values()]
    return [facts for some in found_in for facts in some]


def keys_of_object(model: Model, pk: bytes) -> Program[list[KeyFacts]]:
    """The keys of an object."""
    schema = model._schema
    partition = schema.keys.partition(pk)
    facts: list[KeyFacts] = yield describe(schema, [prefix + pk for prefix in schema.key_prefixes(partition)])
    return facts


def groups(model: Model, samples: int) -> Program[dict[str, Group]]:
    """The keys of a model by kind: OBJECTS, OTHERS, and each index by its name.

    Args:
        model: the model.
        samples: of how many keys of a kind, drawn at random, to ask the memory; of all if 0.
    """
    drawn: dict[str, list[bytes]] = {}
    counts: dict[str, int] = {}
    kinds = {partition.prefix: _Kinds(model, partition) for partition in partitions(model)}
    origin, cursor, more = Origin(), b"0", True
    while more:
        (after, keys), again = yield from attempt(origin, found(model._schema.keys, cursor), cursor)
        cursor, more = (b"0", True) if again else (after, after != b"0")
        if again:
            drawn, counts = {}, {}
            continue
        for key in keys:
            own = kinds.get(prefix_of(key)) or next(iter(kinds.values()))
            name = own.of(key)
            counts[name] = counts.get(name, 0) + 1
            _draw(drawn.setdefault(name, []), key, counts[name], samples)
    grouped = {}
    for name, keys in drawn.items():
        memory = 0
        for first in range(0, len(keys), CHUNK):
            facts = yield from _described(model, keys[first : first + CHUNK])
            memory += sum(each.memory for each in facts)
        grouped[name] = Group(counts[name], round(memory * counts[name] / len(keys)), len(keys))
    return grouped


class _Kinds:
    """The kinds of the keys of a partition."""

    def __init__(self, model: Model, partition: Partition) -> None:
        self._prefixes = tuple(model._schema.key_prefixes(partition))
        self._declared = declared_indexes(model._schema, partition)

    def of(self, key: bytes) -> str:
        """Returns the kind of a key."""
        if key.startswith(self._prefixes):
            return OBJECTS
        return next((to_text(index.name) for index in self._declared if index.field_index.owns(key)), OTHERS)


def _draw(drawn: list[bytes], key: bytes, number: int, samples: int) -> None:
    """Keeps a key of those seen so far, each as likely as the others."""
    if not samples or len(drawn) < samples:
        drawn.append(key)
    else:
        place = random.randrange(number)  # noqa: S311 - a sample, no secret
        if place < samples:
            drawn[place] = key


def fields(model: Model) -> Iterator[tuple[str, Any]]:
    """The fields of a model, by name."""
    yield from model._schema.fields.items()
