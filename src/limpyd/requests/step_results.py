"""The results of a transaction's steps, as arguments of its later steps.

Arguments are encoded when a call is collected, but only the script knows such a result. So the encoders return a
`StepArgument` as a placeholder, and `pipelines/transaction.lua` replaces it with the text of the result.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, NoReturn, Protocol, Self, TypeVar

from limpyd.exceptions import InvalidValue, NotInPipeline, shorten
from limpyd.operands import Operand

R_co = TypeVar("R_co", covariant=True)

MARK = b"limpyd:" + os.urandom(16)
"""The text of all placeholders. No other argument contains it."""


class Target(Protocol):
    """The place of an argument: a field, or the amount of a command."""

    def __str__(self) -> str: ...

    def encode(self, value: Any, /) -> bytes:
        """Returns the argument for a known value.

        Raises:
            InvalidValue: the value does not fit.
        """
        ...

    def conversions(self, codec: Any, model: Any, /) -> tuple[str, ...] | None:
        """Returns the steps that turn a text of a codec into the argument (see lua/library/step_results.lua).

        None if values of this codec do not fit.
        """
        ...


class StepResult(Generic[R_co]):
    """The result of a step of a transaction, which a later step may take as a value or an amount: a `Pending`."""

    __slots__ = ()

    def _argument_for(self, target: Target) -> bytes:
        """Returns its argument for a target: a `StepArgument`, or the text if the result is known.

        Raises:
            UnknownResult: no later step of its transaction is being described.
            NotInPipeline: it belongs to another transaction, or to a pipeline.
            InvalidValue: its values do not fit the target.
        """
        raise NotImplementedError

    def __bool__(self) -> NoReturn:
        raise NotInPipeline(self._unknown_yet("is neither true nor false"))

    __hash__ = object.__hash__

    if not TYPE_CHECKING:  # else type checkers would accept these

        def __eq__(self, other: object) -> bool:
            return self._compared(other)

        def __ne__(self, other: object) -> bool:
            return self._compared(other)

        def __lt__(self, other: object) -> bool:
            return self._compared(other)

        def __le__(self, other: object) -> bool:
            return self._compared(other)

        def __gt__(self, other: object) -> bool:
            return self._compared(other)

        def __ge__(self, other: object) -> bool:
            return self._compared(other)

        def __add__(self, other: object) -> Any:
            if isinstance(other, Operand):
                return NotImplemented
            msg = (
                f"{self!r} is not known yet, so Python cannot compute with it. In a transaction, pass it as it is, or "
                f"its negative, or as an operand of update(votes=Post.votes + added)"
            )
            raise TypeError(msg)

        __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __add__

        def _compared(self, other: object) -> Any:
            """Leaves a comparison to Python, if it is with another result, or to a field, if it is an expression.

            Raises:
                NotInPipeline: it is with a value.
            """
            if isinstance(other, StepResult | Operand):
                return NotImplemented
            raise NotInPipeline(self._unknown_yet(f"cannot be compared with {shorten(other)}"))

    def _unknown_yet(self, why: str) -> str:
        return (
            f"{self!r} {why}: after the pipeline is executed, use its .value. In a transaction, a later operation can "
            f"take it as a value or an amount, such as votes.hincrby(added)"
        )


class Result(NamedTuple):
    """The result of a request, as the script of its transaction finds it.

    Attributes:
        at: the position of its reply in the reply of the script, counted from 1; 0 if it is the whole reply.
        decode: converts this reply to the result.
        model: the model of the object whose primary key it is, if it is one.
        same_as: the step that has the same result, if this request sends nothing.
    """

    at: int
    decode: Callable[[Any], Any]
    model: Any = None
    same_as: StepResult[Any] | None = None

    @property
    def converted(self) -> Result | None:
        """The same of what is made of it: an object, whatever it is made into; nothing else."""
        return None if self.model is None else self


class StepArgument(bytes):
    """The argument that stands for the result of an earlier step.

    Attributes:
        step: the `Pending` of that step.
        at: the position of its reply, see `Result`.
        conversions: the names of what turns it into the text.
    """

    step: Any
    at: int
    conversions: tuple[str, ...]

    def __new__(cls, step: Any, at: int, conversions: tuple[str, ...]) -> Self:
        argument = super().__new__(cls, MARK)
        argument.step, argument.at, argument.conversions = step, at, conversions
        return argument


class UnknownResult(InvalidValue):
    """The result of a step was given where it cannot be used, or not yet: the call is then described as a later step.

    Attributes:
        result: the result.
    """

    def __init__(self, what: object, result: StepResult[Any]) -> None:
        super().__init__(
            f"{what} cannot be {shorten(result)}: within a transaction, the values of fields, the amounts of commands, "
            f"and the operands of update and of its if_ may be results of earlier operations, and nothing else; give a "
            f"value that is known"
        )
        self.result = result


_taking: ContextVar[Any] = ContextVar("the transaction of which a later step is described", default=None)


def taking() -> Any:
    """Returns the transaction of which a step that uses results is described; None if there is none."""
    return _taking.get()


@contextmanager
def taking_results(database: Any, error: UnknownResult) -> Iterator[None]:
    """Has results taken as arguments within the block, by operations that the open transaction collects.

    Args:
        database: the database of the operation.
        error: the error that the operation raised without this.

    Raises:
        UnknownResult: the error, if it was raised in such a block.
        NotInPipeline: no transaction of the database is open.
    """
    if taking() is not None:
        raise error
    transaction = database._pipeline()
    if transaction is None or not transaction.takes_results:
        where = "outside of its transaction" if transaction is None else "in a pipeline, whose operations are separate"
        msg = (
            f"{error.result!r} is not known yet, and cannot be given {where}; use its .value after the block, or "
            f"put both operations into one block of database.transaction() if their objects are in one partition"
        )
        raise NotInPipeline(msg)
    token = _taking.set(transaction)
    try:
        yield
    finally:
        _taking.reset(token)


def is_result(value: Any) -> bool:
    """Returns whether a value is, or contains, the result of a step that is not known yet."""
    if isinstance(value, dict):
        return any(map(is_result, value)) or any(map(is_result, value.values()))
    if isinstance(value, list | tuple | set | frozenset):
        return any(map(is_result, value))
    return as_result(value) is not None


def as_result(value: Any) -> StepResult[Any] | None:
    """Returns a value that is the result of a step; or the result that gives an instance its primary key; or None."""
    if isinstance(value, StepResult):
        return value
    attributes = getattr(value, "__dict__", {})
    return None if "_pk_bytes" in attributes else attributes.get("_pk_source")


class Use(NamedTuple):
    """The use of a result among the arguments of a request, at a position that is counted from 0."""

    position: int
    argument: StepArgument


def uses(args: Sequence[Any], first: int, what: object) -> list[Use]:
    """Returns the uses of results among arguments.

    Args:
        args: the arguments.
        first: the first position where they may be.
        what: the operation, for messages.

    Raises:
        InvalidValue: a text was made of a result, or one is among the keys.
    """
    found = []
    for position, arg in enumerate(args):
        if type(arg) is StepArgument and position >= first:
            found.append(Use(position, arg))
        elif isinstance(arg, bytes) and MARK in arg:
            msg = (
                f"{what} needs a result of an earlier operation before it is sent, for a key or an index; give a value "
                f"that is known"
            )
            raise InvalidValue(msg)
    return found
