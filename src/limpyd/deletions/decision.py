"""The decision of a deletion, of objects to which objects of other partitions may refer."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from limpyd.deletions import requests
from limpyd.deletions.moves import Moves, open_again
from limpyd.deletions.relatives import Group, Relatives, Task
from limpyd.deletions.replies import Busy, Closed, Deleted, Found
from limpyd.deletions.sweep import finish, settle
from limpyd.exceptions import LimpydError, OutcomeUnknown, RestrictedError
from limpyd.keys import to_text
from limpyd.requests.promise import SHORTEST_PAUSE, longer
from limpyd.requests.request import Request
from limpyd.requests.scattered import Outcomes, Pause, Rounds
from limpyd.targets.closings import TOKEN, called_off

SIGN_OF_LIFE = 0.25
"""The seconds after which a deletion that takes long gives a sign of life, so that nobody calls it off."""


class Roots(Protocol):
    """The objects that somebody deletes, all in one partition."""

    def close(self, token: bytes) -> Request[Any]:
        """Closes them; the result is a `Closed`, or the `Busy` that was in the way."""
        ...

    def delete(self, pks: list[bytes] | None, token: bytes, tomb: bytes) -> Request[Deleted | None]:
        """Deletes them, or those that were closed; None if somebody has opened one of those."""
        ...


class Asked(NamedTuple):
    """The answer of those who refer.

    Attributes:
        closed: what was closed, the first ones included.
        refers: true if anybody refers.
        forbidding: a task, and one who forbids the deletion; None if nobody does.
        busy: what another deletion has closed; None if nothing.
    """

    closed: list[Group]
    refers: bool
    forbidding: tuple[Task, bytes, Any] | None
    busy: Busy | None


def delete(relatives: Relatives, roots: Roots) -> Rounds[Deleted]:
    """Deletes objects, with all that comes of it in other partitions.

    Raises:
        RestrictedError: another object refers to one, and forbids it; nothing is deleted.
        IndexNotBuilt: the index of those who refer does not know all objects; nothing is deleted.
    """
    yield from _know(relatives)
    if relatives.restrict:
        return (yield from _ask_and_delete(relatives, roots))
    token = os.urandom(TOKEN)
    deleted: Deleted
    (deleted,) = yield [roots.delete(None, b"", token)]
    yield from _finish_met(relatives, deleted.group, deleted.entombed)
    if deleted.group.pks:
        yield from settle(relatives, deleted.group, token)
    return deleted


def _know(relatives: Relatives) -> Rounds[None]:
    """Asks for the catalogs that this process does not know, of those who may refer."""
    assumed = [one for place in relatives.places() for one in relatives.assumed(place)]
    asked = [one.question() for one in assumed if one.guard() is None]
    if asked:
        yield asked
    for one in assumed:
        one.check()


def _finish_met(relatives: Relatives, group: Group, entombed: list[bytes]) -> Rounds[None]:
    """Finishes the deletions of objects that were to be deleted once more."""
    if entombed:
        yield from finish(relatives, {(group.model, group.partition): entombed}, os.urandom(TOKEN))


def _ask_and_delete(relatives: Relatives, roots: Roots) -> Rounds[Deleted]:
    pause, moves = SHORTEST_PAUSE, Moves(relatives.model)
    while True:
        token = os.urandom(TOKEN)
        (closed,) = yield [roots.close(token)]
        if isinstance(closed, Busy):
            yield from called_off(*closed)
            continue
        yield from _finish_met(relatives, closed.group, closed.entombed)
        if not closed.group.pks:
            return Deleted(closed.group, closed.absent, closed.entombed, None)
        asked = yield from _asked(relatives, closed, token, moves)
        if asked.forbidding or asked.busy:
            yield from open_again(moves, asked.closed, token)
            if asked.forbidding:
                raise _restricted(relatives, *asked.forbidding)
        else:
            deleted = yield from _decided(roots, asked, token, moves)
            if deleted is not None:
                yield from _follow(relatives, deleted, token, asked, moves)
                return deleted._replace(absent=closed.absent)
            yield from open_again(moves, asked.closed, token)
        if asked.busy:
            yield from called_off(*asked.busy)
        yield Pause(random.uniform(0, pause))  # noqa: S311 - so that two do not meet for ever
        pause = longer(pause)


def _decided(roots: Roots, asked: Asked, token: bytes, moves: Moves) -> Rounds[Deleted | None]:
    """Deletes the objects that were closed; None if somebody has opened one of them."""
    deleted: Deleted | None
    try:
        (deleted,) = yield [roots.delete(asked.closed[0].pks, token, token if asked.refers else b"")]
    except OutcomeUnknown:
        raise  # if they are gone, what is closed goes too
    except LimpydError:
        yield from open_again(moves, asked.closed, token)
        raise
    return deleted


def _follow(relatives: Relatives, deleted: Deleted, token: bytes, asked: Asked, moves: Moves) -> Rounds[None]:
    """Does what follows of the decision, and opens what does not go."""
    if asked.refers and deleted.group.pks:
        yield from settle(relatives, deleted.group, token, token, asked.closed)
    else:
        yield from open_again(moves, asked.closed, token, [deleted.group])


def _restricted(relatives: Relatives, task: Task, holder: bytes, model: Any) -> RestrictedError:
    by = relatives.references[model][task.number - 1]
    return RestrictedError(model.name, by.name, to_text(holder), by.target.name, to_text(task.pk))


def _asked(relatives: Relatives, roots: Closed, token: bytes, moves: Moves) -> Rounds[Asked]:
    """Asks those who refer, level by level, and closes those who go too."""
    inquiry = Inquiry(relatives, roots.group, token)
    try:
        yield from inquiry.rounds()
    except LimpydError:
        yield from open_again(moves, inquiry.closed, token)
        raise
    return inquiry.result()


class Inquiry:
    """The search for those who refer to objects that were closed.

    Attributes:
        closed: what was closed until now.
    """

    def __init__(self, relatives: Relatives, roots: Group, token: bytes) -> None:
        self._relatives = relatives
        self._roots = roots
        self._token = token
        self._refers = False
        self._busy: Busy | None = None
        self._forbidding: list[tuple[Task, list[bytes], Any]] = []
        self._closed_at = time.monotonic()
        self._known = {(roots.model, pk) for pk in roots.pks}
        self.closed = [roots]

    def rounds(self) -> Rounds[None]:
        """Finds all, as long as no other deletion is in the way."""
        level = [self._roots]
        while level and self._busy is None:
            work, begun = self._relatives.tasks(level), len(self.closed)
            left: list[tuple[Any, Any, bytes, list[bytes]]] = []
            while work and self._busy is None:
                some = {place: tasks[: requests.AT_ONCE] for place, tasks in work.items()}
                replies = yield from self._sent(
                    [requests.find(self._relatives, place, self._token, tasks) for place, tasks in some.items()]
                )
                for place, reply in zip(some, replies, strict=True):
                    if isinstance(reply, Found):
                        self._take(place, reply, left)
                _raise_first(replies)
                work = {place: rest for place, tasks in work.items() if (rest := tasks[requests.AT_ONCE :])}
            yield from self._close(left)
            level = self.closed[begun:]

    def _take(self, place: Any, reply: Found, left: list[Any]) -> None:
        model, partition = place
        self._refers |= reply.refers
        for _, pks in reply.closed:
            self._add(Group(model, partition, pks, reply.time))
        self._forbidding += [(task, pks, model) for task, pks in reply.forbidding]
        for task, pks in reply.left:
            with_ = b"%b\0%b" % (task.group.partition.tag, task.pk)
            chunks = range(0, len(pks), requests.AT_ONCE)
            left += [(model, partition, with_, pks[at : at + requests.AT_ONCE]) for at in chunks]

    def _add(self, group: Group) -> None:
        """Notes what was closed, each object once: it may have been found before."""
        new = [pk for pk in group.pks if (group.model, pk) not in self._known]
        self._known.update((group.model, pk) for pk in new)
        if new:
            self.closed.append(group._replace(pks=new))

    def _close(self, left: list[Any]) -> Rounds[None]:
        """Closes those whom one step could not close, one chunk after the other."""
        for model, partition, with_, pks in left:
            if self._busy is not None:
                return
            replies = yield from self._sent([requests.close(model, partition, self._token, pks, with_)])
            _raise_first(replies)
            for reply in replies:
                if isinstance(reply, Closed):
                    self._add(reply.group)

    def _sent(self, some: Sequence[Request[Any]]) -> Rounds[list[Any]]:
        """Sends requests, and returns their outcomes; and a sign of life, if the last one was long ago."""
        signs: list[Request[Any]] = []
        if time.monotonic() - self._closed_at > SIGN_OF_LIFE:
            signs = [requests.keep_closed(self._roots, self._token)]
            self._closed_at = time.monotonic()
        replies: list[Any] = yield Outcomes([*some, *signs])
        self._busy = next((reply for reply in replies if isinstance(reply, Busy)), None)
        return replies[: len(some)]

    def result(self) -> Asked:
        """Returns what was found; who goes too does not forbid the deletion."""
        going = {(group.model, pk) for group in self.closed for pk in group.pks}
        staying = ((task, pk, model) for task, pks, model in self._forbidding for pk in pks if (model, pk) not in going)
        return Asked(self.closed, self._refers, next(staying, None), self._busy)


def _raise_first(outcomes: Sequence[Any]) -> None:
    """Raises the first error among some outcomes, now that what the others have closed is known."""
    for outcome in outcomes:
        if isinstance(outcome, Exception):
            raise outcome
