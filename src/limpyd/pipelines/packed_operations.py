"""Operations of a pipeline of which nothing has to be done but to send what is packed. It does no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.pipelines.pending_result import Pending
from limpyd.pipelines.sent_operations import Sent
from limpyd.requests.guards import Guard
from limpyd.requests.request import Request


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
            if others and packed is not None:
                request = _under_others(request, packed, others)
                packed = request.ready()
        if packed is None:
            return None
        sent.append(Sent(pending, packed, request))
    return sent if writes.are_up_to_date() else None


def _under_others(request: Request[Any], packed: bytes, others: Sequence[Guard]) -> Request[Any]:
    from limpyd.statements.under_others import UnderOthers  # noqa: PLC0415 - few pipelines write to several models

    return UnderOthers(request, packed, others)


class _Writes:
    """The writes so far, by the partitions whose indexes they change.

    Args:
        by_slot: whether only those of its slot come before another one.
    """

    def __init__(self, by_slot: bool) -> None:
        self._by_slot = by_slot
        self._catalogs: dict[Any, object] = {}
        self._places: dict[int | None, list[Any]] = {}
        self._others: dict[Any, tuple[int, Sequence[Guard]]] = {}

    def before(self, under: Any) -> Sequence[Guard]:
        """Notes a write, and returns the guards of the other partitions that are written before it."""
        place = self._places.setdefault(under.partition.slot if self._by_slot else None, [])
        if under not in self._catalogs:
            self._catalogs[under] = under.catalog
            place.append(under)
        count, others = self._others.get(under, (0, ()))
        if count < len(place):
            guards = [other.declared.guard() for other in place if other is not under]
            others = [guard for guard in guards if guard is not None]
            self._others[under] = len(place), others
        return others

    def are_up_to_date(self) -> bool:
        """Returns whether the process knows the same catalogs as at the beginning."""
        return all(under.catalog is catalog for under, catalog in self._catalogs.items())
