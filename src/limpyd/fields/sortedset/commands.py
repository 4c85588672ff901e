"""The commands of a Redis sorted set."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeVar

from limpyd.commands.calls import Direct
from limpyd.commands.descriptor import command, walk
from limpyd.commands.faces import Async, Face, Sync
from limpyd.commands.iteration import awaited
from limpyd.commands.overloads import overloaded
from limpyd.commands.replies import optional_float, optional_int
from limpyd.exceptions import InvalidValue, MissingArgument, shorten
from limpyd.fields import checks
from limpyd.fields.bound.arguments import scan_args, scanned
from limpyd.fields.sortedset.combinations import BoundSortedSetCombinations
from limpyd.fields.sortedset.pops import BoundSortedSetPops
from limpyd.fields.sortedset.ranges import BoundSortedSetRanges
from limpyd.fields.sortedset.scores import NewScore
from limpyd.requests.request import Argument, Request, Walk
from limpyd.server import Needs
from limpyd.types import SupportsItems

T = TypeVar("T")
V = TypeVar("V")
NO_SCORES = Needs(redis=None, valkey=(8, 1))
WITH_RANK = Needs(redis=(7, 2), valkey=(7, 2))


class BoundSortedSet(
    BoundSortedSetPops[T, V, Face], BoundSortedSetRanges[T, V, Face], BoundSortedSetCombinations[T, V, Face]
):
    """The commands of a Redis sorted set. On the sync face also `len()`, `in` and iteration, one request each."""

    __slots__ = ()
    proxy_getter, proxy_setter = "zmembers", "zadd"

    # --- adding and removing ---

    @command("ZADD")
    def _zadd_incr(
        self,
        /,
        mapping: SupportsItems[V, NewScore] | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: Literal[True],
        gt: bool = False,
        lt: bool = False,
        **scores: NewScore,
    ) -> Request[float | None]:
        """The same as `zadd` with `incr` (ZADD with INCR)."""
        head = [*self._conditions("ZADD", nx, xx, gt, lt), checks.on("ZADD", "incr", incr)]
        checks.flags("ZADD", ch=ch)  # whose result is a count, so it changes nothing here
        pairs = self._score_args(mapping, scores)
        if len(pairs) != 2:  # noqa: PLR2004 - a score and a member
            msg = f"ZADD with incr on {self._field} adds to the score of one member, not of {len(pairs) // 2}"
            raise InvalidValue(msg)
        return self._write("ZADD", (*head, *pairs), optional_float, first=len(head) + 2)

    @overloaded("ZADD", ("incr", _zadd_incr), direct=Direct.WITH_SCORES)
    def zadd(
        self,
        /,
        mapping: SupportsItems[V, NewScore] | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
        ch: bool = False,
        incr: Literal[False] = False,
        gt: bool = False,
        lt: bool = False,
        **scores: NewScore,
    ) -> Request[int]:
        """Adds members with their scores, or gives them new ones (ZADD); returns how many are new.

        Args:
            mapping: scores by member.
            nx: only add members, change no score.
            xx: only change scores, add no member.
            ch: return how many are new or changed instead.
            incr: add to the score of one member instead, and return it; None if a condition forbids it.
            gt: only change a score to a greater one.
            lt: only change a score to a lesser one.
            scores: scores by member, for members of type str whose names are no arguments of this.

        Raises:
            InvalidValue: there is none, one does not fit the field's type, or arguments exclude each other.
            UniquenessError: another object has one of them; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        head = [] if nx is xx is gt is lt is ch is False else self._conditions("ZADD", nx, xx, gt, lt, ch)
        return self._write_many("ZADD", head, self._score_args(mapping, scores), step=2, combine=sum)

    @command("ZADD")
    def zadd_incr(
        self, value: V, amount: NewScore, *, nx: bool = False, xx: bool = False, gt: bool = False, lt: bool = False
    ) -> Request[float | None]:
        """Adds to a member's score, and returns it; None if a condition forbids it (ZADD with INCR).

        Raises as `zadd`.
        """
        head = [*self._conditions("ZADD", nx, xx, gt, lt), "INCR"]
        args = (*head, checks.score("ZADD's amount", amount), self._field.encode_new(value))
        return self._write("ZADD", args, optional_float, first=len(args))

    @command("ZINCRBY")
    def zincrby(self, amount: NewScore, value: V) -> Request[float]:
        """Adds to a member's score, 0 if it is new, and returns it (ZINCRBY).

        Raises:
            UniquenessError: another object has the member; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        args = (checks.score("ZINCRBY's amount", amount), self._field.encode_new(value))
        return self._write("ZINCRBY", args, float, first=2)

    @command("ZREM", Direct.WITH_VALUE)
    def zrem(self, *values: V) -> Request[int]:
        """Removes members (ZREM); returns how many there were.

        Raises:
            InvalidValue: there is none, or one does not fit the field's type.
            DoesNotExist: the object was deleted.
        """
        return self._write_some("ZREM", self._some("ZREM", values), int)

    # --- reading ---

    @command("ZCARD", Direct.WITHOUT_ARGUMENTS)
    def zcard(self) -> Request[int]:
        """Returns the number of members (ZCARD)."""
        return self._read("ZCARD", (), int)

    @command("ZSCORE")
    def zscore(self, value: V) -> Request[float | None]:
        """The score of a member, or None (ZSCORE)."""
        return self._read("ZSCORE", (self._field.encode(value),), optional_float)

    @command("ZMSCORE")
    def zmscore(self, members: Iterable[T]) -> Request[list[float | None]]:
        """The scores of some members, in their order; None for those that do not exist (ZMSCORE)."""
        args = checks.some("ZMSCORE", tuple(self._field.members(members)))
        return self._read("ZMSCORE", args, lambda reply: [*map(optional_float, reply)])

    @command("ZRANK")
    def zrank_withscore(self, value: V, *, withscore: Literal[True] = True) -> Request[tuple[int, float] | None]:
        """The same as `zrank` with `withscore` (ZRANK with WITHSCORE, from Redis 7.2 on)."""
        return self._ranked("ZRANK", value, withscore)

    @overloaded("ZRANK", ("withscore", zrank_withscore))
    def zrank(self, value: V, *, withscore: Literal[False] = False) -> Request[int | None]:
        """The position of a member from the lowest score on, counted from 0, or None (ZRANK).

        Args:
            value: the member.
            withscore: return the position and the score, or None. Needs Redis 7.2.
        """
        return self._read("ZRANK", (self._field.encode(value),), optional_int)

    @command("ZREVRANK")
    def zrevrank_withscore(self, value: V, *, withscore: Literal[True] = True) -> Request[tuple[int, float] | None]:
        """The same as `zrevrank` with `withscore` (ZREVRANK with WITHSCORE, from Redis 7.2 on)."""
        return self._ranked("ZREVRANK", value, withscore)

    @overloaded("ZREVRANK", ("withscore", zrevrank_withscore))
    def zrevrank(self, value: V, *, withscore: Literal[False] = False) -> Request[int | None]:
        """The position of a member from the highest score, counted from 0 (ZREVRANK); otherwise like `zrank`."""
        return self._read("ZREVRANK", (self._field.encode(value),), optional_int)

    @command("ZRANDMEMBER")
    def zrandmember_withscores(self, count: int, *, withscores: Literal[True] = True) -> Request[list[tuple[T, float]]]:
        """The same as `zrandmember` with `count` and `withscores` (ZRANDMEMBER with WITHSCORES)."""
        args = (checks.count("ZRANDMEMBER's count", count), checks.on("ZRANDMEMBER", "withscores", withscores))
        return self._read("ZRANDMEMBER", args, self._scored)

    @command("ZRANDMEMBER")
    def zrandmember_many(self, count: int, *, withscores: Literal[False] = False) -> Request[list[T]]:
        """The same as `zrandmember` with `count` (ZRANDMEMBER with a count)."""
        return self._read("ZRANDMEMBER", (checks.count("ZRANDMEMBER's count", count),), self._values)

    @overloaded("ZRANDMEMBER", ("count", zrandmember_many), ("withscores", zrandmember_withscores))
    def zrandmember(self, count: None = None, *, withscores: Literal[False] = False) -> Request[T | None]:
        """A random member, or None (ZRANDMEMBER).

        Args:
            count: return a list of up to so many members; if negative, of so many, some perhaps repeated.
            withscores: return pairs of a member and its score; needs a count.
        """
        return self._read("ZRANDMEMBER", (), self._value)

    @walk("ZSCAN")
    def zscan(self, match: str | bytes | None = None, count: int | None = None) -> Walk[tuple[T, float]]:
        """Yields the members and their scores in chunks (ZSCAN), a request each; some perhaps twice.

        If another server process takes over meanwhile, the walk begins again, so that it misses nothing.

        Args:
            match: a glob pattern that the stored members must match.
            count: about how many a chunk looks at.
        """
        args = scan_args("ZSCAN", match, count)
        return lambda cursor: self._read("ZSCAN", (cursor, *args), scanned(self._scored))

    @walk("ZSCAN")
    def zscan_no_scores(self, match: str | bytes | None = None, count: int | None = None) -> Walk[T]:
        """Yields the members in chunks (ZSCAN with NOSCORES, from Valkey 8.1 on); otherwise like `zscan`."""
        args = (*scan_args("ZSCAN", match, count), "NOSCORES")
        return lambda cursor: self._read("ZSCAN", (cursor, *args), scanned(self._values), needs=NO_SCORES)

    # --- as in Python ---

    def __len__(self: BoundSortedSet[T, V, Sync]) -> int:
        self._sync_only("await ….zcard()")
        hinted = self._hinted()
        return self.zcard() if hinted is None else hinted

    def __contains__(self: BoundSortedSet[T, V, Sync], value: V) -> bool:
        self._sync_only("await ….zscore(value)")
        return self.zscore(value) is not None

    def __aiter__(self: BoundSortedSet[T, V, Async]) -> AsyncIterator[T]:
        self._async_only()
        return awaited(self.zrange(0, -1))

    def __iter__(self: BoundSortedSet[T, V, Sync]) -> Iterator[T]:
        self._sync_only("await ….zrange(0, -1)")
        return self._iterate(self.zrange(0, -1))

    # --- arguments and replies ---

    def _score_args(self, mapping: SupportsItems[V, NewScore] | None, scores: Mapping[Any, NewScore]) -> list[Argument]:
        """Scores and members in turn, at least one of each."""
        if mapping is not None and not isinstance(mapping, Mapping):
            msg = f"ZADD on {self._field} takes a mapping from members to scores, not {shorten(mapping)}"
            raise InvalidValue(msg)
        pairs: list[Argument] = self._field.scored({**(mapping or {}), **scores} if scores else mapping or {})
        if not pairs:
            msg = f"ZADD on {self._field} needs at least one member"
            raise MissingArgument(msg)
        return pairs

    def _conditions(self, name: str, nx: bool, xx: bool, gt: bool, lt: bool, ch: bool = False) -> list[Argument]:
        checks.at_most_one(name, nx=nx, xx=xx)
        checks.at_most_one(name, nx=nx, gt=gt, lt=lt)
        return checks.flags(name, nx=nx, xx=xx, gt=gt, lt=lt, ch=ch)

    def _ranked(self, name: str, value: V, withscore: bool) -> Request[tuple[int, float] | None]:
        def decode(reply: Any) -> tuple[int, float] | None:
            return None if reply is None else (int(reply[0]), float(reply[1]))

        return self._read(
            name, (self._field.encode(value), checks.on(name, "withscore", withscore)), decode, needs=WITH_RANK
        )
