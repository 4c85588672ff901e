"""Statements that set or remove several fields of one value of an object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from limpyd.indexes.composite import CompositeFieldIndex
from limpyd.keys import Partition
from limpyd.requests.request import Argument, Request
from limpyd.requests.resp import pack_bytes
from limpyd.requests.step_results import StepArgument
from limpyd.scripts.error_mapping import Claim, Model, refusal
from limpyd.server import Needs
from limpyd.statements.fast_call import FastCall, ValuesForm
from limpyd.statements.prepared_requests import Prepared
from limpyd.statements.scalar_write import FieldChange, write_script
from limpyd.statements.statement import Statement

R = TypeVar("R")

RESULTS = {"hmset": True, "update": None}
"""The results of operations that set values, of objects without a version."""


class Update(Statement):
    """The statement.

    Args:
        name: the name of the operation, for messages.
        model: the model.
        partition: the partition.
        changes: the changes of fields.
        version: the sub-key of the version, if it increments one.
        composites: the composite indexes of these fields.
    """

    __slots__ = ("_name", "_sets", "_versioned")

    def __init__(
        self,
        name: str,
        model: Model,
        partition: Partition,
        changes: Sequence[FieldChange],
        version: bytes | None = None,
        composites: Sequence[CompositeFieldIndex] = (),
    ) -> None:
        script, names = write_script(name, model, partition, changes, version, composites)
        claims = [Claim(model, change.scalar_field.name) for change in changes]
        super().__init__(script, model, partition, "HSET", names, claims=claims)
        self.complete = not any(index.asks_python for change in changes for index in change.scalar_field.indexes)
        self._name = name
        self._versioned = version is not None
        if not self._versioned:  # else an int may be among the values
            self.pack = pack_bytes
        self._sets = [change.scalar_field for change in changes if not change.removes]

    @property
    def name(self) -> str:
        return self._name

    @property
    def given_names(self) -> list[str]:
        names = [name for scalar_field in self._sets for name in scalar_field.value_names]
        return [*names, "the version that the object is to have, or ''"] if self._versioned else names

    def refusal(self, reply: list[Any], pk: bytes | None, values: Sequence[Argument], needs: Needs | None) -> Exception:
        expected: Any = values[-1] if self._versioned and values[-1] != b"" else None
        return refusal(self.model, reply, pk, self.claims, command=self.command, needs=needs, expected=expected)

    def fast_call(self) -> FastCall:
        """Returns the common part of the calls, with plain values of all fields by name."""
        form, result = ValuesForm(self, (), self._sets), RESULTS[self._name]

        def packed(instance: Any, values: Mapping[str, Any]) -> bytes | None:
            pk = instance._pk_bytes
            return None if pk is None else form.packed(pk, values)

        def settle(instance: Any, _reply: Any) -> bool | None:
            instance._mark_existing()
            return result

        return FastCall(packed, settle, self.model, self.partition, self)

    def request(
        self,
        pk: bytes,
        values: Mapping[str, Any],
        convert: Callable[[Any], R],
        general: Callable[[], Request[R]],
        instance: Any = None,
        expected: int | None = None,
    ) -> Request[R]:
        """Returns the request for an object.

        Args:
            pk: its primary key.
            values: the values of its fields.
            convert: turns the reply into the result.
            general: returns the request of the general script.
            instance: the instance of the object, if there is one.
            expected: the version that the object must have, if one is given.

        Raises:
            InvalidValue: a value does not fit its field's type, or an index cannot keep it.
        """
        given: list[Argument] = []
        for scalar_field in self._sets:
            value = values[scalar_field.name]
            try:
                stored = scalar_field.encode_unchecked(value)
            except (TypeError, ValueError, OverflowError):
                stored = scalar_field.encode(value)  # which says what is wrong
            given.append(stored)
            for index in scalar_field.computed:
                if type(stored) is StepArgument:  # no text of an index can be made of it here
                    return general()
                given += index.indexed_texts(stored)
        if self._versioned:
            given.append(b"" if expected is None else expected)
        return PreparedUpdate(self, pk, given, convert, general, instance)


class PreparedUpdate(Prepared[R]):
    """The request that updates an object, which may have no instance."""

    __slots__ = ()

    def decode(self, reply: Any) -> R:
        if type(reply) is list:
            raise self._refusal(reply)
        if self._instance is not None:
            self._instance._mark_existing()
        return self._convert(reply)
