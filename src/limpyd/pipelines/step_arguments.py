"""Results of the earlier steps of a transaction, in the arguments of its later steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from limpyd.commands.replies import optional_float, optional_int
from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields.bound.value import BoundValue
from limpyd.requests.request import Argument, Request
from limpyd.requests.step_results import Result, StepArgument, StepResult, Target, Use, uses
from limpyd.types import UNTYPED, Codec
from limpyd.types.codecs import CODECS

R_co = TypeVar("R_co", covariant=True)

CODEC_OF: dict[Callable[[Any], Any], tuple[Codec[Any], tuple[str, ...]]] = {
    int: (CODECS[int], ("int",)),
    optional_int: (CODECS[int], ("int",)),
    bool: (CODECS[bool], ("flag",)),
    float: (CODECS[float], ()),
    optional_float: (CODECS[float], ()),
    bytes: (UNTYPED, ()),
}
"""For the decoders of replies: the codec of the results, and what turns a reply into a text of it."""


class Negative(StepResult[R_co]):
    """The negative of a result that is a number.

    Args:
        result: the result.
    """

    __slots__ = ("_result",)

    def __init__(self, result: StepResult[R_co]) -> None:
        self._result = result

    def _argument_for(self, target: Target) -> bytes:
        return self._result._argument_for(NegativeTarget(target))

    def __repr__(self) -> str:
        return f"-{self._result!r}"


class NegativeTarget:
    """The place of the negative of a result.

    Args:
        target: the place.
    """

    def __init__(self, target: Target) -> None:
        self._target = target

    def __str__(self) -> str:
        return str(self._target)

    def encode(self, value: Any) -> bytes:
        return self._target.encode(-value)

    def conversions(self, codec: Any, model: Any) -> tuple[str, ...] | None:
        if model is not None or codec.name not in NUMBERS:
            return None
        found = self._target.conversions(CODECS[int] if codec is CODECS[bool] else codec, None)
        return None if found is None else (*found, "minus")


NUMBERS = frozenset({"int", "bool", "float", "Decimal"})
"""The names of the codecs of numbers."""


def step_argument(pending: StepResult[Any], request: Request[Any], target: Target) -> StepArgument:
    """Returns the argument that stands for the result of an operation.

    Raises:
        InvalidValue: its result is not one value, or does not fit.
    """
    result = request.result or Result(0, request.decode)
    codec, conversions = _codec_of(result) or (None, ())
    if codec is None:
        msg = (
            f"{target} cannot be the result of {step_name(request)}: a later operation can use a number, True or "
            f"False, one value of a field, or a new object; read anything else before the transaction"
        )
        raise InvalidValue(msg)
    more = target.conversions(codec, result.model)
    if more is None:
        what = f"{target} cannot be the result of {step_name(request)}"
        if result.model is not None:
            msg = f"{what}, an object of {result.model.name}; give an object of the right model"
        else:
            msg = (
                f"{what}, which is {codec.name}: the script cannot convert it; declare both with the same type, or "
                f"read it before the transaction"
            )
        raise InvalidValue(msg)
    return StepArgument(pending, result.at, (*conversions, *more))


def _codec_of(result: Result) -> tuple[Codec[Any], tuple[str, ...]] | None:
    decode = result.decode
    holder = getattr(decode, "__self__", None)
    if isinstance(holder, BoundValue) and getattr(decode, "__func__", None) is BoundValue._value:
        field = holder._field
        return (UNTYPED if field.refers else field.codec), ()
    try:
        return CODEC_OF.get(decode)
    except TypeError:  # it has no hash
        return None


def step_name(request: Request[Any]) -> str:
    """Returns the name of an operation, for messages."""
    name = request.name or (request.script.name if request.script else str(request.args[0]))
    return f"{name.lower()} of {request.subject}"


def uses_of_results(request: Request[Any]) -> list[Use]:
    """Returns the results of earlier steps among the arguments of a request.

    Raises:
        InvalidValue: one of them would have to be known before the request is sent.
    """
    return uses(request.args, first_argument(request), step_name(request))


def first_argument(request: Request[Any]) -> int:
    """Returns the position of the first argument of a request that may be a result of an earlier step."""
    return 0 if request.script is None else 3 + int(request.args[2])


def placed(request: Request[Any], uses: Sequence[Use], numbers: Mapping[Any, int]) -> list[Argument]:
    """Returns where the script puts results among the arguments of a request (see lua/library/step_results.lua).

    Args:
        request: the request.
        uses: the uses of results among its arguments.
        numbers: the number of each step, by its `Pending`.
    """
    args: list[Argument] = []
    before = first_argument(request) - 1
    for position, argument in uses:
        args += (position - before, numbers[argument.step], argument.at, "|".join(argument.conversions))
    return args


def unusable_result(request: Request[Any], number: int, source: Request[Any], outcome: Sequence[Any]) -> InvalidValue:
    """The error for a result of an earlier step that is no value for a later one.

    Args:
        request: the later step.
        number: the number of the earlier step, counted from 1.
        source: the earlier step.
        outcome: the outcome, see lua/library/step_results.lua.
    """
    reason, *text = outcome[2:]
    if reason == b"none":
        why, cure = "which is None", "store a value first, or use a command that has a result in any case"
    else:
        what = "no number" if reason == b"number" else "no text in UTF-8"
        why, cure = f"which is {shorten(text[0])}, {what}", "set that value anew, or declare the type that is stored"
    return InvalidValue(
        f"{step_name(request)} takes the result of operation {number}, {step_name(source)}, {why}; {cure}"
    )
