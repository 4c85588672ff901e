"""Scattered requests of a pipeline: their parts join its batch, their further rounds follow. It does no I/O."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from limpyd.pipelines.exchange import Exchange
from limpyd.pipelines.pending_result import Pending
from limpyd.pipelines.reads_first import read_at_once
from limpyd.requests.request import Request
from limpyd.requests.scattered import Outcomes, Pause, Prepared, Rounds, Scattered

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

    __slots__ = ("_exact", "_made", "_pending", "_requests", "_rounds", "pause")

    def __init__(self, pending: Pending[Any], request: Scattered[Any]) -> None:
        self._pending = pending
        self._rounds: Rounds[Any] = request.begin()
        self._exact = not request.may_be_stale
        self._requests: Sequence[Request[Any]] = ()
        self._made: list[Pending[Any]] | None = None
        self.pause = 0.0
        self._go_on(lambda: next(self._rounds))

    @property
    def parts(self) -> list[Pending[Any]]:
        if self._made is None:
            self._made = [Pending(request.exact() if self._exact else request) for request in self._requests]
        return self._made

    def by_itself(self) -> Exchange:
        """Goes through its rounds, as long as it is the only operation and all that they ask has been prepared."""
        while isinstance(self._requests, Prepared) and not self._exact and not self.pause:
            results, self._made = yield from read_at_once(self._requests)
            if self._made:
                return
            self._go_on(lambda results=results: self._rounds.send(results))  # type: ignore[misc]

    def advance(self) -> None:
        """Takes the results of a round, which is settled, and begins the next one."""
        error = next((part.error for part in self.parts if part.error is not None), None)
        if isinstance(self._requests, Outcomes):
            found = [part.value if part.error is None else part.error for part in self.parts]
            self._go_on(lambda: self._rounds.send(found))
        elif error is not None:
            self._go_on(lambda: self._rounds.throw(error))
        else:
            results = [part.value for part in self.parts]
            self._go_on(lambda: self._rounds.send(results))

    def note_sent(self) -> None:
        """Notes whether something was sent that may have changed what is stored."""
        self._pending.may_be_done = any(part.may_be_done for part in self._made or ())

    def _go_on(self, step: Callable[[], Any]) -> None:
        self._requests, self._made, self.pause = (), None, 0.0
        try:
            requests = step()
            while not requests or isinstance(requests, Pause):
                if requests:
                    self.pause += requests.seconds
                requests = self._rounds.send([])
        except StopIteration as end:
            self._pending.settle(end.value)
        except Exception as error:  # noqa: BLE001 - it is the operation's
            self._pending.refuse(error)
        else:
            self._requests = requests


def is_scattered(request: Request[Any]) -> bool:
    """Returns whether a request is sent in parts."""
    return not request.args and isinstance(request, Scattered)


def in_rounds(pendings: Sequence[Pending[Any]], send: Send) -> Exchange:
    """Sends operations, some of them scattered: the first round of each with the others, and then the rest in rounds.

    Args:
        pendings: the operations.
        send: sends operations at once, of which some may be scattered too.
    """
    steps = [
        Scatter(pending, pending.request) if isinstance(pending.request, Scattered) else pending for pending in pendings
    ]
    scatters = [step for step in steps if isinstance(step, Scatter)]
    alone = scatters[0] if len(steps) == len(scatters) == 1 else None
    pause = max((scatter.pause for scatter in scatters), default=0)
    if pause:
        yield Pause(pause)
    if alone is not None:
        yield from alone.by_itself()
    sent = [part for step in steps for part in (step.parts if isinstance(step, Scatter) else (step,))]
    while sent:
        try:
            yield from send([part for part in sent if not part.is_done])
        except BaseException:
            for scatter in scatters:
                scatter.note_sent()
            raise
        scatters = [scatter for scatter in scatters if scatter.parts]
        for scatter in scatters:
            scatter.advance()
        if alone is not None:
            yield from alone.by_itself()
        pause = max((scatter.pause for scatter in scatters), default=0)
        if pause:
            yield Pause(pause)
        sent = [part for scatter in scatters for part in scatter.parts]
    moved = yield from described_again(pendings, send)
    if moved:
        yield from in_rounds(moved, send)


def described_again(pendings: Sequence[Pending[Any]], send: Send) -> Generator[Any, Any, list[Pending[Any]]]:
    """Describes operations again that were refused because objects have moved, and returns them.

    It waits first, if objects are on their way; an operation for which that takes too long is settled. What has been on
    its way for long, as its mover may have died, is brought there.

    Args:
        pendings: the operations.
        send: sends operations at once.
    """
    moved = [pending for pending in pendings if pending.moved is not None]
    if not moved:
        return []
    pause = max(pending.pause() for pending in moved)
    if pause:
        yield Pause(pause)
    unfinished = [request for pending in moved if (request := pending.unfinished()) is not None]
    if unfinished:
        yield from in_rounds([Pending(request) for request in unfinished], send)
    for pending in moved:
        if not pending.is_done:
            pending.describe_again()
    return [pending for pending in moved if not pending.is_done]
