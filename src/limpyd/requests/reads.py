"""Reads that are sent at once, of which nothing has to be done but to send them and to decode their replies."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from limpyd.requests.guards import Outdated
from limpyd.requests.request import Request
from limpyd.requests.resp import PACKET
from limpyd.requests.subjects import Script

NodeT = TypeVar("NodeT", bound=Hashable)

UNKNOWN = object()
"""Stands for a reply that is not known: the request has to be sent in the way that all can be."""


class NoReply(Exception):
    """A server did not answer in time what was sent to it, so nothing is sent again.

    Attributes:
        loss: what the connection was lost by.
    """

    def __init__(self, loss: Exception) -> None:
        super().__init__(str(loss))
        self.loss: Any = loss


class Reads:
    """Some reads in the form of the protocol.

    Args:
        requests: the requests.
        packed: what `ready` of each returned.
        numbers: the position of each among those that they are a part of.

    Attributes:
        requests: as above.
        numbers: as above.
        scripts: the scripts that they run.
        replies: how many replies they have together.
    """

    __slots__ = ("_packed", "numbers", "replies", "requests", "scripts")

    def __init__(self, requests: Sequence[Request[Any]], packed: Sequence[bytes], numbers: Sequence[int]) -> None:
        self.requests = requests
        self.numbers = numbers
        self.scripts: set[Script] = {request.script for request in requests if request.script is not None}
        self.replies = sum([request.replies for request in requests])
        self._packed = packed

    @property
    def packed(self) -> bytes:
        """All of them, in the form of the protocol."""
        return b"".join(self._packed)

    def by_node(self, node_of: Callable[[Request[Any]], NodeT]) -> dict[NodeT, Reads]:
        """Returns those of each node, by a function that names the node of a request."""
        numbers: dict[NodeT, list[int]] = {}
        for number, request in enumerate(self.requests):
            numbers.setdefault(node_of(request), []).append(number)
        return {
            node: Reads([self.requests[number] for number in own], [self._packed[number] for number in own], own)
            for node, own in numbers.items()
        }

    def replies_of(self, replies: Sequence[Any]) -> list[Any]:
        """Returns the reply to each request, of all replies; UNKNOWN for one that was refused, or is outdated."""
        found, at = [], 0
        refused = any(map(_is_error, replies))
        for request in self.requests:
            own = replies[at : at + request.replies]
            at += len(own)
            found.append(_reply_of(request, own) if not refused or not any(map(_is_error, own)) else UNKNOWN)
        return found


def joined(parts: Sequence[Reads], replies: Sequence[Sequence[Any]]) -> list[Any]:
    """Returns the reply to each read, as `replies_of`, by all replies to the reads of each part."""
    found = [UNKNOWN] * sum([len(part.requests) for part in parts])
    for part, of_part in zip(parts, replies, strict=True):
        for number, reply in zip(part.numbers, part.replies_of(of_part), strict=True):
            found[number] = reply
    return found


def _is_error(reply: Any) -> bool:
    return isinstance(reply, Exception)


def _reply_of(request: Request[Any], replies: Any) -> Any:
    if len(replies) == 1:
        return replies[0]
    try:
        return request.reply_of(replies)
    except Outdated:
        return UNKNOWN


def reads_of(requests: Sequence[Request[Any]]) -> Reads | None:
    """Returns some requests as reads that are sent at once; None if one of them is no such read, or there are none."""
    if not requests or not all(request.readonly for request in requests):
        return None
    packed = []
    for request in requests:
        ready = request.ready()
        if ready is None:
            return None
        packed.append(ready)
    return Reads(requests, packed, range(len(packed))) if sum(map(len, packed)) <= PACKET else None
