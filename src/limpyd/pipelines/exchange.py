"""The requests that a pipeline sends, and the results that the replies stand for. It does no I/O."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

from redis import exceptions as redis_errors

from limpyd.drivers.error_translation import refused, type_question, with_source
from limpyd.exceptions import LimpydError
from limpyd.requests.request import Argument, IncompleteReply, Request
from limpyd.tracing.events import Purpose


class Batch(NamedTuple):
    """Requests that are sent at once.

    Attributes:
        requests: the requests.
        commands: what is sent for each.
        with_sources: what is sent for each instead if the server is not known to know its script.
        purpose: what they are there for.
        begun: is called once there is a connection, when what is sent may be executed from now on.
    """

    requests: Sequence[Request[Any]]
    commands: Sequence[tuple[Argument, ...]]
    with_sources: Sequence[tuple[Argument, ...]] | None
    purpose: Purpose
    begun: Callable[[], None] | None = None


class AsOne(NamedTuple):
    """A request that stands for several; `begun` as above."""

    request: Request[Any]
    begun: Callable[[], None]


Exchange = Generator[Batch | AsOne | Request[Any], Any, Any]
"""Yields what to send: a batch of requests, for a list of replies; or one request, for its result."""


def commands_of(
    args: Sequence[tuple[Argument, ...]], requests: Sequence[Request[Any]], trusts: bool = False
) -> list[tuple[Argument, ...]]:
    """Returns the commands: the first use of each script sends its source, so that the server knows it for the others.

    Sources are not sent if the server is trusted to know them. If it does not, a read can be sent again; but not a
    write after which others were executed.
    """
    if trusts:
        return list(args)
    known = set()
    commands = []
    for request, sent in zip(requests, args, strict=True):
        if request.script is None or request.script.sha in known:
            commands.append(sent)
        else:
            known.add(request.script.sha)
            commands.append(with_source(request, sent))
    return commands


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
