"""Writes of a pipeline that rest on promises of other partitions: claims of unique values, and checks of references."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import NotInPipeline
from limpyd.requests.request import Request


def refuse_promises(request: Request[Any]) -> None:
    """Refuses a write that may rest on promises of other partitions: values that are unique over them, and references.

    Raises:
        NotInPipeline: it is one.
    """
    for assumption in () if request.readonly else request.assumes:
        indexes: Any = getattr(assumption, "maintenance", None)
        model, why = getattr(indexes, "model", None), getattr(assumption, "may_need", "")
        if model is not None and model.claimed_index is not None:
            count = indexes.partition.count
            why = f"{model.claimed_index} is unique over {count} partitions, and its values may have to be claimed"
        elif model is not None and model.targets:
            names = ", ".join(target.name for target in model.targets.values())
            why = f"{model.name} refers to objects of {names} in other partitions, which may have to be checked"
        elif model is not None and model.awaited:
            names = ", ".join(target.name for target in model.awaited.values())
            why = f"{model.name} refers to objects of {names}, whose deletion may have to be waited for"
        if why:
            msg = f"{request!r}: {why} in the middle, which MULTI and EXEC do not allow; use transaction()"
            raise NotInPipeline(msg)


def keep_order(request: Request[Any], *, as_one_step: bool) -> None:
    """Has what a write rests on be promised for its place among the others."""
    from limpyd.requests.promise import Promise  # noqa: PLC0415 - few models have several partitions

    for assumption in request.assumes:
        if isinstance(assumption, Promise):
            assumption.keep_order(as_one_step=as_one_step)
