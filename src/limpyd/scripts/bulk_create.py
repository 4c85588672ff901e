"""The requests that create many objects at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import LimpydError
from limpyd.keys import Partition
from limpyd.lua.script import Script
from limpyd.requests.request import Argument, Request
from limpyd.scripts.bulk import Refused, encoded, facts, refused_update, room
from limpyd.scripts.error_mapping import Claim, Model, refusal
from limpyd.scripts.object_requests import UNIQUE_OVER_PARTITIONS, NewObject, scripted
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.target_checks import with_checks
from limpyd.scripts.updates import Fields

BULK_CREATE = Script("bulk_create")
BULK_UPSERT = Script("bulk_upsert")

IndexKey = tuple[bytes, bytes]
"""Kind and key of an index."""


class ObjectShape(NamedTuple):
    """The common part of several new objects (see lua/library/bulk_input.lua).

    Attributes:
        subs: the sub-keys of their hashes.
        strings: the prefixes of their strings.
        unset: the prefixes of the keys that get no value.
        texts: the number of texts for indexes after the values.
        entries: for each entry the kind and the key of the index, and the position of the value, counted from 1.
        more: true if each object has values of many members and further entries.
    """

    subs: tuple[bytes, ...]
    strings: tuple[bytes, ...]
    unset: tuple[bytes, ...]
    texts: int = 0
    entries: tuple[tuple[IndexKey, int], ...] = ()
    more: bool = False


class Created(NamedTuple):
    """The result of the creation of some objects.

    Attributes:
        created, skipped, updated: their numbers.
        pks: for each object its primary key, or None if it was skipped; empty unless they were wanted.
        refused: the refused object, if one was.
        elsewhere: the objects that were passed over since they conflict with one that may be in another partition: for
            each its number, and the primary key of that object.
    """

    created: int
    skipped: int
    updated: int
    pks: list[bytes | None]
    refused: Refused
    elsewhere: list[tuple[int, bytes]]


Claimed = Callable[[Sequence[bytes]], list[Claim]]
NoteUnique = Callable[[bytes, bytes, bytes | None], object]
"""Is called with each value that is unique over several partitions: the key of its index, its text, and the object."""


class NewObjects:
    """New objects that one request creates.

    Args:
        model: their model.
        partition: their partition.
        note_unique: is called with each value that is unique over several partitions.

    Attributes:
        size: about how many bytes their values take.
    """

    def __init__(self, model: Model, partition: Partition, note_unique: NoteUnique | None = None) -> None:
        self._model = model
        self._partition = partition
        self._note_unique = note_unique
        self._indexes: dict[IndexKey, bytes] = {}
        self._shapes: dict[ObjectShape, int] = {}
        self._runs: list[tuple[ObjectShape, int]] = []  # of objects of one shape, and at which object each begins
        self._shape: ObjectShape | None = None
        self._args: list[bytes] = []
        self._objects: list[tuple[bytes | None, Claimed, Sequence[bytes]]] = []
        self.size = 0

    @property
    def given_pks(self) -> list[bytes]:
        """The primary keys that are not minted."""
        return [pk for pk, _, _ in self._objects if pk is not None]

    def add(self, shape: ObjectShape, pk: bytes | None, values: Sequence[bytes], claimed: Claimed) -> None:
        """Adds an object with a shape; the shape contains everything but the values.

        Args:
            shape: its shape.
            pk: its primary key, unless it is minted.
            values: its values, and the texts for indexes.
            claimed: returns the claims for these values, in the order of the entries.
        """
        if shape is not self._shape:
            self._shapes.setdefault(shape, len(self._shapes) + 1)
            self._runs.append((shape, len(self._objects)))
            self._shape = shape
        if pk is not None:
            self._args.append(pk)
        self._args += values
        self.size += room(values)
        self._objects.append((pk, claimed, values))
        if self._note_unique is not None:
            for (kind, key), number in shape.entries:
                if kind in UNIQUE_OVER_PARTITIONS:
                    self._note_unique(key, values[number - 1], pk)

    def add_any(self, new: NewObject) -> None:
        """Adds an object of any kind."""
        shape = ObjectShape(tuple(new.hash[::2]), tuple(new.strings[::2]), tuple(new.unset), more=True)
        self.add(shape, new.pk, (*new.hash[1::2], *new.strings[1::2]), lambda _: new.claimed())
        rest: list[Argument] = [len(new.members)]
        for prefix, command, members in new.members:
            rest += (prefix, command, len(members), *members)
        rest.append(len(new.entries) // 3)
        for kind, key, text in zip(new.entries[::3], new.entries[1::3], new.entries[2::3], strict=True):
            rest += (self._index_number((kind, key)), text)
            if self._note_unique is not None and kind in UNIQUE_OVER_PARTITIONS:
                self._note_unique(key, text, new.pk)
        stored = encoded(rest)
        self._args += stored
        self.size += room(stored)

    def create(self, *, skip: bool, give_pks: bool) -> Request[Created]:
        """Creates the objects, each as a whole, up to the first one that is refused.

        Args:
            skip: whether to pass over objects whose primary key or unique value belongs to another object.
            give_pks: whether to return the primary keys.
        """
        args = (b"%d" % skip, b"%d" % give_pks, *self._head())

        def decode(reply: list[Any]) -> Created:
            created, skipped, refused, pks = facts(self._model, reply)
            return Created(created, skipped, 0, pks, refused and (refused[0], self._error(*refused)), [])

        request = scripted(BULK_CREATE, self._keys, args, decode, self._model)
        request = request.assuming(self._model.maintenance.at(self._partition).declared)
        return with_checks(
            request, self._model, self._partition, in_parts=True, created=[pk for pk, _, _ in self._objects]
        )

    def create_or_update(
        self, fields: Fields, values: Sequence[Argument], *, give_pks: bool, updates_only: bool = False
    ) -> Request[Created]:
        """Creates objects, or updates the existing ones that they conflict with; up to the first one that is refused.

        Args:
            fields: the fields to update.
            values: the new values for each object (see `Fields.values`).
            give_pks: whether to return the primary keys.
            updates_only: whether to create none: those with the primary keys are updated.
        """
        model = self._model
        args = (b"%d" % give_pks, b"%d" % updates_only, *self._head(), *fields.args(), *values)

        def decode(reply: list[Any]) -> Created:
            created, skipped, updated, refused, pks, elsewhere = facts(model, reply)
            others = [*zip(elsewhere[::2], elsewhere[1::2], strict=True)]
            return Created(created, skipped, updated, pks, refused_update(model, fields, refused), others)

        request = scripted(BULK_UPSERT, self._keys, args, decode, model, retry_with=answer)
        request = request.assuming(model.maintenance.at(self._partition).declared)
        return with_checks(request, model, self._partition, in_parts=True, created=[pk for pk, _, _ in self._objects])

    @property
    def _keys(self) -> tuple[bytes, ...]:
        """Returns the key of the set of primary keys; if they are minted, also that of the last automatic one."""
        minted = self._objects[0][0] is None
        return (self._partition.pks, self._partition.seq) if minted else (self._partition.pks,)

    def _head(self) -> list[bytes]:
        """Returns the arguments that lua/library/bulk_input.lua reads."""
        shapes: list[Argument] = [len(self._shapes)]
        for shape in self._shapes:
            for names in shape[:3]:
                shapes += (len(names), *names)
            shapes += (len(shape.subs) + len(shape.strings) + shape.texts, len(shape.entries))
            for index, value in shape.entries:
                shapes += (self._index_number(index), value)
            shapes.append(int(shape.more))
        runs: list[Argument] = [len(self._runs)]
        ends = [*(start for _, start in self._runs[1:]), len(self._objects)]
        for (shape, start), end in zip(self._runs, ends, strict=True):
            runs += (self._shapes[shape], end - start)
        indexes = [text for index in self._indexes for text in index]
        head: list[Argument] = [self._partition.hash_prefix, len(self._indexes), *indexes, *shapes, *runs]
        return encoded(head) + self._args

    def _error(self, number: int, outcome: list[Any]) -> LimpydError:
        """Returns the error for an object that was refused."""
        pk, claimed, values = self._objects[number]
        return refusal(self._model, outcome, pk, claimed(values))

    def _index_number(self, index: IndexKey) -> bytes:
        number = self._indexes.get(index)
        if number is None:
            number = self._indexes[index] = b"%d" % (len(self._indexes) + 1)
        return number
