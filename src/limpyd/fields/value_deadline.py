"""The field beside a field whose values lapse: the moment from which on the value is not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, cast

from limpyd.commands.faces import Face
from limpyd.exceptions import DeclarationError
from limpyd.fields import checks
from limpyd.fields.bound.deadline_checks import SET_DEADLINE
from limpyd.fields.bound.settled_reads import settled_read
from limpyd.fields.bound.single_value_writes import write_single_values
from limpyd.fields.bound.value import FIRST_REPLY
from limpyd.fields.deadline import BoundDeadline
from limpyd.fields.declaration.field import Field
from limpyd.fields.declaration.single_value import DEADLINE_ENDING, SingleValueField
from limpyd.fields.instancehash import InstanceHashField
from limpyd.indexes.deadlines import ValueDeadlineIndex
from limpyd.keys import key_from_template
from limpyd.requests.request import Request
from limpyd.requests.step_results import Result
from limpyd.scripts.writes import WriteStep
from limpyd.types import Codec
from limpyd.types.moments import DEADLINE


class BoundValueDeadline(BoundDeadline[Face]):
    """The deadline of a value of one object, after which the object is without it."""

    __slots__ = ()

    def _left(self, decode: Callable[[int | None], int]) -> Request[int]:
        """The request for the milliseconds until then, which is a script, as all reads of such deadlines."""
        if self._instance._pk_bytes is None:
            return super()._left(decode)
        left = Request(("DEADLINELEFT", self._key(), self._field.sub), decode, readonly=True, subject=self._field)
        return settled_read(left, self._key(), self._instance)

    def _limited(self, method: str, deadline: bytes, **conditions: bool) -> Request[bool]:
        """The request that sets the deadline, if there is a value, under a condition."""
        checks.at_most_one(method, **conditions)
        (condition,) = checks.flags(method, **conditions) or ("",)
        field, instance = self._field, self._instance
        step = WriteStep(
            field.name,
            field.layout(instance._pk_bytes),
            SET_DEADLINE,
            (field.sub, deadline, condition, *field.place_of_value(instance._pk_bytes)),
        )
        request = write_single_values(field.model, instance, [step], lambda replies: bool(replies[0]), field)
        request.result = Result(FIRST_REPLY, bool)
        return request


class ValueDeadlineField(InstanceHashField[datetime]):
    """The moment from which on the value of another field is not there; declared by `expires=True` on that field.

    The value is a datetime. A timedelta may be passed instead: so long from now, by the clock of the server.

    Attributes:
        value_name: the name of the other field.
    """

    takes = frozenset()
    lapses = True
    ttl = None
    """A new value has no deadline if none is passed."""

    def __init__(self, value_name: str) -> None:
        super().__init__(datetime, indexes=[ValueDeadlineIndex])
        self.value_name = value_name
        self.name = value_name + DEADLINE_ENDING

    @property
    def deadline(self) -> None:
        """None: it has no deadline itself, whatever other fields are called."""

    def _codec_for(self, declared: Any) -> Codec[Any]:
        return DEADLINE

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else self.of(instance)

    def of(self, instance: Any) -> BoundValueDeadline[Any]:
        """Returns the deadline of the value of an object."""
        return BoundValueDeadline(self, instance)

    @property
    def of_value(self) -> SingleValueField[Any]:
        """The other field."""
        return cast("SingleValueField[Any]", self.sibling(self.value_name))

    def place_of_value(self, pk: bytes | None) -> tuple[bytes, bytes]:
        """Returns the key of an object's value, and its sub-key; the key is empty if there is no object yet."""
        field = self.of_value
        return b"" if pk is None else key_from_template(field.place(pk).prefix, pk), field.sub_key


def with_deadlines(model: type, fields: Sequence[Field[Any]]) -> list[Field[Any]]:
    """Returns the fields of a class, with a field for the deadlines of values after each field whose values lapse.

    Raises:
        DeclarationError: it has another field of that name.
    """
    found: dict[str, Field[Any]] = {}
    declared = [field for field in fields if not isinstance(field, ValueDeadlineField)]
    names = {field.name for field in declared}
    for field in declared:
        found[field.name] = field
        if getattr(field, "lapses", False):
            deadline = ValueDeadlineField(field.name)
            if deadline.name in names:
                msg = (
                    f"{model.__name__}.{deadline.name}: this is the name of the deadlines of {field.name!r}, which has "
                    "expires=True; choose another name for one of them"
                )
                raise DeclarationError(msg)
            found[deadline.name] = deadline
    return [*found.values()]
