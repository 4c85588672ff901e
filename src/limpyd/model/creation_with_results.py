"""The creation of an object with values that are results of earlier steps of its transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from limpyd.fields.declaration.setters import with_own_setters
from limpyd.model.crud import known, object_with_pk
from limpyd.model.primary_keys import given_pk
from limpyd.model.updates import assigned_as_given
from limpyd.requests.request import Request
from limpyd.requests.step_results import is_result
from limpyd.schema.schema import Schema
from limpyd.scripts.updates import create_and_update

R = TypeVar("R")


def creation_with_results(schema: Schema, values: Mapping[str, Any], begun: Callable[[bytes | None], R]) -> Request[R]:
    """The request that creates an object; some of the values are results that only the transaction will know.

    The object is created with the other values, and then updated, in the same step.

    Args:
        schema: its model.
        values: its values.
        begun: makes the result of the primary key.

    Raises as `creation`.
    """
    if schema.own_setters:
        values = with_own_setters(schema, values)
    known(schema, values)
    schema.take_turn({} if schema.parent is None else values)
    pk = given_pk(schema, values)
    partition = schema.keys.partition(pk)
    results = {name: value for name, value in values.items() if is_result(value)}
    new = object_with_pk(schema, pk, {**values, **dict.fromkeys(results)}, results, partition)
    assigned = assigned_as_given(schema, results)
    return create_and_update(schema, partition, new, assigned).then(begun)
