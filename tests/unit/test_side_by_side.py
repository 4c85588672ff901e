"""Programs that run side by side, whatever each asks and however it ends."""

from __future__ import annotations

from typing import Any

import pytest

from limpyd.requests.request import Program, Request, resolved
from limpyd.requests.scattered import Outcomes, Scattered
from limpyd.requests.side_by_side import side_by_side


def counting(name: str, last: int, said: list[str]) -> Program[str]:
    """A program that asks as often as it is told to, and notes how it ends."""
    try:
        for number in range(last):
            found = yield resolved(f"{name}{number}")
            said.append(found)
    finally:
        said.append(f"{name} ended")
    return name


def refused(name: str) -> Program[str]:
    """A program that asks what fails, and takes the error as its result."""
    try:
        yield resolved(f"fail {name}")
    except ValueError as error:
        return str(error)
    return "never"


def run(program: Program[Any]) -> tuple[Any, list[int]]:
    """The result of a program, and how many requests each round had; what begins with "fail" fails."""
    rounds: list[int] = []
    try:
        asked = next(program)
        while True:
            asked = program.send(answered(asked, rounds))
    except StopIteration as end:
        return end.value, rounds


def answered(asked: Any, rounds: list[int]) -> Any:
    if not isinstance(asked, Scattered):
        rounds.append(1)
        return asked.decode(None)
    parts = next(asked.begin())
    rounds.append(len(parts))
    assert isinstance(parts, Outcomes)
    return [outcome(part) for part in parts]


def outcome(part: Request[Any]) -> Any:
    found = part.decode(None)
    return ValueError(found) if found.startswith("fail") else found


def test_each_goes_on_until_its_end():
    said: list[str] = []
    found, rounds = run(side_by_side([counting("a", 3, said), counting("b", 1, said), counting("c", 0, said)]))
    assert found == ["a", "b", "c"]
    assert rounds == [2, 1, 1]
    assert said == ["c ended", "a0", "b0", "b ended", "a1", "a2", "a ended"]


def test_one_is_run_as_it_is():
    said: list[str] = []
    assert run(side_by_side([counting("a", 2, said)])) == (["a"], [1, 1])


def test_nothing_asks_nothing():
    assert run(side_by_side([])) == ([], [])


def test_an_error_is_that_of_the_program_which_asked():
    said: list[str] = []
    found, _ = run(side_by_side([counting("a", 2, said), refused("b"), refused("c")]))
    assert found == ["a", "fail b", "fail c"]


def test_an_error_that_is_not_taken_ends_all_after_the_round():
    said: list[str] = []

    def failing() -> Program[str]:
        yield resolved("fail")
        return "never"

    with pytest.raises(ValueError, match="fail"):
        run(side_by_side([failing(), counting("a", 3, said)]))
    assert said == ["a0", "a ended"]
