"""A plan: how a query is answered by one request, native where one command suffices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from limpyd.query.planning import single_command
from limpyd.query.planning.assumptions import those_with_value
from limpyd.query.planning.native_plan import NativePlan
from limpyd.query.planning.single_command import EVERYTHING, Span
from limpyd.query.results.projections import PrimaryKeys, Projection
from limpyd.requests.request import Request, resolved
from limpyd.requests.scattered import Rounds
from limpyd.scripts.query_nodes import Empty, Not

PKS = PrimaryKeys()


class Plan(NativePlan):
    """The plan of a query to one partition: the choice of its request."""

    reads_first: Literal[False] = False

    @property
    def plans(self) -> Sequence[Plan]:
        """The plan for each partition."""
        return (self,)

    def settled(self) -> Rounds[Plan]:
        """Returns the plan itself: what it compares with is known, or the server reads it."""
        return self
        yield  # it is a generator, as that of a plan that reads first

    def items(self, projection: Projection, span: Span = EVERYTHING) -> Request[list[Any]]:
        """Returns the request for the items of the objects that match, in order."""
        if self.empty:
            return resolved([])
        found = None if self.living is None else self.living.items(projection, span)
        if found is not None:
            return found
        if not projection.columns:
            command = self.native_pks(span)
            if command is not None:
                return self._command(command.args, lambda reply: projection.items(command.decode(reply)))
            return (
                self._pks_in_order(projection.items, span)
                or self._existing(self.native_pks(span, self._in_indexes), projection.items, span)
                or self._plain(b"pks", projection.items, span)
                or self._find(b"pks", projection.items, span)
            )
        return (
            self._sorted_rows(projection, span)
            or self._page_of_range(projection, span)
            or self._plain(b"rows", projection.read, span, projection)
            or self._find(b"rows", projection.read, span, self.columns(projection))
        )

    def pks(self, limit: int = 0) -> Request[list[bytes]]:
        """The primary keys that match; with a limit of 1 or more, at most so many."""
        if self.empty:
            return resolved([])
        found = None if self.living is None else self.living.pks(limit)
        if found is not None:
            return found
        command = single_command.any_pks(self.partition, self.nodes, limit) if limit else self.native_pks(EVERYTHING)
        if command is None:
            span = Span(0, limit)
            in_indexes = (
                single_command.any_pks(self.partition, self._in_indexes, limit) if limit and self._in_indexes else None
            )
            return self._existing(in_indexes, list, span) or self._find(b"pks", list, span)
        return self._command(command.args, command.decode)

    def count(self, limit: int = 0) -> Request[int]:
        """Returns the request that counts the objects that match; with a limit of 1 or more, it may stop there."""
        if self.empty:
            return resolved(0)
        found = None if self.living is None else self.living.count()
        if found is not None:
            return found
        args = single_command.count(self.partition, self.nodes, limit)
        if args is not None:
            return self._command(args, int)
        if type(self._only) is Not and type(self._only.node) is Empty:
            counted = those_with_value(self.model, self.conditions[0], self.partition)
            if counted is not None:
                return counted
        return self._plain(b"count", int, Span(0, limit)) or self._find(b"count", int, Span(0, limit))
