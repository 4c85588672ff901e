"""Plans by scripts, which answer any query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from limpyd.keys import ModelKeys, Partition
from limpyd.query.filters.conditions import Condition
from limpyd.query.ordering import NUMBER, SortKey
from limpyd.query.paging import Page, cursor_of, position_args
from limpyd.query.planning import single_command
from limpyd.query.planning.assumptions import assumed
from limpyd.query.planning.existence import existing_objects, may_find_missing
from limpyd.query.planning.single_command import EVERYTHING, Span
from limpyd.query.results.columns import Column
from limpyd.query.results.projections import Projection
from limpyd.requests.request import Argument, Request, resolved
from limpyd.requests.step_results import Result
from limpyd.scripts.error_mapping import Model
from limpyd.scripts.index_nodes import OneOf, Within
from limpyd.scripts.queries import EXPLAIN, PAGE, STORE, Search, find, find_plain
from limpyd.scripts.query_nodes import All, Everything, ListedIn, Node
from limpyd.scripts.query_values import known_key
from limpyd.scripts.stored_collections import nothing_found, stored_length

if TYPE_CHECKING:
    from limpyd.query.planning.living import LivingQuery
    from limpyd.query.results.placed_rows import PlacedRows

R = TypeVar("R")


class Planned(Model, Protocol):
    """The attributes that a plan uses of its model."""

    keys: ModelKeys
    mints_pks: bool


class ScriptPlan:
    """The plan to find the objects of one partition that meet all conditions.

    A model of several partitions runs a plan for each, and merges the results.

    Args:
        model: the model.
        partition: the partition.
        conditions: the conditions that objects must meet.
        order: the sort keys.
        sorts_by_pattern: true if SORT may read other keys; older clusters refuse that.
        joins_keys: true if one command may name keys of other models as well; clusters refuse that.
        existing: true to leave out primary keys in an index that have no object.

    Attributes:
        model: the model.
        partition: the partition.
        conditions: the conditions, as passed.
        order: the sort keys.
        nodes: the query nodes of the conditions.
        assumes: the assumption that the indexes that it uses are built.
        living: the requests that leave out expired objects; None if objects of the model do not expire.
    """

    living: LivingQuery | None = None

    def __init__(
        self,
        model: Planned,
        partition: Partition,
        conditions: Sequence[Condition],
        order: Sequence[SortKey] = (),
        *,
        sorts_by_pattern: bool = False,
        joins_keys: bool = False,
        existing: bool = False,
    ) -> None:
        self.model = model
        self.partition = partition
        self.conditions = conditions
        self.order = order
        self._sorts = sorts_by_pattern and b"*" not in partition.prefix
        self.nodes = [condition.node(partition) for condition in conditions]
        if joins_keys:
            for node in self.nodes:
                if type(node) is ListedIn:
                    node.joins = True
        self._in_indexes = self.nodes if existing and may_find_missing(partition, self.nodes, order) else None
        if self._in_indexes is not None:
            self.nodes = [*self.nodes, existing_objects(partition)]
        if model.expires:
            from limpyd.query.planning.living import LivingQuery, living  # noqa: PLC0415 - few models have deadlines

            self.living = LivingQuery(self, self.nodes, self._in_indexes)
            self._in_indexes = None  # other commands for what is in indexes know no deadlines
            self.nodes = [*self.nodes, living(partition)]
        self._only = self.nodes[0] if len(self.nodes) == 1 else None
        self.assumes = assumed(model, conditions, order, partition)

    @property
    def empty(self) -> bool:
        """True if nothing can match, so that no request is needed."""
        for node in self.nodes:
            if not (node.intervals if type(node) is Within else getattr(node, "texts", True)):
                return True
        return False

    def only(self, projection: Projection) -> Request[Any]:
        """The one item, by a script that replies NONE or MANY if there is not exactly one; a transaction fails then."""

        def decode(reply: Any) -> Any:
            return reply if isinstance(reply, bytes) else projection.items(reply)

        wanted = b"rows" if projection.columns else b"pks"
        request = find(
            self.model, self.search, wanted, decode, limit=2, columns=self.columns(projection), extra=(b"one",)
        )
        if not projection.columns:
            request.result = Result(1, bytes, self.model)
        return request.assuming(*self.assumes)

    def page(
        self, projection: Projection, size: int, cursor: str | None, *, backwards: bool = False
    ) -> Request[Page[Any]]:
        """So many items in order, from the first one or a cursor on; `backwards` if the order is an inverted one."""
        if self.empty:
            return resolved(Page([], None))

        def decode(reply: list[Any]) -> Page[Any]:
            found, last, first = reply
            items = projection.read(found)
            onwards = cursor_of(order, last) if last else None
            back = cursor_of(order, first) if extra else None
            return Page(items[::-1], back, onwards) if backwards else Page(items, onwards, back)

        order = tuple(key.inverted() for key in self.order) if backwards else self.order
        extra = () if cursor is None else position_args(order, cursor)
        wanted = b"rows" if projection.columns else b"pks"
        columns = self.columns(projection)
        request = find(self.model, self.search, wanted, decode, limit=size, columns=columns, extra=extra, script=PAGE)
        return request.assuming(*self.assumes)

    def placed(self, projection: Projection, limit: int, start: Sequence[Argument]) -> Request[PlacedRows]:
        """Returns the request for objects in order with their places in it, for a merge with those of other partitions.

        Args:
            projection: what is read of each.
            limit: the most objects; 0 for all.
            start: the position that they follow, as arguments of the script; empty from the first one on.
        """
        from limpyd.query.results import placed_rows as placed  # noqa: PLC0415 - most have one partition

        if self.empty:
            return resolved(placed.PlacedRows([], False))
        columns = self.columns(projection)

        def decode(reply: list[Any]) -> PlacedRows:
            return placed.PlacedRows(placed.placed_rows(reply[0], len(self.order), len(columns)), bool(reply[1]))

        request = find(
            self.model, self.search, b"placed", decode, limit=limit, columns=columns, extra=start, script=PAGE
        )
        return request.assuming(*self.assumes)

    def totals(self, wanted: bytes, column: Column, read: Callable[[Any], R]) -> Request[list[R]]:
        """Returns the request for an aggregate of the values of a column: their `sum`, or a `tally` of them.

        It gives a list, as the plan of several partitions does, which has one for each of them.
        """
        return self._find(wanted, lambda reply: [read(reply)], EVERYTHING, [column.args(self.partition, b"")])

    def store(self, key: bytes, ttl: int) -> Request[int]:
        """Keeps the primary keys in a list."""
        search = self.search
        keys = tuple(dict.fromkeys((self.partition.pks, *search.elsewhere, key)))
        extra = (keys.index(key) + 1, ttl, nothing_found())
        request = find(
            self.model,
            search._replace(elsewhere=keys),
            b"pks",
            lambda reply: stored_length(self.model, reply),
            extra=extra,
            script=STORE,
        )
        return request.assuming(*self.assumes)

    def explained(self, span: Span) -> Request[list[Any]]:
        """Returns the request that explains it (see scripts/explain.lua)."""
        request = find(self.model, self.search, b"pks", list, offset=span.offset, limit=span.limit, script=EXPLAIN)
        return request.assuming(*self.assumes)

    def columns(self, projection: Projection) -> list[tuple[Argument, ...]]:
        """Returns the columns to read from each object."""
        scores = (known_key(self.order[0].scores) if self.order else b"") or self.partition.nothing
        return [column.args(self.partition, scores) for column in projection.columns]

    @property
    def node(self) -> Node:
        """All conditions as one."""
        return self._only or (All(self.nodes) if self.nodes else Everything())

    @property
    def search(self) -> Search:
        """The query, as the script takes it."""
        return self.search_of(self.node)

    def search_of(self, node: Node) -> Search:
        """The search for objects that meet a condition, in the same order."""
        # Scripts that may look at other slots do not declare which: a cluster takes keys of one slot only.
        conditions = () if self.model.crosses_slots else self.conditions
        elsewhere = [key for condition in conditions for key in condition.elsewhere()]
        if not self.order:
            return Search(self.partition, node, tuple(elsewhere))
        elsewhere += (known_key(key.scores) for key in self.order if key.scores and not self.model.crosses_slots)
        return Search(self.partition, node, tuple(elsewhere), tuple(map(self._order_args, self.order)))

    def _order_args(self, key: SortKey) -> tuple[Argument, ...]:
        counter = self.partition.seq if self.model.mints_pks else b""
        args = key.args(self.partition)
        scored = self._in_order_of(key)
        if scored is not None:
            prefix, stored, sub, _, desc, missing, _ = args
            args = prefix, stored, sub, NUMBER, desc, missing, scored
        return (*args, counter, *key.path(self.partition)) if key.through else (*args, counter)

    def _in_order_of(self, key: SortKey) -> bytes | None:
        """The sorted set of those who have one value in a field, by the very scores that a sort asks for."""
        if key.through:
            return None
        for condition, node in zip(self.conditions, self.nodes, strict=False):
            if type(node) is OneOf and node.kind.keys_by_value and len(node.texts) == 1 and len(self.order) == 1:
                (text,) = node.texts
                (index,) = condition.indexes()
                if isinstance(text, bytes) and index.is_scored_by(key.field):
                    return node.key + text
        return None

    def _find(
        self,
        wanted: bytes,
        decode: Callable[[Any], Any],
        span: Span,
        columns: Sequence[tuple[Argument, ...]] = (),
    ) -> Request[Any]:
        offset, limit = span
        request = find(self.model, self.search, wanted, decode, offset=offset, limit=limit, columns=columns)
        return request.assuming(*self.assumes)

    def _plain(
        self, wanted: bytes, decode: Callable[[Any], Any], span: Span, projection: Projection | None = None
    ) -> Request[Any] | None:
        """The short script, if the query is plain enough for it."""
        if self.order or span.limit or span.offset:
            return None
        parts = single_command.plain_parts(self.nodes)
        columns = projection.entries(self.partition) if projection is not None else ()
        if parts is None or columns is None:
            return None
        return find_plain(self.model, self.partition, wanted, decode, *parts, columns).assuming(*self.assumes)
