"""The part of a schema that knows what its scripts remove before anything else, since its deadline is over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from limpyd.keys import Partition, to_bytes
from limpyd.lua.overdue import Overdue
from limpyd.relations.references import ReferenceField
from limpyd.requests.request import Request
from limpyd.utils.conversion import Era


class Unsure:
    """The part of a schema whose objects, or references, may be gone at any time, though nobody deletes them."""

    name: str
    objects_expire: bool
    has_unsure_objects: bool
    _era: Era

    @property
    def era(self) -> Era:
        """Another one each time: no instance knows that its object is there, so each read asks."""
        return Era(self.name) if self.objects_expire or self.has_unsure_objects else self._era

    @era.setter
    def era(self, value: Era) -> None:
        self._era = value


class Settled:
    """The part of a schema about values that lapse, and about references to objects that expire.

    Attributes:
        lapses: its values that lapse; None if there are none.
        overdue: what its scripts remove first; None if there is nothing.
        expiring_targets: by their hash tags the models whose objects expire, and to which its own refer, or go with
            those that do; itself if others refer to its objects.
        settled_with: all models whose objects may be changed or deleted then, itself as well.
        is_swept_by_creations: true if its objects expire, and no others refer to them, so that creations remove some.
        has_unsure_objects: true if objects, or references, may be gone though nobody deletes them; so no instance
            counts as one whose object is there, and all reads are scripts.
    """

    lapses: Any = None
    overdue: Overdue | None = None
    expiring_targets: Mapping[bytes, Any] = {}
    settled_with: Sequence[Any] = ()
    is_swept_by_creations = False
    has_unsure_objects = False

    def settle_first(self, target: Any, concerned: Sequence[Any]) -> None:
        """Has scripts first remove objects of another model whose deadline is over, or of this one.

        Args:
            target: that model.
            concerned: the models whose objects may be changed or deleted then, of which this is one.
        """
        this: Any = self
        self.expiring_targets = {**self.expiring_targets, to_bytes(target.keys.tag): target}
        self.settled_with = tuple(dict.fromkeys((*self.settled_with, *concerned)))
        names = b"" if self.lapses is None else self.lapses.names
        beginnings = sorted(map(self._beginning_of, self.expiring_targets.values()))
        self.overdue = Overdue(self.lapses is not None, True, names, tuple(beginnings))
        this.expires = True
        self.is_swept_by_creations = self.is_swept_by_creations and target is not self
        self.has_unsure_objects = self.has_unsure_objects or _refers_to_any(this, concerned)
        for field in this.value_fields.values():  # whose calls run other scripts from now on
            field.direct.clear()
            field._places.clear()
        this.forget_indexes()
        this.renew()
        if self.has_unsure_objects and not isinstance(self, Unsure):
            this.__class__ = type(type(self).__name__, (Unsure, type(self)), {})
        this.maintenance.invalidate()  # it has more to declare

    def _beginning_of(self, target: Any) -> bytes:
        """Returns the beginning of the keys of a model, without the hash tag if that is the same."""
        this: Any = self
        prefix: bytes = target.keys.first.prefix
        return prefix.partition(b"}")[2] if target.keys.top.tag == this.keys.top.tag else prefix

    def overdue_records(self, partition: Partition) -> Iterator[tuple[bytes, bytes]]:
        """The records in the catalog by which scripts remove what is over: names and texts."""
        if self.lapses is not None:
            yield from self.lapses.records(partition)
        if self.expiring_targets:
            from limpyd.relations.expiring_targets import records  # noqa: PLC0415 - few models refer to objects that expire

            yield from records(self, partition)

    def sweeps(self, partition: Partition) -> Iterator[Request[Any]]:
        """The requests that remove all that scripts remove first, in many short steps; none for a mover."""
        is_moved = isinstance(partition.recorded, bytes) and partition.recorded.startswith(b"0 ")
        if self.overdue is None or is_moved:
            return
        from limpyd.scripts import sweeps  # noqa: PLC0415 - scripts of most models remove nothing first

        if self.lapses is not None:
            yield sweeps.sweep_all_values(self, partition)
        for target in self.expiring_targets.values():
            yield sweeps.sweep_all_targets(target, target.keys.beside(partition))


def _refers_to_any(schema: Any, models: Sequence[Any]) -> bool:
    references = (field for field in schema.value_fields.values() if isinstance(field, ReferenceField))
    return any(field.has_target and field.target in models for field in references)
