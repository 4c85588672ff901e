"""The requests that a pipeline collects. It does no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from limpyd.exceptions import NotInPipeline
from limpyd.keys import turns
from limpyd.pipelines.atomic_script import as_one, check_fits
from limpyd.pipelines.batching import in_one_go
from limpyd.pipelines.blocks import Active, Block, ExitReference, WatchingBlock, open_block
from limpyd.pipelines.description import Describe, Description
from limpyd.pipelines.exchange import Exchange
from limpyd.pipelines.one_partition import OnePartition
from limpyd.pipelines.pending_result import Pending
from limpyd.pipelines.raw_commands import RawCommands
from limpyd.pipelines.rounds import is_scattered
from limpyd.pipelines.settling import first_error, given_up
from limpyd.pipelines.step_arguments import uses_of_results
from limpyd.requests.request import Request
from limpyd.requests.step_results import StepResult, taking
from limpyd.utils.pickling import not_sent

if TYPE_CHECKING:
    from limpyd.statements.packed_calls import PackedCall


class Collector(RawCommands):
    """Collects the requests of the thread and task that opened it, but not those of tasks that are started inside.

    Args:
        database: the database whose requests are collected.
        active: the context variable with the open pipeline of the database.
        atomic: True to send within MULTI and EXEC.
        autoexecute: True to execute the collected operations at the end of the block; otherwise they are discarded.
    """

    _kind: ClassVar[str] = "pipeline"
    takes_results: ClassVar[bool] = False
    """True if a later operation may use the result of an earlier one."""
    takes_packed_calls = False
    """True if it may collect calls that are packed, and not described (see statements/packed_calls.py)."""

    def __init__(self, database: Any, active: Active, *, atomic: bool = False, autoexecute: bool = True) -> None:
        self._atomic = atomic
        self._autoexecute = autoexecute
        self._database = database
        self._active = active
        self._pendings: list[Pending[Any]] = []
        self._begun = False
        self._partition = OnePartition()
        self._exit_reference: ExitReference | None = None
        self._reads_exactly = False
        self.has_ended = False

    def __len__(self) -> int:
        """Returns how many operations wait to be executed."""
        return len(self._pendings)

    def __bool__(self) -> bool:
        """Always true, as a pipeline of redis-py is."""
        return True

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {self._database!r}, {len(self)} operations waiting>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        not_sent(self, "it collects the operations of this process; open another one in the other process")

    @property
    def is_atomic(self) -> bool:
        """True if its operations are one step."""
        return self._atomic

    # --- for the database ---

    def stays(self) -> bool:
        """Has new objects be made in its partition, and returns True, if it is atomic and has one."""
        return self._partition.stay()

    def collect(
        self, request: Request[Any], described: Request[Any] | None = None, again: Describe | None = None
    ) -> Pending[Any]:
        """Collects a request.

        Args:
            request: the request.
            described: the request that names it in errors, if that is another one.
            again: describes it anew, if objects have moved to other partitions.

        Raises:
            NotInPipeline: a pipeline cannot collect the request.
        """
        if request.blocking:
            msg = (
                f"{request!r} waits on the server, and the other operations would have to wait too; call it "
                "outside the block"
            )
            raise NotInPipeline(msg)
        if self._atomic and is_scattered(request) and request.transactional is not None:
            request.transactional()  # it refuses that
        if turns.partitions_exist:
            self._await_promises(request)
        self._check(request)
        if self.is_atomic:
            self._partition.add(request, described or request)
        description = None
        if turns.partitions_exist and not self.is_atomic and again is not None:
            description = Description(again, self._database, exact=self._reads_exactly)
        pending: Pending[Any] = Pending(request.exact() if self._reads_exactly else request, description)
        if request.creates is not None:
            request.creates._await_pk(pending)
        self._pendings.append(pending)
        return pending

    def collect_packed(self, call: PackedCall) -> Pending[Any]:
        """Collects a call that was packed. It rests on nothing but the epoch of its partition."""
        again = Description(call.describe, self._database, exact=False) if turns.partitions_exist else None
        pending: Pending[Any] = Pending(call, again)
        self._pendings.append(pending)
        return pending

    def refuse(self, what: str, instead: str) -> None:
        """Refuses an operation that cannot be collected.

        Raises:
            NotInPipeline: always.
        """
        msg = f"{what} cannot be in a {self._kind}, which sends nothing before its end; {instead}"
        raise NotInPipeline(msg)

    # --- for the faces ---

    def _await_promises(self, request: Request[Any]) -> None:
        """Has what a write rests on be promised first, for which MULTI and EXEC leave no place."""
        from limpyd.pipelines.promised_writes import keep_order, refuse_promises  # noqa: PLC0415 - as few have some

        if self._atomic:
            refuse_promises(request)
        else:
            keep_order(request, as_one_step=self.is_atomic)

    def _check(self, _request: Request[Any]) -> None:
        """Refuses a request that cannot be part of it."""

    def _exchange(self, pendings: list[Pending[Any]], *, by_slot: bool) -> Exchange:
        return in_one_go(pendings, atomic=self._atomic, by_slot=by_slot)

    def _enter(self) -> None:
        if self._begun or self.has_ended:
            msg = f"{self!r} was used before; create a new one for each block"
            raise NotInPipeline(msg)
        for model in self._database._models.lent:
            msg = (
                f"{model.__name__} uses another database within this block of using(), so a {self._kind} of "
                f"{self._database!r} would not contain its operations; pass the database instead of models to "
                "using() or limpyd_use()"
            )
            raise NotInPipeline(msg)
        self._begun = True
        outer = open_block(self._active)
        self._reads_exactly = outer is not None
        self.takes_packed_calls = not (self.is_atomic or self._reads_exactly)
        self._active.set(Block(self, self._exit_reference, outer))

    def _leave(self) -> None:
        """Ends the collecting; the collected requests are still to be sent."""
        self.has_ended = True
        open_block(self._active)

    def _give_up(self, why: str = "raised an error") -> None:
        """Discards the collected requests."""
        given_up(self._taken(), f"the block of its {self._kind} {why}, so it was not executed")

    def _is_to_execute(self, kind: type[BaseException] | None) -> bool:
        """Ends the block; returns whether to execute the collected requests."""
        self._leave()
        if kind is not None:
            self._give_up()
        elif not self._autoexecute:
            self._give_up("ended without execute(), which autoexecute=False requires")
        return kind is None and self._autoexecute

    def _taken(self) -> list[Pending[Any]]:
        pendings, self._pendings = self._pendings, []
        self._partition = OnePartition()
        return pendings

    def _added(self, call: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Pending[Any]:
        if isinstance(call, StepResult):
            msg = f"add() takes a call and its arguments, add(person.age.set, 3); this is the result of one: {call!r}"
            raise NotInPipeline(msg)
        if self.has_ended:
            msg = f"{self!r} has ended; operations that are added now would never be sent"
            raise NotInPipeline(msg)
        before = len(self._pendings)
        if self._database._pipeline() is self:
            call(*args, **kwargs)
        else:
            # What is changed in the copy ends with it, however it ends.
            copy_context().run(self._collect_all_of, lambda: call(*args, **kwargs))
        if len(self._pendings) != before + 1:
            msg = f"add() takes one operation on a model of {self._database!r}, not {len(self._pendings) - before}"
            raise NotInPipeline(msg)
        return self._pendings[-1]

    def _collect_all_of(self, call: Callable[[], Any]) -> None:
        self._active.set(Block(self, None, None))
        self.stays()
        call()


class AtomicCollector(Collector):
    """Collects requests that are executed all, or not at all."""

    _kind = "transaction"
    takes_results = True

    @property
    def is_atomic(self) -> bool:
        return True

    def collect(
        self, request: Request[Any], described: Request[Any] | None = None, again: Describe | None = None
    ) -> Pending[Any]:
        step = request if request.transactional is None else request.transactional()
        uses = uses_of_results(step) if taking() is self else ()
        pending = super().collect(step, described or request, again)
        pending.transaction, pending.uses = self, uses
        return pending

    def _check(self, request: Request[Any]) -> None:
        check_fits(request)

    def _exchange(self, pendings: list[Pending[Any]], *, by_slot: bool) -> Exchange:  # noqa: ARG002 - a transaction is in one slot
        return as_one(pendings)


class WatchCollector(AtomicCollector):
    """A transaction that is tried again if a watched key has changed. Each call of the function gets one.

    If keys are watched, operations are executed at once until `multi()`, as in redis-py.
    """

    def _begin_in(self, partition: OnePartition) -> None:
        """Begins with the partition of the watched keys. What is read now decides what is written, so it is exact."""
        self._partition = partition
        self._active.set(WatchingBlock(self, None, open_block(self._active)))

    def multi(self) -> None:
        """Begins the transaction: later operations are collected, and executed together when the function returns.

        Raises:
            NotInPipeline: it has begun.
        """
        self._enter()

    def _end(self) -> list[Pending[Any]]:
        """Ends a try; returns the collected operations."""
        self._leave()
        return self._taken()


def results_of(pendings: list[Pending[Any]], *, raise_on_error: bool) -> list[Any]:
    """Returns the results of the operations; for a failed operation its error, unless errors are to be raised."""
    error = first_error(pendings)
    if error is not None and raise_on_error:
        raise error
    return [pending.value if pending.error is None else pending.error for pending in pendings]


class PipelinedCore:
    """The pipelines of a database."""

    def __init__(self) -> None:
        self._active: Active = ContextVar("the open block of a database", default=None)

    def _pipeline(self) -> Collector | None:
        """The open pipeline, if there is one here."""
        block = self._active.get()
        if block is not None and not block.is_open():
            block = open_block(self._active)
        return block.collector if block is not None and block.is_mine() else None

    def _at_once(self, what: str, instead: str) -> None:
        """Refuses an operation that a pipeline cannot collect, if one is open.

        Raises:
            NotInPipeline: a pipeline is open.
        """
        pipeline = self._pipeline()
        if pipeline is not None:
            pipeline.refuse(what, instead)
