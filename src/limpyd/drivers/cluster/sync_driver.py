"""The driver of the sync face for a cluster: each request goes to the node of its slot, wherever that is by then."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from redis import exceptions as redis_errors

from limpyd.drivers.cluster.attempts import REPLICAS_MAY, Attempts, is_redirection
from limpyd.drivers.cluster.batch import ClusterBatch
from limpyd.drivers.cluster.key_walk import ENDED, walk_of
from limpyd.drivers.cluster.redirected import Redirected, redirected, redirection_in, unexecuted
from limpyd.drivers.cluster.routing import NodeGone, Slot
from limpyd.drivers.cluster.shares import Share
from limpyd.drivers.cluster.sync_nodes import ClusterConnections
from limpyd.drivers.cluster.sync_refresh import TopologyRefresh
from limpyd.drivers.cluster.topology import NodeAddress, ReplicaAddress
from limpyd.drivers.connection_pool import LOST, Home, Lost
from limpyd.drivers.conversation import Conversation
from limpyd.drivers.error_translation import REFUSED_UNEXECUTED, lost, unreachable
from limpyd.drivers.script_cache import Sources
from limpyd.drivers.sync import SyncDriver
from limpyd.drivers.sync_connection import SyncConnection
from limpyd.drivers.sync_transport import Talk
from limpyd.requests.key_scan import KeyScan
from limpyd.requests.reads import Reads
from limpyd.requests.request import Request
from limpyd.requests.resp import Argument, pack
from limpyd.requests.walks import ServerChanged
from limpyd.tracing.events import Purpose, Retry
from limpyd.tracing.listeners import GLOBAL_CALLBACKS, Listeners, RequestTrace

R = TypeVar("R")


class ClusterDriver(SyncDriver):
    """Sends requests to the nodes of a cluster. Safe to share among threads."""

    routes_by_slot = True
    redirections = (Redirected,)
    connections: ClusterConnections  # type: ignore[assignment]

    def __init__(self, connections: ClusterConnections, address: str, listeners: Listeners) -> None:
        super().__init__(connections, address, listeners)  # type: ignore[arg-type]
        self._routing = connections.routing
        self._refresh = TopologyRefresh(connections, listeners)
        connections.refresh_if_outdated = self._refresh.if_outdated
        self.attempts = partial(Attempts, self._routing)

    def is_redirection(self, failure: Any) -> bool:
        return is_redirection(failure)

    def ready(self) -> None:
        """Opens nothing: it is not known yet which nodes are needed."""

    def _run_in_steps(self, request: Request[R]) -> R:
        if not isinstance(request, KeyScan):
            return super()._run_in_steps(request)
        walk, found = walk_of(request, self._routing), ENDED
        while True:
            if walk.between_nodes:
                pause = walk.go_on(self._refresh.now(first=walk.node))
                if pause:
                    self.sleep(pause)
                continue
            if walk.node is None:
                break
            try:
                found = walk.received(self._reply(walk.request(request)))
                break
            except (NodeGone, ServerChanged):
                walk.skip()
        decode: Callable[[Any], R] = request.decode
        return decode(found)

    def run_reads(self, reads: Reads) -> list[Any] | None:
        self._refresh.if_outdated()
        return super().run_reads(reads)

    def run_together(
        self,
        requests: Sequence[Request[Any]],
        packed: Sequence[bytes],
        sources: Sources = "none",
        purpose: Purpose | None = None,
    ) -> list[Any]:
        traced: Purpose = purpose or (requests, "pipeline", None)
        atomic = traced[1] == "transaction"
        from_replicas = traced[2] in REPLICAS_MAY
        batch = ClusterBatch(requests, packed, sources, self._routing, atomic=atomic, from_replicas=from_replicas)
        if batch.attempts.from_replicas:
            self._refresh.if_outdated()
        while batch.left:
            trace, shares = None, batch.shares()
            if self.callbacks or GLOBAL_CALLBACKS:
                trace = self._listeners.start_batch(traced, sum(len(share.numbers) for share in shares))
            self._send_shares(batch, shares, trace)
            pause = batch.settle()
            self._refresh.if_stale(batch.attempts)
            if batch.left:
                traced = (traced[0], traced[1], "redirected")
                self.sleep(pause)
        return batch.replies

    def _send_shares(self, batch: ClusterBatch, shares: Sequence[Share], trace: RequestTrace | None) -> None:
        """Sends each node its share, then reads all replies."""
        talks: list[tuple[Share, SyncConnection, Conversation]] = []
        failure: BaseException | None = None
        try:
            for share in shares:
                pool = self.connections.pools[share.node]
                try:
                    connection = pool.take()
                except redis_errors.MaxConnectionsError as error:
                    batch.note(share, (), 0, error)
                    continue
                talk = Conversation(connection, *batch.to_send(share, connection.scripts))
                talks.append((share, connection, talk))
                try:
                    connection.open()
                except LOST as error:
                    talk.loss = error
                else:
                    talk.begin()
            for _, _, talk in talks:
                talk.finish()
        except BaseException as error:
            failure = error
            raise
        finally:
            self._end_talks(talks, failure, trace)
        for share, _, talk in talks:
            batch.note(share, talk.replies, talk.sent, talk.loss)

    def _end_talks(
        self,
        talks: Sequence[tuple[Share, SyncConnection, Conversation]],
        failure: BaseException | None,
        trace: RequestTrace | None,
    ) -> None:
        for share, connection, talk in talks:
            pool = self.connections.pools[share.node]
            if talk.loss is not None:
                connection.drop()
                pool.close_idle()
            pool.give_back(connection)
        if trace is not None:
            trace.size += sum(talk.size for _, _, talk in talks)
            losses = [talk.loss for _, _, talk in talks if talk.loss is not None]
            replies = [reply for _, _, talk in talks for reply in talk.replies]
            trace.finish(replies, failure or (losses[0] if losses else None))

    @contextmanager
    def alone(self, slot: int | None, attempts: Attempts) -> Iterator[Talk]:
        opened: list[tuple[NodeAddress, SyncConnection]] = []

        def talk(name: str, commands: Sequence[tuple[Argument, ...]], request: Request[Any] | None = None) -> list[Any]:
            if not opened:
                opened.append(self._open_alone(request or Slot(slot), attempts))
            node, connection = opened[0]
            packed, count = b"".join(map(pack, commands)), len(commands)
            trace = None
            if self.callbacks or GLOBAL_CALLBACKS:
                trace = self._listeners.start_dedicated(request, name, commands, len(packed))
            try:
                replies = self._replies(connection, packed, count, trace)
                failure = redirection_in(replies)
                if failure is None:
                    return replies
            except LOST as error:
                failure = unexecuted(error, request, sent=connection.sent)
            again = redirected(attempts, failure, slot, node)
            self._refresh.if_stale(attempts)
            raise again

        try:
            yield talk
        except BaseException:
            for _, connection in opened:
                connection.drop()
            raise
        finally:
            for node, connection in opened:
                self.connections.pools[node].give_back(connection)

    def _open_alone(self, home: Home, attempts: Attempts) -> tuple[NodeAddress, SyncConnection]:
        """An open connection to the node of a slot."""
        while True:
            node = self._routing.node_for(home)
            pool = self.connections.pools[node]
            connection = None
            try:
                connection = pool.take()
                connection.open()
            except BaseException as error:
                if connection is not None:
                    connection.drop()
                    pool.give_back(connection)
                if not isinstance(error, LOST) or isinstance(error, redis_errors.MaxConnectionsError):
                    raise
                pause = attempts.unreached(error, node)
                if attempts.over(pause):
                    raise unreachable(str(node), error) from error
            else:
                return node, connection
            self._refresh.if_stale(attempts)
            self.sleep(pause)

    def _ask(
        self, request: Request[Any], packed: bytes, retry: Retry | None = None, failure: Exception | None = None
    ) -> Any:
        attempts = Attempts(self._routing, from_replicas=request.may_be_stale and retry in REPLICAS_MAY)
        node = self._routing.node_for(request)
        was_lost = False
        if attempts.from_replicas:
            retry = retry if failure is None else "reconnect"
            failure = None  # it is not known which replica it was
        while True:
            if failure is None:
                node = attempts.asked_at or attempts.next_node(request)
                try:
                    return self._sent_to(node, request, packed, retry, attempts)
                except redis_errors.ResponseError as refusal:
                    failure = refusal
                except Lost as loss:
                    failure = loss
            if not isinstance(failure, Lost) and not is_redirection(failure):
                return failure
            if request.replies > 1 and type(failure) is redis_errors.AskError:
                return failure  # each command needs an ASKING of its own (see ClusterBatch)
            pause = self._before_next(request, attempts, node, failure, was_lost=was_lost)
            was_lost = was_lost or (isinstance(failure, Lost) and failure.sent)
            retry = "reconnect" if isinstance(failure, Lost) else "redirected"
            self._refresh.if_stale(attempts)
            if pause:
                self.sleep(pause)
            failure = None

    def _sent_to(
        self, node: NodeAddress, request: Request[Any], packed: bytes, retry: Retry | None, attempts: Attempts
    ) -> Any:
        asking, attempts.asked_at = attempts.asked_at is not None, None
        trace = None
        if self.callbacks or GLOBAL_CALLBACKS:
            trace = self._listeners.start(request, len(packed), retry)
        try:
            reply = self.connections.exchange_with(node, packed, request, asking=asking)
        except BaseException as error:
            if trace is not None:
                trace.finish(error=error.error if isinstance(error, Lost) else error)
            raise
        if trace is not None:
            trace.finish(reply)
        return reply

    def _before_next(
        self, request: Request[Any], attempts: Attempts, node: NodeAddress, failure: Exception, *, was_lost: bool
    ) -> float:
        """The seconds to wait before the next try. Raises the error of the request if there is to be none."""
        error = failure.error if isinstance(failure, Lost) else failure
        if isinstance(node, ReplicaAddress) and not isinstance(error, redis_errors.AuthenticationError):
            attempts.unserved(error, request.slot, node)
            return 0.0
        executable = isinstance(failure, Lost) and failure.sent and not isinstance(error, REFUSED_UNEXECUTED)
        if executable:
            self.connections.pools[node].close_idle()
            if not request.readonly or was_lost or isinstance(error, redis_errors.TimeoutError):
                attempts.suspect(node)
                self._refresh.if_stale(attempts)
                raise lost(request, str(node), error) from error
            attempts.suspect(node)
            return 0.0
        if isinstance(failure, Lost):
            if isinstance(error, redis_errors.AuthenticationError | redis_errors.MaxConnectionsError):
                raise unreachable(str(node), error) from error
            pause = attempts.unreached(error, node)
        else:
            pause = attempts.redirected(error, request.slot, node)
        if attempts.over(pause):
            raise unreachable(str(node), error) from error
        return pause
