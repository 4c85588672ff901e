"""Statements that set or remove the value of a field of one value, and update its indexes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.indexes.composite import CompositeFieldIndex
from limpyd.keys import Partition
from limpyd.requests.request import Argument
from limpyd.requests.step_results import StepArgument
from limpyd.requests.subjects import Subject
from limpyd.scripts.error_mapping import Claim, Model
from limpyd.statements.composite_entries import follows_composite
from limpyd.statements.index_entries import NoRoom, follows
from limpyd.statements.scalar_field import ScalarField
from limpyd.statements.scalar_write import FieldChange, write_script
from limpyd.statements.statement import Statement

SET_COMMANDS = frozenset({"HSET", "SET"})
REMOVES = frozenset({"HDEL", "DEL"})
TIMED_COMMANDS = frozenset({"SETEX", "PSETEX", "HSETEX"})
RESULTS = {"HSET": "before0 and 0 or 1", "HDEL": "before0 and 1 or 0", "DEL": "before0 and 1 or 0", "HSETEX": "1"}
"""The replies of commands, if the deadline of the value is written as well; others reply what SET does."""


class Assignment(Statement):
    """The statement of HSET, SET, HDEL or DEL on a field; it also updates the indexes.

    Args:
        model: the model.
        partition: the partition.
        command: the command.
        field: the field, for messages.
        changes: the change of the field, and that of the deadline of its values, if they have any.
        composites: the composite indexes of these fields.
    """

    __slots__ = ("_changes", "_scalar_field", "_size")

    def __init__(
        self,
        model: Model,
        partition: Partition,
        command: str,
        field: Subject,
        changes: Sequence[FieldChange],
        composites: Sequence[CompositeFieldIndex] = (),
    ) -> None:
        result = RESULTS.get(command, "") if len(changes) > 1 else ""
        name = command.lower()
        script, names = write_script(name, model, partition, changes, composites=composites, result=result)
        scalar_field = changes[0].scalar_field
        super().__init__(script, model, partition, command, names, field, (Claim(model, scalar_field.name),))
        self.complete = not any(index.asks_python for index in scalar_field.indexes)
        self._changes, self._scalar_field = changes, scalar_field
        self._size = (scalar_field.sub is not None) + (command in SET_COMMANDS)
        self.computed = scalar_field.computed

    @property
    def given_names(self) -> list[str]:
        return [] if self.command in REMOVES else ["the value", *self._scalar_field.value_names[1:]]

    def given(self, args: Sequence[Argument]) -> Sequence[Argument] | None:
        """Returns the values of a call from the arguments of its command; None if the statement does not take them.

        Raises:
            InvalidValue: an index cannot keep the value.
        """
        if len(args) != self._size:
            return None
        if self.command in REMOVES:
            return ()
        stored: Any = args[-1]
        if not self.computed:
            return (stored,)
        if type(stored) is StepArgument:  # no text of an index can be made of it here
            return None
        return (stored, *(text for index in self.computed for text in index.indexed_texts(stored)))


class TimedAssignment(Assignment):
    """The statement of SETEX, PSETEX or HSETEX on a field whose values lapse; it also sets the deadline."""

    __slots__ = ()

    @property
    def _deadline(self) -> ScalarField:
        return self._changes[1].scalar_field

    @property
    def given_names(self) -> list[str]:
        return ["the value", *self._scalar_field.value_names[1:], *self._deadline.value_names]

    def given(self, args: Sequence[Argument]) -> Sequence[Argument] | None:
        from limpyd.commands.deadline_changes import rewritten  # noqa: PLC0415 - the values of most do not lapse

        found = rewritten(self.command, tuple(args))
        stored: Any = found.args[-1] if found else None
        deadline: Any = found.change.deadline if found else None
        if found is None or not deadline or found.change.condition or type(stored) is StepArgument:
            return None
        given = [stored, *(text for index in self.computed for text in index.indexed_texts(stored)), deadline]
        return (*given, *(text for index in self._deadline.computed for text in index.indexed_texts(deadline)))


def assignment(
    model: Model,
    partition: Partition,
    command: str,
    field: Subject,
    scalar_field: ScalarField,
    composites: Sequence[CompositeFieldIndex] = (),
    deadline: ScalarField | None = None,
) -> Statement | None:
    """Returns the statement; None if only the general script can run the command.

    Args:
        model: the model.
        partition: the partition.
        command: the command.
        field: the field, for messages.
        scalar_field: the field.
        composites: the composite indexes of the field, and of the deadline.
        deadline: the field with the deadline of the value, if the command changes it.
    """
    follow = all(map(follows, scalar_field.indexes)) and all(map(follows_composite, composites))
    if not follow or not (command in REMOVES or scalar_field.can_be_set):
        return None
    changes = [FieldChange(scalar_field, command in REMOVES)]
    try:
        if command in SET_COMMANDS | REMOVES:
            changes += [] if deadline is None else [FieldChange(deadline, removes=True)]
            return Assignment(model, partition, command, field, changes, composites)
        if deadline is not None and command in TIMED_COMMANDS:
            changes.append(FieldChange(deadline))
            return TimedAssignment(model, partition, command, field, changes, composites)
    except NoRoom:
        pass
    return None
