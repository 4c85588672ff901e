"""The consequences of decided deletions: sweeps of those who refer, level by level, and the end of the tombs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from limpyd.deletions import requests
from limpyd.deletions.moves import Moves, open_again, placed
from limpyd.deletions.relatives import Group, Place, Relatives
from limpyd.deletions.replies import Late
from limpyd.exceptions import LimpydError, ObjectsMoved, shorten
from limpyd.keys import to_text
from limpyd.requests.promise import SHORTEST_PAUSE, longer
from limpyd.requests.scattered import Pause, Rounds
from limpyd.targets import closings

UNFINISHED = "others may still refer to them. Once the cause is removed, check(repair=True) finishes that"


def sweep(
    relatives: Relatives, groups: list[Group], token: bytes, decision: bytes, known: list[Group]
) -> Rounds[list[Late]]:
    """Sweeps those who refer to deleted objects, and removes the tombs.

    Args:
        relatives: the models that are concerned.
        groups: the objects, all of which have tombs.
        token: that of the tombs.
        decision: that by which what goes too was closed; empty if nothing was.
        known: gets those that were deleted too, whose tombs are to be removed as well.

    Returns:
        what somebody else has taken over.

    Raises:
        ObjectsMoved: objects have moved, or are on their way. All that is known has tombs still, or is done.
    """
    late: list[Late] = []
    swept: list[Group] = []
    left = list(groups)
    while left:
        done = yield from _sweep_levels(relatives, left, token, decision, late, known)
        swept += done
        left = yield from _finish(relatives, done, token, decision, late, swept)
        known += left
    return late


def _sweep_levels(
    relatives: Relatives, groups: list[Group], token: bytes, decision: bytes, late: list[Late], known: list[Group]
) -> Rounds[list[Group]]:
    """Sweeps those who refer to some objects, level by level; returns what was swept, and notes what is too late."""
    done: list[Group] = []
    left = list(groups)
    while left:
        some = _some(left)
        try:
            gone, met = yield from _sweep_some(relatives, some, token, decision, known)
        except ObjectsMoved:
            raise
        except LimpydError as error:
            names = shorten([to_text(pk) for pk in groups[0].pks])
            error.add_note(f"{groups[0].model.name} objects are deleted: {names}; {UNFINISHED}")
            raise
        late += met
        taken = {id(one.group) for one in met}
        done += [group for group in some if id(group) not in taken]
        left += gone
    return done


def _finish(
    relatives: Relatives, done: list[Group], token: bytes, decision: bytes, late: list[Late], swept: list[Group]
) -> Rounds[list[Group]]:
    """Removes tombs; returns objects that went, but are in no reply, because a step was executed twice."""
    places = [place for place in relatives.places() if place[0].incoming and relatives.may_go(place[0])]
    replies = yield [
        *(requests.finish(group, token) for group in done),
        *(requests.left(place, token, decision) for place in places),
    ]
    late += [Late(group._replace(pks=pks), 0) for group, pks in zip(done, replies, strict=False) if pks]
    known = {(group.model, pk) for group in (*swept, *(one.group for one in late)) for pk in group.pks}
    found: list[Group] = replies[len(done) :]
    unknown = (group._replace(pks=[pk for pk in group.pks if (group.model, pk) not in known]) for group in found)
    return [group for group in unknown if group.pks]


def _some(groups: list[Group]) -> list[Group]:
    """Takes the last groups from a list: as many as can be swept together."""
    some, count = [groups.pop()], 0
    while groups and (count := count + len(some[-1].pks)) < requests.AT_ONCE:
        some.append(groups.pop())
    return some


def _sweep_some(
    relatives: Relatives, groups: list[Group], token: bytes, decision: bytes, known: list[Group]
) -> Rounds[tuple[list[Group], list[Late]]]:
    """Sweeps those who refer to some objects; returns the objects that went, and what is too late."""
    work, gone, late = relatives.tasks(groups), list[Group](), list[Late]()
    while work:
        places = list(work)
        replies = yield [
            requests.sweep(relatives, place, token, decision, work[place][: requests.AT_ONCE]) for place in places
        ]
        for place, reply in zip(places, replies, strict=True):
            if isinstance(reply, Late):
                late.append(reply)
                for tasks in work.values():
                    tasks[:] = [task for task in tasks if task.group is not reply.group]
            else:
                del work[place][: reply.done]
                if reply.gone.pks:
                    gone.append(reply.gone)
                    known.append(reply.gone)
        work = {place: tasks for place, tasks in work.items() if tasks}
    return gone, _distinct(late)


def _distinct(late: Iterable[Late]) -> list[Late]:
    """Returns what is late, each group once with the latest time."""
    found: dict[int, Late] = {}
    for one in late:
        before = found.get(id(one.group))
        if before is None or before.time < one.time:
            found[id(one.group)] = one
    return list(found.values())


def finish(
    relatives: Relatives,
    met: dict[Place, list[bytes]],
    token: bytes,
    times: dict[Place, int] | None = None,
    age: int | None = None,
) -> Rounds[None]:
    """Finishes deletions: waits as long as somebody else does, and takes over what nobody does.

    Args:
        relatives: the models that are concerned by the deletion of an object of the model of the tombs.
        met: the tombs, by their places.
        token: a token for them; that of tombs which somebody else may have taken over.
        times: the times from which sweeps count.
        age: the milliseconds without a sign of life after which a tomb is taken over; None for those of all deletions.
    """
    pause, times, moves = SHORTEST_PAUSE, times or {}, Moves(relatives.model)
    age = closings.AGE if age is None else age
    while met:
        known: list[Group] = []
        try:
            met, any_taken = yield from _finish_some(relatives, met, token, times, age, known)
        except ObjectsMoved as moved:
            yield from moves.wait_decided(moved)
            met = placed(
                [*((model, pks) for (model, _), pks in met.items()), *((group.model, group.pks) for group in known)]
            )
            continue
        if met and not any_taken:
            yield Pause(pause)
            pause = longer(pause)


def _finish_some(
    relatives: Relatives,
    met: dict[Place, list[bytes]],
    token: bytes,
    times: dict[Place, int],
    age: int,
    known: list[Group],
) -> Rounds[tuple[dict[Place, list[bytes]], bool]]:
    """Finishes what nobody else does; returns what is left, and whether anything was taken over."""
    replies = yield [requests.renew(*place, token, pks, age, times.get(place, 0)) for place, pks in met.items()]
    left: dict[Place, list[bytes]] = {}
    by_decision: dict[bytes, list[Group]] = {}
    for place, reply in zip(met, replies, strict=True):
        for decision, group in reply.taken.items():
            by_decision.setdefault(decision, []).append(group)
        if reply.young:
            left[place] = reply.young
    for decision, groups in by_decision.items():
        for group, time in (yield from sweep(relatives, groups, token, decision, known)):
            place = group.model, group.partition
            left.setdefault(place, []).extend(group.pks)
            times[place] = max(times.get(place, 0), time)
    return left, bool(by_decision)


def settle(
    relatives: Relatives, group: Group, token: bytes, decision: bytes = b"", closed: Sequence[Group] = ()
) -> Rounds[None]:
    """Sweeps those who refer to objects that were deleted, and opens what was closed, but does not go.

    What somebody else has taken over is finished first: those that go with it may not be gone yet. If objects move
    meanwhile, the deletion takes itself over.
    """
    known, moves = [group], Moves(relatives.model)
    met: dict[Place, list[bytes]] = {}
    times: dict[Place, int] = {}
    try:
        late = yield from sweep(relatives, [group], token, decision, known)
    except ObjectsMoved as moved:
        yield from moves.wait_decided(moved)
        met = placed((each.model, each.pks) for each in known)
    else:
        for one, time in late:
            place = one.model, one.partition
            met.setdefault(place, []).extend(one.pks)
            times[place] = max(time, times.get(place, 0))
    yield from finish(relatives, met, token, times)
    yield from open_again(moves, closed, decision, [] if met else known)
