"""The sweeper of the sync face: a thread that removes expired objects and values again and again."""

from __future__ import annotations

import logging
import threading
from types import TracebackType
from typing import Any, Self

from limpyd.exceptions import LimpydError

LOG = logging.getLogger("limpyd.sweeper")


class Sweeper:
    """Removes expired objects and values of a model in a thread while a block runs.

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
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._thread is not None:
            msg = f"this sweeper of {self._model.__name__} has been started; call sweeping() for another one"
            raise RuntimeError(msg)
        name = f"sweeper of {self._model.__name__}"
        self._thread = threading.Thread(target=self._sweep_until_stopped, name=name, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _sweep_until_stopped(self) -> None:
        model, stopped = self._model, self._stopped
        while not stopped.is_set():
            try:
                program = model._declared().sweeping.all(lambda: not stopped.is_set())
                self.swept += model.database._run_program(program)
            except LimpydError:
                LOG.exception("a sweep of %s failed; the next one is in %g s", model.__name__, self._every)
            stopped.wait(self._every)
