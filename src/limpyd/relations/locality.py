"""The references whose two objects one step can see, wherever they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def is_local(holder: Any, target: Any) -> bool:
    """Returns whether the script that writes an object of a model can check that one of another model exists.

    It can among models of one partition (on a database with `nodes=` only if they have the same hash tag), and among
    models in the same partitions (`colocate_with`). But objects of the model that all of those are declared with refer
    to each other wherever they are.
    """
    keys, others = holder.keys, target.keys
    if keys.count != others.count:
        return False
    is_family: bool = keys.top.tag == others.top.tag
    if keys.count == 1:
        return is_family or not holder.model.database._endpoint.is_cluster
    return is_family and (keys.parent is not None or others.parent is not None)


class Locality:
    """The part of a reference that knows where the objects are that it leads to."""

    model: Any
    target: Any
    has_target: Any
    waits = False
    """True if the two objects are in one slot, and a write that refers may have to wait for a deletion of the other."""
    _is_local: bool | None = None

    @property
    def is_local(self) -> bool:
        """True if the script that writes an object can check that the one exists that it refers to.

        It stays what it was when the two models were connected.
        """
        if self._is_local is None:
            self._is_local = is_local(self.model, self.target)
        return self._is_local

    def partitions_of(self, pks: Sequence[Any]) -> frozenset[int] | None:
        """Returns the numbers of the partitions of objects that refer to some others; None if those may be any.

        Args:
            pks: the primary keys of the others; or values that the server reads first, for which it is None.
        """
        if self.model.keys.count == 1 or not (self.has_target and self.is_local):
            return None
        if not all(isinstance(pk, bytes) for pk in pks):
            return None
        return frozenset(self.by_partition(pks))

    def by_partition(self, pks: Sequence[bytes]) -> dict[int, list[bytes]]:
        """Returns primary keys of objects that it may refer to, by the numbers of their partitions."""
        keys = self.target.keys
        found: dict[int, list[bytes]] = {}
        for pk in pks:
            found.setdefault(keys.partition(pk).number, []).append(pk)
        return found
