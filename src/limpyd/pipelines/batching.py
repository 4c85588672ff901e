"""The batching of a pipeline: which requests go together, and which are sent again. It does no I/O."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import Any, NamedTuple

from redis import exceptions as redis_errors

from limpyd.drivers.error_translation import refused
from limpyd.drivers.guards import followups_of, invalidate_assumptions, never_settled, outcome, outdated
from limpyd.drivers.script_cache import Sources
from limpyd.exceptions import LimpydError, NotExecuted
from limpyd.pipelines.exchange import Batch, Exchange
from limpyd.pipelines.multi_exec import NOTHING_DONE, beginning_and_end, executed, is_guarded, watching
from limpyd.pipelines.pending_result import Pending
from limpyd.pipelines.questions import questions_settled
from limpyd.pipelines.reads_first import after_reads, settled_with
from limpyd.pipelines.rounds import described_again, in_rounds, is_scattered
from limpyd.pipelines.settling import settle_each, settle_read
from limpyd.requests.guards import Guard
from limpyd.requests.promise_guards import PromiseGuard, PromisesBefore, is_promise
from limpyd.requests.request import MAX_TRIES, Request
from limpyd.tracing.events import Purpose, Retry


def in_one_go(pendings: Sequence[Pending[Any]], *, atomic: bool = False, by_slot: bool = False) -> Exchange:
    """Sends the requests of a pipeline together, and settles each; one that fails does not stop the others.

    Args:
        pendings: the operations.
        atomic: whether they are sent within MULTI and EXEC.
        by_slot: whether each is sent to the node of its slot, so that a script cannot read keys of other slots.
    """
    left = [pending for pending in pendings if not pending.request.is_resolved]
    if len(left) < len(pendings) and any(is_scattered(pending.request) for pending in pendings):
        yield from in_rounds(pendings, partial(in_one_go, by_slot=by_slot))
        return
    if not atomic:
        left = _waiting(left, (yield from after_reads(left)))
    retry: Retry | None = None
    for _ in range(MAX_TRIES):
        yield from questions_settled(left)
        while (yield from described_again(left, partial(in_one_go, by_slot=by_slot))):
            yield from questions_settled([pending for pending in left if not pending.is_done])
        tried = [pending for pending in left if not pending.is_done]
        left = _waiting(tried, (yield from _settled(tried, atomic, by_slot, retry)))
        if not left:
            break
        assumed = [assumption for pending in left for assumption in pending.request.assumes]
        retry = "noscript" if all(assumption.guard() for assumption in assumed) else "stale"
    for pending in left:
        pending.settle(error=never_settled(pending.request))
    for pending in pendings:
        if pending.request.is_resolved:
            pending.settle(pending.request.decode(None))  # it was known before


def _waiting(pendings: Sequence[Pending[Any]], again: Sequence[Pending[Any]]) -> list[Pending[Any]]:
    """Returns the operations that are to be sent again, or to be described again, in their order."""
    if not any(pending.moved is not None for pending in pendings):
        return [*again]
    left = set(map(id, again))
    return [pending for pending in pendings if pending.moved is not None or id(pending) in left]


class _Guarded(NamedTuple):
    """An operation, the guards under which it is sent, and the requests that are sent right after it."""

    pending: Pending[Any]
    guards: list[Guard]
    followups: list[Request[Any]]


class _Replied(NamedTuple):
    """An operation, the reply to it, and the replies to the requests sent right after it."""

    sent: _Guarded
    reply: Any
    followup_replies: list[Any]

    def outcome(self) -> tuple[Request[Any], Any]:
        """Returns the request that decides the outcome of the operation, and its reply."""
        request = self.sent.pending.request
        return outcome([request, *self.sent.followups], [self.reply, *self.followup_replies])

    @property
    def is_outdated(self) -> bool:
        """True if it met another epoch than the one that it was sent under."""
        return outdated(self.reply, self.followup_replies, self.sent.guards)


def _settled(
    pendings: Sequence[Pending[Any]], atomic: bool, by_slot: bool, retry: Retry | None
) -> Generator[Any, Any, list[Pending[Any]]]:
    """Sends requests and settles them; returns those that have to be sent again.

    A request is sent again if it met another epoch than the one that it was sent under; and a read, if such a request
    came before it, since it may read what that writes. A request is also sent again if the server was trusted to know
    its script, but did not; except a write, if a write after it was executed: it is settled with an error.
    """
    sent, rest = _guarded(pendings, atomic, by_slot and not atomic)
    if atomic and rest:
        return [*pendings]
    again: list[Pending[Any]] = []
    left = yield from _replied(sent, atomic, retry)
    only_reads = all(one.sent.pending.request.readonly for one in left)
    if atomic and only_reads:  # what was read before may be of another moment than what is read again
        if any(one.is_outdated for one in left):
            left = [one._replace(reply=NOTHING_DONE) for one in left]
        elif any(_is_unknown(one) for one in left):
            return [*pendings]
    try:
        while left:
            pending = left[0].sent.pending
            if left[0].is_outdated:
                pending.may_be_done = False
                invalidate_assumptions(pending.request)
                again.append(pending)
            elif _is_unknown(left[0]) and not pending.request.readonly and any(map(_wrote, left)):
                pending.settle(error=_overtaken(pending))
            elif _is_unknown(left[0]) or (again and pending.request.readonly):
                pending.may_be_done = False
                again.append(pending)
            else:
                yield from _settled_by(left[0])
            del left[0]
    except BaseException:
        settle_each([one.sent.pending for one in left], left, _settle_without_asking)
        raise
    return again + rest


def _wrote(replied: _Replied) -> bool:
    """Returns whether a request has written, or may have."""
    is_refused = isinstance(replied.reply, redis_errors.NoScriptError)
    return not (replied.sent.pending.request.readonly or is_refused or replied.is_outdated)


def _overtaken(pending: Pending[Any]) -> NotExecuted:
    """The error for a write whose script the server did not know, while it executed others after it."""
    return NotExecuted(
        f"{pending!r}: the server did not have its script any more (for example after SCRIPT FLUSH), but it "
        "executed later operations of the pipeline. This operation was not executed; call it again"
    )


def _is_unknown(replied: _Replied) -> bool:
    """Returns whether the server did not know a script of limpyd: it is new, or SCRIPT FLUSH removed it."""
    has_source = replied.sent.pending.request.script is not None
    return has_source and isinstance(replied.reply, redis_errors.NoScriptError)


def _guarded(
    pendings: Sequence[Pending[Any]], atomic: bool, by_slot: bool
) -> tuple[list[_Guarded], list[Pending[Any]]]:
    """Returns the requests that can be sent; and the rest, from the first whose epoch another thread has changed.

    What one thread sends stays in its order, so nothing overtakes one that waits, nor goes out under a later epoch. And
    a script that writes takes the epochs of all that is written before it, or before it in its slot: it is refused
    where one of those is.
    """
    sent: list[_Guarded] = []
    epochs: dict[bytes, bytes] = {}
    written: dict[int | None, dict[bytes, Guard]] = {}
    promised = PromisesBefore()
    for number, pending in enumerate(pendings):
        guards = [guard for assumption in pending.request.assumes if (guard := assumption.guard()) is not None]
        own = [guard for guard in guards if type(guard) is PromiseGuard]
        catalogs = [guard for guard in guards if type(guard) is not PromiseGuard] if own else guards
        same = all(epochs.setdefault(guard.meta, guard.epoch) == guard.epoch for guard in catalogs)
        if not same or len(guards) < len(pending.request.assumes):
            return sent, list(pendings[number:])
        if not pending.request.readonly and pending.request.script is not None:
            before = written.setdefault(pending.request.slot if by_slot else None, {})
            before.update((guard.meta, guard) for guard in catalogs)
            guards = list(before.values())
            if own or promised:
                guards += [*promised.guards(pending.request.slot, own), *own]
            if atomic or len(guards) > 1 or not pending.request.complete:
                pending.request = pending.request.under_several()
            if any(map(is_promise, guards)):
                pending.request = pending.request.with_promises()
        sent.append(_Guarded(pending, guards, followups_of(pending.request, guards)))
    return sent, []


def _replied(sent: Sequence[_Guarded], atomic: bool, retry: Retry | None) -> Generator[Batch, Any, list[_Replied]]:
    """Sends requests, with the requests that are sent right after each.

    Within MULTI each script takes all epochs, so that no script is executed if one of the epochs has changed. If there
    are other commands too, EXEC must fail then: the catalogs are watched (see pipelines/check_epoch.lua).
    """
    if not sent:
        return []

    def begun() -> None:
        for one in sent:
            one.pending.may_be_done = not one.pending.request.readonly

    requests = [request for one in sent for request in (one.pending.request, *one.followups)]
    purpose: Purpose = ([one.pending.request for one in sent], "transaction" if atomic else "pipeline", retry)
    everyone = [*dict.fromkeys(guard for one in sent for guard in one.guards)]
    packed = [
        each
        for one in sent
        for each in (
            one.pending.request.packed(everyone if atomic else one.guards),
            *(x.packed(()) for x in one.followups),
        )
    ]
    only_reads = all(request.readonly for request in requests)
    sources: Sources = "all"
    if retry is None:  # what is refused is sent again, except a write after which others were executed
        sources = "none" if only_reads else "all" if atomic else "unknown"
    try:
        if atomic:
            multi, execute = beginning_and_end(readonly=only_reads)
            watched = () if only_reads or all(map(is_guarded, requests)) else everyone
            watches = [watch for guard in watched for watch in watching(guard)]
            together = [*watches, multi, *requests, execute]
            around = [*(x.packed(()) for x in (*watches, multi)), *packed, execute.packed(())]
            replies = yield Batch(together, around, sources, purpose, begun)
            replies = iter(executed(replies[len(watches) :], requests))
        else:
            replies = iter((yield Batch(requests, packed, sources, purpose, begun)))
    except LimpydError as error:
        for one in sent:
            one.pending.settle(error=error)
        raise
    return [_Replied(one, next(replies), [next(replies) for _ in one.followups]) for one in sent]


def _settled_by(replied: _Replied) -> Exchange:
    pending = replied.sent.pending
    try:
        request, reply = replied.outcome()
    except LimpydError as error:
        pending.settle(error=error)
    else:
        yield from settled_with(pending, request, reply)


def _settle_without_asking(pending: Pending[Any], replied: _Replied) -> None:
    """Settles one by its reply, where there is no time for further requests."""
    try:
        request, reply = replied.outcome()
    except LimpydError as error:
        pending.settle(error=error)
        return
    if isinstance(reply, LimpydError):
        pending.settle(error=reply)
    elif isinstance(reply, redis_errors.ResponseError):
        pending.settle(error=refused(request, reply))
    elif request.retry_with is None or request.retry_with(request, reply) is None:
        settle_read(pending, reply)
