"""The sweeper of the async face: a task that removes expired objects and values again and again."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from limpyd.exceptions import LimpydError

LOG = logging.getLogger("limpyd.sweeper")


class AsyncSweeper:
    """Removes expired objects and values of a model in a task while a block runs.

    Args:
        model: the model.
        every: seconds from the end of a sweep to the beginning of the next one.

    Attributes:
        swept: the number of objects that it has removed.
    """

    def __init__(self, model: Any, every: float) -> None:
        self.swept = 0
        self._model = model
        self._every = every
        self._stopped = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        if self._task is not None:
            msg = f"this sweeper of {self._model.__name__} has been started; call sweeping() for another one"
            raise RuntimeError(msg)
        self._task = asyncio.create_task(self._sweep_until_stopped(), name=f"sweeper of {self._model.__name__}")
        return self

    async def __aexit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopped.set()
        if self._task is not None:
            await self._task

    async def _sweep_until_stopped(self) -> None:
        model, stopped = self._model, self._stopped
        while not stopped.is_set():
            try:
                program = model._declared().sweeping.all(lambda: not stopped.is_set())
                self.swept += await model.database._run_program(program)
            except LimpydError:
                LOG.exception("a sweep of %s failed; the next one is in %g s", model.__name__, self._every)
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), self._every)
