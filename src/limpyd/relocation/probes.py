"""The questions to the two servers of a relocation before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.exceptions import InvalidValue, ServerError
from limpyd.keys import Partition
from limpyd.relocation import copies
from limpyd.relocation.copying import count
from limpyd.relocation.places import Catalog, Place, Steps
from limpyd.relocation.recorded_references import check_references
from limpyd.requests.request import Request
from limpyd.schema.schema import Schema

LONG_AGO = 1
"""A time to expire at, in milliseconds: what is restored with it is checked, and not stored."""
SAMPLE = 100
"""How many objects are packed to estimate the size of all."""


def check_place(origin: Place, destination: Place) -> Steps[None]:
    """Refuses a destination that cannot take the objects.

    Raises:
        UnsupportedCommand: a model that is not declared has ever referred to one of the models.
        InvalidValue: it is the same database, or its server has not enough memory.
        ServerError: it cannot restore what the origin dumps, or the account may not do that.
    """
    yield from check_references(origin)
    here = yield origin.ask(*(_Info(*each) for each in _partitions(origin)))
    there = yield destination.ask(*(_Info(*each) for each in _partitions(destination)))
    same_number = origin.database.address.db == destination.database.address.db
    if same_number and {info[b"run_id"] for info in here} & {info[b"run_id"] for info in there} - {b""}:
        msg = (
            f"{origin.models}: {destination.name} is the database {origin.name}, where the objects are; name another "
            "one"
        )
        raise InvalidValue(msg)
    yield from _check_memory(origin, destination, there)
    yield from _check_dumps(origin, destination)


def _partitions(place: Place) -> list[Catalog]:
    return [Catalog(schema, each) for schema in place.schemas for each in schema.keys.partitions]


def _check_dumps(origin: Place, destination: Place) -> Steps[None]:
    """Restores a dump of the origin so that it expires at once: it is checked, and nothing is stored."""
    source, target = _partitions(origin), _partitions(destination)[0]
    dumps = yield origin.ask(
        *(Request((b"DUMP", each.meta), _as_it_is, readonly=True, subject=schema) for schema, each in source)
    )
    dump = next((found for found in dumps if found is not None), None)
    if dump is None:
        return
    args = (b"RESTORE", target.partition.nothing, LONG_AGO, dump, b"ABSTTL", b"REPLACE")
    try:
        yield destination.ask(Request(args, _as_it_is, readonly=True, subject=target.schema))
    except ServerError as error:
        if "payload" not in str(error) and "Bad data" not in str(error):
            raise
        msg = (
            f"{origin.models}: the server at {destination.name} cannot restore what the one at {origin.name} "
            "dumps, because it is older, or one is Redis and the other Valkey. Nothing was written. Use a server of "
            "the same kind that is not older; or export the objects, and import them there: `limpyd export`, `limpyd "
            "import`"
        )
        raise ServerError(msg) from error


def _check_memory(origin: Place, destination: Place, there: list[Mapping[bytes, bytes]]) -> Steps[None]:
    """Compares the memory that servers have left with the share of the objects that each gets."""
    sizes: dict[Any, float] = {}
    for source, target in zip(origin.schemas, destination.schemas, strict=True):
        sizes[target] = (yield from _size(origin, source)) / target.keys.count
    needed: dict[bytes, float] = {}
    for (schema, _), info in zip(_partitions(destination), there, strict=True):
        needed[info[b"run_id"]] = needed.get(info[b"run_id"], 0) + sizes[schema]
    for info in there:
        most = int(info[b"maxmemory"] or 0)
        left = most - int(info[b"used_memory"] or 0)
        share = int(needed[info[b"run_id"]])
        if most and left < share:
            msg = (
                f"{origin.models}: the objects take at least {share:,} bytes of a server at {destination.name}, which "
                f"has {max(left, 0):,} left (maxmemory is {most:,}). Nothing was written. Raise maxmemory, or remove "
                "other data there"
            )
            raise InvalidValue(msg)


def _size(origin: Place, schema: Schema) -> Steps[int]:
    """Returns about how many bytes all objects of a model are, packed."""
    partitions = schema.keys.partitions
    counts = yield origin.ask(*(count(schema, each) for each in partitions))
    fullest = max(partitions, key=lambda each: counts[each.number])
    args = (b"SRANDMEMBER", fullest.pks, SAMPLE)
    [pks] = yield origin.ask(Request(args, list, readonly=True, subject=schema))
    if not pks:
        return 0
    [(looked, packed)] = yield origin.ask(copies.pack(schema, fullest, pks))
    size: int = sum(counts) * sum(len(copy.contents) for copy in packed) // looked
    return size


class _Info(Request[Mapping[bytes, bytes]]):
    """Asks the server of a partition for its run id and its memory (INFO); what it does not say is empty."""

    __slots__ = ("_slot",)

    def __init__(self, schema: Schema, partition: Partition) -> None:
        super().__init__((b"INFO", b"server", b"memory"), _entries, readonly=True, subject=schema)
        self._slot = partition.slot

    @property
    def slot(self) -> int:
        return self._slot


def _entries(info: Any) -> dict[bytes, bytes]:
    found = dict(line.split(b":", 1) for line in info.split(b"\r\n") if b":" in line)
    return {name: found.get(name, b"") for name in (b"run_id", b"maxmemory", b"used_memory")}


def _as_it_is(reply: Any) -> Any:
    return reply
