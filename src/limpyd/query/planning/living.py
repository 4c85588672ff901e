"""Queries of models whose objects expire: objects whose deadline is over are left out, in the same request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from limpyd.indexes.deadlines import DEADLINES
from limpyd.keys import Partition
from limpyd.query.planning import single_command
from limpyd.query.planning.single_command import EVERYTHING, Span
from limpyd.query.results.projections import Projection
from limpyd.requests.request import Argument, Request
from limpyd.scripts.index_nodes import HasPrimaryKey, Interval, Within
from limpyd.scripts.queries import find
from limpyd.scripts.queries import living as by_command
from limpyd.scripts.query_nodes import All, Everything, Node, Not
from limpyd.scripts.query_values import Stored
from limpyd.types.moments import NOW

R = TypeVar("R")


def living(partition: Partition) -> Not:
    """Returns the condition that the deadline of an object is not over."""
    over = Interval(b"-", b"", b"]", NOW)
    return Not(Within(DEADLINES, partition.deadlines, Stored(b"", b""), [over]))


class LivingQuery:
    """The requests of a plan by one native command, which leave out objects whose deadline is over.

    Args:
        plan: the plan.
        nodes: its conditions, without the one that deadlines are not over.
        in_indexes: those of them that indexes answer, if objects may be in these that do not exist.
    """

    def __init__(self, plan: Any, nodes: Sequence[Node], in_indexes: Sequence[Node] | None) -> None:
        self._plan = plan
        self._nodes = nodes
        self._in_indexes = in_indexes

    def items(self, projection: Projection, span: Span) -> Request[list[Any]] | None:
        """The items of the objects that match, in no order; None if no command finds them."""
        found = self.pks(0) if span == EVERYTHING and not projection.columns else None
        return None if found is None else found.then(projection.items)

    def pks(self, limit: int) -> Request[list[bytes]] | None:
        """The primary keys that match; with a limit of 1 or more, at most so many."""
        partition = self._plan.partition
        if self._plan.order:
            return None
        command = _any_owner(self._in_indexes) or (
            single_command.any_pks(partition, self._nodes, limit)
            if limit
            else single_command.pks(partition, self._nodes, EVERYTHING)
        )
        if command is None:
            return None
        request = self._request(b"pks", command.args, list, limit)
        request.transactional = lambda: self._plan._find(b"pks", list, Span(0, limit))
        return request

    def count(self) -> Request[int] | None:
        """The number of objects that match."""
        args = single_command.count(self._plan.partition, self._nodes, 0)
        if args is None:
            return None
        request = self._request(b"count", args, int)
        request.transactional = lambda: self._plan._find(b"count", int, EVERYTHING)
        return request

    def existing(self, pks: Sequence[bytes]) -> Request[list[int]]:
        """For each of some primary keys 1 if there is an object, else 0."""
        plan = self._plan
        node = All([HasPrimaryKey(plan.partition.pks, pks), *plan.nodes])

        def each_found(found: list[bytes]) -> list[int]:
            there = frozenset(found)
            return [int(pk in there) for pk in pks]

        return find(plan.model, plan.search_of(node), b"pks", each_found).assuming(*plan.assumes)

    def _request(
        self, wanted: bytes, command: Sequence[Argument], decode: Callable[[Any], R], limit: int = 0
    ) -> Request[R]:
        node = self._nodes[0] if len(self._nodes) == 1 else All(self._nodes) if self._nodes else Everything()
        search = self._plan.search_of(node)
        request = by_command(self._plan.model, search, wanted, command, decode, limit)
        return request.assuming(*self._plan.assumes)


def _any_owner(nodes: Sequence[Node] | None) -> single_command.Native | None:
    """The command that finds the owner of a unique value, whether it exists or not (HGET), if that is the query."""
    command = single_command.known_owner(nodes) if nodes and len(nodes) == 1 else None
    return command if command is not None and command.args[0] == "HGET" else None
