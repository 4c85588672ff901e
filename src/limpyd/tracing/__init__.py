"""The hook on which logging, tests and tracing stand: callbacks that see each request to a server.

`database.on_request(callback)` is for one database; `on_request` here is for all of the process.
"""

from limpyd.tracing.events import Address, Operation, RequestEvent, Retry, TracedDatabase
from limpyd.tracing.listeners import Callback, Registration, on_request
from limpyd.tracing.log import log_request

__all__ = [
    "Address",
    "Callback",
    "Operation",
    "Registration",
    "RequestEvent",
    "Retry",
    "TracedDatabase",
    "log_request",
    "on_request",
]
