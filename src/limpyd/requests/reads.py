"""Reads that are sent at once, of which nothing has to be done but to send them and to decode their replies."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

from limpyd.requests.guards import Outdated
from limpyd.requests.request import Request
from limpyd.requests.resp import PACKET, any_error
from limpyd.requests.subjects import Script

NodeT = TypeVar("NodeT", bound=Hashable)

UNKNOWN = object()
"""Stands for a reply that is not known: the request has to be sent in the way that all can be."""
OUTDATED = object()
"""The same, because the server has another epoch than the one that the request was sent under."""


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
        packed: the bytes of all of them.
        replies: how many replies they have together.
        scripts: the scripts that they run.
        numbers: the position of each among those that they are a part of.

    Attributes:
        packed, replies, scripts, numbers: as above.
    """

    __slots__ = ("numbers", "packed", "replies", "scripts")

    def __init__(self, packed: bytes, replies: int, scripts: set[Script], numbers: Sequence[int]) -> None:
        self.packed = packed
        self.replies = replies
        self.scripts = scripts
        self.numbers = numbers

    @property
    def requests(self) -> Sequence[Request[Any]]:
        """The requests."""
        raise NotImplementedError

    def by_node(self, node_of: Callable[[Request[Any]], NodeT]) -> Mapping[NodeT, Reads]:
        """Returns those of each node, by a function that names the node of a request."""
        raise NotImplementedError

    def replies_of(self, replies: Sequence[Any]) -> list[Any]:
        """Returns the reply to each request, of all replies; UNKNOWN for one that was refused, or OUTDATED."""
        raise NotImplementedError

    def decoders(self) -> Sequence[Callable[[Any], Any]]:
        """Returns what turns the reply to each request into its result."""
        return [request.decode for request in self.requests]


class SeparateReads(Reads):
    """Reads that have nothing to do with each other.

    Args:
        requests: the requests.
        packed: what `ready` of each returned.
        numbers: the position of each among those that they are a part of.
    """

    __slots__ = ("_each", "_requests")

    def __init__(self, requests: Sequence[Request[Any]], packed: Sequence[bytes], numbers: Sequence[int]) -> None:
        scripts = {request.script for request in requests if request.script is not None}
        super().__init__(b"".join(packed), sum([request.replies for request in requests]), scripts, numbers)
        self._requests = requests
        self._each = packed

    @property
    def requests(self) -> Sequence[Request[Any]]:
        return self._requests

    def by_node(self, node_of: Callable[[Request[Any]], NodeT]) -> Mapping[NodeT, Reads]:
        numbers: dict[NodeT, list[int]] = {}
        for number, request in enumerate(self._requests):
            numbers.setdefault(node_of(request), []).append(number)
        return {
            node: SeparateReads([self._requests[number] for number in own], [self._each[number] for number in own], own)
            for node, own in numbers.items()
        }

    def replies_of(self, replies: Sequence[Any]) -> list[Any]:
        found, at = [], 0
        refused = any_error(replies)
        if not refused and self.replies == len(self._requests):
            return [*replies]
        for request in self._requests:
            own = replies[at : at + request.replies]
            at += len(own)
            found.append(_reply_of(request, own) if not refused or not any(map(_is_error, own)) else UNKNOWN)
        return found


def joined(parts: Sequence[Reads], replies: Sequence[Sequence[Any]]) -> list[Any]:
    """Returns the reply to each read, as `replies_of`, by all replies to the reads of each part."""
    if len(parts) == 1:
        return parts[0].replies_of(replies[0])
    found = [UNKNOWN] * sum([len(part.numbers) for part in parts])
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
        return OUTDATED


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
    return SeparateReads(requests, packed, range(len(packed))) if sum(map(len, packed)) <= PACKET else None
