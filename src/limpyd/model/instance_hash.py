"""The hash in which an instance has the values of its InstanceHashFields."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any, TypeVar

from limpyd.fields.bound.single_value_writes import write_single_values
from limpyd.requests.request import Request
from limpyd.scripts.writes import WriteStep

R = TypeVar("R")


def set_entries(instance: Any, values: Mapping[str, Any]) -> Request[bool]:
    """The request that stores values of InstanceHashFields, by name (HSET).

    Raises:
        UnknownField: a name is no InstanceHashField.
        InvalidValue: a value does not fit its field's type.
    """
    schema, pk = instance._schema, instance._pk_bytes

    def general() -> Request[bool]:
        steps = []
        for name, value in values.items():
            field = schema.hash_field(name)
            steps.append(field.step(pk, "HSET", field.sub, field.encode_new(value)))
        steps += _without_deadlines(schema, pk, values)
        return write_single_values(schema, instance, steps, _true)

    return _served(instance, "hmset", values, _true, general)


def remove_entries(instance: Any, names: Iterable[str]) -> Request[int]:
    """The request that removes the values of InstanceHashFields (HDEL); how many there were.

    Raises:
        UnknownField: a name is no InstanceHashField.
    """
    schema, removed = instance._schema, dict.fromkeys(names)

    def general() -> Request[int]:
        fields = [schema.hash_field(name) for name in removed]
        steps = [field.step(instance._pk_bytes, "HDEL", field.sub) for field in fields]
        steps += _without_deadlines(schema, instance._pk_bytes, removed)
        return write_single_values(schema, instance, steps, lambda replies: sum(replies[: len(removed)]))

    return _served(instance, "hdel", removed, int, general)


def _served(
    instance: Any,
    operation: str,
    values: Mapping[str, Any],
    convert: Callable[[Any], R],
    general: Callable[[], Request[R]],
) -> Request[R]:
    """The request of a prepared statement, if there is one; else that of the general script."""
    pk, schema = instance._pk_bytes, instance._schema
    if pk is None or _without_deadlines(schema, pk, values):
        return general()
    statement = schema.statements[schema.keys.partition(pk)].update(operation, values)
    if statement is None:
        return general()
    prepared: Request[R] = statement.request(pk, values, convert, general, instance)
    return prepared


def _without_deadlines(schema: Any, pk: bytes | None, names: Container[str]) -> list[WriteStep]:
    """Returns the commands that remove the deadlines of values that are written, if no other deadline is."""
    found = () if schema.lapses is None or pk is None else schema.lapses.deadlines
    return [each.step(pk, "HDEL", each.sub) for each in found if each.value_name in names and each.name not in names]


def _true(_reply: Any) -> bool:
    """Decode: it was done."""
    return True
