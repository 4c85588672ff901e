"""The `Pending` that stands for a result until a pipeline is executed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, NoReturn, TypeVar, cast

from limpyd.exceptions import LimpydError, NotExecuted, NotInPipeline, ObjectsMoved
from limpyd.pipelines.description import Description
from limpyd.pipelines.step_arguments import Negative, step_argument
from limpyd.requests.request import Request
from limpyd.requests.step_results import StepResult, Target, UnknownResult, Use, taking
from limpyd.utils.pickling import not_sent

R_co = TypeVar("R_co", covariant=True)

NOT_YET = "it has not been executed yet: read its value after the block of its pipeline, or after execute()"


class Pending(StepResult[R_co]):
    """The result of an operation in a pipeline, once that has been executed.

    On the async face it can be awaited as well, and never waits: from then on it gives the result, and itself before.
    In a transaction it may be a value of a field, the amount of a command, or an operand of `update`, of a later
    operation.
    """

    __slots__ = (
        "_again",
        "_error",
        "_result",
        "_when_settled",
        "is_done",
        "is_own_error",
        "may_be_done",
        "moved",
        "request",
        "transaction",
        "uses",
    )

    def __init__(self, request: Request[R_co], again: Description | None = None) -> None:
        self.request = request
        self._again = again
        self.moved: ObjectsMoved | None = None
        """The error by which it was refused, if it has to be described again."""
        self.is_done = False
        """True if it has been executed, or given up."""
        self.is_own_error = False
        """True if its error was found in the reply to what was executed: then its transaction does not raise it."""
        self.may_be_done = False
        """True if something was sent that may change what is stored."""
        self.transaction: Any = None
        """The transaction that collected it, if one did."""
        self.uses: Sequence[Use] = ()
        """The results of earlier operations among its arguments."""
        self._result: Any = None
        self._error: Exception | None = None
        self._when_settled: Callable[[], None] | None = None

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        not_sent(self, "it gets its result in the process that executes its pipeline; send its .value")

    @property
    def value(self) -> R_co:
        """The result.

        Raises:
            NotExecuted: the operation has not been executed yet, or was refused.
            OutcomeUnknown: the operation was interrupted after it was sent; it may have been executed.
            LimpydError: the error of the operation itself.
        """
        if self._error is not None:
            raise self._error
        if not self.is_done:
            msg = f"{self!r}: {NOT_YET}"
            raise NotExecuted(msg)
        return self._result  # type: ignore[no-any-return]

    @property
    def error(self) -> Exception | None:
        """The error of the operation, if it has failed or was not executed."""
        return self._error

    def settle(self, result: Any = None, error: Exception | None = None, *, own: bool = False) -> None:
        """Notes the result, or the error that came instead.

        Args:
            result: the result.
            error: the error.
            own: True if decoding the reply of an executed operation raised the error.
        """
        self.is_done, self._result, self._error, self.is_own_error = True, result, error, own
        if self._when_settled is not None:
            self._when_settled()

    def refuse(self, error: Exception) -> None:
        """Notes an error that was found before anything was executed; the operation may be described again."""
        if self._again is not None and isinstance(error, ObjectsMoved):
            self.moved = error
        else:
            self.settle(error=error)

    def pause(self) -> float:
        """Returns the seconds to wait before it is described again; settles it if that takes too long."""
        if self._again is None or self.moved is None:
            return 0
        try:
            return self._again.waiting.pause(self.moved)
        except ObjectsMoved as error:
            self.settle(error=error)
            return 0

    def unfinished(self) -> Request[None] | None:
        """Returns the request that finishes what it waits for, if that has been on its way for long."""
        return None if self._again is None or self.moved is None else self._again.waiting.unfinished(self.moved)

    def describe(self) -> None:
        """Has the request that stands for it where more has to be done than to send what is packed."""
        if self.moved is None:
            try:
                self.request = self.request.described()
            except LimpydError as error:
                self.settle(error=error)

    def describe_again(self) -> None:
        """Has another request, because objects have moved."""
        self.moved = None
        if self._again is not None:
            try:
                self.request = self._again.describe()
            except LimpydError as error:
                self.settle(error=error)

    def when_settled(self, then: Callable[[], None]) -> None:
        """Calls a function once there is a result or an error."""
        self._when_settled = then

    def _argument_for(self, target: Target) -> bytes:
        if self.is_done:
            return target.encode(self.value)
        if self.request.is_resolved:
            source = None if self.request.result is None else self.request.result.same_as
            return target.encode(self.request.decode(None)) if source is None else source._argument_for(target)
        transaction = taking()
        if transaction is None:
            raise UnknownResult(target, self)
        if transaction is not self.transaction:
            msg = (
                f"{target} cannot be {self!r}, which is not an earlier operation of this transaction; put both into "
                f"one transaction, or use its .value after the block"
            )
            raise NotInPipeline(msg)
        return step_argument(self, self.request, target)

    def __neg__(self) -> StepResult[R_co]:
        """The negative of a number, for a later operation of its transaction: `link.votes.hincrby(-removed)`."""
        return Negative(self)

    def __await__(self) -> Generator[Any, Any, R_co]:
        if not self.is_done:  # an awaited call in the block of its pipeline
            return cast("R_co", self)
        return self.value
        yield  # which makes it a generator, as awaiting asks for

    def __repr__(self) -> str:
        state = "refused" if self._error is not None else "done" if self.is_done else "not executed"
        return f"<Pending {self.request!r}, {state}>"
