"""Existence of the objects that a query finds: an index may have entries of objects that do not exist.

Another program has left such entries. They are left out of results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.indexes.equality import SETS
from limpyd.keys import Partition
from limpyd.query.ordering import SortKey
from limpyd.requests.request import Argument, Request
from limpyd.requests.subjects import Subject
from limpyd.scripts.index_nodes import HasPrimaryKey, OneOf
from limpyd.scripts.query_nodes import All, Either, ListedIn, Node


def existing_objects(partition: Partition) -> OneOf:
    """Returns the condition that an object exists: membership in the set of primary keys."""
    return OneOf(SETS, partition.pks, (b"",))


def may_find_missing(partition: Partition, nodes: Sequence[Node], order: Sequence[SortKey]) -> bool:
    """Returns whether a query may find objects that do not exist, since it reads nothing but indexes."""
    if not nodes:
        return any(key.index_key(partition) for key in order)
    for node in nodes:  # noqa: SIM110 - of one condition, as most queries have, a generator costs more
        if type(node) is not OneOf and _exists(node):
            return False
    return True


def _exists(node: Node) -> bool:
    """Returns whether only objects that exist can meet a condition."""
    if isinstance(node, All):
        return (all if isinstance(node, Either) else any)(map(_exists, node.nodes))
    return isinstance(node, HasPrimaryKey | ListedIn)


class MissingMembers(Request[Sequence[bytes]]):
    """Finds the members of a set that have no object (SDIFF), right after a command that reads the set.

    Args:
        args: the command.
        width: the number of values for each object in the reply to that command; the first is its primary key.
        subject: the model.
    """

    __slots__ = ("_width",)

    def __init__(self, args: tuple[Argument, ...], width: int, subject: Subject | None) -> None:
        super().__init__(args, tuple, readonly=True, may_be_stale=True, subject=subject)
        self._width = width

    def amend_reply(self, reply: Any, own: Any) -> Any:
        """Returns the reply without the objects that do not exist."""
        if not own:
            return reply
        missing, width = frozenset(own), self._width
        existing = []
        for at in range(0, len(reply), width):
            if reply[at] not in missing:
                existing += reply[at : at + width]
        return existing

    def with_args(self, args: tuple[Argument, ...]) -> Request[Sequence[bytes]]:
        return MissingMembers(args, self._width, self.subject)
