"""The server's record of where the objects of a model are, and the comparison with the declaration."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import partial
from typing import TypeVar

from limpyd.exceptions import ObjectsMoved, ObjectsOnTheirWay
from limpyd.indexes.maintenance.declarations import IndexedModel
from limpyd.indexes.maintenance.partition_indexes import NEVER
from limpyd.indexes.maintenance.refused_places import different_partitions
from limpyd.indexes.maintenance.requests import new_epoch
from limpyd.indexes.maintenance.trusted_reads import TRUSTED, in_trust, may_refuse, under_epoch
from limpyd.keys import ModelKeys, Partition
from limpyd.keys.moving import ALL, Given, Move, Told
from limpyd.lua.script import Script, evalsha
from limpyd.requests.request import Request
from limpyd.requests.scattered import Scattered
from limpyd.utils import clock

R = TypeVar("R")

RECORD = Script("record_partitions")
LOOK = Script("record_partitions", flags="no-writes")
"""The same for a process that only reads: a replica can run it."""


class PartitionRecord:
    """The record of the partitions of a model, as far as this process knows it.

    Each process compares it with its declaration before its first request on the model, and again after it finds that
    the catalog of a partition has changed.

    Args:
        model: the model, of several partitions, or in the partitions of another one.
        keys: its keys.

    Attributes:
        compared: true once it was compared.
        trusted_until: the time until which plain reads trust it.
        has_agreed: true if it ever was as this process takes it to be; then the process follows moves of the objects.
    """

    def __init__(self, model: IndexedModel, keys: ModelKeys) -> None:
        self._model = model
        self._keys = keys
        self.has_agreed = False
        self.forget()

    def begun(self, request: Request[R], *, is_atomic: bool) -> Request[R]:
        """Returns the request as it is to be sent, with what has to be asked before it or right after it.

        The record is compared before the first request on the model. A request that needs the catalog of a partition
        does so anyway, when it asks for that.

        Args:
            request: the request, which is about the model.
            is_atomic: true in a transaction, where no read can be sent again alone.
        """
        is_scattered = isinstance(request, Scattered)
        if request.assumes or (request.is_resolved and not is_scattered):
            return request
        if request.readonly and not is_scattered and self._keys.count > 1:
            key = request.key
            partition = None if key is None else self._keys.partition_of_key(key)
            if partition is not None:
                indexes = self._model.maintenance.at(partition)
                if is_atomic:
                    return request.assuming(indexes.assumed(writes=False))
                refuses = may_refuse(request)
                if refuses or (self.compared and not indexes.is_trusted):
                    return under_epoch(request, indexes)
                request = in_trust(request, indexes)
        return request if self.compared else request.after(self.question(may_write=not request.readonly))

    def is_trusted_until(self, time: float) -> bool:
        """Returns whether plain reads trust it now, or what is trusted until a time; never while objects move."""
        return self._keys.move is None and clock.now() < max(time, self.trusted_until)

    def forget(self) -> None:
        """Forgets the record, because it may be another one; the next request on the model compares it."""
        self.compared, self.trusted_until = False, NEVER
        self._questions: dict[bool, Request[None]] = {}

    def question(self, *, may_write: bool) -> Request[None]:
        """Returns the request that compares the record, the same one until it is answered.

        Args:
            may_write: true to make the record if there is none. Without a record, nothing is stored of the
                model, so a read finds nothing, and the next request compares again.

        Raises (from the reply):
            ObjectsMoved: the objects were moved from the number that this process knows, which it follows; or from the
                one that it declares.
            DifferentPartitions: the model has another number of partitions, or they are those of another model.
        """
        questions = self._questions  # another thread may forget them while this one is made, which is of no use then
        known = questions.get(may_write)
        if known is None:
            known = questions[may_write] = self._question(may_write, questions)
        return known

    def _question(self, may_write: bool, questions: dict[bool, Request[None]]) -> Request[None]:
        keys, asked = self._keys, clock.now()
        here = keys.record.encode()
        declared = here if keys.parent is not None else b"%d" % keys.declared
        known = {here, declared} if keys.move is None else {declared, b"%d" % keys.move.to}

        def decode(reply: list[bytes]) -> None:
            recorded, former = reply
            if recorded not in {b"", here}:
                if recorded != keys.record.encode():  # else another thread has followed meanwhile
                    place = self._followed(recorded, former, known)
                    if place is None:
                        raise different_partitions(self._model.name, declared, recorded)
                    self._model.follow(place)
                raise ObjectsMoved(self._model.name, keys.count)
            if questions is self._questions:
                self.compared, self.trusted_until = bool(recorded), asked + TRUSTED
                self.has_agreed = self.has_agreed or self.compared

        script = RECORD if may_write else LOOK
        args = evalsha(script, (keys.root.pks, keys.root.meta), (int(may_write), declared, new_epoch()))
        return Request(args, decode, readonly=True, script=script, subject=self._model)

    def _followed(self, recorded: bytes, former: bytes, known: AbstractSet[bytes]) -> int | Move | None:
        """Returns what another record tells, if this process can go on; else None.

        It is the number to which the objects have been moved, or the declared one again; or the move in which they are.
        """
        keys, move = self._keys, Move.of(recorded)
        if keys.count == 1 or keys.parent is not None:
            return None
        if move is not None:
            return move if self._can_use(move) else None
        has_ended = keys.move is not None and recorded == b"%d" % keys.move.to
        is_known = recorded == b"%d" % keys.declared or (former in known and recorded.isdigit())
        return int(recorded) if has_ended or (self.has_agreed and is_known) else None

    def _can_use(self, move: Move) -> bool:
        """Returns whether the model can be used in a move: it has one of its numbers."""
        keys = self._keys
        known = keys.count if keys.move is None else keys.move.to
        is_one = keys.declared in move or (self.has_agreed and known == move.before) or keys.move == move
        return is_one and keys.parent is None

    def follows(self, partition: Partition, recorded: bytes) -> bool:
        """Returns whether this process goes on after the catalog of a partition has told that objects are elsewhere.

        Args:
            partition: the partition.
            recorded: what its catalog records.

        Raises:
            ObjectsOnTheirWay: objects of the partition are on their way.
        """
        keys, told = self._keys, Told.of(recorded)
        if keys.at(partition.number) is not partition:
            return True  # another thread has followed meanwhile
        if told is not None:
            if not self._can_use(told.move) or (keys.move is None and keys.count != told.move.before):
                return False
            if told.closed:
                finish = partial(self._model.model._finish_slice, told.move, partition.number)
                raise ObjectsOnTheirWay(self._model.name, told.move.to, finish)
            if keys.move != told.move:
                self._model.follow(told.move)
            given: Given | None = told.given
        elif keys.move is not None and recorded == b"%d" % keys.move.to:
            given = ALL
        elif keys.move is not None and recorded == b"%d" % keys.move.before:
            given = None
        else:
            return False
        known = keys.at(partition.number).recorded
        if recorded != (known if isinstance(known, bytes) else b"%d" % known):
            self._model.learn(partition.number, given)
        return True
