"""A plan: how conditions are answered by one request, native where one command suffices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from limpyd.keys import ModelKeys, Partition
from limpyd.query.filters import Condition
from limpyd.requests import Argument, Request, answered
from limpyd.scripts import calls
from limpyd.scripts.calls import Leaf
from limpyd.scripts.outcomes import Model


class Planned(Model, Protocol):
    """What a plan needs to know of its model."""

    keys: ModelKeys


def plan_for(model: Planned, conditions: Sequence[Condition]) -> Plan:
    """The plan for all objects of a model; where there will be several partitions, they will be merged here."""
    (only,) = model.keys.partitions
    return Plan(model, only, conditions)


class Plan:
    """How to find the objects of one partition that meet all conditions.

    A model of several partitions runs a plan for each and merges what they give.
    """

    def __init__(self, model: Model, where: Partition, conditions: Sequence[Condition]) -> None:
        self._model = model
        self._where = where
        self.leaves = [condition.leaf(where) for condition in conditions]

    @property
    def empty(self) -> bool:
        """Whether nothing can match, so that nothing needs to be asked."""
        return any(not leaf.texts for leaf in self.leaves)

    def pks(self, limit: int = 0) -> Request[list[bytes]]:
        """The primary keys that match; with a limit of 1 or more, so many are enough."""
        if self.empty:
            return answered([])
        leaves = self.leaves
        sets = self._sets()
        if sets is not None:
            if limit and len(sets) == 1:
                return self._native("SRANDMEMBER", *sets, limit, decode=list)
            return self._native("SMEMBERS" if len(sets) == 1 else "SINTER", *sets, decode=list)
        if len(leaves) == 1 and len(leaves[0].texts) == 1:
            kind, key, (text,) = leaves[0]
            if kind == b"uniq":
                return self._native("HGET", key, text, decode=lambda pk: [] if pk is None else [pk])
            if kind == b"pk":
                return self._native("SISMEMBER", key, text, decode=lambda found: [text] if found else [])
        if len(leaves) == 1 and leaves[0].kind == b"eq":
            return self._native("SUNION", *_keys(leaves[0]), decode=list)
        return calls.find(self._model, self._where, leaves, limit)

    def count(self, limit: int = 0) -> Request[int]:
        """How many match; with a limit of 1 or more, it may stop counting there."""
        if self.empty:
            return answered(0)
        sets = self._sets()
        if sets is not None:
            if len(sets) == 1:
                return self._native("SCARD", *sets, decode=int)
            stop: tuple[Argument, ...] = ("LIMIT", limit) if limit else ()
            return self._native("SINTERCARD", len(sets), *sets, *stop, decode=int)
        if len(self.leaves) == 1 and len(self.leaves[0].texts) == 1:
            kind, key, (text,) = self.leaves[0]
            command = {b"uniq": "HEXISTS", b"pk": "SISMEMBER"}.get(kind)
            if command is not None:
                return self._native(command, key, text, decode=int)
        return calls.count(self._model, self._where, self.leaves, limit)

    def existing(self, pks: list[bytes]) -> Request[list[bytes]]:
        """Those of some primary keys that exist, in their order."""
        if not pks:
            return answered(pks)

        def keep(found: list[int]) -> list[bytes]:
            return [pk for pk, there in zip(pks, found, strict=True) if there]

        return self._native("SMISMEMBER", self._where.pks, *pks, decode=keep)

    def _sets(self) -> list[bytes] | None:
        """The sets whose intersection is the answer, where it is one."""
        if not self.leaves:
            return [self._where.pks]
        if all(leaf.kind == b"eq" and len(leaf.texts) == 1 for leaf in self.leaves):
            return [key for leaf in self.leaves for key in _keys(leaf)]
        return None

    def _native(self, command: str, *args: Argument, decode: Any) -> Request[Any]:
        return Request((command, *args), decode, readonly=True, subject=self._model)


def _keys(leaf: Leaf) -> list[bytes]:
    return [leaf.key + text for text in leaf.texts]
