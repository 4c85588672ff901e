"""Moves from one database to another that are stopped at some step."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any


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
