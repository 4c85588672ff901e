"""One line in the log for each request: names, sizes and durations, never keys or values."""

from __future__ import annotations

import logging
from collections import Counter

from limpyd.tracing.events import RequestEvent
from limpyd.tracing.listeners import logger


def log_request(event: RequestEvent) -> None:
    """Logs a request to the logger `limpyd`: a callback for `on_request()`.

    A request that took `slow_request` seconds of its database or longer is a WARNING, any other is DEBUG.
    """
    slow = event.database.slow_request
    level = logging.WARNING if slow is not None and event.duration >= slow else logging.DEBUG
    if logger.isEnabledFor(level):
        logger.log(level, "%s", described(event))


def described(event: RequestEvent) -> str:
    """Returns what is logged of a request."""
    what = _counted(event) if event.batch else str(event.operations[0])
    again = f" again ({event.retry})" if event.retry else ""
    failed = f", {type(event.error).__name__}" if event.error is not None else ""
    sizes = f"{event.bytes_sent} bytes sent, {event.bytes_received} received"
    return f"{what}{again}: {event.duration * 1000:.2f} ms, {sizes}{failed}"


def _counted(event: RequestEvent) -> str:
    counts = Counter(map(str, event.operations))
    each = ", ".join(name if count == 1 else f"{count} times {name}" for name, count in counts.items())
    return f"{event.batch} of {event.batch_size} ({each})"
