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
RESULTS = {"HSET": "before0 and 0 or 1", "HDEL": "before0 and 1 or 0", "DEL": "before0 and 1 or 0"}
"""The reply of these, if another field is written as well; that of SET does not depend on the value."""


class Assignment(Statement):
    """The statement of HSET, SET, HDEL or DEL on a field; it also updates the indexes.

    Args:
        model: the model.
        partition: the partition.
        command: the command.
        field: the field, for messages.
        scalar_field: the field.
        composites: the composite indexes of the field, and of the deadline.
        deadline: the field with the deadline of the value, which loses its value; None if there is none.
    """

    __slots__ = ("_scalar_field", "_size")

    def __init__(
        self,
        model: Model,
        partition: Partition,
        command: str,
        field: Subject,
        scalar_field: ScalarField,
        composites: Sequence[CompositeFieldIndex] = (),
        deadline: ScalarField | None = None,
    ) -> None:
        changes, result = [FieldChange(scalar_field, command in REMOVES)], ""
        if deadline is not None:
            changes, result = [*changes, FieldChange(deadline, removes=True)], RESULTS.get(command, "")
        name = command.lower()
        script, names = write_script(name, model, partition, changes, composites=composites, result=result)
        super().__init__(script, model, partition, command, names, field, (Claim(model, scalar_field.name),))
        self.complete = not any(index.asks_python for index in scalar_field.indexes)
        self._scalar_field = scalar_field
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


def assignment(
    model: Model,
    partition: Partition,
    command: str,
    field: Subject,
    scalar_field: ScalarField,
    composites: Sequence[CompositeFieldIndex] = (),
    deadline: ScalarField | None = None,
) -> Assignment | None:
    """Returns the statement; None if only the general script can run the command."""
    indexes = [*scalar_field.indexes, *(() if deadline is None else deadline.indexes)]
    follow = all(map(follows, indexes)) and all(map(follows_composite, composites))
    is_checked = command in REMOVES or (command in SET_COMMANDS and scalar_field.can_be_set)
    if not is_checked or not follow:
        return None
    try:
        return Assignment(model, partition, command, field, scalar_field, composites, deadline)
    except NoRoom:
        return None
