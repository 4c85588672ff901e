"""The questions that must be answered before the requests of a pipeline are sent. It does no I/O."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from limpyd.drivers.guards import invalidate_assumptions, never_settled, outdated
from limpyd.exceptions import ObjectsMoved
from limpyd.pipelines.exchange import Batch, Exchange, result_of
from limpyd.pipelines.pending_result import Pending
from limpyd.pipelines.rounds import in_rounds, is_scattered
from limpyd.requests.request import MAX_TRIES, Argument, Assumption, Request, merged
from limpyd.tracing.events import Purpose

Answers = dict[tuple[Argument, ...], Any]
"""The replies to preflights, by their arguments."""
Asked = tuple[Assumption, Request[None]]
"""An assumption, and its question."""
Refusal = tuple[Assumption, Exception]
"""An assumption, and the error of its question."""


def questions_settled(pendings: Sequence[Pending[Any]]) -> Exchange:
    """Sends what must come before some requests, each question once; a request whose question fails is settled.

    That is one round trip; or two, if a question must come before others. Conversations about claims follow.
    """
    assumed = [one for one in merged(one for pending in pendings for one in pending.request.assumes) if not one.guard()]
    refusals: list[Refusal] = []
    all_asked = list(_questions(assumed, refusals))
    asked = [each for each in all_asked if not is_scattered(each[1])]
    preflights = {first.args: first for pending in pendings for first in _before(pending.request)}
    of_questions = {first.args: first for _, question in asked for first in _before(question)}
    preflights.update(of_questions)
    answers: Answers = {}
    if of_questions:
        answers = dict(zip(preflights, (yield _batch([*preflights.values()])), strict=True))
        asked = yield from _allowed(asked, answers, refusals)
    questions = [*(preflights.values() if not answers else ()), *(question for _, question in asked)]
    if questions:
        replies = yield _batch(questions)
        answers.update(zip(() if answers else preflights, replies, strict=False))
        for (assumption, question), reply in zip(asked, replies[len(replies) - len(asked) :], strict=True):
            try:
                yield from result_of(question, reply)
            except Exception as error:  # noqa: BLE001 - as of one that is asked alone
                refusals.append((assumption, error))
    if len(asked) < len(all_asked):
        yield from _held([each for each in all_asked if is_scattered(each[1])], pendings, refusals)
    errors = {assumption.about: error for assumption, error in refusals}
    for pending in pendings:
        try:
            yield from _answered(pending.request, answers)
            _check(pending.request.assumes, errors)
        except Exception as error:  # noqa: BLE001 - as of one that is asked alone
            pending.refuse(error)


def _questions(assumed: Sequence[Assumption], refusals: list[Refusal]) -> Iterator[Asked]:
    """The questions of assumptions; adds those about partitions that the process has left to the refusals."""
    for assumption in assumed:
        try:
            yield assumption, assumption.question()
        except ObjectsMoved as error:
            refusals.append((assumption, error))


def _held(asked: Sequence[Asked], pendings: Sequence[Pending[Any]], refusals: list[Refusal]) -> Exchange:
    """Holds conversations at once, but those of requests that are refused; adds the errors to the refusals."""
    refused = {assumption.about for assumption, _ in refusals}
    needed: set[Hashable] = set()
    for pending in pendings:
        about = {assumption.about for assumption in pending.request.assumes}
        if refused.isdisjoint(about):
            needed |= about
    held = [(one, Pending(question)) for one, question in asked if one.about in needed]
    yield from in_rounds([conversation for _, conversation in held], _settled)
    refusals += ((one, conversation.error) for one, conversation in held if conversation.error is not None)


def _settled(pendings: Sequence[Pending[Any]]) -> Exchange:
    """Sends requests at once, and settles each; what meets another epoch than it was sent under is sent again."""
    left = list(pendings)
    for _ in range(MAX_TRIES):
        if any(pending.request.assumes for pending in left):
            yield from questions_settled(left)
            left = [pending for pending in left if not pending.is_done]
        if not left:
            return
        again = []
        for pending, reply in zip(left, (yield _batch([pending.request for pending in left])), strict=True):
            if outdated(reply):
                invalidate_assumptions(pending.request)
                again.append(pending)
                continue
            try:
                pending.settle((yield from result_of(pending.request, reply)))
            except Exception as error:  # noqa: BLE001 - it is the request's
                pending.settle(error=error)
        left = again
    for pending in left:
        pending.settle(error=never_settled(pending.request))


def _batch(questions: Sequence[Request[Any]]) -> Batch:
    purpose: Purpose = (questions, "pipeline" if len(questions) > 1 else None, None)
    return Batch(questions, [_packed(question) for question in questions], "all", purpose)


def _packed(question: Request[Any]) -> bytes:
    guards = [guard for assumption in question.assumes if (guard := assumption.guard()) is not None]
    return question.packed(guards)


def _allowed(
    asked: Sequence[Asked],
    answers: Answers,
    refusals: list[Refusal],
) -> Exchange:
    """Returns the questions whose preflights succeeded; adds the errors of the others to the refusals."""
    allowed = []
    for assumption, question in asked:
        try:
            yield from _answered(question, answers)
        except Exception as error:  # noqa: BLE001 - as of one that is asked alone
            refusals.append((assumption, error))
        else:
            allowed.append((assumption, question))
    return allowed


def _answered(request: Request[Any], answers: Answers) -> Exchange:
    """Raises the error of a preflight of a request, if there is one."""
    for first in _before(request):
        yield from result_of(first, answers[first.args])


def _check(assumptions: Sequence[Assumption], errors: Mapping[Hashable, Exception]) -> None:
    """Raises what stands against some assumptions: the question failed, or what it found."""
    for assumption in assumptions:
        error = errors.get(assumption.about)
        if error is not None:
            raise error
        assumption.check()


def _before(request: Request[Any]) -> Iterator[Request[Any]]:
    """The requests that must come before one, the first one first."""
    if request.preflight is not None:
        yield from _before(request.preflight)
        yield request.preflight
