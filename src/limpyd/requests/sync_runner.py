# Generated from async_runner.py by `make faces`; edit that file.
"""Runs what takes several requests, on the sync face."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar, cast

R = TypeVar("R")
S = TypeVar("S")


def sync_run(generator: Generator[S, Any, R], send: Callable[[S], Any]) -> R:
    """Sends each request that a generator yields, and passes the result, or the error, back to it."""
    try:
        request = next(generator)
        while True:
            try:
                result = send(request)
            except BaseException as error:  # noqa: BLE001 - it goes on to the generator, and comes back from there
                request = generator.throw(error)
            else:
                request = generator.send(result)
    except StopIteration as end:
        return cast("R", end.value)
