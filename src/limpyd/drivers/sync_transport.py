"""Sends requests on redis-py's connections, but not through its `execute_command`, and shows them to callbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import sleep
from typing import Any

from redis import exceptions as redis_errors

from limpyd.drivers.connection_pool import LOST, Lost, SyncConnectionPool
from limpyd.drivers.conversation import Conversation
from limpyd.drivers.error_translation import REFUSED_UNEXECUTED, lost, outcome_unknown, refused, timed_out, unreachable
from limpyd.drivers.script_cache import Sources
from limpyd.drivers.sync_connection import SyncConnection
from limpyd.requests.request import Request
from limpyd.requests.resp import Argument, pack
from limpyd.tracing.events import CONNECT, HANDSHAKE, Purpose, Retry
from limpyd.tracing.listeners import GLOBAL_CALLBACKS, Listeners, RequestTrace

Talk = Callable[..., list[Any]]


class SyncTransport:
    """Sends packed requests, one or several at a time, and gives what the server replies.

    Args:
        connections: where it gets connections from.
        address: the server's address, for messages.
        listeners: the callbacks that see what it sends.

    Attributes:
        losses: the errors that `alone()` raises if its connection is lost; `lost()` converts them to the public errors.
        routes_by_slot: the node for a request depends on its keys.
        redirections: the errors that `alone()` raises if another node of a cluster is to be used, or the same later.
        attempts: returns the tries of a transaction that watches, on a cluster.
        sleep: waits for some seconds.
        connections: where it gets connections from.
        callbacks: the callbacks of the database. While there are some, or global ones, each call is described as a
            request, and all requests are sent by the methods of this class.
    """

    routes_by_slot = False
    redirections: tuple[type[Exception], ...] = ()
    attempts: Callable[[], Any] = staticmethod(lambda: None)
    losses = LOST
    sleep = staticmethod(sleep)

    def __init__(self, connections: SyncConnectionPool, address: str, listeners: Listeners) -> None:
        self.connections = connections
        self.callbacks = listeners.callbacks
        self._listeners = listeners
        self._address = address

    def run_together(
        self,
        requests: Sequence[Request[Any]],
        packed: Sequence[bytes],
        sources: Sources = "none",
        purpose: Purpose | None = None,
    ) -> list[Any]:
        """The replies to requests that are sent together. Each is the reply, or the error in its place.

        If the connection was lost, they are sent again, once, if all are reads.

        Args:
            requests: the requests.
            packed: what is sent for each, where the server knows its script.
            sources: the scripts whose sources are sent.
            purpose: what callbacks are told about the batch; by default that it is a pipeline.

        Raises:
            ServerUnreachable: nothing was sent.
        """
        only_reads = all(request.readonly for request in requests)
        traced: Purpose = purpose or (requests, "pipeline", None)
        for last_try in (False, True):
            trace = None
            if self.callbacks or GLOBAL_CALLBACKS:
                trace = self._listeners.start_batch(traced, len(requests))
            connection = self._opened(trace)
            sent_now = connection.scripts.with_sources(requests, packed, sources)
            conversation = Conversation(connection, requests, sent_now)
            self._talk(conversation, connection, trace)
            replies, sent, loss = conversation.replies, conversation.sent, conversation.loss
            if loss is None:
                return replies
            traced = (traced[0], traced[1], "reconnect")
            self.connections.close_idle()
            if isinstance(loss, REFUSED_UNEXECUTED) and (not replies or traced[1] == "transaction"):
                raise unreachable(self._address, loss) from loss
            if last_try or not only_reads or isinstance(loss, redis_errors.TimeoutError):
                unanswered = [lost(request, self._address, loss) for request in requests[len(replies) : sent]]
                return [*replies, *unanswered, *(unreachable(self._address, loss) for _ in requests[sent:])]
        raise AssertionError  # the loop returns or raises

    def _talk(self, conversation: Conversation, connection: SyncConnection, trace: RequestTrace | None) -> None:
        """Has a conversation, and gives its connection back."""
        failure: BaseException | None = None
        try:
            conversation.begin()
            conversation.finish()
        except BaseException as error:
            failure = error
            raise
        finally:
            self.connections.give_back(connection)
            if trace is not None:
                trace.size += conversation.size
                trace.finish(conversation.replies, failure or conversation.loss)

    def ask(self, *commands: tuple[Argument, ...]) -> list[Any]:
        """The replies to commands that are sent at once, or the errors of refusals.

        Raises:
            ServerUnreachable: they do not come.
        """
        packed = b"".join(map(pack, commands))
        trace = (
            self._listeners.start_named(HANDSHAKE, commands, len(packed))
            if self.callbacks or GLOBAL_CALLBACKS
            else None
        )
        connection = self._opened(trace)
        try:
            return self._replies(connection, packed, len(commands), trace)
        except LOST as error:
            raise unreachable(self._address, error) from error
        finally:
            self.connections.give_back(connection)

    def ready(self) -> None:
        """Opens a connection if none is open: what is interrupted before that was not sent.

        Raises:
            ServerUnreachable: there is none.
        """
        self.connections.give_back(self._opened_alone())

    @contextmanager
    def alone(self, slot: int | None, attempts: Any) -> Iterator[Talk]:  # noqa: ARG002 - for clusters
        """A connection of one's own: a function that sends commands and gives their replies, or errors of refusals.

        Args:
            slot: that of the keys of the commands, if it is known.
            attempts: what `attempts()` returned.

        Raises:
            ServerUnreachable: there is none.
        """
        connection = self._opened_alone()

        def talk(name: str, commands: Sequence[tuple[Argument, ...]], request: Request[Any] | None = None) -> list[Any]:
            packed, count = b"".join(map(pack, commands)), len(commands)
            trace = None
            if self.callbacks or GLOBAL_CALLBACKS:
                trace = self._listeners.start_dedicated(request, name, commands, len(packed))
            return self._replies(connection, packed, count, trace)

        try:
            yield talk
        except BaseException:
            connection.drop()
            raise
        finally:
            self.connections.give_back(connection)

    def lost(self, request: Request[Any], error: Exception) -> Exception:
        """The error for a request whose connection was lost."""
        if isinstance(error, REFUSED_UNEXECUTED):
            return unreachable(self._address, error)
        return lost(request, self._address, error)

    def refusal(self, request: Request[Any], error: redis_errors.RedisError) -> Exception:
        """The error for a request that the server refused."""
        return refused(request, error)

    def _opened_alone(self) -> SyncConnection:
        """An open connection, before it is known what will be sent."""
        return self._opened(self._listeners.start_named(CONNECT) if self.callbacks or GLOBAL_CALLBACKS else None)

    def _opened(self, trace: RequestTrace | None = None) -> SyncConnection:
        """An open connection; if that fails so does what was to be sent."""
        connection = None
        try:
            connection = self.connections.take()
            connection.open()
        except BaseException as error:
            if connection is not None:
                connection.drop()
                self.connections.give_back(connection)
            failure = unreachable(self._address, error) if isinstance(error, LOST) else error
            if trace is not None:
                trace.finish(error=failure)
            if failure is not error:
                raise failure from error
            raise
        return connection

    def is_redirection(self, failure: Any) -> bool:  # noqa: ARG002 - a cluster asks
        """Returns whether a refusal says that the request may be served elsewhere, or later."""
        return False

    def _ask(
        self, request: Request[Any], packed: bytes, retry: Retry | None = None, failure: Exception | None = None
    ) -> Any:
        """The reply to a request, or the refusal; sent again once if it was lost and may be, once if not sent whole.

        Args:
            request: the request.
            packed: what is sent of it.
            retry: why it is sent again, if it is.
            failure: it was sent already, and lost.
        """
        loss = failure if isinstance(failure, Lost) else None
        was_lost = was_unsent = False
        while True:
            if loss is None:
                try:
                    return self._sent(request, packed, retry)
                except redis_errors.ResponseError as refusal:
                    return refusal
                except Lost as another:
                    loss = another
            if loss.sent:
                self._report_loss(request, loss.error, was_lost)
                was_lost, was_unsent = True, False
            elif was_unsent or isinstance(loss.error, redis_errors.MaxConnectionsError):
                raise unreachable(self._address, loss.error) from loss.error
            else:
                was_unsent = True
            loss = None
            retry = "reconnect"
            self.connections.close_idle()

    def _sent(self, request: Request[Any], packed: bytes, retry: Retry | None) -> Any:
        """The reply to a request that is sent once. Raises as `SyncConnectionPool.exchange`."""
        if not self.callbacks and not GLOBAL_CALLBACKS:
            return self._exchanged(request, packed)
        trace = self._listeners.start(request, len(packed), retry)
        try:
            reply = self._exchanged(request, packed)
        except BaseException as error:
            trace.finish(error=error.error if isinstance(error, Lost) else error)
            raise
        trace.finish(reply)
        return reply

    def _exchanged(self, request: Request[Any], packed: bytes) -> Any:
        if request.blocking:
            return self.connections.wait(packed, request.timeout, request)
        if request.origin is not None:
            return self.connections.exchange_step(packed, request)
        return self.connections.exchange(packed, request.replies, request)

    def _report_loss(self, request: Request[Any], error: Exception, last_try: bool) -> None:
        """Raises what the loss of a reply stands for, unless the request may be sent again."""
        if isinstance(error, REFUSED_UNEXECUTED):
            raise unreachable(self._address, error) from error
        if not request.readonly:
            raise outcome_unknown(request, self._address, error) from error
        if isinstance(error, redis_errors.TimeoutError):
            raise timed_out(request, self._address, error) from error
        if last_try:
            raise unreachable(self._address, error) from error

    @staticmethod
    def _replies(connection: SyncConnection, packed: bytes, count: int, trace: RequestTrace | None) -> list[Any]:
        """Sends commands and returns their replies, or the errors of refusals."""
        try:
            connection.send(packed, count)
            replies = [connection.read_any() for _ in range(count)]
        except BaseException as error:
            if trace is not None:
                trace.finish(error=error)
            raise
        if trace is not None:
            trace.finish(replies)
        return replies
