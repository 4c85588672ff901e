"""The checks before a write that refers to objects of other partitions, or to which those may refer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from limpyd.keys import Partition
from limpyd.requests.request import Request
from limpyd.scripts.error_mapping import Model
from limpyd.scripts.python_transforms import answer
from limpyd.targets.target import Target

R = TypeVar("R")


def with_checks(
    request: Request[R],
    model: Model,
    partition: Partition,
    *,
    in_parts: bool = False,
    created: Iterable[bytes | None] = (),
) -> Request[R]:
    """Returns a write with the checks of the objects of other partitions to which it refers (see limpyd.targets).

    Args:
        request: the write.
        model: the model of the objects that are to refer.
        partition: their partition.
        in_parts: true if the script keeps what it did before it refuses something, so it cannot ask for a check.
        created: the primary keys of objects that it may create; None for one that is minted.
    """
    if model.deletions.leave_tombs:
        named = [pk for pk in created if pk is not None]
        if named:
            from limpyd.targets.tombs import NoTombs  # noqa: PLC0415 - few models have several partitions

            request = request.assuming(NoTombs(model, partition, named))
    if model.deletions.are_awaited:
        request.retry_with = request.retry_with or answer
    if not model.targets:
        return request
    targets: dict[Any, dict[bytes, bool]] = {}
    for arg in request.args:
        if type(arg) is Target:
            targets.setdefault(arg.model, {})[arg] = in_parts
    if targets:
        from limpyd.targets.check import TargetCheck  # noqa: PLC0415 - few models refer to other partitions

        request = request.assuming(*(TargetCheck(model, partition, each, pks) for each, pks in targets.items()))
    request.retry_with = request.retry_with or answer
    return request
