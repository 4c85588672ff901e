"""Moves from one database to another that are stopped at some step."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from tests.support.amounts import amount

STRIDE = amount("LIMPYD_STRIDE", 2)


def stops(partitions: Sequence[tuple[Any, Any]], steps: Sequence[int]) -> list[tuple[Any, Any, int]]:
    """Numbers of partitions before and after a move, with the step at which it is stopped; the suite has a part.

    With one of the numbers of partitions, each how many-th step is in turn; with the next ones, the next steps.
    """
    return [(*counts, step) for number, counts in enumerate(partitions) for step in steps[number % STRIDE :: STRIDE]]


class Interrupted(Exception):
    """Ends a move."""


async def stop_at(databases: Sequence[Any], step: int, move: Callable[[], Any]) -> str | None:
    """Ends a move before its nth step, or if that is even after it; returns the name of the script, if there is one.

    Args:
        databases: the two databases.
        step: the number of the step.
        move: begins the move.
    """
    sent: list[Any] = []

    def stop(request: Any) -> None:
        sent.append(request)
        if len(sent) == step:
            raise Interrupted

    for each in databases:
        run = each._send_step

        def send(part: Any, run: Any = run) -> Any:
            first = part[0] if isinstance(part, list) else part
            if step % 2:
                stop(first)
                return run(part)
            result = run(part)
            if not inspect.isawaitable(result):
                stop(first)
                return result

            async def awaited() -> Any:
                found = await result
                stop(first)
                return found

            return awaited()

        each._send_step = send
    with contextlib.suppress(Interrupted):
        await move()
    for each in databases:
        del each._send_step
    return sent[-1].script.name if sent[-1].script else None
