"""The questions to the two servers of a relocation before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from limpyd.exceptions import InvalidValue, ServerError
from limpyd.keys import Partition
from limpyd.relocation import copies
from limpyd.relocation.declarations import has_references
from limpyd.relocation.places import Place, Steps
from limpyd.requests.request import Request

LONG_AGO = 1
"""A time to expire at, in milliseconds: what is restored with it is checked, and not stored."""
SAMPLE = 100
"""How many objects are packed to estimate the size of all."""


def check_place(origin: Place, destination: Place) -> Steps[None]:
    """Refuses a destination that cannot take the objects.

    Raises:
        UnsupportedCommand: another model has ever referred to this one.
        InvalidValue: it is the same database, or its server has not enough memory.
        ServerError: it cannot restore what the origin dumps, or the account may not do that.
    """
    schema = origin.schema
    partitions = {each.meta: each for each in (schema.keys.root, *schema.keys.partitions)}.values()
    if any((yield origin.ask(*(_is_referred(origin, each) for each in partitions)))):
        raise has_references(schema.name)
    here = yield origin.ask(*(_Info(origin, each) for each in schema.keys.partitions))
    there = yield destination.ask(*(_Info(destination, each) for each in destination.schema.keys.partitions))
    same_number = origin.database.address.db == destination.database.address.db
    if same_number and {info[b"run_id"] for info in here} & {info[b"run_id"] for info in there} - {b""}:
        msg = (
            f"{schema.name}: {destination.name} is the database {origin.name}, where the objects are; name another one"
        )
        raise InvalidValue(msg)
    yield from _check_memory(origin, destination, there)
    yield from _check_dumps(origin, destination)


def _check_dumps(origin: Place, destination: Place) -> Steps[None]:
    """Restores a dump of the origin so that it expires at once: it is checked, and nothing is stored."""
    source, target = origin.schema.keys.first, destination.schema.keys.first
    [dump] = yield origin.ask(Request((b"DUMP", source.meta), _as_it_is, readonly=True, subject=origin.schema))
    if dump is None:
        return
    args = (b"RESTORE", target.nothing, LONG_AGO, dump, b"ABSTTL", b"REPLACE")
    try:
        yield destination.ask(Request(args, _as_it_is, readonly=True, subject=destination.schema))
    except ServerError as error:
        if "payload" not in str(error) and "Bad data" not in str(error):
            raise
        msg = (
            f"{origin.schema.name}: the server at {destination.name} cannot restore what the one at {origin.name} "
            "dumps, because it is older, or one is Redis and the other Valkey. Nothing was written. Use a server of "
            "the same kind that is not older; or export the objects, and import them there: `limpyd export`, `limpyd "
            "import`"
        )
        raise ServerError(msg) from error


def _check_memory(origin: Place, destination: Place, there: list[Mapping[bytes, bytes]]) -> Steps[None]:
    """Compares the memory that servers have left with the share of the objects that each gets."""
    schema = origin.schema
    counts = yield origin.ask(*(_count(origin, each) for each in schema.keys.partitions))
    fullest = max(schema.keys.partitions, key=lambda each: counts[each.number])
    args = (b"SRANDMEMBER", fullest.pks, SAMPLE)
    [pks] = yield origin.ask(Request(args, list, readonly=True, subject=schema))
    if not pks:
        return
    [(looked, packed)] = yield origin.ask(copies.pack(schema, fullest, pks))
    size = sum(counts) * sum(len(copy.contents) for copy in packed) // looked
    nodes: dict[bytes, int] = {}
    for info in there:
        nodes[info[b"run_id"]] = nodes.get(info[b"run_id"], 0) + 1
    for info in there:
        most = int(info[b"maxmemory"] or 0)
        left = most - int(info[b"used_memory"] or 0)
        needed = size * nodes[info[b"run_id"]] // len(there)
        if most and left < needed:
            msg = (
                f"{schema.name}: the objects take at least {needed:,} bytes of a server at {destination.name}, which "
                f"has {max(left, 0):,} left (maxmemory is {most:,}). Nothing was written. Raise maxmemory, or remove "
                "other data there"
            )
            raise InvalidValue(msg)


class _Info(Request[Mapping[bytes, bytes]]):
    """Asks the server of a partition for its run id and its memory (INFO); what it does not say is empty."""

    __slots__ = ("_slot",)

    def __init__(self, place: Place, partition: Partition) -> None:
        super().__init__((b"INFO", b"server", b"memory"), _entries, readonly=True, subject=place.schema)
        self._slot = partition.slot

    @property
    def slot(self) -> int:
        return self._slot


def _entries(info: Any) -> dict[bytes, bytes]:
    found = dict(line.split(b":", 1) for line in info.split(b"\r\n") if b":" in line)
    return {name: found.get(name, b"") for name in (b"run_id", b"maxmemory", b"used_memory")}


def _is_referred(place: Place, partition: Partition) -> Request[bool]:
    """Returns whether a model has ever been declared that refers to objects of a partition (HEXISTS)."""
    args = (b"HEXISTS", partition.meta, b":references")
    return Request(args, bool, readonly=True, subject=place.schema)


def _count(place: Place, partition: Partition) -> Request[int]:
    return Request((b"SCARD", partition.pks), int, readonly=True, subject=place.schema)


def _as_it_is(reply: Any) -> Any:
    return reply
