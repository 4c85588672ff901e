"""Deletions of objects that somebody names, or that a query finds, with all that comes of them in other partitions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.deletions import requests
from limpyd.deletions.decision import delete
from limpyd.deletions.relatives import Relatives
from limpyd.deletions.replies import Deleted
from limpyd.exceptions import RestrictedError
from limpyd.keys import Partition
from limpyd.requests.request import Argument, Request
from limpyd.requests.scattered import Rounds, Scattered
from limpyd.scripts import bulk
from limpyd.scripts.error_mapping import refusal
from limpyd.scripts.queries import Search


class Named:
    """Objects of a partition, by their primary keys.

    Args:
        model: their model.
        partition: their partition.
        pks: their primary keys.
        skip: whether absent ones are passed over.
    """

    def __init__(self, model: Any, partition: Partition, pks: Sequence[bytes], *, skip: bool) -> None:
        self._model = model
        self._partition = partition
        self._pks = pks
        self._skip = skip

    def close(self, token: bytes) -> Request[Any]:
        return requests.close(self._model, self._partition, token, self._pks)

    def delete(self, pks: list[bytes] | None, token: bytes, tomb: bytes) -> Request[Deleted | None]:
        some = self._pks if pks is None else pks
        return requests.delete(self._model, self._partition, some, token, tomb, skip=self._skip)


class Sought:
    """The objects of a partition that a query finds.

    Args:
        model: their model.
        search: the query.
    """

    def __init__(self, model: Any, search: Search) -> None:
        self._model = model
        self._search = search

    def close(self, token: bytes) -> Request[Any]:
        return requests.close_found(self._model, self._search, token)

    def delete(self, pks: list[bytes] | None, token: bytes, tomb: bytes) -> Request[Any]:
        if pks is None:
            return requests.delete_found(self._model, self._search, tomb)
        return requests.delete(self._model, self._search.partition, pks, token, tomb, skip=True)


def delete_one(relatives: Relatives, partition: Partition, pk: bytes) -> Request[None]:
    """Deletes an object.

    Raises:
        DoesNotExist: it was deleted already.
        RestrictedError: another object refers to it, or to one that would go with it, and forbids it.
        TooManyChanges: its index entries are more than a step may change.
        IndexNotBuilt: the index of those who refer to it does not know all objects.
    """
    model = relatives.model

    def rounds() -> Rounds[None]:
        deleted = yield from delete(relatives, Named(model, partition, [pk], skip=False))
        if not deleted.group.pks:
            raise refusal(model, [b"gone"] if deleted.refused is None else deleted.refused[1], pk)

    return Scattered(rounds, subject=model, readonly=False)


def delete_found(relatives: Relatives, search: Search) -> Request[int]:
    """Deletes the objects that a query finds, all or none; how many it found. Raises as `delete_one`."""
    model = relatives.model

    def rounds() -> Rounds[int]:
        deleted = yield from delete(relatives, Sought(model, search))
        if deleted.refused is not None:
            raise refusal(model, deleted.refused[1], None, who=f"the {model.name} objects of a chunk")
        return len(deleted.group.pks)

    return Scattered(rounds, subject=model, readonly=False)


def delete_many(
    relatives: Relatives, partition: Partition, pks: Sequence[bytes], *, skip: bool
) -> Request[bulk.Changed]:
    """Deletes objects as far as the first that is refused; those before it are gone."""
    return Scattered(
        lambda: _deleted_in_order(relatives, partition, pks, skip=skip), subject=relatives.model, readonly=False
    )


def _deleted_in_order(
    relatives: Relatives, partition: Partition, pks: Sequence[bytes], *, skip: bool
) -> Rounds[bulk.Changed]:
    """Deletes objects together; if one of them is refused, in halves."""
    model = relatives.model
    try:
        # Those that were closed are deleted together, so an absent one would not end it in time.
        one_by_one = relatives.restrict and not skip and len(pks) > 1
        if one_by_one and not (yield from _all_exist(model, partition, pks)):
            return (yield from _deleted_in_halves(relatives, partition, pks, skip=skip))
        deleted = yield from delete(relatives, Named(model, partition, pks, skip=skip))
    except RestrictedError as error:
        if len(pks) == 1:
            return bulk.Changed(0, 0, (0, error))
        return (yield from _deleted_in_halves(relatives, partition, pks, skip=skip))
    done, missing, refused = len(deleted.group.pks), len(deleted.absent) if skip else 0, deleted.refused
    if refused is not None:
        number, outcome = refused
        return bulk.Changed(done, missing, (number, refusal(model, outcome, pks[number])))
    if deleted.absent and not skip:
        return bulk.Changed(done, missing, (0, refusal(model, [b"gone"], pks[0])))
    return bulk.Changed(done, missing, None)


def _all_exist(model: Any, partition: Partition, pks: Sequence[bytes]) -> Rounds[bool]:
    args: tuple[Argument, ...] = ("SMISMEMBER", partition.pks, *pks)
    (exist,) = yield [Request(args, all, readonly=True, subject=model)]
    return bool(exist)


def _deleted_in_halves(
    relatives: Relatives, partition: Partition, pks: Sequence[bytes], *, skip: bool
) -> Rounds[bulk.Changed]:
    half = len(pks) // 2
    first = yield from _deleted_in_order(relatives, partition, pks[:half], skip=skip)
    if first.refused is not None or first.done + first.missing < half:
        return first
    second = yield from _deleted_in_order(relatives, partition, pks[half:], skip=skip)
    refused = None if second.refused is None else (half + second.refused[0], second.refused[1])
    return bulk.Changed(first.done + second.done, first.missing + second.missing, refused)
