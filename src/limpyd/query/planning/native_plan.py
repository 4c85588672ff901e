"""Plans with one command of the server, or with a short script around one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from limpyd.lua.arguments import PageOfRange
from limpyd.query.planning import single_command
from limpyd.query.planning.existence import MissingMembers
from limpyd.query.planning.script_plan import ScriptPlan
from limpyd.query.planning.single_command import EVERYTHING, Native, Span
from limpyd.query.results.projections import Projection
from limpyd.requests.request import Argument, Request, resolved
from limpyd.scripts.index_nodes import Within
from limpyd.scripts.queries import existing, owner, page_of_range, pks_in_order, sorted_rows
from limpyd.scripts.query_nodes import Node


class NativePlan(ScriptPlan):
    """The plan of a query that one command of the server may answer."""

    def native_pks(self, span: Span, nodes: Sequence[Node] | None = None) -> Native | None:
        """The command that returns the primary keys, if there is one; for other conditions, if some are passed."""
        nodes = self.nodes if nodes is None else nodes
        if not self.order:
            return single_command.pks(self.partition, nodes, span)
        (key, *others), scored = self.order, self._in_order_of(self.order[0])
        if others:
            return None
        if key.is_minted_pk:
            return None if span != EVERYTHING else single_command.by_pk(self.partition, nodes, desc=key.desc)
        if len(nodes) != 1:
            return None
        if scored is not None:
            return single_command.members(scored, span, desc=key.desc)
        return single_command.in_range(nodes[0], key.index_key(self.partition), span, desc=key.desc)

    def existing(self, pks: list[bytes]) -> Request[list[bytes]]:
        """Those of some primary keys that exist, in their order."""
        if not pks:
            return resolved(pks)

        def existing_pks(found: list[int]) -> list[bytes]:
            return [pk for pk, exists in zip(pks, found, strict=True) if exists]

        if self.living is not None:
            return self.living.existing(pks).then(existing_pks)
        return self._command(("SMISMEMBER", self.partition.pks, *pks), existing_pks)

    def _pks_in_order(self, decode: Callable[[Any], Any], span: Span) -> Request[Any] | None:
        """A page of the primary keys of one set as numbers, if the server gave them."""
        sets = single_command.sets_of(self.partition, self._in_indexes or self.nodes)
        if len(self.order) != 1 or not self.order[0].is_minted_pk or not span.limit or sets is None or len(sets) != 1:
            return None
        keys = [*sets, self.partition.seq, *([] if self._in_indexes is None else [self.partition.pks])]
        request = pks_in_order(self.model, keys, *span, decode, desc=self.order[0].desc)
        return request.assuming(*self.assumes)

    def _existing(self, command: Native | None, decode: Callable[[Any], Any], span: Span) -> Request[Any] | None:
        """The command that gives the primary keys if all that are in indexes exist, and the script if they do not."""
        if command is None or self._in_indexes is None or span.offset:
            return None
        if command.args[0] == "SMEMBERS":
            return self._without_missing(command.args, decode, 1, lambda: self._find(b"pks", decode, span))
        if command.args[0] == "HGET":
            request = owner(self.model, self.partition, command.args[1:], lambda pk: decode([] if pk is None else [pk]))
            return request.assuming(*self.assumes)
        return existing(self.model, self.search, command.args, decode, span.limit).assuming(*self.assumes)

    def _sorted_rows(self, projection: Projection, span: Span) -> Request[Any] | None:
        """The SORT … GET that reads the values of the objects of one set, if that answers the query.

        Where some may have no value, or not exist, it is in a script, which looks at those in the same request.
        """
        gets = projection.gets(self.partition) if self._sorts and not self.order else None
        may_find_missing = self._in_indexes is not None
        if may_find_missing and (span.limit or span.offset):
            return None
        found = single_command.rows(self.partition, self._in_indexes or self.nodes, gets, span)
        if found is None:
            return None
        if projection.sparse is False and not may_find_missing:
            return self._command(found, projection.read_sorted)
        sets = single_command.sets_of(self.partition, self._in_indexes or self.nodes) or []
        if projection.sparse is False and projection.begins_with_pk:

            def transactional() -> Request[Any]:
                keys = (sets[0], self.partition.pks)
                request = sorted_rows(self.model, keys, found[4:], projection.read_looked_at)
                return request.assuming(*self.assumes)

            return self._without_missing(found, projection.read_sorted, len(projection.columns), transactional)
        keys, args = [*sets, self.partition.pks] if may_find_missing else sets, list(found[4:])
        if projection.begins_with_pk:
            return sorted_rows(self.model, keys, args, projection.read_looked_at).assuming(*self.assumes)
        at = args.index("GET")
        args[at:at] = ("GET", "#")

        def read(rows: list[Any]) -> list[Any]:
            del rows[:: len(projection.columns) + 1]
            return projection.read_looked_at(rows)

        return sorted_rows(self.model, keys, args, read).assuming(*self.assumes)

    def _without_missing(
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
        followups = MissingMembers((b"SDIFF", command[1], self.partition.pks), width, self.model)
        request = self._command(command, decode)
        request.followups = (followups,)
        request.transactional = transactional
        return request

    def _page_of_range(self, projection: Projection, span: Span) -> Request[Any] | None:
        """A page of one range, in the order of its own index, where SORT may read the values."""
        if not self._sorts or len(self.order) != 1 or self._only is None:
            return None
        key, gets, ends = self.order[0], projection.gets(self.partition), single_command.ends_of(self._only)
        index = key.index_key(self.partition)
        if gets is None or ends is None or not isinstance(self._only, Within) or self._only.key != index:
            return None
        request = page_of_range(self.model, index, PageOfRange(*ends, *span, int(key.desc)), gets, projection.read)
        return request.assuming(*self.assumes)

    def _command(self, args: tuple[Argument, ...], decode: Callable[[Any], Any]) -> Request[Any]:
        return Request(
            args, decode, readonly=True, may_be_stale=True, subject=self.model, name="query", assumes=self.assumes
        )
