"""The commands of a sorted set that combine it with others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.commands.overloads import overloaded
from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import checks
from limpyd.fields.bound.arguments import unpacked
from limpyd.fields.bound.multi_key import BoundMultiKey
from limpyd.fields.set import BoundSet
from limpyd.fields.sortedset.ranges import Lex, range_args
from limpyd.fields.sortedset.scores import BoundScores, Score
from limpyd.requests.request import Argument, Request

T = TypeVar("T")
V = TypeVar("V")
Aggregate = Literal["SUM", "MIN", "MAX"]
Source: TypeAlias = "BoundScores[T, Any, Any] | BoundSet[T, Any, Any]"
Sources: TypeAlias = "Sequence[BoundScores[T, Any, Any]] | Sequence[BoundSet[T, Any, Any]] | Sequence[Source[T]]"


class BoundSortedSetCombinations(BoundScores[T, V, Face]):
    """Intersections, unions and differences with other sorted sets, and with sets, whose members count as 1."""

    __slots__ = ()

    @command("ZINTER")
    def zinter_withscores(
        self,
        *others: Source[T] | Sources[T],
        aggregate: Aggregate | None = None,
        weights: Sequence[float] | None = None,
        withscores: Literal[True] = True,
    ) -> Request[list[tuple[T, float]]]:
        """The same as `zinter` with `withscores` (ZINTER with WITHSCORES)."""
        fields, args = self._combined("ZINTER", others, aggregate, weights)
        args.append(checks.on("ZINTER", "withscores", withscores))
        return self._read_multi_key("ZINTER", args, fields, decode=self._scored)

    @overloaded("ZINTER", ("withscores", zinter_withscores))
    def zinter(
        self,
        *others: Source[T] | Sources[T],
        aggregate: Aggregate | None = None,
        weights: Sequence[float] | None = None,
        withscores: Literal[False] = False,
    ) -> Request[list[T]]:
        """The members that this sorted set and all others have in common, by their combined scores (ZINTER).

        Args:
            others: sorted sets, or sets, of instances; a list of them, too.
            aggregate: how scores are combined: SUM, the default, MIN or MAX.
            weights: what the scores are multiplied with: first this one's, then those of the others.
            withscores: return pairs of a member and its combined score.
        """
        fields, args = self._combined("ZINTER", others, aggregate, weights)
        return self._read_multi_key("ZINTER", args, fields, decode=self._values)

    @command("ZUNION")
    def zunion_withscores(
        self,
        *others: Source[T] | Sources[T],
        aggregate: Aggregate | None = None,
        weights: Sequence[float] | None = None,
        withscores: Literal[True] = True,
    ) -> Request[list[tuple[T, float]]]:
        """The same as `zunion` with `withscores` (ZUNION with WITHSCORES)."""
        fields, args = self._combined("ZUNION", others, aggregate, weights)
        args.append(checks.on("ZUNION", "withscores", withscores))
        return self._read_multi_key("ZUNION", args, fields, decode=self._scored)

    @overloaded("ZUNION", ("withscores", zunion_withscores))
    def zunion(
        self,
        *others: Source[T] | Sources[T],
        aggregate: Aggregate | None = None,
        weights: Sequence[float] | None = None,
        withscores: Literal[False] = False,
    ) -> Request[list[T]]:
        """The members that this sorted set or any of the others has, by their combined scores (ZUNION).

        The arguments are those of `zinter`.
        """
        fields, args = self._combined("ZUNION", others, aggregate, weights)
        return self._read_multi_key("ZUNION", args, fields, decode=self._values)

    @command("ZDIFF")
    def zdiff_withscores(
        self,
        *others: Source[T] | Sources[T],
        withscores: Literal[True] = True,
    ) -> Request[list[tuple[T, float]]]:
        """The same as `zdiff` with `withscores` (ZDIFF with WITHSCORES)."""
        fields, args = self._combined("ZDIFF", others, None, None)
        args.append(checks.on("ZDIFF", "withscores", withscores))
        return self._read_multi_key("ZDIFF", args, fields, decode=self._scored)

    @overloaded("ZDIFF", ("withscores", zdiff_withscores))
    def zdiff(
        self,
        *others: Source[T] | Sources[T],
        withscores: Literal[False] = False,
    ) -> Request[list[T]]:
        """The members that this sorted set has and none of the others (ZDIFF).

        Args:
            others: sorted sets, or sets, of instances; a list of them, too.
            withscores: return pairs of a member and its score.
        """
        fields, args = self._combined("ZDIFF", others, None, None)
        return self._read_multi_key("ZDIFF", args, fields, decode=self._values)

    @command("ZINTERCARD")
    def zintercard(self, *others: Source[T] | Sources[T], limit: int = 0) -> Request[int]:
        """Returns how many members this sorted set and all others have in common (ZINTERCARD).

        Args:
            others: sorted sets, or sets, of instances; a list of them, too.
            limit: stop counting there; 0 for no limit.
        """
        fields, args = self._sources("ZINTERCARD", others)
        if limit:
            args += ("LIMIT", checks.integer("ZINTERCARD's limit", limit, low=0))
        return self._read_multi_key("ZINTERCARD", args, fields, decode=int)

    @command("ZINTERSTORE")
    def zinterstore(
        self,
        *sources: Source[T] | Sources[T],
        aggregate: Aggregate | None = None,
        weights: Sequence[float] | None = None,
    ) -> Request[int]:
        """Stores the intersection of sorted sets (ZINTERSTORE); returns its number of members.

        What it held is replaced; it takes part only if it is named among the sources.

        Args:
            sources: sorted sets, or sets, of instances; a list of them, too.
            aggregate: how scores are combined: SUM, the default, MIN or MAX.
            weights: what the scores of each are multiplied with.

        Raises:
            UniquenessError: another object has one of the members; nothing is changed.
            DoesNotExist: one of the objects was deleted.
        """
        return self._stored("ZINTERSTORE", sources, aggregate, weights)

    @command("ZUNIONSTORE")
    def zunionstore(
        self,
        *sources: Source[T] | Sources[T],
        aggregate: Aggregate | None = None,
        weights: Sequence[float] | None = None,
    ) -> Request[int]:
        """Stores the union of sorted sets (ZUNIONSTORE); otherwise like `zinterstore`."""
        return self._stored("ZUNIONSTORE", sources, aggregate, weights)

    @command("ZDIFFSTORE")
    def zdiffstore(self, *sources: Source[T] | Sources[T]) -> Request[int]:
        """Stores the difference of the first sorted set and the others (ZDIFFSTORE); otherwise like `zinterstore`."""
        return self._stored("ZDIFFSTORE", sources, None, None)

    @command("ZRANGESTORE")
    def zrangestore(
        self,
        source: BoundScores[T, Any, Any],
        start: Score | Lex,
        end: Score | Lex,
        *,
        byscore: bool = False,
        bylex: bool = False,
        desc: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Request[int]:
        """Becomes a range of another sorted set (ZRANGESTORE); returns how many members that is.

        The range is given as in `zrange`. Raises as `zinterstore`.
        """
        fields = list(self._checked_fields("ZRANGESTORE", (source,), b"zset"))
        args = range_args("ZRANGESTORE", start, end, desc, byscore, bylex, offset, num)
        return self._write_multi_key("ZRANGESTORE", fields[0]._key(), *args, decode=int, reads=fields)

    def _sources(self, name: str, others: tuple[Any, ...]) -> tuple[list[BoundMultiKey[Any]], list[Argument]]:
        """This sorted set and others, and the arguments that name them."""
        fields: list[BoundMultiKey[Any]] = [self, *self._checked_fields(name, unpacked(others), b"zset", b"set")]
        return fields, [len(fields), *(field._key() for field in fields)]

    def _combined(
        self, name: str, others: tuple[Any, ...], aggregate: Any, weights: Any
    ) -> tuple[list[BoundMultiKey[Any]], list[Argument]]:
        fields, args = self._sources(name, others)
        return fields, [*args, *combination_args(name, len(fields), aggregate, weights)]

    def _stored(self, name: str, sources: tuple[Any, ...], aggregate: Any, weights: Any) -> Request[int]:
        fields = list(self._checked_fields(name, checks.some(name, unpacked(sources)), b"zset", b"set"))
        keys = [field._key() for field in fields]
        args = combination_args(name, len(fields), aggregate, weights)
        return self._write_multi_key(name, len(keys), *keys, *args, decode=int, reads=fields)


def combination_args(name: str, count: int, aggregate: str | None, weights: Sequence[float] | None) -> list[Argument]:
    """Returns the arguments that combine the scores of so many sorted sets."""
    args: list[Argument] = []
    if weights is not None:
        if not isinstance(weights, Sequence) or isinstance(weights, str | bytes) or len(weights) != count:
            msg = f"{name} takes a list with one weight for each of its {count} sorted sets, not {shorten(weights)}"
            raise InvalidValue(msg)
        args += ("WEIGHTS", *(checks.score(f"{name}'s weights", weight) for weight in weights))
    if aggregate is not None:
        args += ("AGGREGATE", checks.one_of(f"{name}'s aggregate", aggregate, ("SUM", "MIN", "MAX")))
    return args
