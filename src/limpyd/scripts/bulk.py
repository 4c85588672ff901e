"""The requests that update and delete many objects at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import LimpydError
from limpyd.keys import Partition
from limpyd.lua.script import Script
from limpyd.requests.request import Argument, Request
from limpyd.scripts.error_mapping import Model, refusal
from limpyd.scripts.object_requests import scripted
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.target_checks import with_checks
from limpyd.scripts.updates import Assigned, Fields, Program

BULK_UPDATE = Script("bulk_update")
BULK_DELETE = Script("bulk_delete")

Refused = tuple[int, LimpydError] | None
"""The object that was refused, if one was: its number among those of the request, counted from 0, and why."""


class Changed(NamedTuple):
    """The result of the update or deletion of some objects."""

    done: int
    missing: int
    refused: Refused


class Updates:
    """New values of existing objects, which one request stores.

    Attributes:
        fields: the fields that get values.
        args: the arguments for the objects.
        size: about how many bytes their values take.
    """

    def __init__(self, model: Model, partition: Partition, version: bytes | None) -> None:
        self._model = model
        self._partition = partition
        self.fields = Fields(model, partition, version)
        self.args: list[Argument] = []
        self.size = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, pk: bytes | None, assigned: Sequence[Assigned]) -> None:
        """Adds an object: its primary key, unless it is minted, and its new values."""
        if pk is not None:
            self.args.append(pk)
        self.args += self.fields.values(assigned, None)
        args = (self.fields.numbered(each.args) if isinstance(each.args, Program) else each.args for each in assigned)
        self.size += sum(room(encoded(each)) for each in args)
        self._count += 1

    def update(self, *, skip: bool) -> Request[Changed]:
        """Stores the values, for each object all or none, up to the first object that is refused.

        Args:
            skip: whether to pass over objects that do not exist.
        """
        model = self._model

        def decode(reply: list[Any]) -> Changed:
            updated, missing, refused = facts(model, reply)
            return Changed(updated, missing, refused_update(model, self.fields, refused))

        args = (int(skip), len(self), *self.fields.args(), *self.args)
        request = scripted(BULK_UPDATE, (self._partition.pks,), args, decode, model, retry_with=answer)
        request = request.assuming(model.maintenance.at(self._partition).declared)
        return with_checks(request, model, self._partition, in_parts=True)


def delete(
    model: Model, partition: Partition, pks: Sequence[bytes], layout: Sequence[Argument], *, skip: bool
) -> Request[Changed]:
    """Deletes objects, up to the first one that does not exist.

    Args:
        model: their model.
        partition: their partition.
        pks: their primary keys.
        layout: the layout of the model (see `deletion_layout`).
        skip: whether to pass over objects that do not exist.
    """

    def refused(outcome: list[Any], pk: bytes) -> LimpydError:
        return refusal(model, outcome, pk)

    request = scripted(
        BULK_DELETE, (partition.pks,), *deletion(model, pks, layout, refused, skip=skip), model, retry_with=answer
    )
    return request.assuming(model.maintenance.at(partition).declared)


def deletion(
    model: Model,
    pks: Sequence[bytes],
    layout: Sequence[Argument],
    refused: Callable[[list[Any], bytes], LimpydError],
    *,
    skip: bool,
) -> tuple[tuple[Argument, ...], Callable[[Any], Changed]]:
    """Returns the arguments of a script that deletes objects, and the decoder of its reply."""

    def decode(reply: list[Any]) -> Changed:
        if reply[0] == b"unbuilt":
            raise refused(reply, pks[0])
        deleted, missing, stopped = facts(model, reply)
        if stopped is None:
            return Changed(deleted, missing, None)
        number, outcome = stopped
        return Changed(deleted, missing, (number, refused(outcome, pks[number])))

    return (int(skip), len(pks), *pks, model.max_changes, *layout), decode


PER_ARGUMENT = 50
"""The bytes that are added for each argument, since an argument takes time on the server."""


def room(args: Sequence[bytes]) -> int:
    """Returns about how many bytes some arguments take."""
    return sum(map(len, args)) + PER_ARGUMENT * len(args)


def encoded(args: Sequence[Argument]) -> list[bytes]:
    """Returns arguments as they are sent."""
    return [arg if isinstance(arg, bytes) else str(arg).encode() for arg in args]


def facts(model: Model, reply: list[Any]) -> list[Any]:
    """Returns the results for the objects of a request.

    Raises:
        ServerError: the request failed as a whole.
    """
    if reply[0] != b"ok":
        raise refusal(model, reply, None, who=f"the {model.name} objects of a chunk")
    return reply[1:]


def refused_update(model: Model, fields: Fields, refused: Any) -> Refused:
    """Returns the position of the object whose new values were refused, and the error; None if there is none."""
    if refused is None:
        return None
    number, outcome, *pk = refused
    return number, refusal(model, outcome, pk[0] if pk else None, fields.claims())
