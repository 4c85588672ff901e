"""The changes that an update makes to each object that a query finds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from limpyd.exceptions import InvalidValue
from limpyd.expressions import Expression
from limpyd.fields import PKField, SingleValueField, VersionField
from limpyd.keys import Partition
from limpyd.operands import Operand
from limpyd.query.filters.conditions import Condition
from limpyd.requests.request import Request
from limpyd.scripts.queries import Search
from limpyd.scripts.query_writes import assign_found
from limpyd.scripts.updates import Assigned, Program
from limpyd.scripts.writes import WriteStep


def steps_of(model: Any, partition: Partition, values: Mapping[str, Any]) -> list[WriteStep]:
    """The write commands that assign some values to objects of a partition.

    Raises:
        UnknownField: a name is no field.
        InvalidValue: there is none, one does not fit its field's type, or its field is not of one value.
    """
    steps = [field.setting(value, partition) for field, value in _fields_and_values(model, values)]
    if model.version is not None:
        steps.append(model.version.counting(partition))
    return steps


def computing(model: Any, values: Mapping[str, Any], if_: Expression | None) -> Callable[[Search], Request[int]]:
    """The change that assigns values, some of them expressions, to the objects that meet a condition.

    Raises:
        InvalidFilter: the condition is not about the values of an object alone.
        Others as `steps_of`.
    """
    from limpyd.query.computed.arithmetic import computed  # noqa: PLC0415 - most programs compute nothing

    assigned: list[Assigned] = []
    for field, value in _fields_and_values(model, values):
        if isinstance(field, VersionField):
            field.refuse()
        if isinstance(value, Operand):
            args: Program | tuple[bytes, ...] = computed(model, field, value)
        else:
            args = () if value is None else (field.encode_new(value),)
        assigned.append(Assigned(field.name, field.layout_in, args))
    version, condition = None if model.version is None else model.version.sub, condition_of(model, if_)
    return lambda search: assign_found(model, search, assigned, version, condition)


def _fields_and_values(model: Any, values: Mapping[str, Any]) -> Iterator[tuple[SingleValueField[Any], Any]]:
    if not values:
        msg = f"{model.name}: update needs the new value of at least one field"
        raise InvalidValue(msg)
    if model.lapses is not None:
        values = model.lapses.with_new_deadlines(values)
    for given, value in values.items():
        name = model.pk_name if given == "pk" else given
        field = model.field(name)
        if isinstance(field, PKField):
            msg = f"{field} is the primary key, which cannot change; create another object"
            raise InvalidValue(msg)
        if not isinstance(field, SingleValueField):
            msg = f"update takes fields of one value; {field} is a {field.redis_type}: change it in each instance"
            raise InvalidValue(msg)
        yield field, value


def is_computed(values: Mapping[str, Any]) -> bool:
    """Returns whether any value is an expression, which the server computes."""
    for value in values.values():  # noqa: SIM110 - a generator takes three times as long
        if isinstance(value, Operand):
            return True
    return False


def condition_of(model: Any, if_: Expression | None) -> Program | None:
    """The program of the condition of an update, if there is one. Raises as `condition`."""
    if if_ is None:
        return None
    from limpyd.query.computed.conditions import condition  # noqa: PLC0415 - most programs have none

    return condition(model, if_)


def indexes_of(model: Any, names: Iterable[str]) -> set[bytes]:
    """The names of the indexes of some fields, and of all those of several fields."""
    partition = model.keys.first
    indexes = [index for name in names for index in model.field(name).place_in(partition).indexes]
    return {index.declared_key for index in (*indexes, *model.composites(partition))}


def finds_by(conditions: Iterable[Condition], indexes: Collection[bytes]) -> bool:
    """Returns whether some conditions rely on one of some indexes."""
    return any(index.declared_key in indexes for condition in conditions for index in condition.indexes())
