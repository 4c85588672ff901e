"""The promises that a script asked for, since only the server knew what it needs."""

from __future__ import annotations

from typing import Any

from limpyd.claims.claim import claim_of
from limpyd.keys import Partition
from limpyd.requests.promise import Promise
from limpyd.requests.request import Request
from limpyd.targets.target import REFERS


def with_promises(request: Request[Any], reply: list[Any]) -> Request[Any]:
    """Returns the request with the promises that its script asked for."""
    return request.with_args(request.args).assuming(*promises_asked_for(request, reply))


def promises_asked_for(request: Request[Any], reply: list[Any]) -> list[Promise]:
    """Returns the promises that the script of a request asked for; those that it was sent with have to be made anew."""
    known = {each.about: each for each in request.assumes if isinstance(each, Promise)}
    promises = []
    for key, text, pk in zip(reply[1::3], reply[2::3], reply[3::3], strict=True):
        promise = _promise_of(request, key, text, pk)
        if promise.about in known:
            known[promise.about].demand()
        promise.demand()
        promises.append(promise)
    return promises


def _promise_of(request: Request[Any], key: bytes, text: bytes, pk: bytes) -> Promise:
    """Returns the promise that a request about a key needs, in the partition whose indexes it rests on."""
    known: Any = [each for each in request.assumes if not isinstance(each, Promise)]
    for each in known:
        for awaited in each.maintenance.model.awaited.values():
            own = awaited.keys.beside(each.maintenance.partition)
            if key == own.pks:
                from limpyd.targets.opened import Opened  # noqa: PLC0415 - few deletions take several steps

                return Opened(awaited, own, [text])
    for each in known:
        indexes = each.maintenance
        partition: Partition = indexes.partition
        if key.startswith(partition.prefix):
            from limpyd.targets.check import TargetCheck  # noqa: PLC0415 - perhaps only values are claimed

            if not key.startswith(REFERS, len(partition.prefix)):
                return claim_of(indexes.model, partition, key, text, pk)
            target = indexes.model.targets[key[len(partition.prefix + REFERS) :]]
            return TargetCheck(indexes.model, partition, target, {text: True}, writes=not request.readonly)
    raise AssertionError(key)  # no script writes to an index without having asked about it
