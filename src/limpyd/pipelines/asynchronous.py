"""Pipelines and transactions on the async face."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Literal, ParamSpec, Self, TypeVar, overload

from limpyd.exceptions import LimpydError
from limpyd.fields.checks import flag
from limpyd.pipelines.batching import in_one_go
from limpyd.pipelines.blocks import Active, Attempt, held_by_block
from limpyd.pipelines.collector import (
    AtomicCollector,
    Collector,
    PipelinedCore,
    WatchCollector,
    results_of,
)
from limpyd.pipelines.exchange import Batch, Exchange
from limpyd.pipelines.pending_result import Pending
from limpyd.pipelines.questions import questions_settled
from limpyd.pipelines.settling import first_error, interrupted
from limpyd.pipelines.watch import MAX_TRIES, Watch, Watchable
from limpyd.requests.async_runner import async_run
from limpyd.requests.reads import Reads
from limpyd.requests.request import Request
from limpyd.requests.scattered import Pause, Scattered
from limpyd.tracing.listeners import GLOBAL_CALLBACKS, TracedCall

P = ParamSpec("P")
R = TypeVar("R")
V = TypeVar("V")


class AsyncPipeline(Collector):
    """Collects operations, and sends them in one round trip: `async with db.pipeline() as pipe:`.

    Within the block each call on a model of the database returns a `Pending`, whose `value` is available after the
    block. Each operation is atomic by itself. If one fails, the others are executed all the same.

    You may await a call in the block or not: either way it is only collected.
    """

    async def __aenter__(self) -> Self:
        self._enter()
        return self

    @held_by_block
    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._is_to_execute(kind):
            await self.execute()

    def add(self, call: Callable[P, Coroutine[Any, Any, R]], /, *args: P.args, **kwargs: P.kwargs) -> Pending[R]:
        """Returns the `Pending` of a call, with the type of its result: `pipe.add(person.age.set, 3)`.

        Raises:
            NotInPipeline: a pipeline cannot collect this call.
        """
        return self._added(call, args, kwargs)

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Sends the collected operations, and returns the list of their results. Later calls are collected again.

        Args:
            raise_on_error: if False, the list has the error of an operation in place of its result.

        Raises:
            LimpydError: the first error of an operation; all others were executed.
            OutcomeUnknown: the connection was lost, and writes that were sent may have been executed.
        """
        pendings = self._taken()
        call = TracedCall() if self._database._listeners.callbacks or GLOBAL_CALLBACKS else None
        try:
            if pendings:
                driver = await self._database._opened()
                await exchanged(driver, self._exchange(pendings, by_slot=driver.routes_by_slot))
        finally:
            interrupted(pendings)
            if call is not None:
                call.end(first_error(pendings))
        return results_of(pendings, raise_on_error=raise_on_error)

    async def reset(self) -> None:
        """Discards the collected operations without sending them. Later calls are collected again."""
        self._give_up("was reset")


class AsyncTransaction(AtomicCollector, AsyncPipeline):
    """Collects operations, and executes all of them in one atomic step, or none: `async with db.transaction():`.

    If an operation is refused, by a unique value or for any other reason, nothing is executed: `execute()` raises its
    error, and the `value` of each other operation raises `NotExecuted`. Some errors are only found when Python decodes
    a reply, such as a value that does not fit its field. Then everything was executed: the `value` of this operation
    raises the error, and the list of results contains it.
    """


class AsyncWatching(WatchCollector, AsyncTransaction):
    """The transaction that `db.transaction(func, …)` passes to its function."""

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        """Always refused: the operations are executed when the function returns.

        Raises:
            NotInPipeline: always.
        """
        self.refuse(f"execute(raise_on_error={raise_on_error})", "return from the function")
        raise AssertionError


async def watched(
    database: Any,
    active: Active,
    func: Callable[[AsyncWatching], Awaitable[Any]],
    watches: Sequence[Any],
    max_tries: int,
) -> tuple[Any, list[Any]]:
    """Returns the result of the function in the try that succeeded, and the results of its operations.

    Raises:
        WatchError: a watched key changed in each try.
        LimpydError: an operation was refused; nothing was executed.
    """
    watch = Watch(watches, max_tries)
    driver = await database._opened()
    attempts = driver.attempts()
    returned: Any = None
    while True:
        ended = None
        request: Request[Any] | None = None
        pendings: list[Pending[Any]] = []
        try:
            async with driver.alone(watch.slot, attempts) as talk:
                if watch.keys or not driver.routes_by_slot:
                    watch.begun(await talk("watch", watch.beginning()))
                transaction = AsyncWatching(database, active)
                transaction._begin_in(watch.partition())
                call: TracedCall | None = None
                try:
                    try:
                        with Attempt(transaction):
                            if not watch.keys:
                                transaction.multi()
                            returned = await func(transaction)
                    finally:
                        pendings = transaction._end()
                    call = TracedCall() if database._listeners.callbacks or GLOBAL_CALLBACKS else None
                    watch.add_promises(pendings)
                    await exchanged(driver, questions_settled(pendings))
                    request, commands = watch.ending(pendings)
                    sent = request if len(commands) > 1 else None
                    ended = watch.ended(pendings, request, await talk("unwatch", commands, sent))
                finally:
                    interrupted(pendings)
                    if call is not None:
                        call.end(first_error(pendings))
        except driver.losses as loss:
            if isinstance(loss, LimpydError):
                raise
            raise driver.lost(request or watch.reading, loss) from loss
        except driver.redirections as redirection:
            ended = redirection.pause
        if ended is None:
            return returned, results_of(pendings, raise_on_error=True)
        await driver.sleep(ended)


