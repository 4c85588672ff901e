"""What a pipeline collects, and from whom. It does no I/O."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from contextvars import ContextVar
from threading import get_ident
from typing import Any, ClassVar

from limpyd.exceptions import NotInPipeline
from limpyd.pipelines.batches import Exchange, first_error, given_up, in_one_go
from limpyd.pipelines.pending import Pending
from limpyd.pipelines.whole import as_one, check_fits
from limpyd.requests import Request

Active = ContextVar["Collector | None"]
"""The pipeline that is open in a context, of one database."""


class Collector:
    """Takes the requests of the thread and task that opened it; others, also those begun within, are not affected.

    Args:
        database: whose requests are collected.
        active: where the database finds its open pipeline.
    """

    _kind: ClassVar[str] = "pipeline"

    def __init__(self, database: Any, active: Active) -> None:
        self._database = database
        self._active = active
        self._pendings: list[Pending[Any]] = []
        self._owner: Any = None
        self._ended = False
        self._token: Any = None

    def __len__(self) -> int:
        """How many operations wait to be executed."""
        return len(self._pendings)

    def __bool__(self) -> bool:
        """Always true, as a pipeline of redis-py is."""
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {self._database!r}, {len(self)} operations waiting>"

    # --- for the database ---

    def is_mine(self) -> bool:
        """Whether it collects what is asked here: in the thread and task that opened it, until it ends."""
        return bool(self._owner == _who())

    def collect(self, request: Request[Any]) -> Pending[Any]:
        """Notes a request.

        Raises:
            NotInPipeline: it cannot wait for others.
        """
        if request.blocking:
            msg = f"{request!r} waits on the server, where nothing else would be served meanwhile; do it outside"
            raise NotInPipeline(msg)
        self._check(request)
        pending: Pending[Any] = Pending(request)
        if request.makes is not None:
            request.makes._comes_with(pending)
        self._pendings.append(pending)
        return pending

    def refuse(self, what: str, instead: str) -> None:
        """Refuses an operation that cannot be collected.

        Raises:
            NotInPipeline: always.
        """
        msg = f"{what} cannot be in a {self._kind}, which sends nothing before it ends; {instead}"
        raise NotInPipeline(msg)

    # --- for the faces ---

    def _check(self, _request: Request[Any]) -> None:
        """Refuses a request that cannot be part of it."""

    def _exchange(self, pendings: list[Pending[Any]]) -> Exchange:
        return in_one_go(pendings)

    def _enter(self) -> None:
        if self._owner is not None or self._ended:
            msg = f"{self!r} was begun before; take a new one for each block"
            raise NotInPipeline(msg)
        self._owner = _who()
        self._token = self._active.set(self)

    def _leave(self) -> None:
        """Ends the collecting; what was collected is still to be sent."""
        self._owner, self._ended = None, True
        token, self._token = self._token, None
        with suppress(ValueError):  # where it ends in another context than it began in, nobody else can use it either
            self._active.reset(token)

    def _give_up(self) -> None:
        """Forgets what was collected."""
        given_up(self._taken(), f"the block of its {self._kind} raised an error, so nothing of it was sent")

    def _taken(self) -> list[Pending[Any]]:
        pendings, self._pendings = self._pendings, []
        return pendings

    def _added(self, call: Callable[[], Any]) -> Pending[Any]:
        if self._ended:
            msg = f"{self!r} has ended; what is added now would never be sent"
            raise NotInPipeline(msg)
        before = len(self._pendings)
        with nullcontext() if self._owner is not None and self.is_mine() else self._for_a_moment():
            call()
        if len(self._pendings) != before + 1:
            msg = f"add() takes one operation on a model of {self._database!r}, not {len(self._pendings) - before}"
            raise NotInPipeline(msg)
        return self._pendings[-1]

    @contextmanager
    def _for_a_moment(self) -> Iterator[None]:
        """Collects as within a block."""
        owner, self._owner = self._owner, _who()
        token = self._active.set(self)
        try:
            yield
        finally:
            self._owner = owner
            self._active.reset(token)


class WholeCollector(Collector):
    """Takes requests that are done all, or not at all."""

    _kind = "transaction"

    def collect(self, request: Request[Any]) -> Pending[Any]:
        return super().collect(request if request.part is None else request.part())

    def _check(self, request: Request[Any]) -> None:
        check_fits(request)

    def _exchange(self, pendings: list[Pending[Any]]) -> Exchange:
        return as_one(pendings)


class WatchingCollector(WholeCollector):
    """A transaction that is tried again when what it watches has changed: what the function of a try is given.

    While something is watched, operations are executed at once, as those of redis-py are, until `multi()`.
    """

    def multi(self) -> None:
        """Begins the transaction: from here on operations are collected, and done together when the function returns.

        Raises:
            NotInPipeline: it has begun.
        """
        self._enter()

    def _end(self) -> list[Pending[Any]]:
        """Ends a try; what it collected."""
        if self._token is not None:
            self._leave()
        self._ended = True
        return self._taken()


def results_of(pendings: list[Pending[Any]], *, raise_on_error: bool) -> list[Any]:
    """The results of what was executed; in place of one that failed its error, unless that is to be raised."""
    error = first_error(pendings)
    if error is not None and raise_on_error:
        raise error
    return [pending.value if pending.error is None else pending.error for pending in pendings]


def _who() -> tuple[int, Any]:
    """The thread, and the task if there is one."""
    try:
        return get_ident(), asyncio.current_task()
    except RuntimeError:
        return get_ident(), None


class PipelinedCore:
    """What a database knows of its pipelines."""

    def __init__(self) -> None:
        self._active: Active = ContextVar("the open pipeline of a database", default=None)

    def _pipeline(self) -> Collector | None:
        """The open pipeline, if there is one here."""
        active = self._active.get()
        return active if active is not None and active.is_mine() else None

    def _at_once(self, what: str, instead: str) -> None:
        """Refuses in a pipeline what can only be done at once.

        Raises:
            NotInPipeline: a pipeline is open.
        """
        pipeline = self._pipeline()
        if pipeline is not None:
            pipeline.refuse(what, instead)
