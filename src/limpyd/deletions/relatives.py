"""The models and references that the deletion of an object concerns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from limpyd.keys import Partition
from limpyd.relations.deletion import clearing_command
from limpyd.relations.references import CASCADE, CLEAR, RESTRICT, ReferenceField
from limpyd.requests.request import Argument, Assumption, merged

Place = tuple[Any, Partition]
"""A model, and one of its partitions."""


class Group(NamedTuple):
    """Objects of one partition, which a deletion has closed or deleted.

    Attributes:
        model: their model.
        partition: their partition.
        pks: their primary keys.
        time: the time of the clock of the partition then.
        is_renewed: true if their deletion was taken over from somebody else.
    """

    model: Any
    partition: Partition
    pks: list[bytes]
    time: int
    is_renewed: bool = False


class Task(NamedTuple):
    """An object and a reference by which others may refer to it.

    Attributes:
        group: that of the object.
        number: the number of the reference among those of its model, counted from 1.
        pk: the primary key of the object.
    """

    group: Group
    number: int
    pk: bytes


class Relatives:
    """The models and references that the deletion of objects of a model concerns.

    Attributes:
        model: the model.
        references: of each model those that refer to it, or to models whose objects may go too.
        restrict: true if any of them may forbid the deletion.
        is_local: true if all objects that it concerns are in one slot.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self._going = [model]
        self.references: dict[Any, list[ReferenceField[Any]]] = {}
        for each in self._going:
            for reference in each.incoming:
                self.references.setdefault(reference.model, []).append(reference)
                if reference.on_delete == CASCADE and reference.model not in self._going:
                    self._going.append(reference.model)
        every = [reference for some in self.references.values() for reference in some]
        self.restrict = any(reference.on_delete == RESTRICT for reference in every)
        self.is_local = all(reference.is_local for reference in every if reference.has_target)
        self._sweeping: dict[Place, tuple[Argument, ...]] = {}
        self._assumed: dict[Place, tuple[Assumption, ...]] = {}

    @property
    def models(self) -> list[Any]:
        """The models whose objects may be deleted, and then those whose objects may change."""
        return list(dict.fromkeys((*self._going, *self.references)))

    def may_go(self, model: Any) -> bool:
        """Returns whether objects of a model may be deleted too."""
        return model in self._going

    def places(self) -> Iterator[Place]:
        """Yields the partitions of all models that refer."""
        for model in self.references:
            for partition in model.keys.partitions:
                yield model, partition

    def tasks(self, groups: list[Group]) -> dict[Place, list[Task]]:
        """Returns what is to be looked for in each partition of the models that refer to some objects."""
        tasks: dict[Place, list[Task]] = {}
        for model, partition in self.places():
            found = [
                Task(group, number, pk)
                for group in groups
                for number, reference in enumerate(self.references[model], 1)
                if reference.target is group.model
                for pk in group.pks
            ]
            if found:
                tasks[model, partition] = found
        return tasks

    def sweeping(self, place: Place) -> tuple[Argument, ...]:
        """Returns the references of a model as the script of a sweep takes them in a partition."""
        if place not in self._sweeping:
            model, partition = place
            args: list[Argument] = [len(self.references[model])]
            for reference in self.references[model]:
                index = reference.reverse_index(partition)
                clearing = clearing_command(reference, partition) if reference.on_delete == CLEAR else []
                many = b"many" if reference.many else b"one"
                args += (reference.on_delete, index.kind.name, index.key, many, len(clearing), *clearing)
            self._sweeping[place] = tuple(args)
        return self._sweeping[place]

    def asking(self, place: Place) -> list[Argument]:
        """Returns the references of a model as the script that finds those who refer takes them in a partition."""
        model, partition = place
        args: list[Argument] = [len(self.references[model])]
        for reference in self.references[model]:
            index = reference.reverse_index(partition)
            args += (reference.on_delete, index.kind.name, index.key, int(self.may_go(model)))
        return args

    def assumed(self, place: Place) -> tuple[Assumption, ...]:
        """Returns the assumption that the indexes that find those who refer are built in a partition."""
        if place not in self._assumed:
            model, partition = place
            indexes = model.maintenance.at(partition)
            built = indexes.built([reference.reverse_index(partition) for reference in self.references[model]])
            self._assumed[place] = merged([indexes.declared, *built])
        return self._assumed[place]


def known_references(model: Any, partition: Partition) -> tuple[Argument, ...]:
    """Returns the references to a model, as the catalog of a partition records them: a count, and the keys of indexes.

    The index of a reference among objects of the same slot is recorded where it is, that of another one by its first
    partition.
    """
    keys = []
    for reference in model.incoming:
        holders = reference.model.keys
        own = holders.beside(partition) if reference.is_local else holders.first
        keys.append(reference.reverse_index(own).key)
    return (len(keys), *keys)
