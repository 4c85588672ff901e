"""The block of a pipeline, and whether it is still open. It does no I/O.

A signal handler may raise just before `__exit__` runs, so that it never does. So a block counts as open as long as the
object exists that its `with` statement calls at the end. Nothing else holds that object: once it is collected, the
block has been left, in whatever way.
"""

from __future__ import annotations

import asyncio
import weakref
from asyncio.events import _get_running_loop as get_running_loop
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from threading import get_ident
from typing import Any, TypeVar, cast

Exit = TypeVar("Exit", bound=Callable[..., Any])
ExitReference = weakref.ref[Callable[..., Any]]
"""Refers to what a `with` statement calls at its end, as long as it is in its block."""


class Block:
    """The block of a pipeline: collects the requests of the thread or task that opened it; others are not affected.

    Args:
        collector: takes the requests.
        guard: of the `with` statement, if the block is one's.
        outer: the block around it.
    """

    __slots__ = ("_exit_reference", "_task", "_thread", "collector", "outer")

    def __init__(self, collector: Any, exit_reference: ExitReference | None, outer: Block | None) -> None:
        self.collector = collector
        self.outer = outer
        self._exit_reference = exit_reference
        self._thread, self._task = get_ident(), _task()

    def is_open(self) -> bool:
        """Returns whether it has not been left yet."""
        return not self.collector.has_ended and (self._exit_reference is None or self._exit_reference() is not None)

    def is_mine(self) -> bool:
        """Returns whether it collects requests made here: in the thread and task that opened it."""
        return self._thread == get_ident() and self._task is _task()


class WatchingBlock(Block):
    """The function of a transaction that watches, until it collects: its requests are sent at once, to the primary."""

    __slots__ = ()

    def is_mine(self) -> bool:
        return False


Active = ContextVar[Block | None]
"""The block that is open in a context, of one database."""


def open_block(active: Active) -> Block | None:
    """The innermost block that is open in this context; forgets those that have been left."""
    known = block = active.get()
    while block is not None and not block.is_open():
        block = block.outer
    if block is not known:
        active.set(block)
    return block


def held_by_block(exit_: Exit) -> Exit:
    """Declares `__exit__` or `__aexit__`; `_exit_reference` of the instance shows whether the block has been left."""
    return cast("Exit", _HeldByBlock(exit_))


class _HeldByBlock:
    def __init__(self, exit_: Callable[..., Any]) -> None:
        self._exit = exit_
        self.__doc__ = exit_.__doc__

    def __get__(self, instance: Any, owner: Any = None) -> Callable[..., Any]:
        if instance is None:  # a stack of contexts asks so, and holds the instance itself
            return self._exit
        held = partial(self._exit, instance)
        instance._exit_reference = weakref.ref(held)
        return held


class Attempt:
    """The block in which the function of a transaction runs; what that begins to collect ends with the block."""

    def __init__(self, collector: Any) -> None:
        self._collector = collector
        self._exit_reference: ExitReference | None = None

    def __enter__(self) -> None:
        self._collector._exit_reference = self._exit_reference

    @held_by_block
    def __exit__(self, *_: object) -> None:
        """Ends the block."""


def _task() -> Any:
    """The task that runs, if there is one."""
    loop = get_running_loop()
    return None if loop is None else asyncio.current_task(loop)
