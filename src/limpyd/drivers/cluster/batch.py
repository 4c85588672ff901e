"""Requests that are sent together to the nodes of a cluster: which go to which node, and which are sent again. No I/O.

Those of one slot keep their order. After one that has to be sent again, later reads of its slot are sent again too. If
a later write was executed, it is too late for that, and the one before it fails (see drivers/cluster/slot_order.py). To
make this rare, only the first request of such a slot is sent again, until it is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from redis import exceptions as redis_errors

from limpyd.drivers.cluster.attempts import ASKING, PACKED_ASKING, Attempts, is_redirection
from limpyd.drivers.cluster.routing import Routing, Slot
from limpyd.drivers.cluster.shares import Failure, Share
from limpyd.drivers.cluster.slot_order import Dependents, not_in_order, overtaken
from limpyd.drivers.cluster.topology import NodeAddress, ReplicaAddress
from limpyd.drivers.error_translation import lost, unreachable
from limpyd.drivers.script_cache import ScriptCache, Sources, scripts_of
from limpyd.requests.key_arguments import CROSS_SLOT
from limpyd.requests.request import Request
from limpyd.requests.resp import any_error

_ASKING: Request[Any] = Request(ASKING, bool, readonly=True)


class ClusterBatch:
    """The requests of a batch, until each has its reply.

    Args:
        requests: the requests.
        packed: what is sent of each, where the server knows its script.
        sources: the scripts whose sources are sent to each node.
        routing: the topology.
        atomic: they are sent within MULTI and EXEC, so they stay together on one connection.
        from_replicas: replicas may serve them, if all of them may be stale.

    Attributes:
        replies: the reply to each, or the error in its place.
        left: the positions of those that are still to be sent.
        attempts: the tries.
    """

    def __init__(
        self,
        requests: Sequence[Request[Any]],
        packed: Sequence[bytes],
        sources: Sources,
        routing: Routing,
        *,
        atomic: bool,
        from_replicas: bool = False,
    ) -> None:
        self._requests = requests
        self._packed = packed
        self._sources: Sources = sources
        self._routing = routing
        self._atomic = atomic
        self._slots = [request.slot for request in requests]
        self._crossing = {script for script in scripts_of(requests) if CROSS_SLOT in script.flags}
        self._asked: dict[int, NodeAddress] = {}
        self._lost_once: set[int] = set()
        self._noted: list[tuple[Share, Sequence[Any], int, Exception | None]] = []
        self._held_up: set[int | None] = set()
        may_be_stale = from_replicas and not atomic and all(request.may_be_stale for request in requests)
        self.attempts = Attempts(routing, from_replicas=may_be_stale)
        self.replies: list[Any] = [None] * len(requests)
        self.left = list(range(len(requests)))

    def shares(self) -> list[Share]:
        """Returns what is to be sent now, by node."""
        if self._atomic:
            home = next((one for one, slot in zip(self._requests, self._slots, strict=True) if slot is not None), None)
            return [Share(self._routing.node_for(home or Slot(None)), False, list(self.left))]
        if not (self._asked or self._crossing or self._held_up):
            return self._shares_of_slots()
        shares: dict[tuple[NodeAddress, bool], Share] = {}
        homes: dict[int | None, Share] = {}
        for number in self._to_send_now():
            request, slot = self._requests[number], self._slots[number]
            share = homes.get(slot) if request.script not in self._crossing and number not in self._asked else None
            if share is None:
                asked = self._asked.pop(number, None)
                node = asked or self._node_for(request, slot, shares.values())
                share = shares.setdefault((node, asked is not None), Share(node, asked is not None, []))
                if asked is None:
                    homes[slot] = share
            share.numbers.append(number)
        return list(shares.values())

    def _shares_of_slots(self) -> list[Share]:
        """Returns what is to be sent if all requests of a slot go to the same node."""
        slots: dict[int | None, list[int]] = {}
        for number in self.left:
            slots.setdefault(self._slots[number], []).append(number)
        shares: dict[NodeAddress, Share] = {}
        for slot, numbers in slots.items():
            node = self._node_for(self._requests[numbers[0]], slot, shares.values())
            shares.setdefault(node, Share(node, False, [])).numbers.extend(numbers)
        for share in shares.values():
            share.numbers.sort()
        return list(shares.values())

    def _to_send_now(self) -> list[int]:
        """Returns the positions of what is sent in this try: of a slot that refused something, only the first one."""
        if not self._held_up:
            return self.left
        first: dict[int | None, int] = {}
        return [
            number
            for number in self.left
            if self._slots[number] not in self._held_up or first.setdefault(self._slots[number], number) == number
        ]

    def _node_for(self, request: Request[Any], slot: int | None, shares: Iterable[Share]) -> NodeAddress:
        """Returns the node for a request; for one without keys one that is asked anyway, if there is one."""
        node = next((share.node for share in shares), None) if slot is None else None
        return node or self.attempts.next_node(request)

    def to_send(self, share: Share, scripts: ScriptCache) -> tuple[list[Request[Any]], Sequence[bytes]]:
        """Returns the requests of a share, and what is sent of each on a connection that has some scripts."""
        requests = [self._requests[number] for number in share.numbers]
        packed = [self._packed[number] for number in share.numbers]
        sent = scripts.with_sources(requests, packed, self._sources)
        if not share.asking:
            return requests, sent
        return (
            [each for request in requests for each in (_ASKING, request)],
            [each for command in sent for each in (PACKED_ASKING, command)],
        )

    def note(self, share: Share, replies: Sequence[Any], sent: int = 0, error: Exception | None = None) -> None:
        """Notes what came of a share.

        Args:
            share: the share.
            replies: the replies, among them errors of refusals.
            sent: how many commands were sent.
            error: why no more replies came, if there are fewer.
        """
        if share.asking:
            replies, sent = replies[1::2], sent // 2
        self._noted.append((share, replies, sent, error))

    def settle(self, *, last: bool = False) -> float:
        """Decides what is left after a try, and returns the seconds to wait before the next one.

        Args:
            last: there is to be no next one.

        Raises:
            ServerUnreachable: nothing was sent, and it was tried for long enough.
        """
        if self._is_settled_at_once():
            return 0.0
        outcomes, pauses = self._outcomes(), [0.0]
        again = self._whole_again(outcomes, pauses) if self._atomic else self._some_again(outcomes, pauses)
        if again and (last or self.attempts.over(max(pauses))):
            again = self._give_up(again, outcomes, last=last)
        self.left = again
        return max(pauses)

    def _is_settled_at_once(self) -> bool:
        """Sets all replies and returns True, if none is an error."""
        received = [(share.numbers, replies) for share, replies, _, _ in self._noted]
        if sum(len(replies) for _, replies in received) < len(self.left):
            return False
        if any(any_error(replies) for _, replies in received):
            return False
        for numbers, replies in received:
            for number, reply in zip(numbers, replies, strict=True):
                self.replies[number] = reply
        self.left = []
        return True

    def _outcomes(self) -> dict[int, tuple[NodeAddress, Any]]:
        """Returns what came of each request that was sent: the node, and the reply or what came instead."""
        noted, self._noted = self._noted, []
        outcomes: dict[int, tuple[NodeAddress, Any]] = {}
        for share, replies, sent, error in noted:
            for position, number in enumerate(share.numbers):
                if position < len(replies):
                    outcomes[number] = share.node, replies[position]
                elif error is not None:
                    outcomes[number] = share.node, Failure(error, position < sent)
        return outcomes

    def _some_again(self, outcomes: dict[int, tuple[NodeAddress, Any]], pauses: list[float]) -> list[int]:
        sent = [number for number in self.left if number in outcomes]
        writing = {self._slots[number] for number in self.left if not self._requests[number].readonly}
        refused: dict[int, Any] = {}
        held_up: set[int | None] = set()
        for number in sent:
            node, outcome = outcomes[number]
            slot, before = self._slots[number], len(pauses)
            if self._is_again(number, node, outcome, pauses):
                refused[number] = outcome
                if slot in writing and len(pauses) > before and (pauses[-1] or slot in self._held_up):
                    held_up.add(slot)
        self._held_up = held_up
        failed = {outcomes[number][0] for number in refused}
        for number in sent:  # an epoch that the primary gives says nothing of what a replica gave
            if isinstance(node := outcomes[number][0], ReplicaAddress) and node in failed:
                refused.setdefault(number, outcomes[number][1])
        if refused:
            self._give_up_overtaken(sent, refused, outcomes)
        return self._again_after(refused, outcomes)

    def _again_after(self, refused: dict[int, Any], outcomes: dict[int, tuple[NodeAddress, Any]]) -> list[int]:
        """Returns what is sent again; sets the replies to the others."""
        again: list[int] = []
        stale = Dependents(self._requests, self._slots)
        for number in self.left:
            if number in refused:
                again.append(number)
                stale.note(number, refused[number])
            elif number not in outcomes or (self._requests[number].readonly and stale.includes(number)):
                again.append(number)
            elif not isinstance(outcomes[number][1], Failure):
                self.replies[number] = outcomes[number][1]
        return again

    def _give_up_overtaken(
        self, sent: Sequence[int], refused: dict[int, Any], outcomes: dict[int, tuple[NodeAddress, Any]]
    ) -> None:
        """Puts an error in the place of each refusal of what cannot be sent again in order."""
        errors = {number for number in sent if isinstance(outcomes[number][1], redis_errors.ResponseError)}
        for number in overtaken(sent, refused, errors, self._requests, self._slots):
            outcomes[number] = outcomes[number][0], not_in_order(self._requests[number], refused.pop(number))

    def _is_again(self, number: int, node: NodeAddress, outcome: Any, pauses: list[float]) -> bool:
        """Returns whether a request is to be sent again; if its reply is lost for good, sets the error."""
        request = self._requests[number]
        if isinstance(outcome, Failure):
            if outcome.is_final:
                self.replies[number] = unreachable(str(node), outcome.error)
                return False
            if isinstance(node, ReplicaAddress):
                self.attempts.unserved(outcome.error, request.slot, node)
                return True
            if not outcome.sent or isinstance(outcome.error, redis_errors.BusyLoadingError):
                pauses.append(self.attempts.unreached(outcome.error, node))
                return True
            self.attempts.suspect(node)
            timed_out = isinstance(outcome.error, redis_errors.TimeoutError)
            if request.readonly and not timed_out and number not in self._lost_once:
                self._lost_once.add(number)
                return True
            self.replies[number] = lost(request, str(node), outcome.error)
            return False
        if not is_redirection(outcome):
            return False
        if isinstance(node, ReplicaAddress):
            self.attempts.unserved(outcome, request.slot, node)
            return True
        pauses.append(self.attempts.redirected(outcome, self._slots[number], node))
        if self.attempts.asked_at is not None:
            self._asked[number], self.attempts.asked_at = self.attempts.asked_at, None
        return True

    def _whole_again(self, outcomes: dict[int, tuple[NodeAddress, Any]], pauses: list[float]) -> list[int]:
        """Returns all, if nothing of them was executed and all may be sent again."""
        failures = [outcome for _, outcome in outcomes.values() if isinstance(outcome, Failure)]
        asked = outcomes[self.left[0]][0]
        redirections = [number for number in self.left if is_redirection(outcomes[number][1])]
        if failures and (not failures[-1].sent or isinstance(failures[0].error, redis_errors.BusyLoadingError)):
            pauses.append(self.attempts.unreached(failures[0].error, asked))
            return self.left
        if not failures and redirections:
            for number in redirections:
                node, refusal = outcomes[number]
                pauses.append(self.attempts.redirected(refusal, self._slots[number], node))
            if self.attempts.asked_at is not None:  # within MULTI each command would need its own ASKING
                self.attempts.asked_at = None
                pauses.append(self.attempts.pause())
            return self.left
        for number in self.left:
            node, outcome = outcomes[number]
            failed = isinstance(outcome, Failure)
            self.replies[number] = lost(self._requests[number], str(node), outcome.error) if failed else outcome
            self.attempts.stale = self.attempts.stale or failed
        return []

    def _give_up(self, again: Sequence[int], outcomes: dict[int, tuple[NodeAddress, Any]], *, last: bool) -> list[int]:
        """Sets the error of what was refused, and of what waited for it; returns the rest, which can go on."""
        first = {self._slots[number]: outcomes[number] for number in reversed(again) if number in outcomes}
        given_up = {number for number in again if last or self._slots[number] in first}
        if len(given_up) == len(self._requests):
            raise unreachable(str(outcomes[again[0]][0]), self.attempts.error or redis_errors.ConnectionError())
        for number in given_up:
            node, outcome = outcomes.get(number) or first.get(self._slots[number]) or next(iter(outcomes.values()))
            error = outcome.error if isinstance(outcome, Failure) else outcome
            known = error if isinstance(error, Exception) else self.attempts.error
            self.replies[number] = unreachable(str(node), known or redis_errors.ConnectionError())
        return [number for number in again if number not in given_up]
