"""The notes on its relocation in the catalogs of a model, and the requests that read and change them.

While a model is closed, the record of its number of partitions is a text that no process declares: `0`, the stage of
the move, its token and the number of the call, and the name of the other database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Self

from limpyd.indexes.maintenance.refused_places import different_partitions as different_partitions  # noqa: PLC0414 - for movers
from limpyd.indexes.maintenance.requests import new_epoch
from limpyd.lua.script import Script, evalsha
from limpyd.relocation.places import Catalog
from limpyd.requests.request import Argument, Request

SWAP = Script("swap_state")
FROM, OPENING, ABANDONED, TO = b"from", b"opening", b"abandoned", b"to"
"""The stages: objects arrive here; all have arrived; the move was given up; the objects have gone."""
RECORD, FORMER, LEAVING, ARRIVED, EMPTIED = b":partitions", b":from", b":leaving", b":arrived", b":emptied"
"""The entries of catalogs: the record; the one before the model was closed; at the origin of a move that has begun its
token, call and destination; at the destination the token of the move that has ended; set where the data that has gone
was removed."""


class Relocation(NamedTuple):
    """A stage of a move, as a record says it.

    Attributes:
        stage: one of the four.
        token: the random text that tells the move from all others.
        call: the number of the call that recorded it.
        place: the name of the other database.
    """

    stage: bytes
    token: bytes
    call: int
    place: bytes

    @classmethod
    def in_record(cls, record: bytes) -> Self | None:
        """Returns what a record says; None if it is the number of partitions."""
        if not record.startswith(b"0 "):
            return None
        _, stage, mark, place = record.split(b" ", 3)
        token, _, call = mark.partition(b".")
        return cls(stage, token, int(call), place)

    @classmethod
    def in_mark(cls, mark: bytes) -> Self | None:
        """Returns what `:leaving` says of the move that has begun; None if there is none."""
        return cls.in_record(b"0 to " + mark) if mark else None

    @property
    def record(self) -> bytes:
        """The record that says it."""
        return b"0 %b %b" % (self.stage, self.mark)

    @property
    def mark(self) -> bytes:
        """The token, the call and the place, as `:leaving` has them."""
        return b"%b.%d %b" % (self.token, self.call, self.place)

    def at(self, stage: bytes) -> Self:
        """Returns the same move at another stage."""
        return self._replace(stage=stage)


class State(NamedTuple):
    """The notes in the catalog of a partition.

    Attributes:
        has_objects: true if the partition has any.
        record: the record, or the number of partitions as the partition has it; empty if there is none.
        former: the record before the model was closed.
        leaving: the mark of a move that has begun from here.
        arrived: the token of a move that has ended here.
        emptied: true if data that had gone was removed.
    """

    has_objects: bool
    record: bytes
    former: bytes
    leaving: bytes
    arrived: bytes
    emptied: bool

    @property
    def relocation(self) -> Relocation | None:
        """The stage of the move; None if the partition is not closed by one."""
        return Relocation.in_record(self.record)

    @property
    def departure(self) -> Relocation | None:
        """The move that has begun from here, if one has."""
        return Relocation.in_mark(self.leaving)


def state(catalog: Catalog) -> Request[State]:
    """Returns what a catalog says."""
    return swap(catalog, {}, {}, closes=False).then(lambda found: found[1])


def swap(
    catalog: Catalog,
    expected: Mapping[bytes, bytes],
    changes: Mapping[bytes, bytes],
    *,
    closes: bool = True,
    empty: bool = False,
) -> Request[tuple[bool, State]]:
    """Changes entries of a catalog, if some entries are as expected.

    Args:
        catalog: the catalog.
        expected: the entries; an empty value if there is to be none.
        changes: what they are to be; an empty value for none.
        closes: true for a new epoch, so that what processes have read of the catalog is void.
        empty: true if there must be no objects.

    Returns the request for whether it was changed, and for the state after it.
    """
    args: list[Argument] = [new_epoch() if closes else b"", int(empty), len(expected)]
    for name, value in (*expected.items(), *changes.items()):
        args += (name, value)

    def decode(reply: list[bytes | int | None]) -> tuple[bool, State]:
        done, has_objects, record, former, leaving, arrived, emptied = (each or b"" for each in reply)
        found = State(bool(has_objects), record, former, leaving, arrived, bool(emptied))  # type: ignore[arg-type]
        return bool(done), found

    args_of_script = evalsha(SWAP, (catalog.partition.pks, catalog.partition.meta), args)
    return Request(args_of_script, decode, readonly=not changes, script=SWAP, subject=catalog.schema)
