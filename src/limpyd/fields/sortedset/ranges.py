"""The commands of a sorted set that read or remove a range of it."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.commands.overloads import overloaded
from limpyd.exceptions import InvalidValue
from limpyd.fields import checks
from limpyd.fields.bound.arguments import limit_args
from limpyd.fields.sortedset.scores import BoundScores, Score
from limpyd.requests.request import Argument, Request

T = TypeVar("T")
V = TypeVar("V")
Lex = str | bytes
"""A bound of a range in byte order: "[a", "(a" to leave a out, "-" and "+" for the first and last."""


class BoundSortedSetRanges(BoundScores[T, V, Face]):
    """Ranges by position, by score, and (where all scores are equal) by bytes."""

    __slots__ = ()

    @command("ZRANGE")
    def zmembers(self) -> Request[list[T]]:
        """All members, from the lowest score to the highest (ZRANGE): limpyd 2's name for `zrange(0, -1)`."""
        return self._read("ZRANGE", (0, -1), self._values)

    @command("ZRANGE")
    def zrange_withscores(
        self,
        start: Score,
        end: Score,
        *,
        desc: bool = False,
        withscores: Literal[True] = True,
        byscore: bool = False,
        bylex: Literal[False] = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Request[list[tuple[T, float]]]:
        """The same as `zrange` with `withscores` (ZRANGE with WITHSCORES)."""
        if bylex:
            msg = "ZRANGE returns no scores with bylex, because all members have the same score; leave out withscores"
            raise InvalidValue(msg)
        args = range_args("ZRANGE", start, end, desc, byscore, False, offset, num)
        return self._read("ZRANGE", (*args, checks.on("ZRANGE", "withscores", withscores)), self._scored)

    @overloaded("ZRANGE", ("withscores", zrange_withscores))
    def zrange(
        self,
        start: Score | Lex,
        end: Score | Lex,
        *,
        desc: bool = False,
        withscores: Literal[False] = False,
        byscore: bool = False,
        bylex: bool = False,
        offset: int | None = None,
        num: int | None = None,
    ) -> Request[list[T]]:
        """The members of a range, both ends included (ZRANGE).

        Args:
            start: the first position; or the lowest score, or text, with `byscore` or `bylex` (with `desc` the
                highest).
            end: the last position, negative ones counting from the end; or the other bound.
            desc: from the highest score to the lowest.
            withscores: return pairs of a member and its score.
            byscore: the range is one of scores.
            bylex: the range is one of texts, in the order of their bytes.
            offset: how many to pass over, with `byscore` or `bylex`; needs `num`.
            num: how many to give, with `byscore` or `bylex`; needs `offset`.

        Raises:
            StoredValueError: a stored member does not fit the field's type.
        """
        return self._read(
            "ZRANGE", tuple(range_args("ZRANGE", start, end, desc, byscore, bylex, offset, num)), self._values
        )

    @command("ZREVRANGE")
    def zrevrange_withscores(
        self, start: int, end: int, *, withscores: Literal[True] = True
    ) -> Request[list[tuple[T, float]]]:
        """The same as `zrevrange` with `withscores` (ZREVRANGE with WITHSCORES)."""
        args = (*position_args("ZREVRANGE", start, end), checks.on("ZREVRANGE", "withscores", withscores))
        return self._read("ZREVRANGE", args, self._scored)

    @overloaded("ZREVRANGE", ("withscores", zrevrange_withscores))
    def zrevrange(self, start: int, end: int, *, withscores: Literal[False] = False) -> Request[list[T]]:
        """The members from one position to another, from the highest score on (ZREVRANGE).

        Args:
            start: the first position.
            end: the last one, included; negative ones count from the end.
            withscores: return pairs of a member and its score.
        """
        return self._read("ZREVRANGE", tuple(position_args("ZREVRANGE", start, end)), self._values)

    @command("ZRANGEBYSCORE")
    def zrangebyscore_withscores(
        self,
        min: Score,
        max: Score,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[True] = True,
    ) -> Request[list[tuple[T, float]]]:
        """The same as `zrangebyscore` with `withscores` (ZRANGEBYSCORE with WITHSCORES)."""
        args = score_args("ZRANGEBYSCORE", min, max, start, num)
        return self._read("ZRANGEBYSCORE", (*args, checks.on("ZRANGEBYSCORE", "withscores", withscores)), self._scored)

    @overloaded("ZRANGEBYSCORE", ("withscores", zrangebyscore_withscores))
    def zrangebyscore(
        self,
        min: Score,
        max: Score,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[False] = False,
    ) -> Request[list[T]]:
        """The members with a score from `min` to `max` (ZRANGEBYSCORE).

        Args:
            min: the lowest score, as a number, "-inf", or "(1.5" to leave 1.5 out.
            max: the highest score.
            start: how many to pass over; needs `num`.
            num: how many to give; needs `start`.
            withscores: return pairs of a member and its score.
        """
        return self._read("ZRANGEBYSCORE", tuple(score_args("ZRANGEBYSCORE", min, max, start, num)), self._values)

    @command("ZREVRANGEBYSCORE")
    def zrevrangebyscore_withscores(
        self,
        max: Score,
        min: Score,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[True] = True,
    ) -> Request[list[tuple[T, float]]]:
        """The same as `zrevrangebyscore` with `withscores` (ZREVRANGEBYSCORE with WITHSCORES)."""
        args = score_args("ZREVRANGEBYSCORE", max, min, start, num)
        return self._read(
            "ZREVRANGEBYSCORE", (*args, checks.on("ZREVRANGEBYSCORE", "withscores", withscores)), self._scored
        )

    @overloaded("ZREVRANGEBYSCORE", ("withscores", zrevrangebyscore_withscores))
    def zrevrangebyscore(
        self,
        max: Score,
        min: Score,
        start: int | None = None,
        num: int | None = None,
        *,
        withscores: Literal[False] = False,
    ) -> Request[list[T]]:
        """The members with a score from `max` down to `min` (ZREVRANGEBYSCORE); otherwise like `zrangebyscore`."""
        args = score_args("ZREVRANGEBYSCORE", max, min, start, num)
        return self._read("ZREVRANGEBYSCORE", tuple(args), self._values)

    @command("ZRANGEBYLEX")
    def zrangebylex(
        self,
        min: Lex,
        max: Lex,
        start: int | None = None,
        num: int | None = None,
    ) -> Request[list[T]]:
        """The members from one text to another, in byte order, where all scores are equal (ZRANGEBYLEX).

        Args:
            min: the lowest, as "[a", "(a" to leave a out, or "-" for the first.
            max: the highest, or "+" for the last.
            start: how many to pass over; needs `num`.
            num: how many to give; needs `start`.
        """
        return self._read("ZRANGEBYLEX", tuple(lex_args("ZRANGEBYLEX", min, max, start, num)), self._values)

    @command("ZREVRANGEBYLEX")
    def zrevrangebylex(
        self,
        max: Lex,
        min: Lex,
        start: int | None = None,
        num: int | None = None,
    ) -> Request[list[T]]:
        """The members from one text down to another, in byte order (ZREVRANGEBYLEX); otherwise like `zrangebylex`."""
        return self._read("ZREVRANGEBYLEX", tuple(lex_args("ZREVRANGEBYLEX", max, min, start, num)), self._values)

    @command("ZCOUNT")
    def zcount(self, min: Score, max: Score) -> Request[int]:
        """Returns how many members have a score from `min` to `max` (ZCOUNT)."""
        return self._read("ZCOUNT", tuple(score_bounds("ZCOUNT", min, max)), int)

    @command("ZLEXCOUNT")
    def zlexcount(self, min: Lex, max: Lex) -> Request[int]:
        """Returns how many members there are from one text to another, where all scores are equal (ZLEXCOUNT)."""
        return self._read("ZLEXCOUNT", tuple(lex_bounds("ZLEXCOUNT", min, max)), int)

    @command("ZREMRANGEBYRANK")
    def zremrangebyrank(self, min: int, max: int) -> Request[int]:
        """Removes the members from one position to another (ZREMRANGEBYRANK); returns how many.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("ZREMRANGEBYRANK", tuple(position_args("ZREMRANGEBYRANK", min, max)), int)

    @command("ZREMRANGEBYSCORE")
    def zremrangebyscore(self, min: Score, max: Score) -> Request[int]:
        """Removes the members with a score from `min` to `max` (ZREMRANGEBYSCORE); returns how many.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("ZREMRANGEBYSCORE", tuple(score_bounds("ZREMRANGEBYSCORE", min, max)), int)

    @command("ZREMRANGEBYLEX")
    def zremrangebylex(self, min: Lex, max: Lex) -> Request[int]:
        """Removes the members from one text to another, where all scores are equal (ZREMRANGEBYLEX); returns how many.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("ZREMRANGEBYLEX", tuple(lex_bounds("ZREMRANGEBYLEX", min, max)), int)


def position_args(name: str, start: Any, end: Any) -> list[Argument]:
    """A range of positions."""
    return [checks.integer(f"{name}'s first position", start), checks.integer(f"{name}'s last position", end)]


def score_bounds(name: str, first: Score, last: Score) -> list[Argument]:
    """A range of scores."""
    return [checks.score_bound(f"{name}'s bound", first), checks.score_bound(f"{name}'s bound", last)]


def score_args(name: str, first: Score, last: Score, start: int | None, num: int | None) -> list[Argument]:
    """A range of scores, and which part of it."""
    return [*score_bounds(name, first, last), *limit_args(name, "start", start, num)]


def lex_bounds(name: str, first: Lex, last: Lex) -> list[Argument]:
    """A range of texts."""
    return [checks.lex_bound(f"{name}'s bound", first), checks.lex_bound(f"{name}'s bound", last)]


def lex_args(name: str, first: Lex, last: Lex, start: int | None, num: int | None) -> list[Argument]:
    """A range of texts, and which part of it."""
    return [*lex_bounds(name, first, last), *limit_args(name, "start", start, num)]


def range_args(
    name: str,
    start: Any,
    end: Any,
    desc: bool,
    byscore: bool,
    bylex: bool,
    offset: int | None,
    num: int | None,
) -> list[Argument]:
    """A range of any kind, as ZRANGE and ZRANGESTORE take it."""
    if desc is byscore is bylex is False and offset is None and num is None:
        return position_args(name, start, end)
    checks.at_most_one(name, byscore=byscore, bylex=bylex)
    if checks.flag(f"{name}'s byscore", byscore):
        args = [*score_bounds(name, start, end), "BYSCORE"]
    elif checks.flag(f"{name}'s bylex", bylex):
        args = [*lex_bounds(name, start, end), "BYLEX"]
    else:
        args = position_args(name, start, end)
        if offset is not None or num is not None:
            msg = f"{name} takes offset and num only with byscore or bylex"
            raise InvalidValue(msg)
    if checks.flag(f"{name}'s desc", desc):
        args.append("REV")
    return [*args, *limit_args(name, "offset", offset, num)]
