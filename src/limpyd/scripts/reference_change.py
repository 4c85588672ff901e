"""The request that changes a reference from the side of the object that is referred to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from limpyd.keys import Partition
from limpyd.lua.script import Script
from limpyd.requests.request import Argument, Request
from limpyd.requests.subjects import Subject
from limpyd.scripts.error_mapping import Claim, Model, refusal
from limpyd.scripts.object_requests import scripted
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.target_checks import with_checks
from limpyd.scripts.writes import WriteStep, step_args

REFER = Script("refer")
REFER_NO_LONGER = Script("refer", flags="allow-oom")


def refer(
    target: Model,
    partition: Partition | None,
    pk: bytes,
    model: Model,
    own: Partition,
    holders: Sequence[bytes],
    step: WriteStep,
    made: Callable[[bytes], None],
    subject: Subject,
    *,
    refers: bool,
) -> Request[int]:
    """Makes objects refer to an object, or removes their references to it; returns the number of changed objects.

    Args:
        target: the model of the object that they refer to.
        partition: its partition; None if it may be another one than that of the referring objects.
        pk: its primary key.
        model: the model of the referring objects.
        own: the partition of the referring objects.
        holders: the primary keys of the referring objects.
        step: the command that stores the reference, or removes it.
        made: called with the primary key when the object is known to exist.
        subject: the field, for messages.
        refers: true to refer, false to remove the references.

    Raises (from the reply):
        DoesNotExist: the object, or a referring one, was deleted.
        UniquenessError: another object refers to it, and only one may.
        WrongTypeError: a key holds something else than the field's type.
        ServerError: the server refused a command.
    """

    def decode(reply: list[Any]) -> int:
        if reply[0] != b"ok":
            claims = [Claim(model, step.field)]
            raise refusal(target, reply, pk, claims, others=[(model, holder) for holder in holders])
        made(pk)
        changed: int = reply[1]
        return changed

    theirs = b"" if partition is None else partition.pks
    keys = (own.pks,) if model.crosses_slots or not theirs else dict.fromkeys((own.pks, theirs))
    args: list[Argument] = [theirs, pk, int(refers), len(holders), *holders, *step_args([step])]
    script = REFER if refers else REFER_NO_LONGER
    request = scripted(script, tuple(keys), args, decode, model, subject=subject, retry_with=answer)
    declared = model.maintenance.at(own).declared
    if partition is None:
        return with_checks(request.assuming(declared), model, own)
    return request.assuming(target.maintenance.at(partition).declared, declared)
