"""Transactions that are tried again if a watched key has changed. It does no I/O."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from redis import exceptions as redis_errors

from limpyd.drivers.error_translation import refused, with_source
from limpyd.drivers.guards import invalidate_assumptions, outdated
from limpyd.exceptions import InvalidValue, LimpydError, WatchError, shorten
from limpyd.fields.bound.field import BoundField
from limpyd.fields.checks import integer
from limpyd.keys.slots import slot_of
from limpyd.pipelines.atomic_script import (
    READING,
    REMOVING,
    WRITING,
    begins,
    known_results,
    one_request,
    settle_refused_first,
    settle_whole,
)
from limpyd.pipelines.one_partition import OnePartition
from limpyd.pipelines.pending_result import Pending
from limpyd.pipelines.settling import first_error, given_up
from limpyd.requests.request import ANY_TYPE, Argument, Assumption, Request
from limpyd.scripts.python_transforms import answer

Watchable = str | bytes | BoundField[Any]
"""The name of a key, or a field of an object."""
Command = tuple[Argument, ...]

MAX_TRIES = 30
SHORTEST_WAIT, LONGEST_WAIT = 0.001, 1.0
"""Seconds between two tries: at most so many after the first, twice as many after each, and at most so many at all."""
SCRIPTS = (READING.without_promises, REMOVING.without_promises, WRITING.without_promises, REMOVING, WRITING)
"""The scripts of which the last command of a try mostly runs one."""
OTHERS: dict[bytes, None] = {}
"""The digests of others that it has run, such as those for objects that expire."""


class Watch:
    """The watched keys of a transaction, and its tries.

    Raises:
        InvalidValue: a watch is neither a key nor a field of an object, or `max_tries` is not a number.
        NotInPipeline: the keys are in several partitions of a model.
    """

    def __init__(self, watches: Sequence[Any], max_tries: int) -> None:
        self._max_tries = integer("transaction()'s max_tries", max_tries, low=1)
        self._tries = 0
        self._asked: list[Any] = []
        self._promises: list[Assumption] = []
        self._known_results: list[Any] = []
        self._asked_for: list[bytes] = []
        self._known: frozenset[bytes] = frozenset()
        self.keys = [_key(watch) for watch in watches]
        self.partition()

    @property
    def slot(self) -> int | None:
        """The hash slot of the watched keys; None if there are none."""
        return slot_of(self.keys[0]) if self.keys else None

    def partition(self) -> OnePartition:
        """Returns the partition of a try, which is that of the watched keys if these are of a model of several."""
        partition = OnePartition()
        for key in self.keys:
            partition.add_watched(key)
        return partition

    def beginning(self) -> list[Command]:
        """Returns the commands before a try."""
        self._asked_for = [*(script.sha for script in SCRIPTS), *OTHERS]
        ask: Command = (b"SCRIPT", b"EXISTS", *self._asked_for)
        return [(b"WATCH", *self.keys), ask] if self.keys else [ask]

    def begun(self, replies: Sequence[Any]) -> None:
        """Notes what came of that.

        Raises:
            ServerError: the server refused to watch.
        """
        *watching, known = replies
        for reply in watching:
            if isinstance(reply, redis_errors.ResponseError):
                raise refused(Request((b"WATCH", *self.keys), bool, subject=_Watched()), reply)
        if not isinstance(known, Exception):  # an account may not be allowed to ask
            self._known = frozenset(sha for sha, found in zip(self._asked_for, known, strict=True) if found)

    def add_promises(self, pendings: Sequence[Pending[Any]]) -> None:
        """Has a try rest on the promises that the scripts of former tries asked for (see limpyd.claims)."""
        for pending in pendings:
            if self._promises and not pending.request.is_resolved:
                pending.request = pending.request.assuming(*self._promises)
                return

    def ending(self, pendings: Sequence[Pending[Any]]) -> tuple[Request[Any] | None, list[Command]]:
        """Returns the commands at the end of a try: the collected operations as one request, within MULTI and EXEC.

        Only UNWATCH, if there is nothing to send, or if another thread has just found that the catalog has changed.
        """
        self._known_results = known_results(pendings)
        sent = [pending for pending in pendings if not pending.request.is_resolved]
        if first_error(pendings) is not None or not sent:
            return None, [(b"UNWATCH",)]
        request = one_request(sent)
        for asked in self._asked:
            request = answer(request, asked) or request
        guards = [guard for assumption in request.assumes if (guard := assumption.guard()) is not None]
        if len(guards) < len(request.assumes):
            return request, [(b"UNWATCH",)]
        args = request.args_under(guards)
        known = request.script is not None and request.script.sha in self._known
        if request.script is not None and request.script.sha not in self._asked_for:
            OTHERS[request.script.sha] = None
        begins(sent)()
        return request, [(b"MULTI",), args if known else with_source(request, args), (b"EXEC",)]

    def ended(
        self, pendings: Sequence[Pending[Any]], request: Request[Any] | None, replies: Sequence[Any]
    ) -> float | None:
        """Settles all operations, or returns the seconds to wait before the next try.

        Raises:
            WatchError: there were enough tries.
            ServerError: the server refused it.
        """
        if request is None:
            if first_error(pendings) is not None:
                settle_refused_first(pendings)
            else:
                settle_whole(pendings, [b"ok"], self._known_results)
            return None
        error = next((reply for reply in replies if isinstance(reply, redis_errors.ResponseError)), None)
        if error is not None:
            raise _settled_as(pendings, refused(request, error))
        wait = 0.0
        if replies[-1] is None:
            longest = min(SHORTEST_WAIT * 2 ** min(self._tries + 1, 20), LONGEST_WAIT)
            wait = random.uniform(0, longest)  # noqa: S311 - it keeps no secret
        elif isinstance(replies[-1], list):
            (reply,) = replies[-1]
            if isinstance(reply, redis_errors.ResponseError):
                _note(request, pendings, reply)
            if not isinstance(reply, Exception) and not self._note_asked(request, reply):
                settle_whole(pendings, reply, self._known_results)
                return None
        self._tries += 1
        given_up(
            pendings, ("it was not executed, because a watched key changed, or a value had to be computed in Python")
        )
        if self._tries == self._max_tries:
            keys = ", ".join(shorten(key) for key in self.keys)
            msg = (
                f"a watched key ({keys}) changed in each of {self._tries} tries; nothing was written. Raise "
                "max_tries, or make the change with one command, such as incrby"
            )
            raise WatchError(msg)
        return wait

    def _note_asked(self, request: Request[Any], reply: list[Any]) -> bool:
        """Notes what a script asked for, for the next try; returns False if it did not ask."""
        if reply[0] == b"promise":
            from limpyd.claims.promised import promises_asked_for  # noqa: PLC0415 - few models have several partitions

            self._promises += promises_asked_for(request, reply)
            return True
        if reply[0] == b"transform":
            self._asked.append(reply)
            return True
        return False

    @property
    def reading(self) -> Request[Any]:
        """Returns a request that stands for a try before its end, in messages."""
        return Request((b"WATCH",), bool, readonly=True, subject=_Watched())


def _note(request: Request[Any], pendings: Sequence[Pending[Any]], refusal: redis_errors.ResponseError) -> None:
    """Records why a try was refused, if the next one may succeed.

    Raises:
        ServerError: it may not.
    """
    if outdated(refusal):
        invalidate_assumptions(request)
    elif not isinstance(refusal, redis_errors.NoScriptError):
        raise _settled_as(pendings, refused(request, refusal))


def _settled_as(pendings: Sequence[Pending[Any]], error: LimpydError) -> LimpydError:
    for pending in pendings:
        pending.settle(error=error)
    return error


def _key(watch: Any) -> bytes:
    if isinstance(watch, bytes):
        return watch
    if isinstance(watch, str):
        return watch.encode("utf-8", "surrogateescape")
    if isinstance(watch, BoundField):
        if watch._instance._pk_bytes is None:
            msg = f"{watch!r} cannot be watched: its object has no primary key yet; create it first"
            raise InvalidValue(msg)
        return watch._key()
    msg = f"transaction() watches keys and fields of objects, such as person.age, not {shorten(watch)}"
    raise InvalidValue(msg)


class _Watched:
    """The watched keys, as the subject of a request."""

    def type_of(self, _key: bytes) -> str:
        return ANY_TYPE

    def __str__(self) -> str:
        return "a transaction that watches"
