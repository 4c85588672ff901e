"""The requests that set several fields of objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from limpyd.keys import Partition
from limpyd.lua.arguments import NewValue, Updated, UpdatedFields, packed
from limpyd.lua.script import Script
from limpyd.requests.request import Argument, Request
from limpyd.requests.step_results import Result
from limpyd.scripts.error_mapping import Claim, Model, refusal
from limpyd.scripts.object_requests import NewObject, object_args, object_keys, scripted
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.target_checks import with_checks
from limpyd.scripts.writes import WriteLayout, with_claims

CREATE = Script("create_and_update")
UPDATE = Script("update")
CLEAR = Script("update", flags="allow-oom")
"""The same where values are only removed, which a full server must not refuse."""


LayoutIn = Callable[[Partition], WriteLayout]
"""Gives the layout of a field in a partition (see WriteLayout)."""


class Read(NamedTuple):
    """A field that a program reads; its number stands in the arguments.

    Attributes:
        field: its name.
        layout_in: its layout.
        sub: the sub-key, if it reads a value of a hash.
    """

    field: str
    layout_in: LayoutIn
    sub: bytes | None = None


class Program(tuple[Argument | Read, ...]):
    """An expression, or a condition, as lua/library/expressions.lua reads it."""

    __slots__ = ()


class Assigned(NamedTuple):
    """A new value of a field.

    Attributes:
        field: its name.
        layout_in: the layout of the field.
        args: the arguments that make the value (see lua/library/assign.lua).
    """

    field: str
    layout_in: LayoutIn
    args: tuple[Argument, ...] | Program


class Fields:
    """The fields that get new values or are read, each once (see lua/library/assign.lua).

    Args:
        model: the model of the fields.
        partition: the partition.
        version: the sub-key of the version, if the model has one.
        condition: the condition that an object must meet.
    """

    def __init__(
        self, model: Model, partition: Partition, version: bytes | None, condition: Program | None = None
    ) -> None:
        self._model = model
        self._partition = partition
        self._head = (partition.hash_prefix, version or b"")
        self._layouts: list[WriteLayout] = []
        self._names: list[str] = []
        self._numbers: dict[tuple[str, bytes | None], int] = {}
        self._condition = () if condition is None else self.numbered(condition)

    def values(self, assigned: Sequence[Assigned], version: int | None) -> list[Argument]:
        """Returns the arguments for one object: version and values."""
        values = []
        for field, layout_in, args in assigned:
            number = self._number(field, layout_in)
            values.append(NewValue(number, self.numbered(args) if isinstance(args, Program) else args))
        return list(packed(Updated(b"" if version is None else version, values)))

    def numbered(self, program: Program) -> tuple[Argument, ...]:
        """Returns the arguments for a program."""
        return tuple(self._number(*each) if isinstance(each, Read) else each for each in program)

    def _number(self, field: str, layout_in: LayoutIn, sub: bytes | None = None) -> int:
        known = self._numbers.get((field, sub))
        if known is None:
            known = self._numbers[field, sub] = len(self._numbers)
            self._layouts.append(layout_in(self._partition))
            self._names.append(field)
        return known

    def args(self) -> list[Argument]:
        """Returns the arguments for the fields."""
        return list(packed(UpdatedFields(*self._head, self._condition, self._layouts)))

    def claims(self) -> list[Claim]:
        """Returns the written values, which may belong to another object."""
        return [Claim(self._model, field) for field in self._names]


def update(
    model: Model,
    partition: Partition,
    pk: bytes,
    assigned: Sequence[Assigned],
    version: bytes | None = None,
    expected: int | None = None,
    condition: Program | None = None,
    shown: str = "",
) -> Request[int | None]:
    """Sets fields of an object, and returns its new version, or None for a model without one.

    Args:
        model: its model.
        partition: its partition.
        pk: its primary key.
        assigned: the new values.
        version: the sub-key of its version, if it has one.
        expected: the version that the object must have.
        condition: what it must meet.
        shown: the condition, for messages.

    Raises (from the reply):
        DoesNotExist: there is no such object.
        ConditionFailed: it does not meet the condition.
        StaleObject: it has another version.
        UniquenessError: a new value belongs to another object.
        InvalidValue: an index cannot keep a new value, or it cannot be computed.
        StoredValueError: a value that an expression reads does not fit its field's type.
    """
    fields = Fields(model, partition, version, condition)
    values = fields.values(assigned, expected)

    def decode(reply: list[Any]) -> int | None:
        if reply[0] == b"ok":
            return None if reply[1] is None else int(reply[1])
        raise refusal(model, reply, pk, fields.claims(), expected=expected, condition=shown)

    only_removes = version is None and not any(each.args for each in assigned)
    script = CLEAR if only_removes else UPDATE
    request = scripted(script, (partition.pks,), (pk, *fields.args(), *values), decode, model, retry_with=answer)
    request = request.assuming(model.maintenance.at(partition).declared)
    if expected is None and condition is None:
        request = with_claims(request, model, partition, pk)
    return with_checks(request, model, partition)


def create_and_update(
    model: Model, partition: Partition, new: NewObject, assigned: Sequence[Assigned]
) -> Request[bytes]:
    """Creates an object, as a part of a transaction, and gives it more values; its primary key comes back.

    Args:
        model: its model.
        partition: its partition.
        new: the object.
        assigned: the values that are results of earlier steps.

    Raises (from the reply):
        UniquenessError: the primary key or a unique value belongs to another object.
        InvalidValue: an index cannot keep a value.
    """
    fields = Fields(model, partition, None)
    values = fields.values(assigned, None)

    def decode(reply: list[Any]) -> bytes:
        if reply[0] == b"ok":
            pk: bytes = reply[1]
            return pk
        raise refusal(model, reply, new.pk, [*fields.claims(), *new.claimed()])

    args = (*fields.args(), *values, *object_args(partition, new))
    keys = object_keys(partition, new.pk)
    request = scripted(CREATE, keys, args, decode, model, name="create", retry_with=answer)
    request.result = Result(2, bytes, model)
    request = request.assuming(model.maintenance.at(partition).declared)
    return with_checks(request, model, partition, created=(new.pk,))
