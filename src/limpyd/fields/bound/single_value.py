"""Fields of one value that are bound to an instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from limpyd.commands.faces import Face
from limpyd.commands.table import TABLE, Scope
from limpyd.fields.bound.single_value_writes import write_single_values
from limpyd.fields.bound.value import FIRST_REPLY, BoundValue
from limpyd.requests.request import Argument, Request
from limpyd.requests.step_results import Result
from limpyd.scripts.writes import WriteStep
from limpyd.server import Needs
from limpyd.types import Use

R = TypeVar("R")


class BoundSingleValue(BoundValue[Face]):
    """A field of one value, of one instance."""

    __slots__ = ()

    def _in_general(
        self,
        command: str,
        args: tuple[Argument, ...],
        decode: Callable[[Any], R],
        *,
        first: int = 1,
        step: int = 1,
        key_at: int = 1,
        needs: Needs | None = None,
    ) -> Request[R]:
        field, instance = self._field, self._instance
        if field.lapses and field.deadline is not None:
            from limpyd.fields.bound.lapsing import LapsingValue  # noqa: PLC0415 - the values of most do not lapse

            changed = LapsingValue(self).written(command, args, decode, needs)
            if changed is not None:
                return changed
        if TABLE[command].scope is Scope.EXPIRY:  # so the value is neither read nor written
            return super()._in_general(command, args, decode, first=first, step=step, key_at=key_at, needs=needs)
        steps = [WriteStep(field.name, field.layout(instance._pk_bytes), command, args)]
        request = write_single_values(field.model, instance, steps, lambda replies: decode(replies[0]), field, needs)
        request.result = Result(FIRST_REPLY, decode)
        return request

    def __bool__(self) -> bool:
        """Refused: whether it has a value, and which, is Redis's to say.

        Raises:
            TypeError: always.
        """
        name = self._field.name
        msg = f"{self!r} is a field, not its value: use .{name}.get() or .{name}.exists()"
        raise TypeError(msg)

    def _usable(self, use: Use, command: str) -> None:
        """Refuses a command that would make no sense on the field's type."""
        self._field.usable(use, command)
