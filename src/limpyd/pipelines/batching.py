"""The batching of a pipeline: which requests go together, and which are sent again. It does no I/O."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import Any

from limpyd.drivers.guards import never_settled
from limpyd.drivers.script_cache import Sources
from limpyd.exceptions import LimpydError
from limpyd.pipelines.exchange import Batch, Exchange
from limpyd.pipelines.multi_exec import NOTHING_DONE, beginning_and_end, executed, is_guarded, watching
from limpyd.pipelines.packed_operations import packed_in_order
from limpyd.pipelines.pending_result import Pending
from limpyd.pipelines.questions import questions_settled
from limpyd.pipelines.reads_first import after_reads
from limpyd.pipelines.rounds import described_again, in_rounds, is_scattered
from limpyd.pipelines.sent_operations import Sent, guarded
from limpyd.pipelines.settling_in_order import settled_in_order
from limpyd.requests.guards import Guard
from limpyd.requests.request import MAX_TRIES
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
    retry: Retry | None = None
    if not atomic:
        left, retry = yield from _sent_as_they_are(left, by_slot)
    for _ in range(MAX_TRIES if left else 0):
        yield from questions_settled(left)
        while (yield from described_again(left, partial(in_one_go, by_slot=by_slot))):
            yield from questions_settled([pending for pending in left if not pending.is_done])
        tried = [pending for pending in left if not pending.is_done]
        left = _waiting(tried, (yield from _settled(tried, atomic, by_slot, retry)))
        if not left:
            break
        retry = _reason(left)
    for pending in left:
        pending.settle(error=never_settled(pending.request))
    for pending in pendings:
        if pending.request.is_resolved:
            pending.settle(pending.request.decode(None))  # it was known before


def _sent_as_they_are(
    pendings: Sequence[Pending[Any]], by_slot: bool
) -> Generator[Any, Any, tuple[list[Pending[Any]], Retry | None]]:
    """Sends operations if nothing else has to be done.

    Returns:
        Those that are not settled by that; and why these are sent again, if they were sent.
    """
    are_sent = False
    if all(pending.request.readonly for pending in pendings):
        left = yield from after_reads(pendings)
    else:
        left, sent = [*pendings], packed_in_order(pendings, by_slot)
        if sent is not None:
            yield from _reply(sent, False, None)
            are_sent = True
            left = yield from settled_in_order(sent)
    left = _waiting(pendings, left)
    for pending in left:
        pending.describe()
    left = [pending for pending in left if not pending.is_done]
    return left, _reason(left) if are_sent else None


def _reason(left: Sequence[Pending[Any]]) -> Retry:
    """Returns why operations are sent again."""
    assumed = [assumption for pending in left for assumption in pending.request.assumes]
    return "noscript" if all(assumption.guard() for assumption in assumed) else "stale"


def _waiting(pendings: Sequence[Pending[Any]], again: Sequence[Pending[Any]]) -> list[Pending[Any]]:
    """Returns the operations that are to be sent again, or to be described again, in their order."""
    moved = [pending for pending in pendings if pending.moved is not None]
    if not moved:
        return [*again]
    left = set(map(id, again))
    return [pending for pending in pendings if pending.moved is not None or id(pending) in left]


def _settled(
    pendings: Sequence[Pending[Any]], atomic: bool, by_slot: bool, retry: Retry | None
) -> Generator[Any, Any, list[Pending[Any]]]:
    """Sends requests and settles them; returns those that have to be sent again."""
    sent, rest = guarded(pendings, atomic, by_slot and not atomic)
    if atomic and rest:
        return [*pendings]
    yield from _reply(sent, atomic, retry)
    if atomic and all(one.request.readonly for one in sent):
        # What was read before may be of another moment than what is read again.
        if any(one.is_outdated for one in sent):
            for one in sent:
                one.reply = NOTHING_DONE
        elif any(one.is_unknown for one in sent):
            return [*pendings]
    return (yield from settled_in_order(sent)) + rest


def _reply(sent: Sequence[Sent], atomic: bool, retry: Retry | None) -> Exchange:
    """Sends operations, with the requests that are sent right after each, and notes the replies to each.

    Within MULTI each script takes all epochs, so that no script is executed if one of the epochs has changed. If there
    are other commands too, EXEC must fail then: the catalogs are watched (see pipelines/check_epoch.lua).
    """
    if not sent:
        return

    def begun() -> None:
        for one in sent:
            one.pending.may_be_done = not one.request.readonly

    requests = [request for one in sent for request in (one.request, *one.followups)]
    purpose: Purpose = ([one.request for one in sent], "transaction" if atomic else "pipeline", retry)
    only_reads = all(request.readonly for request in requests)
    sources: Sources = "all"
    if retry is None:  # what is refused is sent again, except a write after which others were executed
        sources = "none" if only_reads else "all" if atomic else "unknown"
    try:
        if atomic:
            everyone = [*dict.fromkeys(guard for one in sent for guard in one.guards)]
            multi, execute = beginning_and_end(readonly=only_reads)
            watched = () if only_reads or all(map(is_guarded, requests)) else everyone
            watches = [watch for guard in watched for watch in watching(guard)]
            before = [*watches, multi]
            packed = [*(one.packed(()) for one in before), *_packed(sent, everyone), execute.packed(())]
            replies = yield Batch([*before, *requests, execute], packed, sources, purpose, begun)
            replies = executed(replies[len(watches) :], requests)
        else:
            replies = yield Batch(requests, _packed(sent), sources, purpose, begun)
    except LimpydError as error:
        for one in sent:
            one.pending.settle(error=error)
        raise
    _note(sent, replies)


def _packed(sent: Sequence[Sent], guards: Sequence[Guard] | None = None) -> list[bytes]:
    """Returns what is sent of operations; under some guards, or each under its own."""
    packed = []
    for one in sent:
        packed.append(one.packed(guards))
        if one.followups:
            packed += [after.packed(()) for after in one.followups]
    return packed


def _note(sent: Sequence[Sent], replies: Sequence[Any]) -> None:
    """Notes the replies to operations, and to the requests that are sent right after each."""
    if len(replies) == len(sent):
        for one, reply in zip(sent, replies, strict=True):
            one.reply = reply
        return
    following = iter(replies)
    for one in sent:
        one.reply = next(following)
        one.followup_replies = [next(following) for _ in one.followups]
