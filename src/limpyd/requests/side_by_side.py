"""Programs that run side by side: what they ask next is sent at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from limpyd.exceptions import ObjectsMoved
from limpyd.requests.request import Program, Request
from limpyd.requests.scattered import outcomes, together

R = TypeVar("R")


def side_by_side(programs: Sequence[Program[R]]) -> Program[list[R]]:
    """Runs programs until the last one has ended, and returns their results.

    The error of one ends all of them, once each has taken the outcomes of what was sent together.
    """
    if len(programs) == 1:
        return [(yield from programs[0])]
    running = _Running(programs)
    while running.asked:
        asked = list(running.asked.values())
        try:
            found = yield outcomes(asked)
        except ObjectsMoved as moved:  # which is asked before all of them
            found = [moved] * len(asked)
        running.go_on(found)
    return running.results


class _Running:
    """The programs, as far as they have come.

    Attributes:
        asked: what each asks next, by its number; those that have ended are missing.
        results: the results of those that have ended.
    """

    def __init__(self, programs: Sequence[Program[Any]]) -> None:
        self._programs = programs
        self._errors: list[BaseException] = []
        self.asked: dict[int, Request[Any]] = {}
        self.results: list[Any] = [None] * len(programs)
        for number, program in enumerate(programs):
            self._advance(number, lambda program=program: next(program))  # type: ignore[misc]
        self._end_at_error()

    def go_on(self, found: Sequence[Any]) -> None:
        """Gives each program the result of what it has asked, or the error."""
        numbers = list(self.asked)
        self.asked.clear()
        for number, outcome in zip(numbers, found, strict=True):
            program = self._programs[number]
            step = program.throw if isinstance(outcome, Exception) else program.send
            self._advance(number, lambda step=step, outcome=outcome: step(outcome))  # type: ignore[misc]
        self._end_at_error()

    def _advance(self, number: int, step: Callable[[], Any]) -> None:
        try:
            asked = step()
        except StopIteration as end:
            self.results[number] = end.value
        except Exception as error:  # noqa: BLE001 - it is raised when all have gone on
            self._errors.append(error)
        else:
            self.asked[number] = together(asked) if isinstance(asked, list) else asked

    def _end_at_error(self) -> None:
        if self._errors:
            for program in self._programs:
                program.close()
            raise self._errors[0]
