"""The descriptions of operations of pipelines, which wait for objects that are on their way to another partition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from limpyd.requests.request import Request
from limpyd.requests.waiting import Waiting

Describe = Callable[[], Request[Any]]
"""Makes the request of an operation."""


class Description:
    """The description of an operation of a pipeline, by which it has another request when objects have moved.

    Args:
        again: makes the request.
        database: the database, which knows what comes before it, and how long it may wait.
        exact: true if primaries have to serve it.
    """

    __slots__ = ("_again", "_database", "_exact", "_waiting")

    def __init__(self, again: Describe, database: Any, *, exact: bool) -> None:
        self._again = again
        self._database = database
        self._exact = exact
        self._waiting: Waiting | None = None

    @property
    def waiting(self) -> Waiting:
        """The waiting of the operation, which begins when it is first asked for."""
        if self._waiting is None:
            self._waiting = Waiting(self._database._patience)
        return self._waiting

    def describe(self) -> Request[Any]:
        """Returns a new request."""
        request: Request[Any] = self._database._begun(self._again())
        return request.exact() if self._exact else request
