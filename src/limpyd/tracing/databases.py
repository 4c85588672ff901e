"""The part of a database, on both faces, that lets its requests be traced."""

from __future__ import annotations

import logging
from typing import Any

from limpyd.exceptions import DeclarationError, shorten
from limpyd.server import Server
from limpyd.tracing.events import Address
from limpyd.tracing.listeners import Callback, Listeners, Registration, logger
from limpyd.tracing.log import log_request

_LOGGING = object()
"""The key of the registration of the log, which nobody has to remove."""


class Traced:
    """A database whose requests can be seen."""

    def __init__(self, slow_request: float | None) -> None:
        self._listeners = Listeners(self)
        self._slow_request: float | None = None
        if slow_request is not None:
            self.slow_request = slow_request

    @property
    def server(self) -> Server | None:
        """Name and version of the server, once it has been asked something."""
        raise NotImplementedError

    @property
    def address(self) -> Address:
        """The address of the server."""
        raise NotImplementedError

    def on_request(self, callback: Callback) -> Registration:
        """Calls a function with a `RequestEvent` for each request that goes to the server, or fails on its way.

        `remove()` of the returned registration ends it. The registration is a context manager, too:
        `with database.on_request(callback): …`. A function that is registered several times is called once.

        The function is called when the call that sent the request is about to return or raise, in the thread and
        context of that call. An exception that it raises is logged, and does not reach the caller. What the function
        itself does on models is not seen. Nor is what goes through `connection`, or what redis-py sends when a
        connection opens (AUTH, SELECT, …).

        Raises:
            DeclarationError: it cannot be called, or is a coroutine function.
        """
        return Registration(callback, self._listeners.callbacks)

    @property
    def slow_request(self) -> float | None:
        """The seconds from which on a request is logged as slow, a WARNING of the logger `limpyd`. It may be set.

        None for never.
        """
        return self._slow_request

    @slow_request.setter
    def slow_request(self, seconds: float | None) -> None:
        if seconds is not None and (isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0):
            msg = f"slow_request is a number of seconds, or None, not {shorten(seconds)}"
            raise DeclarationError(msg)
        self._slow_request = seconds
        self._begin_logging()

    def _begin_logging(self) -> None:
        """Has requests logged if that is asked for, which is looked at once, so that it costs nothing."""
        callbacks: dict[Any, Callback] = self._listeners.callbacks
        if self._slow_request is not None or logger.isEnabledFor(logging.DEBUG):
            callbacks[_LOGGING] = log_request
        else:
            callbacks.pop(_LOGGING, None)
