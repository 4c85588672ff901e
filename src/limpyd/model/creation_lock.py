"""The lock under which the first write to an instance makes its object, so that several threads make one."""

from __future__ import annotations

import asyncio
import os
import threading
from typing import Any

from limpyd.exceptions import InvalidPrimaryKey


class AsyncCreationLock(asyncio.Lock):
    """The same among the tasks of an event loop."""

    def __reduce__(self) -> Any:
        return AsyncCreationLock, ()


class CreationLock:
    """A lock that a child of the process finds free, and that refuses the thread that has it."""

    __slots__ = ("_lock", "_pid")

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._lock: Any = threading.RLock()

    def __reduce__(self) -> Any:
        return CreationLock, ()

    def lock(self, instance: Any) -> Any:
        """The lock, to be entered.

        Raises:
            InvalidPrimaryKey: this thread has it: a signal handler interrupted it, which would wait for itself.
        """
        if self._pid != os.getpid():  # a thread that the child does not have may have held it
            self._pid, self._lock = os.getpid(), threading.RLock()
        if self._lock._is_owned():
            msg = (
                f"{instance!r} is being created, by a write that this signal handler has interrupted; write to it "
                "after the handler"
            )
            raise InvalidPrimaryKey(msg)
        return self._lock
