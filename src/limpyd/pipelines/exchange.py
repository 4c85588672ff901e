"""The requests that a pipeline sends, and the results that the replies stand for. It does no I/O."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

from redis import exceptions as redis_errors

from limpyd.drivers.error_translation import refused, type_question
from limpyd.drivers.script_cache import Sources
from limpyd.exceptions import LimpydError
from limpyd.requests.reads import Reads
from limpyd.requests.request import IncompleteReply, Request
from limpyd.requests.scattered import Pause
from limpyd.tracing.events import Purpose


class Batch(NamedTuple):
    """Requests that are sent at once.

    Attributes:
        requests: the requests.
        packed: what is sent for each, where the server knows its script.
        sources: the scripts whose sources are sent with their first use.
        purpose: what they are there for.
        begun: is called once there is a connection, when what is sent may be executed from now on.
    """

    requests: Sequence[Request[Any]]
    packed: Sequence[bytes]
    sources: Sources
    purpose: Purpose
    begun: Callable[[], None] | None = None


class AsOne(NamedTuple):
    """A request that stands for several; `begun` as above."""

    request: Request[Any]
    begun: Callable[[], None]


Exchange = Generator[Batch | Reads | AsOne | Pause | Request[Any], Any, Any]
"""Yields what to send: a batch of requests, for a list of replies; reads, for a list of what is known of their replies,
or None; or one request, for its result."""


def result_of(request: Request[Any], reply: Any) -> Exchange:
    """The result that a reply stands for."""
    if request.script is not None and isinstance(reply, redis_errors.NoScriptError):
        # Somebody removed all scripts in between.
        return (yield request.with_args(request.args))
    if isinstance(reply, LimpydError):
        raise reply
    if isinstance(reply, redis_errors.ResponseError):
        question = type_question(request, reply)
        raise refused(request, reply) if question is None else (yield question)
    instead = request.retry_with(request, reply) if request.retry_with is not None else None
    if instead is not None:
        return (yield instead)
    try:
        return request.decode(reply)
    except IncompleteReply as incomplete:
        question = incomplete.ask(request)
    return (yield question)
