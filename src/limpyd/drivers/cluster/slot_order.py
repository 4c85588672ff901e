"""The order of the requests of a slot, if a node refuses some of them and executes later ones. It does no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from redis import exceptions as redis_errors

from limpyd.exceptions import NotExecuted
from limpyd.requests.request import Request


class Dependents:
    """The requests that depend on some, or on which some depend: those of their slots.

    A plain command is answered by ASK if the node has none of its keys any more. So it depends only on scripts of its
    slot, and on plain commands on its key.

    Args:
        requests: the requests of the batch.
        slots: the slot of each.
    """

    def __init__(self, requests: Sequence[Request[Any]], slots: Sequence[int | None]) -> None:
        self._requests = requests
        self._slots = slots
        self._wholly: set[int | None] = set()
        self._by_scripts: set[int | None] = set()
        self._keys: set[bytes | None] = set()

    def note(self, number: int, refusal: Any = None) -> None:
        """Notes one of those on which others may depend; and how it was refused, if it was."""
        request = self._requests[number]
        if request.script is not None:
            self._by_scripts.add(self._slots[number])
        if not is_of_one_key(request, refusal):
            self._wholly.add(self._slots[number])
        self._keys.add(request.key)

    def includes(self, number: int, refusal: Any = None) -> bool:
        """Returns whether a request depends on one that was noted."""
        request, slot = self._requests[number], self._slots[number]
        if is_of_one_key(request, refusal):
            return slot in self._by_scripts or request.key in self._keys
        return slot in self._wholly or request.key in self._keys


def is_of_one_key(request: Request[Any], refusal: Any) -> bool:
    """Returns whether a request is a plain command that was answered by ASK."""
    return request.script is None and type(refusal) is redis_errors.AskError


def overtaken(
    numbers: Sequence[int],
    refusals: Mapping[int, Any],
    unexecuted: set[int],
    requests: Sequence[Request[Any]],
    slots: Sequence[int | None],
) -> list[int]:
    """Returns the positions of the requests that cannot be sent again in order: a later write of the slot is done.

    Args:
        numbers: the positions of the requests of a try, in order.
        refusals: the refusals of those that were refused and could be sent again, by position.
        unexecuted: the positions of others that were not executed either.
        requests: the requests of the batch.
        slots: the slot of each.
    """
    later, found = Dependents(requests, slots), []
    for number in reversed(numbers):
        if number in refusals:
            if later.includes(number, refusals[number]):
                found.append(number)
        elif not requests[number].readonly and number not in unexecuted:
            later.note(number)
    return found


def not_in_order(request: Request[Any], refusal: Any) -> NotExecuted:
    """Returns the error for a request that was refused, while a later one of its slot was executed."""
    return NotExecuted(
        f"{request.subject}: a node of the cluster refused this operation, since slots are being moved or the cluster "
        f"is changing ({type(refusal).__name__}: {refusal}), but it executed a later operation of the pipeline on the "
        "same slot. So this one was not sent again, and was not executed; call it again"
    )
