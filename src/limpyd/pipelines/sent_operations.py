"""Operations of a pipeline as they are sent: under which epochs, and in which form. It does no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis import exceptions as redis_errors

from limpyd.drivers.guards import followups_of, outcome, outdated
from limpyd.pipelines.pending_result import Pending
from limpyd.requests.guards import Guard
from limpyd.requests.promise_guards import PromiseGuard, PromisesBefore, is_promise
from limpyd.requests.request import Request


class Sent:
    """An operation as it is sent, and what is replied to it.

    Args:
        pending: the operation.
        packed: what is sent of it; None to pack its request under its guards.
        request: its request, if it is sent as another one.
        guards: the guards under which it is sent.
        followups: the requests that are sent right after it, in the same packet.

    Attributes:
        pending, guards, followups: as above.
        request: its request, as it is sent.
        reply: the reply to it, or the error in its place.
        followup_replies: the same of the requests that are sent right after it.
    """

    __slots__ = ("_packed", "followup_replies", "followups", "guards", "pending", "reply", "request")

    def __init__(
        self,
        pending: Pending[Any],
        packed: bytes | None,
        request: Request[Any] | None = None,
        guards: Sequence[Guard] = (),
        followups: Sequence[Request[Any]] = (),
    ) -> None:
        self.pending = pending
        self.request: Request[Any] = request or pending.request
        self.guards = guards
        self.followups = followups
        self.reply: Any = None
        self.followup_replies: Sequence[Any] = ()
        self._packed = packed

    def packed(self, guards: Sequence[Guard] | None = None) -> bytes:
        """Returns what is sent of it; under other guards than its own, if there are some."""
        return self.request.packed(self.guards if guards is None else guards) if self._packed is None else self._packed

    def outcome(self) -> tuple[Request[Any], Any]:
        """Returns the request that decides the outcome, and its reply."""
        return outcome([self.request, *self.followups], [self.reply, *self.followup_replies])

    @property
    def is_usual(self) -> bool:
        """True if its reply is no error, and the only one."""
        return not self.followups and not isinstance(self.reply, Exception)

    @property
    def is_outdated(self) -> bool:
        """True if it met another epoch than the one that it was sent under."""
        return outdated(self.reply, self.followup_replies, self.guards)

    @property
    def is_unknown(self) -> bool:
        """True if the server did not know a script of limpyd: it is new, or SCRIPT FLUSH removed it."""
        return isinstance(self.reply, redis_errors.NoScriptError) and self.request.script is not None

    @property
    def has_written(self) -> bool:
        """True if it has written, or may have."""
        is_refused = isinstance(self.reply, redis_errors.NoScriptError)
        return not (self.request.readonly or is_refused or self.is_outdated)


def guarded(pendings: Sequence[Pending[Any]], atomic: bool, by_slot: bool) -> tuple[list[Sent], list[Pending[Any]]]:
    """Returns the operations that can be sent; and the rest, from the first whose epoch another thread has changed.

    What one thread sends stays in its order, so nothing overtakes one that waits, nor goes out under a later epoch. And
    a script that writes takes the epochs of all that is written before it, or before it in its slot: it is refused
    where one of those is.
    """
    sent: list[Sent] = []
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
        sent.append(Sent(pending, None, None, guards, followups_of(pending.request, guards)))
    return sent, []
