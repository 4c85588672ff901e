"""Operations of a pipeline of which nothing has to be done but to send what is packed. It does no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from limpyd.pipelines.pending_result import Pending
from limpyd.pipelines.sent_operations import Sent

if TYPE_CHECKING:
    from limpyd.statements.under_others import OtherEpochs


def packed_in_order(pendings: Sequence[Pending[Any]], by_slot: bool) -> list[Sent] | None:
    """Returns operations as they are sent; None if of one of them there is more to do.

    What one thread sends stays in its order, as in `guarded`: a script that writes is refused where one is that is
    written before it, or before it in its slot.
    """
    sent: list[Sent] = []
    writes = _Writes(by_slot)
    for pending in pendings:
        request = pending.request
        if request.replies > 1 or not request.complete:
            return None
        under = request.under
        if under is None:
            packed = request.ready() if request.readonly or request.script is None else None
        else:
            others = writes.before(under)
            packed = request.ready()
            if others is not None and packed is not None:
                request = others.add_to(request, packed)
                packed = request.ready()
        if packed is None:
            return None
        sent.append(Sent(pending, packed, request))
    return sent if writes.are_up_to_date() else None


class _Writes:
    """The writes so far, by the partitions whose indexes they change.

    Args:
        by_slot: whether only those of its slot come before another one.
    """

    def __init__(self, by_slot: bool) -> None:
        self._by_slot = by_slot
        self._catalogs: dict[Any, object] = {}
        self._places: dict[int | None, list[Any]] = {}
        self._others: dict[Any, tuple[int, OtherEpochs | None]] = {}
        self._last: tuple[Any, OtherEpochs | None] = (None, None)

    def before(self, under: Any) -> OtherEpochs | None:
        """Notes a write, and returns the epochs of the others that are written before it, if there are some."""
        last, others = self._last
        if under is last:
            return others
        place = self._places.setdefault(under.partition.slot if self._by_slot else None, [])
        if under not in self._catalogs:
            self._catalogs[under] = under.catalog
            place.append(under)
        count, others = self._others.get(under, (1, None))
        if count < len(place):
            others = _epochs_of([other for other in place if other is not under])
            self._others[under] = len(place), others
        self._last = under, others
        return others

    def are_up_to_date(self) -> bool:
        """Returns whether the process knows the same catalogs as at the beginning."""
        return all(under.catalog is catalog for under, catalog in self._catalogs.items())


def _epochs_of(partitions: Sequence[Any]) -> OtherEpochs:
    from limpyd.statements.under_others import OtherEpochs  # noqa: PLC0415 - few pipelines write to several models

    guards = [under.declared.guard() for under in partitions]
    return OtherEpochs([guard for guard in guards if guard is not None])
