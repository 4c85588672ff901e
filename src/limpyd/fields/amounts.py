"""The integer that a command adds: given, or the result of an earlier step of the same transaction."""

from __future__ import annotations

from typing import Any

from limpyd.fields import checks
from limpyd.fields.step_targets import AmountTarget
from limpyd.requests.request import Argument
from limpyd.requests.step_results import StepResult
from limpyd.types import Use


def integer_amount(what: str, value: Any, low: int = checks.SMALLEST) -> Argument:
    """An int of 64 bits, or the result of an earlier step.

    Raises:
        InvalidValue: it is something else.
    """
    if type(value) is int and low <= value <= checks.LARGEST:
        return value
    if isinstance(value, StepResult):
        return value._argument_for(AmountTarget(what, Use.INTEGER, checks.integer))
    return checks.integer(what, value, low=low)
