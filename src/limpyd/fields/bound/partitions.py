"""The partitions of the objects of a command on several fields: it is one step, so all are in one partition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import UnsupportedCommand
from limpyd.keys import Partition
from limpyd.keys.turns import stay_in, tag_of


def check_one_partition(command: str, fields: Sequence[Any]) -> None:
    """Refuses fields of objects in several partitions of a model. An object that is not stored yet joins the others.

    Raises:
        UnsupportedCommand: they are in several.
    """
    stored = [field for field in fields if field._instance._pk_bytes is not None]
    for partition in map(_partition, stored[:1]):
        stay_in(partition.number)
    first = (stored or fields)[0]
    home = _partition(first)
    for field in fields:
        other = _partition(field)
        if tag_of(other.prefix) != tag_of(home.prefix) and (home.count > 1 or other.count > 1):
            msg = (
                f"{command} is one step in one partition, and {_placed(first, home)}, {_placed(field, other)}. Read "
                "the values first, and pass them on"
            )
            raise UnsupportedCommand(msg)


def _partition(field: Any) -> Partition:
    partition: Partition = field._field.model.keys.partition(field._instance._pk_bytes)
    return partition


def _placed(field: Any, partition: Partition) -> str:
    return f"{field._field} of {field._instance!r} is in partition {partition.number} of {field._field.model.name}"
