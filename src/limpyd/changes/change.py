"""Change: an entry of a feed of changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Kind = Literal["created", "changed", "deleted", "expired"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """An entry of a feed of changes, about one object and one step.

    Attributes:
        id: the id of the entry in the stream of its partition, such as `1526919030474-0`.
        partition: the number of the partition; 0 in a model of one partition.
        pk: the primary key of the object.
        kind: `created`, `changed`, `deleted`, or `expired` when it was removed after its deadline.
        fields: the names of the recorded fields that were written; empty if they are not known, and after deletions.
        version: the version of the object after the step, if the model has a VersionField and the object is there.
    """

    id: str
    partition: int
    pk: str
    kind: Kind
    fields: tuple[str, ...] = ()
    version: int | None = None

    @property
    def time(self) -> datetime:
        """The time of the step, to the millisecond, by the clock of the server."""
        return EPOCH + timedelta(milliseconds=int(self.id.partition("-")[0]))
