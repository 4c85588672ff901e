"""How a pipeline is sent: what goes together, and what the replies settle. It does no I/O."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import Any, NamedTuple

from redis import exceptions as redis_errors

from limpyd.drivers.replies import refused, type_question, with_source
from limpyd.exceptions import LimpydError, NotExecuted
from limpyd.pipelines.pending import Pending
from limpyd.requests import Argument, Request


class Together(NamedTuple):
    """Requests that are sent at once, and what is sent for each."""

    requests: Sequence[Request[Any]]
    commands: Sequence[tuple[Argument, ...]]


Exchange = Generator[Together | Request[Any], Any, Any]
"""Yields what is to be sent: requests together, for a list of replies; or one request alone, for its result."""


def in_one_go(pendings: Sequence[Pending[Any]]) -> Exchange:
    """Sends the requests of a pipeline together, and settles each; one that fails does not stop the others."""
    yield from questions_settled(pendings)
    rest = [pending for pending in pendings if not pending.is_done]
    yield from _settled([pending for pending in rest if pending.request.args])
    for pending in rest:
        if not pending.request.args:
            pending.settle(pending.request.decode(None))  # it was known before


def questions_settled(pendings: Sequence[Pending[Any]]) -> Exchange:
    """Sends what must come before some requests, each question once; a request whose question fails is settled."""
    questions: dict[tuple[Argument, ...], Request[Any]] = {}
    for pending in pendings:
        for question in _before(pending.request):
            questions.setdefault(question.args, question)
    if not questions:
        return
    replies = yield Together(list(questions.values()), _commands(list(questions.values())))
    answers = dict(zip(questions, replies, strict=True))
    for pending in pendings:
        for question in _before(pending.request):
            try:
                yield from _result(question, answers[question.args])
            except Exception as error:  # noqa: BLE001 - as of one that is asked alone
                pending.settle(error=error)
                break


def given_up(pendings: Sequence[Pending[Any]], why: str) -> None:
    """Settles what never was executed."""
    for pending in pendings:
        if not pending.is_done:
            pending.settle(error=NotExecuted(f"{pending!r}: {why}"))


def first_error(pendings: Sequence[Pending[Any]]) -> Exception | None:
    """The error that is told, if any failed: not that of one that failed with another."""
    errors = [pending.error for pending in pendings if pending.error is not None]
    return next((error for error in errors if not isinstance(error, NotExecuted)), errors[0] if errors else None)


def _settled(pendings: Sequence[Pending[Any]]) -> Exchange:
    if not pendings:
        return
    requests = [pending.request for pending in pendings]
    replies = yield Together(requests, _commands(requests))
    for pending, reply in zip(pendings, replies, strict=True):
        try:
            result = yield from _result(pending.request, reply)
        except Exception as error:  # noqa: BLE001 - as of one that is asked alone
            pending.settle(error=error)
        else:
            pending.settle(result)


def _before(request: Request[Any]) -> Iterator[Request[Any]]:
    """The requests that must come before one, the first one first."""
    if request.first is not None:
        yield from _before(request.first)
        yield request.first


def _commands(requests: Sequence[Request[Any]]) -> list[tuple[Argument, ...]]:
    """What is sent: of each script the source with its first use, so that the server knows it by the others."""
    known = set()
    commands = []
    for request in requests:
        if request.script is None or request.script.sha in known:
            commands.append(request.args)
        else:
            known.add(request.script.sha)
            commands.append(with_source(request))
    return commands


def _result(request: Request[Any], reply: Any) -> Exchange:
    """The result that a reply stands for."""
    if isinstance(reply, redis_errors.NoScriptError):  # somebody removed all scripts in between
        return (yield request.with_args(request.args))
    if isinstance(reply, LimpydError):
        raise reply
    if isinstance(reply, redis_errors.ResponseError):
        question = type_question(request, reply)
        raise refused(request, reply) if question is None else (yield question)
    instead = request.again(request, reply) if request.again is not None else None
    if instead is not None:
        return (yield instead)
    return request.decode(reply)
