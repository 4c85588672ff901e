"""Scattered requests of a pipeline: their parts join its batch, their further rounds follow. It does no I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from limpyd.pipelines.exchange import Exchange
from limpyd.pipelines.pending_result import Pending
from limpyd.requests.request import Request
from limpyd.requests.scattered import Outcomes, Pause, Rounds, Scattered

Send = Callable[[list[Pending[Any]]], Exchange]
"""Sends operations at once, and settles each."""


class Scatter:
    """A scattered operation that is being executed.

    Args:
        pending: the operation, which is settled at the end of its rounds.

    Attributes:
        parts: the operations of its present round; none at its end.
        pause: the seconds to wait before that round.
    """

    def __init__(self, pending: Pending[Any], request: Scattered[Any]) -> None:
        self._pending = pending
        self._rounds: Rounds[Any] = request.begin()
        self._exact = not request.may_be_stale
        self._wants_errors = False
        self.parts: list[Pending[Any]] = []
        self.pause = 0.0
        self._go_on(lambda: next(self._rounds))

    def advance(self) -> None:
        """Takes the results of a round, which is settled, and begins the next one."""
        error = next((part.error for part in self.parts if part.error is not None), None)
        if self._wants_errors:
            found = [part.value if part.error is None else part.error for part in self.parts]
            self._go_on(lambda: self._rounds.send(found))
        elif error is not None:
            self._go_on(lambda: self._rounds.throw(error))
        else:
            results = [part.value for part in self.parts]
            self._go_on(lambda: self._rounds.send(results))

    def note_sent(self) -> None:
        """Notes whether something was sent that may have changed what is stored."""
        self._pending.may_be_done = any(part.may_be_done for part in self.parts)

    def _go_on(self, step: Callable[[], Any]) -> None:
        self.parts, self.pause = [], 0.0
        try:
            requests = step()
            while not requests or isinstance(requests, Pause):
                if requests:
                    self.pause += requests.seconds
                requests = self._rounds.send([])
        except StopIteration as end:
            self._pending.settle(end.value)
        except Exception as error:  # noqa: BLE001 - it is the operation's
            self._pending.settle(error=error)
        else:
            self._wants_errors = isinstance(requests, Outcomes)
            self.parts = [Pending(request.exact() if self._exact else request) for request in requests]


def is_scattered(request: Request[Any]) -> bool:
    """Returns whether a request is sent in parts."""
    return not request.args and isinstance(request, Scattered)


def in_rounds(pendings: Sequence[Pending[Any]], send: Send) -> Exchange:
    """Sends operations, some of them scattered: the first round of each with the others, and then the rest in rounds.

    Args:
        pendings: the operations.
        send: sends operations at once, of which some may be scattered too.
    """
    scatters: list[Scatter] = []
    first: list[Pending[Any]] = []
    for pending in pendings:
        if isinstance(pending.request, Scattered):
            scatter = Scatter(pending, pending.request)
            scatters.append(scatter)
            first += scatter.parts
        else:
            first.append(pending)
    sent = first
    while sent:
        try:
            yield from send(sent)
        except BaseException:
            for scatter in scatters:
                scatter.note_sent()
            raise
        scatters = [scatter for scatter in scatters if scatter.parts]
        for scatter in scatters:
            scatter.advance()
        pause = max((scatter.pause for scatter in scatters), default=0)
        if pause:
            yield Pause(pause)
        sent = [part for scatter in scatters for part in scatter.parts]
