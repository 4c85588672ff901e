"""Objects that a deletion has closed, and that somebody else needs: the deletion ends, or is called off.

See limpyd.deletions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.keys import Partition
from limpyd.lua.script import Script, evalsha
from limpyd.requests.in_place import in_place
from limpyd.requests.promise import SHORTEST_PAUSE, longer
from limpyd.requests.request import Request
from limpyd.requests.scattered import Pause, Rounds

CALL_OFF = Script("call_off")
OPEN = Script("open_objects")

AGE = 1000
"""The milliseconds without a sign of life after which a deletion counts as one of a process that ended."""
TOKEN = 8
"""The bytes of the token at the beginning of a record."""
GOES_WITH = 14
"""The position in a record of the object that the closed one goes with; the time is before it."""


def called_off(model: Any, pk: bytes, record: bytes) -> Rounds[None]:
    """Waits until a deletion does not close an object any more; one of a process that ended is called off.

    What is decided cannot be called off. It is finished instead.

    Args:
        model: the model of the object.
        pk: its primary key.
        record: the record of the closing.
    """
    token, pause = record[:TOKEN], SHORTEST_PAUSE
    first = asked, asked_pk = _goes_with(model, pk, record[GOES_WITH:])
    while True:
        partition = asked.keys.partition(asked_pk)
        (reply,) = yield [_call_off(asked, partition, token, asked_pk)]
        outcome, *with_ = reply
        if outcome == b"with":
            asked, asked_pk = _goes_with(asked, asked_pk, with_[0])
        elif outcome == b"young":
            yield Pause(pause)
            pause = longer(pause)
            asked, asked_pk = first
        elif outcome == b"decided":
            yield from asked.deletions.finished(partition, [asked_pk])
            asked, asked_pk = first
        else:
            yield [open_objects(model, model.keys.partition(pk), token, [pk])]
            return


def _goes_with(model: Any, pk: bytes, with_: bytes) -> tuple[Any, bytes]:
    """Returns the model and the primary key of what an object goes with; its own if with nothing."""
    if not with_:
        return model, pk
    tag, _, other = with_.partition(b"\0")
    return model.deletions.referred_at(tag), other


def open_objects(model: Any, partition: Partition, token: bytes, pks: Sequence[bytes]) -> Request[int]:
    """Opens objects that a deletion has closed; how many were."""
    args = evalsha(OPEN, (partition.closing,), (token, *pks))
    return in_place(Request(args, int, readonly=True, script=OPEN, subject=model), model, partition)


def _call_off(model: Any, partition: Partition, token: bytes, pk: bytes) -> Request[list[bytes]]:
    args = evalsha(CALL_OFF, (partition.closing, partition.tomb), (token, pk, AGE))
    return in_place(Request(args, list, readonly=True, script=CALL_OFF, subject=model), model, partition)
