"""LCS: the longest common subsequence of two strings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.commands.overloads import overloaded
from limpyd.commands.replies import mapping
from limpyd.fields import checks
from limpyd.fields.bound.multi_key import BoundMultiKey
from limpyd.fields.bound.single_value import BoundSingleValue
from limpyd.requests.request import Argument, Request
from limpyd.types import Use

T = TypeVar("T")
R = TypeVar("R")


class Match(NamedTuple):
    """A part that two texts have in common, by the positions in bytes of its first and last byte.

    Attributes:
        start: where it begins in the field.
        end: where it ends in the field, included.
        other_start: where it begins in the other one.
        other_end: where it ends in the other one, included.
        length: its length in bytes.
    """

    start: int
    end: int
    other_start: int
    other_end: int
    length: int


class CommonSubsequence(NamedTuple):
    """The longest common subsequence of two texts.

    Attributes:
        matches: the parts that it consists of, from the last one to the first.
        length: its length in bytes; that of matches too short to be listed included.
    """

    matches: list[Match]
    length: int


class BoundCommonSubsequence(BoundSingleValue[Face], BoundMultiKey[Face], Generic[T, Face]):
    """The commands that compare a Redis string with another one."""

    __slots__ = ()

    @command("LCS")
    def lcs_len(self, other: BoundCommonSubsequence[T, Any], *, len: Literal[True] = True) -> Request[int]:
        """Length in bytes of the longest common subsequence with another field's value (LCS with LEN)."""
        return self._common(other, checks.on("LCS", "len", len), decode=int)

    @command("LCS")
    def lcs_idx(
        self,
        other: BoundCommonSubsequence[T, Any],
        *,
        idx: Literal[True] = True,
        minmatchlen: int | None = None,
        withmatchlen: bool = True,
    ) -> Request[CommonSubsequence]:
        """Returns the positions of the longest common subsequence with another field's value (LCS with IDX).

        Args:
            other: the other field.
            idx: as `lcs(other, idx=True)`.
            minmatchlen: list no matches that are shorter, in bytes.
            withmatchlen: as redis-py has it; each match has its length in any case.
        """
        checks.flag("LCS's withmatchlen", withmatchlen)
        args: list[Argument] = [checks.on("LCS", "idx", idx), "WITHMATCHLEN"]
        if minmatchlen is not None:
            args += ("MINMATCHLEN", checks.integer("LCS's minmatchlen", minmatchlen, low=0))
        return self._common(other, *args, decode=_common_subsequence)

    @overloaded("LCS", ("len", lcs_len), ("idx", lcs_idx))
    def lcs(
        self, other: BoundCommonSubsequence[T, Any], *, len: Literal[False] = False, idx: Literal[False] = False
    ) -> Request[T]:
        """The longest common subsequence with another field's value (LCS).

        It is made of bytes that both have in the same order, but not necessarily one after the other.

        Args:
            other: the other field.
            len: return its length in bytes, as `lcs_len`.
            idx: return where it is, as `lcs_idx`.

        Raises:
            UnsupportedCommand: the field's type is not str or bytes.
            InvalidValue: the other is no StringField of the same type and database.
            StoredValueError: it cuts through a character of several bytes, and the field has type=str.
        """
        return self._common(other, decode=self._value)

    def _common(self, other: Any, *args: Argument, decode: Callable[[Any], R]) -> Request[R]:
        self._usable(Use.TEXT, "LCS")
        fields = [self, *self._checked_fields("LCS", (other,), b"string")]
        return self._read_multi_key("LCS", [*(field._key() for field in fields), *args], fields, decode)


def _common_subsequence(reply: Any) -> CommonSubsequence:
    found = mapping(reply)
    matches = [Match(own[0], own[1], other[0], other[1], length) for own, other, length in found["matches"]]
    return CommonSubsequence(matches, found["len"])
