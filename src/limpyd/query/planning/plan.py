"""A plan: how a query is answered by one request, native where one command suffices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from limpyd.keys import ModelKeys, Partition
from limpyd.lua.arguments import PageOfRange
from limpyd.query.filters.conditions import Condition
from limpyd.query.ordering import NUMBER, SortKey
from limpyd.query.paging import Page, after, cursor_of
from limpyd.query.planning import single_command
from limpyd.query.planning.assumptions import assumed, those_with_value
from limpyd.query.planning.existence import Nobodys, doubtful, everybody
from limpyd.query.planning.single_command import Native, Span
from limpyd.query.results.columns import Column
from limpyd.query.results.projections import PrimaryKeys, Shape
from limpyd.requests.request import Argument, Request, resolved
from limpyd.scripts.error_mapping import Model, refusal
from limpyd.scripts.queries import (
    EXPLAIN,
    PAGE,
    STORE,
    Search,
    existing,
    find,
    find_plain,
    owner,
    page_of_range,
    pks_in_order,
    sorted_rows,
)
from limpyd.scripts.query_nodes import (
    All,
    Empty,
    Everything,
    ListedIn,
    Node,
    Not,
    OneOf,
    Within,
    known_key,
)

R = TypeVar("R")


class Planned(Model, Protocol):
    """The attributes that a plan uses of its model."""

    keys: ModelKeys
    mints_pks: bool


EVERYTHING = Span()
PKS = PrimaryKeys()


def plan_for(
    model: Planned,
    conditions: Sequence[Condition],
    order: Sequence[SortKey] = (),
    *,
    sorts_by_pattern: bool = False,
    joins_keys: bool = False,
    existing: bool = False,
) -> Plan:
    """The plan for all objects of a model; where there will be several partitions, they will be merged here."""
    (only,) = model.keys.partitions
    return Plan(
        model, only, conditions, order, sorts_by_pattern=sorts_by_pattern, joins_keys=joins_keys, existing=existing
    )


class Plan:
    """The plan to find the objects of one partition that meet all conditions.

    A model of several partitions runs a plan for each and merges what they give.

    Args:
        model: the model.
        where: the partition.
        conditions: what objects must meet.
        order: what they are sorted by.
        sorts_by_pattern: whether the server lets SORT read other keys, which clusters did not always.
        joins_keys: whether one command may name keys of other models as well, which those of clusters may not.
        existing: whether primary keys are left out that are of nobody, though an index has them.

    Attributes:
        model: the model.
        where: the partition.
        order: what objects are sorted by.
        nodes: what objects must meet, as the scripts know it.
        assumes: what it takes for granted: the indexes that it uses are built.
    """

    def __init__(
        self,
        model: Planned,
        where: Partition,
        conditions: Sequence[Condition],
        order: Sequence[SortKey] = (),
        *,
        sorts_by_pattern: bool = False,
        joins_keys: bool = False,
        existing: bool = False,
    ) -> None:
        self.model = model
        self.where = where
        self._conditions = conditions
        self.order = order
        self._sorts = sorts_by_pattern and b"*" not in where.prefix
        self.nodes = [condition.node(where) for condition in conditions]
        if joins_keys:
            for node in self.nodes:
                if type(node) is ListedIn:
                    node.joins = True
        self._in_indexes = self.nodes if existing and doubtful(where, self.nodes, order) else None
        if self._in_indexes is not None:
            self.nodes = [*self.nodes, everybody(where)]
        self._only = self.nodes[0] if len(self.nodes) == 1 else None
        self.assumes = assumed(model.maintenance, conditions, order, where)

    @property
    def empty(self) -> bool:
        """True if nothing can match, so that nothing needs to be asked."""
        for node in self.nodes:
            if not (node.intervals if type(node) is Within else getattr(node, "texts", True)):
                return True
        return False

    # --- what is asked ---

    def items(self, shape: Shape, span: Span = EVERYTHING) -> Request[list[Any]]:
        """Returns the request for the items of the objects that match, in order."""
        if self.empty:
            return resolved([])
        if not shape.columns:
            command = self.native_pks(span)
            if command is not None:
                return self._command(command.args, lambda reply: shape.items(command.decode(reply)))
            return (
                self._pks_in_order(shape.items, span)
                or self._existing(self.native_pks(span, self._in_indexes), shape.items, span)
                or self._plain(b"pks", shape.items, span)
                or self._find(b"pks", shape.items, span)
            )
        return (
            self._sorted_rows(shape, span)
            or self._page_of_range(shape, span)
            or self._plain(b"rows", shape.read, span, shape)
            or self._find(b"rows", shape.read, span, self.columns(shape))
        )

    def pks(self, limit: int = 0) -> Request[list[bytes]]:
        """The primary keys that match; with a limit of 1 or more, at most so many."""
        if self.empty:
            return resolved([])
        command = single_command.any_pks(self.where, self.nodes, limit) if limit else self.native_pks(EVERYTHING)
        if command is None:
            span = Span(0, limit)
            in_indexes = (
                single_command.any_pks(self.where, self._in_indexes, limit) if limit and self._in_indexes else None
            )
            return self._existing(in_indexes, list, span) or self._find(b"pks", list, span)
        return self._command(command.args, command.decode)

    def only(self, shape: Shape) -> Request[Any]:
        """The one item, by a script that replies NONE or MANY if there is not exactly one; a transaction fails then."""

        def decode(reply: Any) -> Any:
            return reply if isinstance(reply, bytes) else shape.items(reply)

        wanted = b"rows" if shape.columns else b"pks"
        request = find(self.model, self.search, wanted, decode, limit=2, columns=self.columns(shape), extra=(b"one",))
        return request.assuming(*self.assumes)

    def count(self, limit: int = 0) -> Request[int]:
        """Returns the request that counts the objects that match; with a limit of 1 or more, it may stop there."""
        if self.empty:
            return resolved(0)
        args = single_command.count(self.where, self.nodes, limit)
        if args is not None:
            return self._command(args, int)
        if type(self._only) is Not and type(self._only.node) is Empty:
            counted = those_with_value(self.model, self._conditions[0], self.where)
            if counted is not None:
                return counted
        return self._plain(b"count", int, Span(0, limit)) or self._find(b"count", int, Span(0, limit))

    def page(self, shape: Shape, size: int, cursor: str | None) -> Request[Page[Any]]:
        """So many items in order, from the first one or a cursor on."""
        if self.empty:
            return resolved(Page([], None))

        def decode(reply: list[Any]) -> Page[Any]:
            found, last = reply
            return Page(shape.read(found), cursor_of(self.order, last))

        extra = () if cursor is None else after(self.order, cursor)
        wanted = b"rows" if shape.columns else b"pks"
        columns = self.columns(shape)
        request = find(self.model, self.search, wanted, decode, limit=size, columns=columns, extra=extra, script=PAGE)
        return request.assuming(*self.assumes)

    def total(self, wanted: bytes, column: Column, decode: Callable[[Any], R]) -> Request[R]:
        """Returns the request for an aggregate of the values of a column: their `sum`, or a `tally` of them."""
        return self._find(wanted, decode, EVERYTHING, [column.where(self.where, b"")[:3]])

    def store(self, key: bytes, ttl: int) -> Request[int]:
        """Keeps the primary keys in a list."""
        search = self.search
        keys = tuple(dict.fromkeys((self.where.pks, *search.elsewhere, key)))
        nothing = b"\0limpyd: nothing was found " + uuid4().hex.encode()  # Redis keeps no empty list
        extra = (keys.index(key) + 1, ttl, nothing)

        def decode(reply: Any) -> int:
            if isinstance(reply, list):
                raise refusal(self.model, reply, None, who=f"a stored collection of {self.model.name}")
            return int(reply)

        request = find(self.model, search._replace(elsewhere=keys), b"pks", decode, extra=extra, script=STORE)
        return request.assuming(*self.assumes)

    def explained(self, span: Span) -> Request[list[Any]]:
        """Returns the request that explains it (see explain.lua)."""
        request = find(self.model, self.search, b"pks", list, offset=span.offset, limit=span.limit, script=EXPLAIN)
        return request.assuming(*self.assumes)

    def columns(self, shape: Shape) -> list[tuple[Argument, ...]]:
        """Returns the columns that are read of each object."""
        scores = known_key(self.order[0].scores) if self.order else b""
        return [column.where(self.where, scores)[:3] for column in shape.columns]

    def existing(self, pks: list[bytes]) -> Request[list[bytes]]:
        """Those of some primary keys that exist, in their order."""
        if not pks:
            return resolved(pks)

        def keep(found: list[int]) -> list[bytes]:
            return [pk for pk, there in zip(pks, found, strict=True) if there]

        return self._command(("SMISMEMBER", self.where.pks, *pks), keep)

    # --- where one command suffices ---

    def native_pks(self, span: Span, nodes: Sequence[Node] | None = None) -> Native | None:
        """The command that gives the primary keys, if there is one; those of other conditions, if some are given."""
        nodes = self.nodes if nodes is None else nodes
        if not self.order:
            return single_command.pks(self.where, nodes, span)
        (key, *others), scored = self.order, self._in_order_of(self.order[0])
        if others:
            return None
        if key.is_minted_pk:
            return None if span != EVERYTHING else single_command.by_pk(self.where, nodes, desc=key.desc)
        if len(nodes) != 1:
            return None
        if scored is not None:
            return single_command.members(scored, span, desc=key.desc)
        return single_command.in_range(nodes[0], key.index_key(self.where), span, desc=key.desc)

    def _pks_in_order(self, decode: Callable[[Any], Any], span: Span) -> Request[Any] | None:
        """A page of the primary keys of one set as numbers, if the server gave them."""
        sets = single_command.sets_of(self.where, self._in_indexes or self.nodes)
        if len(self.order) != 1 or not self.order[0].is_minted_pk or not span.limit or sets is None or len(sets) != 1:
            return None
        keys = [*sets, self.where.seq, *([] if self._in_indexes is None else [self.where.pks])]
        request = pks_in_order(self.model, keys, *span, decode, desc=self.order[0].desc)
        return request.assuming(*self.assumes)

    def _existing(self, command: Native | None, decode: Callable[[Any], Any], span: Span) -> Request[Any] | None:
        """The command that gives the primary keys if all that are in indexes exist, and the script if they do not."""
        if command is None or self._in_indexes is None or span.offset:
            return None
        if command.args[0] == "SMEMBERS":
            return self._without_nobodys(command.args, decode, 1, lambda: self._find(b"pks", decode, span))
        if command.args[0] == "HGET":
            request = owner(self.model, self.where, command.args[1:], lambda pk: decode([] if pk is None else [pk]))
            return request.assuming(*self.assumes)
        return existing(self.model, self.search, command.args, decode, span.limit).assuming(*self.assumes)

    def _sorted_rows(self, shape: Shape, span: Span) -> Request[Any] | None:
        """The SORT … GET that reads the values of the objects of one set, if that answers the query.

        Where some may have no value, or not exist, it is in a script, which looks at those in the same request.
        """
        gets = shape.gets(self.where) if self._sorts and not self.order else None
        doubtful = self._in_indexes is not None
        if doubtful and (span.limit or span.offset):
            return None
        found = single_command.rows(self.where, self._in_indexes or self.nodes, gets, span)
        if found is None:
            return None
        if shape.sparse is False and not doubtful:
            return self._command(found, shape.read_sorted)
        sets = single_command.sets_of(self.where, self._in_indexes or self.nodes) or []
        if shape.sparse is False and shape.begins_with_pk:

            def transactional() -> Request[Any]:
                keys = (sets[0], self.where.pks)
                request = sorted_rows(self.model, keys, found[4:], shape.read_looked_at)
                return request.assuming(*self.assumes)

            return self._without_nobodys(found, shape.read_sorted, len(shape.columns), transactional)
        keys, args = [*sets, self.where.pks] if doubtful else sets, list(found[4:])
        if shape.begins_with_pk:
            return sorted_rows(self.model, keys, args, shape.read_looked_at).assuming(*self.assumes)
        at = args.index("GET")
        args[at:at] = ("GET", "#")

        def read(rows: list[Any]) -> list[Any]:
            del rows[:: len(shape.columns) + 1]
            return shape.read_looked_at(rows)

        return sorted_rows(self.model, keys, args, read).assuming(*self.assumes)

    def _without_nobodys(
        self,
        command: tuple[Argument, ...],
        decode: Callable[[Any], Any],
        width: int,
        transactional: Callable[[], Request[Any]],
    ) -> Request[Any]:
        """The command that reads the objects of one set, with the question which of those do not exist.

        Args:
            command: the command, whose second word is the set.
            decode: turns the reply into the result.
            width: how many values are read of each object, the primary key first.
            transactional: gives the script that does the same in a transaction.
        """
        behind = Nobodys((b"SDIFF", command[1], self.where.pks), width, self.model)
        request = self._command(command, decode)
        request.behind = (behind,)
        request.transactional = transactional
        return request

    # --- the script ---

    @property
    def node(self) -> Node:
        """All conditions as one."""
        return self._only or (All(self.nodes) if self.nodes else Everything())

    @property
    def search(self) -> Search:
        """The query, as the script takes it."""
        return self.search_of(self.node)

    def search_of(self, node: Node) -> Search:
        """The search for what meets a condition, in the same order."""
        # Scripts that may look at other slots do not declare which: a cluster takes keys of one slot only.
        conditions = () if self.model.crosses else self._conditions
        elsewhere = [key for condition in conditions for key in condition.elsewhere()]
        if not self.order:
            return Search(self.where, node, tuple(elsewhere))
        elsewhere += (known_key(key.scores) for key in self.order if key.scores and not self.model.crosses)
        return Search(self.where, node, tuple(elsewhere), tuple(map(self._order_args, self.order)))

    def _order_args(self, key: SortKey) -> tuple[Argument, ...]:
        counter = self.where.seq if self.model.mints_pks else b""
        args = key.args(self.where)
        scored = self._in_order_of(key)
        if scored is not None:
            prefix, stored, sub, _, desc, missing, _ = args
            args = prefix, stored, sub, NUMBER, desc, missing, scored
        return (*args, counter)

    def _in_order_of(self, key: SortKey) -> bytes | None:
        """The sorted set of those who have one value in a field, by the very scores that a sort asks for."""
        for condition, node in zip(self._conditions, self.nodes, strict=False):
            if type(node) is OneOf and node.kind.keys_by_value and len(node.texts) == 1 and len(self.order) == 1:
                (text,) = node.texts
                (kept,) = condition.indexes()
                if isinstance(text, bytes) and kept.is_scored_by(key.field):
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
        self, wanted: bytes, decode: Callable[[Any], Any], span: Span, shape: Shape | None = None
    ) -> Request[Any] | None:
        """The short script, if the query is plain enough for it."""
        if self.order or span.limit or span.offset:
            return None
        parts = single_command.plain_parts(self.nodes)
        columns = shape.entries(self.where) if shape is not None else ()
        if parts is None or columns is None:
            return None
        return find_plain(self.model, self.where, wanted, decode, *parts, columns).assuming(*self.assumes)

    def _page_of_range(self, shape: Shape, span: Span) -> Request[Any] | None:
        """A page of one range, in the order of its own index, where SORT may read the values."""
        if not self._sorts or len(self.order) != 1 or self._only is None:
            return None
        key, gets, ends = self.order[0], shape.gets(self.where), single_command.ends_of(self._only)
        index = key.index_key(self.where)
        if gets is None or ends is None or not isinstance(self._only, Within) or self._only.key != index:
            return None
        request = page_of_range(self.model, index, PageOfRange(*ends, *span, int(key.desc)), gets, shape.read)
        return request.assuming(*self.assumes)

    def _command(self, args: tuple[Argument, ...], decode: Callable[[Any], Any]) -> Request[Any]:
        return Request(args, decode, readonly=True, subject=self.model, name="query", assumes=self.assumes)