async def exchanged(driver: Any, exchange: Exchange) -> None:
    """Sends everything that an exchange yields."""
    await async_run(exchange, lambda to_send: _received(driver, to_send))


async def _received(driver: Any, to_send: Any) -> Any:
    if isinstance(to_send, Request):
        return await driver.run(to_send)
    if isinstance(to_send, Pause):
        return await driver.sleep(to_send.seconds)
    if isinstance(to_send, Reads):
        return await driver.run_reads(to_send)
    if to_send.begun is not None:
        await driver.ready()
        to_send.begun()
    if isinstance(to_send, Batch):
        return await driver.run_together(*to_send[:4])
    return await driver.run(to_send.request)


async def run_scattered(driver: Any, request: Scattered[R]) -> R:
    """Returns the result of a request that is sent in parts."""
    pending = Pending(request)
    try:
        await exchanged(driver, in_one_go([pending], by_slot=driver.routes_by_slot))
    finally:
        interrupted([pending])
    return pending.value


class AsyncPipelined(PipelinedCore):
    """The pipelines of a database."""

    def pipeline(self, transaction: bool = False, *, autoexecute: bool = True) -> AsyncPipeline:
        """Collects the calls on models of this database in its block, and sends them together at the end.

        Args:
            transaction: send them within MULTI and EXEC, so that no other client sees a part of them or writes in
                between.
            autoexecute: if False, the end of the block sends nothing: call `execute()`. Operations that were collected
                after the last `execute()` are discarded, as in redis-py.

        Raises (at the end of the block):
            LimpydError: the first error of an operation; all others were executed.
        """
        flag("pipeline()'s transaction", transaction)
        flag("pipeline()'s autoexecute", autoexecute)
        return AsyncPipeline(self, self._active, atomic=transaction, autoexecute=autoexecute)

    @overload
    def transaction(self, /) -> AsyncTransaction: ...
    @overload
    def transaction(
        self,
        func: Callable[[AsyncWatching], Awaitable[V]],
        /,
        *watches: Watchable,
        max_tries: int = ...,
        value_from_callable: Literal[False] = ...,
    ) -> Coroutine[Any, Any, list[Any]]: ...
    @overload
    def transaction(
        self,
        func: Callable[[AsyncWatching], Awaitable[V]],
        /,
        *watches: Watchable,
        max_tries: int = ...,
        value_from_callable: Literal[True],
    ) -> Coroutine[Any, Any, V]: ...
    def transaction(
        self,
        func: Callable[[AsyncWatching], Awaitable[Any]] | None = None,
        /,
        *watches: Watchable,
        max_tries: int = MAX_TRIES,
        value_from_callable: bool = False,
    ) -> Any:
        """Collects the calls on models of this database in its block, and executes all of them, or none, at the end.

        With a function: awaits it with a transaction while keys are watched (WATCH). Until the function calls
        `multi()`, its calls are executed at once. Later calls are collected, and executed when the function returns, if
        no watched key has changed (MULTI, EXEC). Otherwise the function is called again, after a short wait. Returns
        the list of results.

        Args:
            func: called with the transaction in each try.
            watches: names of keys, or fields of objects, such as `person.age`.
            max_tries: the largest number of tries that meet a changed key. On a cluster, tries that meet a slot on its
                way or a node that does not serve are limited by `patience`.
            value_from_callable: return the result of the function instead.

        Raises:
            WatchError: a watched key changed in each try; nothing was written.
            LimpydError: the error of an operation; nothing was executed. Without a function, the end of the block
                raises it.
        """
        if func is None:
            return AsyncTransaction(self, self._active)
        self._at_once("a transaction that watches", "begin it outside")
        return self._watched(func, watches, max_tries, value_from_callable)

    async def _watched(
        self, func: Callable[[AsyncWatching], Awaitable[Any]], watches: Sequence[Watchable], max_tries: int, value: bool
    ) -> Any:
        returned, results = await watched(self, self._active, func, watches, max_tries)
        return returned if value else results
