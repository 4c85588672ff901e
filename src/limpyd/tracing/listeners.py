"""The callbacks that see requests. Where there are none, all that this costs is a look into two empty dicts."""

from __future__ import annotations

import inspect
import logging
import weakref
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from time import perf_counter, time
from typing import Any, Self

from limpyd.exceptions import DeclarationError, shorten
from limpyd.requests.request import Request
from limpyd.tracing.events import (
    Batch,
    Operation,
    Purpose,
    RequestEvent,
    Retry,
    TracedDatabase,
    operation,
    size_of,
    text_of,
)

Callback = Callable[[RequestEvent], None]
logger = logging.getLogger("limpyd")


class Registration:
    """A registered callback. `remove()` ends it; so does the end of a `with` block, as it is a context manager."""

    __slots__ = ("_callbacks",)

    def __init__(self, callback: Callback, callbacks: dict[Any, Callback]) -> None:
        if not callable(callback):
            msg = f"on_request() takes a function that is called with a RequestEvent, not {shorten(callback)}"
            raise DeclarationError(msg)
        if inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(getattr(callback, "__call__", None)):  # noqa: B004 - what its call gives
            msg = (
                f"on_request() calls its function and awaits nothing, so {shorten(callback)} may be no coroutine "
                "function; start a task in a plain function, or put the event into a queue"
            )
            raise DeclarationError(msg)
        self._callbacks = callbacks
        callbacks[self] = callback

    def remove(self) -> None:
        """Ends it. Once is enough; more does nothing."""
        self._callbacks.pop(self, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


GLOBAL_CALLBACKS: dict[Any, Callback] = {}
"""The callbacks that see the requests of all databases."""


def on_request(callback: Callback) -> Registration:
    """Calls a function for each request that any database of the process sends; see `RedisDatabase.on_request`.

    Raises:
        DeclarationError: it cannot be called, or is a coroutine function.
    """
    return Registration(callback, GLOBAL_CALLBACKS)


class Listeners:
    """The callbacks of a database.

    Args:
        database: the database.

    Attributes:
        callbacks: the callbacks; always the same dict, which is empty while nobody listens.
    """

    __slots__ = ("_database", "callbacks")

    def __init__(self, database: TracedDatabase) -> None:
        self.callbacks: dict[Any, Callback] = {}
        self._database = weakref.ref(database)

    @property
    def database(self) -> TracedDatabase | None:
        """The database; None if nobody has it any more."""
        return self._database()

    def start(self, request: Request[Any], size: int, retry: Retry | None = None) -> RequestTrace:
        """Returns what measures a request that is sent now."""
        return self.start_batch(((request,), None, retry), 1, size)

    def start_batch(self, purpose: Purpose, commands: int, size: int = 0) -> RequestTrace:
        """Returns the same of requests that are sent together.

        Args:
            purpose: what they are there for.
            commands: how many commands are sent.
            size: how many bytes, if that is known by now.
        """
        requests, batch, retry = purpose
        parts = [part for request in requests for part in getattr(request.subject, "parts", (request,))]
        if batch is None and len(requests) == 1 and hasattr(requests[0].subject, "parts"):
            batch = "transaction"
        texts = [text_of(each) for request in requests for each in (request, *request.followups)]
        text = texts[0] if len(texts) == 1 else f"together: {'; '.join(texts)}"
        return RequestTrace(self, tuple(map(operation, parts)), commands, size, batch, retry, text)

    def start_dedicated(
        self, request: Request[Any] | None, name: str, commands: Sequence[Sequence[Any]], size: int
    ) -> RequestTrace:
        """Returns the same of commands of a connection of one's own: they stand for a request, or for what is named."""
        if request is None:
            return self.start_named(name, commands, size)
        return self.start_batch(((request,), "transaction", None), len(commands), size)

    def start_named(self, name: str, commands: Sequence[Sequence[Any]] = (), size: int = 0) -> RequestTrace:
        """Returns the same of commands that stand for no operation on a model."""
        text = f"{name}: " + ", ".join(
            command[0].decode() if type(command[0]) is bytes else command[0] for command in commands
        )
        return RequestTrace(self, (Operation(name),), len(commands), size, None, None, text)


class RequestTrace:
    """A request that was sent, or is about to be.

    Attributes:
        size: how many bytes were sent.
        error: what it failed with.
    """

    __slots__ = ("_at", "_duration", "_fields", "_listeners", "_received", "_started", "error", "size")

    def __init__(
        self,
        listeners: Listeners,
        operations: tuple[Operation, ...],
        commands: int,
        size: int,
        batch: Batch | None,
        retry: Retry | None,
        text: str,
    ) -> None:
        self._listeners = listeners
        self._fields = operations, commands, batch, retry, text
        self.size = size
        self.error: BaseException | None = None
        self._received = 0
        self._duration = 0.0
        self._started = time()
        self._at = perf_counter()

    @property
    def is_batch(self) -> bool:
        """Returns whether it is that of a pipeline or transaction."""
        return self._fields[2] is not None

    def finish(self, reply: Any = None, error: BaseException | None = None) -> None:
        """Ends the measurement. The callbacks see it at the end of the call that it is a part of, or at once."""
        self._duration = perf_counter() - self._at
        if error is None and isinstance(reply, Exception):
            error = reply
        self.error = error
        self._received = size_of(reply)
        call = _current.get()
        if call is None:
            _notify((self,))
        else:
            call.add(self)

    def notify(self) -> None:
        """Calls the callbacks. Their errors are logged, since the caller is to get the outcome of the request."""
        operations, commands, batch, retry, text = self._fields
        database = self._listeners.database
        if database is None:
            return
        event = RequestEvent(
            database,
            operations,
            batch,
            commands,
            self._started,
            self._duration,
            self.size,
            self._received,
            retry,
            self.error,
            text,
        )
        called: list[Callback] = []
        for callback in (*self._listeners.callbacks.values(), *GLOBAL_CALLBACKS.values()):
            if callback in called:
                continue
            called.append(callback)
            try:
                callback(event)
            except Exception:
                logger.exception("%r, a callback of on_request(), failed for %s", callback, event.name)


class TracedCall:
    """A call of the user, which sends one request or several. The callbacks see them at its end, in order.

    So no callback runs while a connection is in use, and the last request has the error that the caller gets. What a
    call within another sends, such as a question that has to be asked before, is seen at the end of the outer one.
    """

    __slots__ = ("_before", "_has_ended", "_last", "_token", "_traces")

    def __init__(self) -> None:
        self._traces: list[RequestTrace] = []
        self._last: RequestTrace | None = None
        self._has_ended = False
        self._before = _current.get()
        self._token = _current.set(self)

    def add(self, trace: RequestTrace) -> None:
        """Notes a request of its own."""
        if self._has_ended:  # it was cancelled, and a task that it began goes on
            _notify((trace,))
        else:
            self._traces.append(trace)
            self._last = trace

    def end(self, error: BaseException | None) -> None:
        """Ends it.

        Args:
            error: what the caller gets instead of a result.
        """
        self._has_ended = True
        with suppress(ValueError):  # a coroutine that was not awaited to its end is closed elsewhere
            _current.reset(self._token)
        last = self._last or next((trace for trace in reversed(self._traces) if trace.is_batch), None)
        if error is not None and last is not None:
            last.error = error
        before = self._before
        if before is None or before._has_ended:
            _notify(self._traces)
        else:
            before.take_over(self._traces)

    def take_over(self, several: Sequence[RequestTrace]) -> None:
        """Notes the requests of a call within this one."""
        self._traces += several

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self.end(error)


class _InCallback(TracedCall):
    """The call of a callback: what it sends itself is not seen, or there would be no end."""

    __slots__ = ()

    def __init__(self) -> None:
        self._has_ended = False

    def add(self, trace: RequestTrace) -> None:
        pass

    def take_over(self, several: Sequence[RequestTrace]) -> None:
        pass


_current: ContextVar[TracedCall | None] = ContextVar("the call whose requests are noted", default=None)
_IN_CALLBACK = _InCallback()


def _notify(several: Iterable[RequestTrace]) -> None:
    """Calls the callbacks."""
    before = _current.get()
    if before is _IN_CALLBACK:
        return
    _current.set(_IN_CALLBACK)
    try:
        for trace in several:
            trace.notify()
    finally:
        _current.set(before)
