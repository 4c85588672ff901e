"""The data of models: generators that read their keys in chunks, on either face."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from limpyd.cli.model_paths import Model
from limpyd.indexes.maintenance.declarations import DeclaredIndex, declared_indexes
from limpyd.keys import Partition, to_text
from limpyd.requests.request import Program, Request
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


def indexes(model: Model) -> list[DeclaredIndex]:
    """The indexes of a model."""
    return [index for partition in partitions(model) for index in declared_indexes(model._schema, partition)]


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
    for partition in partitions(model):
        cursor = b"0"
        while not limit or len(listed) < limit:
            cursor, keys = yield found(model._schema, partition, cursor)
            if keys:
                facts = yield describe(model._schema, keys)
                listed.update({each.key: each for each in facts})
            if cursor == b"0":
                break
    return list(listed.values())[: limit or None]


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
    for partition in partitions(model):
        declared = declared_indexes(model._schema, partition)
        prefixes = tuple(model._schema.key_prefixes(partition))
        cursor, more = b"0", True
        while more:
            cursor, keys = yield found(model._schema, partition, cursor)
            more = cursor != b"0"
            for key in keys:
                name = _kind(key, prefixes, declared)
                counts[name] = counts.get(name, 0) + 1
                _draw(drawn.setdefault(name, []), key, counts[name], samples)
    grouped = {}
    for name, keys in drawn.items():
        memory = 0
        for first in range(0, len(keys), CHUNK):
            facts = yield describe(model._schema, keys[first : first + CHUNK])
            memory += sum(each.memory for each in facts)
        grouped[name] = Group(counts[name], round(memory * counts[name] / len(keys)), len(keys))
    return grouped


def _kind(key: bytes, prefixes: tuple[bytes, ...], declared: list[DeclaredIndex]) -> str:
    if key.startswith(prefixes):
        return OBJECTS
    return next((to_text(index.name) for index in declared if index.field_index.owns(key)), OTHERS)


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
