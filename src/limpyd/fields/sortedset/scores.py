"""Scores of a Redis sorted set: as its commands take them, and its replies return them."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar

from limpyd.commands.faces import Face
from limpyd.commands.replies import pairs
from limpyd.fields.bound.sort import BoundSort
from limpyd.requests.step_results import StepResult

T = TypeVar("T")
V = TypeVar("V")

Number = float | str
"""A number, or the text of one."""
NewScore: TypeAlias = "Number | StepResult[float]"
"""A score, or an amount, that is stored: a number, or the result of an earlier step of the same transaction."""
Score = float | str
"""A bound of a range of scores: a number, "-inf", "+inf", or "(1.5" to leave 1.5 out."""


class BoundScores(BoundSort[T, V, Face]):
    """A sorted set whose replies are members with their scores."""

    __slots__ = ()

    def _scored(self, reply: Any) -> list[tuple[T, float]]:
        """Decode: members with their scores."""
        decode, key = self._field.decode, self._key()
        return [(decode(member, key), float(score)) for member, score in pairs(reply)]
