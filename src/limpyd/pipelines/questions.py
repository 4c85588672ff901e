"""The questions that must be answered before the requests of a pipeline are sent. It does no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from limpyd.pipelines.exchange import Batch, Exchange, result_of
from limpyd.pipelines.pending_result import Pending
from limpyd.requests.request import Assumption, Request, merged
from limpyd.tracing.events import Purpose


def questions_settled(pendings: Sequence[Pending[Any]]) -> Exchange:
    """Sends what must come before some requests, each question once; a request whose question fails is settled."""
    firsts = {first.args: first for pending in pendings for first in _before(pending.request)}
    assumed = [one for one in merged(one for pending in pendings for one in pending.request.assumes) if not one.guard()]
    questions = [*firsts.values(), *(assumption.question() for assumption in assumed)]
    if not questions:
        return
    purpose: Purpose = (questions, "pipeline" if len(questions) > 1 else None, None)
    replies = yield Batch(questions, [question.args for question in questions], "all", purpose)
    answers = dict(zip(firsts, replies, strict=False))
    refusals: list[tuple[Assumption, Exception]] = []
    for assumption, question, reply in zip(assumed, questions[len(firsts) :], replies[len(firsts) :], strict=True):
        try:
            yield from result_of(question, reply)
        except Exception as error:  # noqa: BLE001 - as of one that is asked alone
            refusals.append((assumption, error))
    for pending in pendings:
        try:
            for first in _before(pending.request):
                yield from result_of(first, answers[first.args])
            _check(pending.request.assumes, refusals)
        except Exception as error:  # noqa: BLE001 - as of one that is asked alone
            pending.settle(error=error)


def _check(assumptions: Sequence[Assumption], refusals: Sequence[tuple[Assumption, Exception]]) -> None:
    """Raises what stands against some assumptions: the question failed, or what it found."""
    for assumption in assumptions:
        for asked, refusal in refusals:
            if asked.merged(assumption) is not None:
                raise refusal
        assumption.check()


def _before(request: Request[Any]) -> Iterator[Request[Any]]:
    """The requests that must come before one, the first one first."""
    if request.preflight is not None:
        yield from _before(request.preflight)
        yield request.preflight
