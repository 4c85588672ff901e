"""The connection of the sync face to its server, from the first use of a database until it is closed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from limpyd.drivers.sync import SyncDriver

R = TypeVar("R")


class Access:
    """The access of a database to its server. A new one has no driver: the database is not in use yet.

    Attributes:
        driver: what sends requests, once the server was asked what it is.
    """

    __slots__ = ("_drivers", "driver")

    def __init__(self) -> None:
        self._drivers: dict[str, SyncDriver] = {}
        self.driver: SyncDriver | None = None

    def get_or_make_driver(self, name: str, make: Callable[[], SyncDriver]) -> SyncDriver:
        """The driver of a name; the same one for threads that come at the same time."""
        return self._drivers.get(name) or self._drivers.setdefault(name, make())

    def close(self) -> None:
        """Closes the connections: idle ones now, those in use when they are given back."""
        for driver in self._drivers.values():
            driver.close()


def call_with_lock(lock: AbstractContextManager[Any], call: Callable[[], R]) -> R:
    """Returns what a function returns that runs under a lock.

    Whatever interrupts the function, the lock is released: nothing of Python runs between its end and the release.
    """
    with lock:
        return call()
