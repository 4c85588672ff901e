"""Spans of OpenTelemetry for requests, by its semantic conventions for databases; needs the extra `limpyd[otel]`."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.tracing.events import RequestEvent
from limpyd.tracing.listeners import Callback, Registration, on_request
from limpyd.version import __version__

try:
    from opentelemetry import trace
    from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, TracerProvider
except ImportError as missing:
    msg = "spans need OpenTelemetry: pip install limpyd[otel]"
    raise DeclarationError(msg) from missing

SCHEMA = "https://opentelemetry.io/schemas/1.34.0"
"""The version of the conventions: those of databases are stable since 1.33."""


def trace_requests(database: Any = None, *, tracer_provider: TracerProvider | None = None) -> Registration:
    """Makes a span for each request, until `remove()` of what this returns, or until its `with` block ends.

    A span is named by the operation and its model, such as `hset Person`; it is a child of the span that is current
    where the call is made. It has no keys, values or messages of errors: names, sizes, and the class of an error.

    Args:
        database: the database; None for all databases of the process.
        tracer_provider: what makes the spans; None for the global one.
    """
    callback = _spans(trace.get_tracer("limpyd", __version__, tracer_provider, schema_url=SCHEMA))
    if database is None:
        return on_request(callback)
    registration: Registration = database.on_request(callback)
    return registration


def _spans(tracer: Tracer) -> Callback:
    """Returns the callback that makes the spans."""

    def request(event: RequestEvent) -> None:
        begin = int(event.started * 1e9)
        span = tracer.start_span(span_name(event), kind=SpanKind.CLIENT, attributes=attributes(event), start_time=begin)
        if event.error is not None:
            span.set_status(Status(StatusCode.ERROR))
        span.end(begin + int(event.duration * 1e9))

    return request


def span_name(event: RequestEvent) -> str:
    """Returns the name of a span: the operation, and what it is about, or where."""
    address = event.database.address
    server = address.host if address.port is None else f"{address.host}:{address.port}"
    return f"{operation_name(event)} {event.model or server}"


def operation_name(event: RequestEvent) -> str:
    """Returns the name of the operation; of a batch what it is, and the operation if all of it are the same."""
    names = {operation.name for operation in event.operations}
    if event.batch is None:
        return event.name
    return f"{event.batch} {names.pop()}" if len(names) == 1 else event.batch


def attributes(event: RequestEvent) -> dict[str, str | int]:
    """Returns the attributes of a span."""
    host, port, number = event.database.address
    found: dict[str, str | int | None] = {
        "db.system.name": "redis",  # the conventions have one name for what speaks its protocol
        "db.namespace": str(number),
        "db.operation.name": operation_name(event),
        "db.collection.name": event.model,
        "db.operation.batch.size": event.batch_size if event.batch_size > 1 else None,
        "server.address": host,
        "server.port": port,
        "error.type": None if event.error is None else error_type(event.error),
        "limpyd.field": event.field,
        "limpyd.retry": event.retry,
        "limpyd.request.size": event.bytes_sent,
        "limpyd.response.size": event.bytes_received,
    }
    return {name: value for name, value in found.items() if value is not None}


def error_type(error: BaseException) -> str:
    """Returns the class of an error, by its qualified name if it is not a builtin."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
