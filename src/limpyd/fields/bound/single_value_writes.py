"""Writes of fields of one value, several of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from limpyd.fields.declaration.protocols import FieldModel
from limpyd.requests.request import Request
from limpyd.requests.subjects import Subject
from limpyd.scripts.writes import WriteStep, write
from limpyd.server import Needs

R = TypeVar("R")


def write_single_values(
    model: FieldModel,
    instance: Any,
    steps: list[WriteStep],
    decode: Callable[[list[Any]], R],
    subject: Subject | None = None,
    needs: Needs | None = None,
) -> Request[R]:
    """Write commands on the fields of one value of an instance: all or nothing, with their indexes.

    Raises:
        InvalidPrimaryKey: the instance has no primary key, and the model does not give it one by itself.
    """
    pk: bytes | None = instance._pk_bytes
    if pk is None:
        model.must_have_or_mint(pk, [step.field for step in steps])
    request = write(model, model.keys.partition(pk), pk, steps, decode, instance._set_pk, subject, needs)
    if pk is None:
        request.creates = instance
    return request
