"""How a pipeline is sent: what goes together, and what the replies settle. It does no I/O."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple

from redis import exceptions as redis_errors

from limpyd.drivers.replies import refused, type_question, with_source
from limpyd.exceptions import LimpydError, NotExecuted, OutcomeUnknown
from limpyd.pipelines.pending import Pending
from limpyd.requests import Argument, Request


class Together(NamedTuple):
    """Requests that are sent at once.

    Attributes:
        requests: the requests.
        commands: what is sent for each.
        begun: is called once there is a connection, when what is sent may be executed from now on.
    """

    requests: Sequence[Request[Any]]
    commands: Sequence[tuple[Argument, ...]]
    begun: Callable[[], None] | None = None


class AsOne(NamedTuple):
    """A request that stands for several; `begun` as above."""

    request: Request[Any]
    begun: Callable[[], None]


Exchange = Generator[Together | AsOne | Request[Any], Any, Any]
"""Yields what is to be sent: requests together, for a list of replies; or one request, for its result."""


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
    """The error that is told, if any failed: not that of one that failed with another, nor one's own."""
    errors = [pending.error for pending in pendings if pending.error is not None and not pending.is_own_error]
    return next((error for error in errors if not isinstance(error, NotExecuted)), errors[0] if errors else None)


def interrupted(pendings: Sequence[Pending[Any]]) -> None:
    """Settles what was left when something else than an answer ended the execution."""
    for pending in pendings:
        if pending.is_done:
            continue
        if pending.may_be_done:
            msg = (
                f"{pending!r}: interrupted after it was sent. It may or may not have been executed, or still be; read "
                f"the value to know"
            )
            pending.settle(error=OutcomeUnknown(msg))
        else:
            pending.settle(
                error=NotExecuted(f"{pending!r}: interrupted before it was executed; nothing of it was done")
            )


def settle_each(
    pendings: Sequence[Pending[Any]], replies: Sequence[Any], settle: Callable[[Pending[Any], Any], None]
) -> None:
    """Settles each by its reply. An exception that interrupts this is raised once the others are settled."""
    interruption: BaseException | None = None
    for pending, reply in zip(pendings, replies, strict=True):
        try:
            settle(pending, reply)
        except BaseException as error:  # noqa: BLE001 - raised below
            interruption = interruption or error
    if interruption is not None:
        raise interruption


def settle_read(pending: Pending[Any], reply: Any, note: str = "") -> None:
    """Settles one that was executed by what is read from its reply.

    Args:
        pending: the operation.
        reply: its reply.
        note: is added to the error of that, which then is its own.
    """
    try:
        result = pending.request.decode(reply)
    except LimpydError as error:
        if note:
            error.add_note(note)
        pending.settle(error=error, own=bool(note))
    except BaseException as error:
        msg = f"{pending!r}: it was executed, but reading its reply was interrupted: {error!r}"
        pending.settle(error=OutcomeUnknown(msg))
        raise
    else:
        pending.settle(result)


def _settled(pendings: Sequence[Pending[Any]]) -> Exchange:
    if not pendings:
        return
    requests = [pending.request for pending in pendings]

    def begun() -> None:
        for pending in pendings:
            pending.may_be_done = not pending.request.readonly

    try:
        replies = yield Together(requests, _commands(requests), begun)
    except LimpydError as error:
        for pending in pendings:
            pending.settle(error=error)
        raise
    left = list(zip(pendings, replies, strict=True))
    try:
        while left:
            pending, reply = left[0]
            yield from _settled_by(pending, reply)
            del left[0]
    except BaseException:
        settle_each([pending for pending, _ in left], [reply for _, reply in left], _settle_without_asking)
        raise


def _settled_by(pending: Pending[Any], reply: Any) -> Exchange:
    try:
        result = yield from _result(pending.request, reply)
    except LimpydError as error:
        pending.settle(error=error)
    else:
        pending.settle(result)


def _settle_without_asking(pending: Pending[Any], reply: Any) -> None:
    """Settles one by its reply, where there is no time for further requests."""
    request = pending.request
    if isinstance(reply, LimpydError):
        pending.settle(error=reply)
    elif isinstance(reply, redis_errors.ResponseError):
        pending.settle(error=refused(request, reply))
    elif request.again is None or request.again(request, reply) is None:
        settle_read(pending, reply)


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
