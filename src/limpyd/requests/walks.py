"""Walks by cursor, and the server process that their cursors belong to.

The cursors of SCAN, SSCAN, HSCAN and ZSCAN are positions in a hash table whose order depends on a random seed of the
server process. To another process, such as one that was restarted, a promoted replica or the new node of a slot, they
mean another position, so elements would be missed. A walk therefore begins again once another process answers.

A connection is to one process for its whole life. So drivers ask for the run id (INFO server) of a connection once, in
the same packet as the first step of a walk on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from limpyd.exceptions import ServerError
from limpyd.requests.request import MAX_TRIES, Program, Request
from limpyd.requests.resp import pack

R = TypeVar("R")

INFO = (b"INFO", b"server")
PACKED_INFO = pack(INFO)
START = b"0"
WITHOUT_VALUE = b"-"
"""The beginning of the cursor of a walk in order once it has come to those without a value."""

PARTITION = b"@"
"""The beginning of the cursor of a walk through several partitions; the number of one follows, and a colon."""


class ServerChanged(Exception):
    """Raised for a step of a walk that another server process answered than the one whose cursor was sent.

    Attributes:
        result: the result of the step. It may lack anything that the walk has not come to.
    """

    def __init__(self, result: Any) -> None:
        super().__init__(result)
        self.result = result


class Origin:
    """The server process that the cursors of a walk belong to.

    Attributes:
        run: the run id of the process that answered last; empty if it may not be asked. Drivers set it.
    """

    __slots__ = ("_bound", "_changes", "_run", "run")

    def __init__(self) -> None:
        self.run: bytes | None = None
        self._run: bytes | None = None
        self._bound = False
        self._changes = 0

    def step(self, request: Request[R], cursor: bytes) -> Request[R]:
        """Makes a new request the next step, which raises `ServerChanged` if another process answers; returns it.

        Args:
            request: the step; one that no other caller has.
            cursor: the cursor that it sends.
        """
        self._bound = is_bound(cursor)
        request.origin = self
        return request.exact()  # which does not change from one replica to another

    def check(self, result: Any, subject: object) -> None:
        """Compares the process that has answered a step with that of the step before.

        Raises:
            ServerChanged: it is another one, to which the cursor means nothing.
            ServerError: that has happened too often.
        """
        before, self._run = self._run, self.run
        if not self._bound or before == self.run:
            return
        self._changes += 1
        if self._changes == MAX_TRIES:
            msg = (
                f"{subject}: the walk had to begin again {MAX_TRIES} times, because another server process answered in "
                "the middle of it. Connect to one server instead of several behind one address"
            )
            raise ServerError(msg)
        raise ServerChanged(result)


class RunQuestion(Request[bytes]):
    """Asks for the run id of the server that serves a slot (INFO server)."""

    __slots__ = ("_slot",)

    def __init__(self, slot: int | None) -> None:
        super().__init__(INFO, run_in, readonly=True)
        self._slot = slot

    @property
    def slot(self) -> int | None:
        return self._slot


def run_in(info: Any) -> bytes:
    """Returns the run id in a reply to INFO server; empty if there is none, for example because it was refused."""
    return info.partition(b"run_id:")[2].partition(b"\r")[0] if isinstance(info, bytes) else b""


def is_bound(cursor: bytes) -> bool:
    """Returns whether a cursor contains one of SCAN, SSCAN, HSCAN or ZSCAN (see query/scanning/cursors.py)."""
    rest = _in_partition(cursor.removeprefix(WITHOUT_VALUE))
    while rest[:1] in {b"&", b"|", b"v"}:
        rest = rest.partition(b";")[2]
    rest = rest.removeprefix(b"*")
    if rest[:1] == b">":
        outer, rest = _netstring(rest[1:])
        return is_bound(outer) or _netstring(rest)[0] != b""
    return rest != START and rest.isdigit()


def _netstring(text: bytes) -> tuple[bytes, bytes]:
    """Returns the first text of a list of netstrings, and the rest of the list."""
    length, _, rest = text.partition(b":")
    return rest[: int(length)], rest[int(length) :]


def restarted(cursor: bytes) -> bytes:
    """Returns the cursor from which a walk begins again: in a walk in order, what has a value does not come again.

    A walk through several partitions begins again in the one that it has come to.
    """
    beginning = WITHOUT_VALUE if cursor.startswith(WITHOUT_VALUE) else b""
    rest = cursor.removeprefix(WITHOUT_VALUE)
    return beginning + rest.removesuffix(_in_partition(rest)) + START


def _in_partition(cursor: bytes) -> bytes:
    """Returns the cursor in a partition, of a walk that goes through several one after the other."""
    return cursor.partition(b":")[2] if cursor.startswith(PARTITION) else cursor


def attempt(origin: Origin, request: Request[R], cursor: bytes) -> Program[tuple[R, bool]]:
    """Returns the result of a step, and whether another process has answered, so that the walk has to begin again."""
    try:
        result = yield origin.step(request, cursor)
    except ServerChanged as change:
        return change.result, True
    return result, False


def walked(step: Callable[[bytes], Request[bytes]]) -> Program[None]:
    """Sends all steps of a walk, each of which gives only the cursor of the next one."""
    origin, cursor, again = Origin(), START, True
    while again or cursor != START:
        after, again = yield from attempt(origin, step(cursor), cursor)
        cursor = START if again else after
