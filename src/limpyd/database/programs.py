"""Runs an operation of several requests, on either face."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from limpyd.requests.request import Program, Request

R = TypeVar("R")

PROGRAM = ("what takes several requests", "do it before, or after")
"""Its name in a pipeline's message, and the advice."""


def run(program: Program[R], send: Callable[[Request[Any]], Any]) -> R:
    """Sends each request that a program yields, and passes the result, or the error, back to it."""
    try:
        request = next(program)
        while True:
            try:
                result = send(request)
            except BaseException as error:  # noqa: BLE001 - it goes on to the program, and comes back from there
                request = program.throw(error)
            else:
                request = program.send(result)
    except StopIteration as end:
        return cast("R", end.value)


async def run_async(program: Program[R], send: Callable[[Request[Any]], Awaitable[Any]]) -> R:
    """The same, where sending is awaited."""
    try:
        request = next(program)
        while True:
            try:
                result = await send(request)
            except BaseException as error:  # noqa: BLE001 - as above
                request = program.throw(error)
            else:
                request = program.send(result)
    except StopIteration as end:
        return cast("R", end.value)
