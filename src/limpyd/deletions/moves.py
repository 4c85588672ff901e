"""Deletions that go on although objects move to other partitions meanwhile (see limpyd.repartitioning).

Tombs, and the notes of what is closed, move with the objects. Whatever a sweep has begun is void where an object has
left a partition, as if somebody had taken it over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from limpyd.deletions.relatives import Group, Place
from limpyd.exceptions import ObjectsMoved, OutcomeUnknown
from limpyd.requests.request import Request
from limpyd.requests.scattered import Rounds
from limpyd.requests.waiting import Waiting
from limpyd.targets.closings import open_objects


class Moves:
    """The waiting of a deletion for objects that are on their way.

    Args:
        model: the model of the objects that are deleted.
    """

    def __init__(self, model: Any) -> None:
        self._waiting = Waiting(model.model.database._patience)

    def wait(self, moved: ObjectsMoved) -> Rounds[None]:
        """Waits for some time.

        Raises:
            ObjectsMoved: the given one, if the database has no more patience.
        """
        yield from self._waiting.rounds(moved)

    def wait_decided(self, moved: ObjectsMoved) -> Rounds[None]:
        """Waits for some time, within a deletion that is decided, so it cannot begin anew.

        Raises:
            OutcomeUnknown: the database has no more patience.
        """
        try:
            yield from self.wait(moved)
        except ObjectsMoved:
            msg = (
                f"objects are deleted, but others may still refer to them: objects of {moved.model} are on their way "
                "to other partitions for longer than the database has patience. Once they have arrived, "
                "check(repair=True) finishes the deletion"
            )
            raise OutcomeUnknown(msg) from moved


def placed(groups: Iterable[tuple[Any, Sequence[bytes]]]) -> dict[Place, list[bytes]]:
    """Returns the primary keys of objects of some models, by the places where they are, or would be, now."""
    places: dict[Place, dict[bytes, None]] = {}
    for model, pks in groups:
        for pk in pks:
            places.setdefault((model, model.keys.partition(pk)), {})[pk] = None
    return {place: [*pks] for place, pks in places.items()}


def open_again(moves: Moves, closed: Sequence[Group], token: bytes, gone: Sequence[Group] = ()) -> Rounds[None]:
    """Opens what a deletion has closed, but for what is gone, wherever it is."""
    without = {(group.model, pk) for group in gone for pk in group.pks}
    left = [(group.model, [pk for pk in group.pks if (group.model, pk) not in without]) for group in closed]
    while opened := _opening(left, token):
        try:
            yield opened
        except ObjectsMoved as moved:
            yield from moves.wait(moved)
        else:
            return


def _opening(groups: Iterable[tuple[Any, Sequence[bytes]]], token: bytes) -> list[Request[Any]]:
    return [open_objects(model, partition, token, pks) for (model, partition), pks in placed(groups).items()]
