"""The requests of deletions over several partitions: one function for each Lua file, which documents the arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from limpyd.deletions.relatives import Group, Place, Relatives, Task, known_references
from limpyd.deletions.replies import Busy, Closed, Deleted, Found, Late, Renewed, Swept
from limpyd.keys import Partition
from limpyd.lua.script import Script, evalsha
from limpyd.requests.in_place import in_place
from limpyd.requests.request import Argument, Request
from limpyd.scripts.error_mapping import refusal
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.queries import GONE, Search, stored_gone
from limpyd.scripts.query_writes import found_args

CLOSE = Script("close_objects")
CLOSE_FOUND = Script("close_found")
KEEP_CLOSED = Script("keep_closed")
FIND = Script("find_holders")
DELETE = Script("delete_open")
DELETE_FOUND = Script("delete_found_open")
SWEEP = Script("sweep_holders")
RENEW = Script("renew_tombs")
FINISH = Script("finish_tombs")
LEFT = Script("left_tombs", flags="no-writes")

MILLISECONDS = 5
"""The time for which a step sweeps, so that others need not wait."""
AT_ONCE = 1000
"""The most objects that a step closes, and the most objects and references that it looks at."""

R = TypeVar("R")


def close(model: Any, partition: Partition, token: bytes, pks: Sequence[bytes], with_: bytes = b"") -> Request[Any]:
    """Closes objects; the result is a `Closed`, or the `Busy` that was in the way."""

    def decode(reply: list[Any]) -> Closed | Busy:
        if reply[0] != b"ok":
            return _busy(model, reply)
        time, existing, absent, entombed = reply[1:]
        return Closed(Group(model, partition, existing, time), absent, entombed)

    return _asked_in(model, partition, CLOSE, (partition.pks,), (token, with_, *pks), decode)


def close_found(model: Any, search: Search, token: bytes) -> Request[Any]:
    """Closes the objects that a query finds; the result is a `Closed`, or the `Busy` that was in the way."""

    def decode(reply: Any) -> Closed | Busy:
        if reply[0] == b"busy":
            return _busy(model, reply)
        time, pks = _found(model, reply)
        return Closed(Group(model, search.partition, pks, time), [], [])

    keys, args = found_args(search)
    return _asked(CLOSE_FOUND, model, keys, (*args, token), decode, retry_with=answer).assuming(
        model.maintenance.at(search.partition).declared
    )


def keep_closed(group: Group, token: bytes) -> Request[int]:
    """Gives closed objects the present time; how many are still closed."""
    return _asked_in(*group[:2], KEEP_CLOSED, (group.partition.closing,), (token, *group.pks), int)


def find(relatives: Relatives, place: Place, token: bytes, tasks: Sequence[Task]) -> Request[Any]:
    """Finds those who refer, and closes those who go too; the result is a `Found`, or the `Busy` in the way."""
    model, partition = place

    def decode(reply: list[Any]) -> Found | Busy:
        if reply[0] != b"ok":
            return _busy(model, reply)
        time, refers, *lists = reply[1:]
        return Found(time, bool(refers), *([(tasks[number - 1], pks) for number, pks in some] for some in lists))

    groups, rest = _groups(tasks)
    args: list[Argument] = [
        token,
        AT_ONCE,
        partition.meta,
        *known_references(model, partition),
        *relatives.asking(place),
    ]
    args.append(len(groups))
    for group in groups:
        args += (group.partition.tag, group.time)
    args += rest
    return _asked(FIND, model, (partition.pks,), args, decode).assuming(*relatives.assumed(place))


def delete(
    model: Any, partition: Partition, pks: Sequence[bytes], token: bytes, tomb: bytes, *, skip: bool
) -> Request[Deleted | None]:
    """Deletes objects as far as the first that is refused; None if somebody has opened one that was closed.

    Args:
        model: their model.
        partition: their partition.
        pks: their primary keys.
        token: the token by which they were closed; empty if they were not.
        tomb: the token of their tombs; empty if nobody refers.
        skip: whether absent ones are passed over.
    """

    def decode(reply: list[Any]) -> Deleted | None:
        if reply[0] == b"opened":
            return None
        if reply[0] != b"ok":
            raise refusal(model, reply, pks[0], who=f"the {model.name} objects of a chunk" if len(pks) > 1 else "")
        time, gone, absent, entombed, refused = reply[1:]
        return Deleted(Group(model, partition, gone, time), absent, entombed, refused)

    args = (token, int(skip), len(pks), *pks, *_departure(model, partition, tomb, token))
    request = _asked(DELETE, model, (partition.pks,), args, decode, readonly=False, retry_with=answer)
    return request.assuming(model.maintenance.at(partition).declared)


def delete_found(model: Any, search: Search, tomb: bytes) -> Request[Deleted]:
    """Deletes the objects that a query finds, all or none."""

    def decode(reply: Any) -> Deleted:
        time, pks = _found(model, reply)
        return Deleted(Group(model, search.partition, pks, time), [], [], None)

    keys, query = found_args(search)
    args = (*query, *_departure(model, search.partition, tomb, b""))
    request = _asked(DELETE_FOUND, model, keys, args, decode, readonly=False, retry_with=answer)
    return request.assuming(model.maintenance.at(search.partition).declared)


def sweep(relatives: Relatives, place: Place, token: bytes, decision: bytes, tasks: Sequence[Task]) -> Request[Any]:
    """Takes references away, or deletes those who refer; the result is a `Swept`, or what it is too `Late` for."""
    model, partition = place
    groups, rest = _groups(tasks)

    def decode(reply: list[Any]) -> Swept | Late:
        if reply[0] == b"late":
            return Late(groups[reply[1] - 1], int(reply[2]))
        if reply[0] != b"ok":
            raise refusal(model, reply, None, who=f"{model.name} objects that refer to deleted ones")
        done, time, gone = reply[1:]
        return Swept(done, Group(model, partition, gone, time))

    args: list[Argument] = [token if model.incoming else b"", decision, MILLISECONDS, *relatives.sweeping(place)]
    args.append(len(groups))
    for group in groups:
        args += (group.partition.tag, group.time, int(group.is_renewed))
    args += (len(rest), *rest)
    args += _departure(model, partition, token if model.incoming else b"", decision, most=b"")
    request = _asked(SWEEP, model, (partition.pks,), args, decode, retry_with=answer)
    return request.assuming(*relatives.assumed(place))


def renew(
    model: Any, partition: Partition, token: bytes, pks: Sequence[bytes], age: int, time: int
) -> Request[Renewed]:
    """Takes over deletions whose tombs are older than an age in ms, to finish them, at a time after a given one."""

    def decode(reply: list[Any]) -> Renewed:
        time, taken, young = reply
        groups: dict[bytes, Group] = {}
        for pk, decision in zip(taken[::2], taken[1::2], strict=True):
            groups.setdefault(decision, Group(model, partition, [], time, is_renewed=True)).pks.append(pk)
        return Renewed(groups, young)

    keys = (partition.tomb, partition.clock)
    return _asked_in(model, partition, RENEW, keys, (token, age, time, *pks), decode)


def finish(group: Group, token: bytes) -> Request[list[bytes]]:
    """Removes tombs; returns those that somebody else has taken over."""
    return _asked_in(*group[:2], FINISH, (group.partition.tomb,), (token, *group.pks), list)


def left(place: Place, token: bytes, decision: bytes) -> Request[Group]:
    """Finds the tombs with a token that a deletion has left in a partition."""
    model, partition = place
    keys = (partition.tomb, partition.clock)
    facts = (token, decision)
    return _asked_in(model, partition, LEFT, keys, facts, lambda reply: Group(model, partition, reply[1], reply[0]))


def _departure(
    model: Any, partition: Partition, tomb: bytes, decision: bytes, most: Argument | None = None
) -> tuple[Argument, ...]:
    """Returns the arguments of a script that deletes objects (see lua/library/departure.lua)."""
    limit: Argument = model.max_changes if most is None else most
    return (tomb, decision, limit, *known_references(model, partition), *model.deletions.layout(partition))


def _groups(tasks: Sequence[Task]) -> tuple[list[Group], list[Argument]]:
    """Returns the groups of some tasks; and of each task the number of its group, that of the reference, the key."""
    numbers: dict[int, int] = {}
    groups, args = list[Group](), list[Argument]()
    for group, number, pk in tasks:
        if id(group) not in numbers:
            groups.append(group)
            numbers[id(group)] = len(groups)
        args += (numbers[id(group)], number, pk)
    return groups, args


def _busy(model: Any, reply: list[Any]) -> Busy:
    if reply[0] != b"busy":
        raise refusal(model, reply, None, who=f"the {model.name} objects of a deletion")
    return Busy(model, reply[1], reply[2])


def _found(model: Any, reply: Any) -> list[Any]:
    if reply == GONE:
        raise stored_gone(model)
    if reply[0] != b"ok":
        raise refusal(model, reply, None, who=f"the {model.name} objects of a chunk")
    facts: list[Any] = reply[1:]
    return facts


def _asked(
    script: Script,
    model: Any,
    keys: Sequence[bytes],
    args: Sequence[Argument],
    decode: Callable[[Any], R],
    *,
    readonly: bool = True,
    retry_with: Any = None,
) -> Request[R]:
    """Returns the request; a second execution changes nothing that matters, if it counts as one that only reads."""
    linked = script.recording(model) if model.feeds else script
    everything = evalsha(linked, keys, args)
    return Request(everything, decode, readonly=readonly, script=linked, subject=model, retry_with=retry_with)


def _asked_in(model: Any, partition: Partition, script: Script, *more: Any) -> Request[Any]:
    """Returns the request, which is refused if objects of the partition have moved."""
    return in_place(_asked(script, model, *more), model, partition)
