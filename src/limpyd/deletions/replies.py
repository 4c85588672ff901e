"""The replies to the requests of deletions over several partitions."""

from __future__ import annotations

from typing import Any, NamedTuple

from limpyd.deletions.relatives import Group, Task


class Busy(NamedTuple):
    """An object that another deletion has closed; and the record of that."""

    model: Any
    pk: bytes
    record: bytes


class Closed(NamedTuple):
    """The objects that were closed; those that are absent, and those of them that have a tomb."""

    group: Group
    absent: list[bytes]
    entombed: list[bytes]


class Deleted(NamedTuple):
    """The objects that were deleted; those that are absent, and those of them that have a tomb; the one refused.

    Attributes:
        refused: its position among those asked for, and the outcome of the script.
    """

    group: Group
    absent: list[bytes]
    entombed: list[bytes]
    refused: tuple[int, list[Any]] | None


class Found(NamedTuple):
    """Those who refer to objects that were closed.

    Attributes:
        time: the time when the first ones were closed.
        refers: true if anybody refers.
        closed: tasks, and those who go too.
        forbidding: tasks, and those who forbid the deletion.
        left: tasks, and those who are to be closed yet.
    """

    time: int
    refers: bool
    closed: list[tuple[Task, list[bytes]]]
    forbidding: list[tuple[Task, list[bytes]]]
    left: list[tuple[Task, list[bytes]]]


class Swept(NamedTuple):
    """The number of tasks that are done, and the objects that were deleted."""

    done: int
    gone: Group


class Late(NamedTuple):
    """Objects whose sweep was taken over by somebody, and the time from which on it would count again."""

    group: Group
    time: int


class Renewed(NamedTuple):
    """The tombs that were taken over, by the tokens of their decisions; and the primary keys of young ones."""

    taken: dict[bytes, Group]
    young: list[bytes]
